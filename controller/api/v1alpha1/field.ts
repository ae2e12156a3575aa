import type { Static, TSchema } from 'typebox'
import Type from './schema.ts'

/**
 * Builders for the fields of a kind. A field with a default is always there when an object comes from the API server (the CRD
 * carries the default), so its type is not optional; a field without one is.
 */

/** Text and list forms that Komodo's TOML accepts beside the plain type; the reader turns each into the plain type. */
export type InputShape =
  /** A list of strings, or text split at newlines and commas. */
  | 'StringList'
  /** Key-value text, or a list of `{ variable, value }`. */
  | 'EnvVars'
  /** Key-value text, or a list of `{ variable, value }`, written with colons. */
  | 'Labels'
  /** Key-value text, or a list of `{ local, container }`. */
  | 'Conversions'
  /** Key-value text, or a list of `{ signal, label }`. */
  | 'TermSignalLabels'
  /** Text; trailing white space becomes one newline. */
  | 'FileContents'
  /** `"1.2.3"`, or a table `{ major, minor, patch }`; kept as text. */
  | 'Version'
  /** One table, or a list of tables. */
  | 'TableOrList'

/** What TOML knows about a field beyond its schema; the key `x-komodo`. */
export interface TomlMeta {
  /** What a value looks like; part of what `kubectl explain` says. */
  example?: string
  /** Table the key stands in: the block itself, or its `config` table. */
  level?: 'block' | 'config'
  /** Other spellings accepted on input; never written. In TOML's snake_case. */
  aliases?: readonly string[]
  shape?: InputShape
  /** First release of Komodo that no longer takes one text, with commas or lines, for the list; we do. */
  textUntil?: string
  /** First Komodo release with the field; none: 1.13 or earlier. */
  since?: string
  /** Kind that the value names. */
  references?: string
  /** Other spellings of an enum's values, by canonical value. */
  enumAliases?: Readonly<Record<string, readonly string[]>>
  /** The key of a table that a bare text stands for. */
  shorthand?: string
  /** Komodo takes a list, too: the values of the first keys, in the order of the table. */
  inOrder?: true
  /**
   * Older files wrap the table in `{ type, params }`. By `type`: what `params` lacks is taken from here; nothing there, and the table
   * stands for "not given".
   */
  wrapped?: Readonly<Record<string, Readonly<Record<string, string>> | undefined>>
  /** Variants of a tagged union (`type` + `params`): the names in `params` by variant; or the executions of `executions.ts`. */
  variants?: Readonly<Record<string, readonly string[]>> | 'executions'
  /** What a param of a variant is when it is not given. Not a default of the schema, which knows no variants. */
  variantDefault?: unknown
  /** TOML key, when it is not the snake_case of the name. */
  key?: string
  /** TOML key that holds the secret's value; the field itself holds a reference to it. */
  secretKey?: string
  /** TOML key of a flag: when true, the value of this field is a secret and goes where `<field>From` points. */
  secretWhen?: string
}

export interface FieldOptions<Value> extends TomlMeta {
  default?: Value
  minimum?: number
  maximum?: number
  maxLength?: number
  pattern?: string
}

type Defaulted<Options, Schema extends TSchema> = Options extends { default: unknown } ? Schema : TOptionalOf<Schema>
type TOptionalOf<Schema extends TSchema> = ReturnType<typeof Type.Optional<Schema>>

const metaKeys = new Set([
  'example',
  'level',
  'aliases',
  'shape',
  'textUntil',
  'since',
  'references',
  'enumAliases',
  'shorthand',
  'inOrder',
  'wrapped',
  'variants',
  'variantDefault',
  'key',
  'secretKey',
  'secretWhen',
])

/** Options as a JSON Schema has them, what only we understand under one key. */
function annotate(description: string, options: FieldOptions<unknown>): Record<string, unknown> {
  const toml: Record<string, unknown> = {}
  const schema: Record<string, unknown> = { description }
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue
    if (metaKeys.has(key)) toml[key] = value
    else schema[key] = value
  }
  if (Object.keys(toml).length > 0) schema['x-komodo'] = toml
  return schema
}

function field<Schema extends TSchema, const Options extends FieldOptions<unknown>>(
  make: (options: Record<string, unknown>) => Schema,
  description: string,
  options: Options,
): Defaulted<Options, Schema> {
  const schema = make(annotate(description, options))
  return ('default' in options ? schema : Type.Optional(schema)) as Defaulted<Options, Schema>
}

/** Text; the empty string when not given. */
export const text = (description: string, options: FieldOptions<string> = {}) =>
  field((o) => Type.String(o), description, { default: '', ...options } as FieldOptions<string> & { default: string })

/** Text that may be missing. */
export const optionalText = (description: string, options: Omit<FieldOptions<string>, 'default'> = {}) =>
  Type.Optional(Type.String(annotate(description, options)))

export const flag = (description: string, options: FieldOptions<boolean> & { default: boolean }) =>
  field((o) => Type.Boolean(o), description, options)

export const integer = <const Options extends FieldOptions<number>>(description: string, options: Options) =>
  field((o) => Type.Integer(o), description, options)

export const number = <const Options extends FieldOptions<number>>(description: string, options: Options) =>
  field((o) => Type.Number(o), description, options)

/** One of `values`. */
export const choice = <const Values extends readonly string[]>(
  values: Values,
  description: string,
  options: FieldOptions<Values[number]> & { default: Values[number] },
) => field((o) => Type.Unsafe<Values[number]>({ type: 'string', enum: values, ...o }), description, options)

/** A list of strings; empty when not given. */
export const list = (description: string, options: FieldOptions<readonly string[]> = {}) =>
  field((o) => Type.Array(Type.String(), o), description, { default: [], ...options } as FieldOptions<
    readonly string[]
  > & { default: readonly string[] })

/** A list of values out of a closed set; empty when not given. */
export const choices = <const Values extends readonly string[]>(
  values: Values,
  description: string,
  options: FieldOptions<readonly string[]> = {},
) =>
  field((o) => Type.Array(Type.Unsafe<Values[number]>({ type: 'string', enum: values }), o), description, {
    default: [],
    ...options,
  } as FieldOptions<readonly string[]> & { default: readonly string[] })

/** A list of tables; empty when not given. */
export const listOf = <Item extends TSchema>(
  item: Item,
  description: string,
  options: FieldOptions<readonly unknown[]> = {},
) =>
  field((o) => Type.Array(item, o), description, { default: [], ...options } as FieldOptions<readonly unknown[]> & {
    default: readonly unknown[]
  })

/** A nested table; its own defaults fill it when it is not given. */
export const table = <Schema extends TSchema>(
  make: (options: Record<string, unknown>) => Schema,
  description: string,
  options: FieldOptions<unknown> = {},
) => field(make, description, { default: {}, ...options } as FieldOptions<unknown> & { default: unknown })

/** Like Go's: `90s`, `5m`, `1h30m`. Parse with `parseDuration`. */
export const DURATION_PATTERN = '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$'

export const duration = (description: string, options: FieldOptions<string> & { default: string }) =>
  field((o) => Type.String(o), `${description} A duration such as \`90s\`, \`5m\` or \`1h30m\`.`, {
    pattern: DURATION_PATTERN,
    ...options,
  })

export const secretKeyRef = Type.Object(
  {
    name: Type.String({
      description: 'Name of the Secret, in the namespace of the object. Example: `web-login`.',
      minLength: 1,
    }),
    key: Type.String({ description: "Key in the Secret's data. Example: `token`.", minLength: 1 }),
  },
  { description: 'One key of a Secret.' },
)

/** Where a secret value lives. */
export type SecretKeyRef = Static<typeof secretKeyRef>

/** A secret is never part of an object: the field says which Secret holds it. */
export const secretFrom = (description: string, options: Omit<FieldOptions<unknown>, 'default'> = {}) =>
  Type.Optional(Type.Object({ secretKeyRef }, annotate(description, options)))

/** A count, or a share such as `10%`. */
export const intOrPercent = <const Options extends FieldOptions<number | string>>(
  description: string,
  options: Options,
) => field((o) => Type.Unsafe<number | string>({ 'x-kubernetes-int-or-string': true, ...o }), description, options)
