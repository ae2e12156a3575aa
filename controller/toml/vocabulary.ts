import type { OpenApiSchema } from '../api/crd.ts'
import { executions, paramTypes } from '../api/v1alpha1/executions.ts'
import { explanation } from '../api/v1alpha1/explain.ts'
import type { InputShape, TomlMeta } from '../api/v1alpha1/field.ts'
import type { KindDefinition, TomlTable } from '../api/v1alpha1/kind.ts'
import { kinds } from '../api/v1alpha1/kinds.ts'

/** What may stand in a TOML file, as tables made from the kinds: for the reader, the editor schema, and whoever writes TOML. */

export interface TableModel {
  /** In the order of the kind. */
  fields: readonly FieldModel[]
  /** By canonical key and by every other spelling. */
  byKey: ReadonlyMap<string, FieldModel>
  required: readonly FieldModel[]
  /** Fields that hold a secret, and those that say where it is instead. */
  secrets: readonly { value: FieldModel; reference: FieldModel }[]
}

export interface FieldModel {
  /** Canonical TOML key: snake_case of `name`. */
  key: string
  /** Key in `spec`. */
  name: string
  aliases: readonly string[]
  value: ValueModel
  description: string
  default?: unknown
  required: boolean
  since?: string
  references?: string
  /** The value is a secret and never becomes part of `spec`. */
  secret: boolean
  /** TOML key of the flag that makes the value a secret. */
  secretWhen?: string
  /** Komodo does not have the key, and ignores it. */
  own?: true
}

export type ValueModel =
  | { type: 'text'; shape?: InputShape; pattern?: RegExp; notEmpty?: true; maxLength?: number }
  /** By every accepted spelling, the canonical one. */
  | { type: 'choice'; values: readonly string[]; spellings: ReadonlyMap<string, string> }
  | { type: 'boolean' }
  | { type: 'integer' | 'number'; minimum?: number; maximum?: number }
  | { type: 'intOrPercent' }
  | { type: 'list'; item: ValueModel; shape?: InputShape; textUntil?: string }
  /** Anything: a table whose keys nobody knows. */
  | { type: 'map' }
  | TableValue

export interface TableValue {
  type: 'table'
  table: TableModel
  /** The key that a bare text stands for. */
  shorthand?: string
  /** See `TomlMeta`. */
  inOrder?: true
  wrapped?: NonNullable<TomlMeta['wrapped']>
  /** A tagged union: what `params` takes, by the value of `type`. */
  variants?: ReadonlyMap<string, TableModel>
}

/** One kind of block. */
export interface BlockModel {
  kind: string
  toml: TomlTable
  /** Keys of the block itself, `name` and `config` aside. */
  block: TableModel
  /** Its `config` table. */
  config?: TableValue
}

interface AnnotatedSchema extends OpenApiSchema {
  'x-komodo'?: TomlMeta
  items?: AnnotatedSchema
  properties?: Record<string, AnnotatedSchema>
}

/** `autoUpdateSkipServices` is `auto_update_skip_services`. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

function blockModel(kind: KindDefinition, toml: TomlTable): BlockModel {
  const schema = kind.spec as AnnotatedSchema
  const fields = fieldModels(schema)
  const inBlock = fields.filter(({ level }) => level === 'block' || !toml.hasConfig)
  const inConfig = fields.filter(({ level }) => level !== 'block')
  const config = tableModel(inConfig)
  return {
    kind: kind.kind,
    toml,
    block: tableModel(inBlock),
    ...(toml.hasConfig && { config: tableValue(config, schema['x-komodo'] ?? {}) }),
  }
}

/** By table name, in every spelling. */
export const blockModels: ReadonlyMap<string, BlockModel> = new Map(
  kinds.flatMap((kind) => {
    if (!kind.toml) return []
    const model = blockModel(kind, kind.toml)
    return [kind.toml.table, ...kind.toml.aliases].map((table): [string, BlockModel] => [table, model])
  }),
)

/** By kind. */
const modelsOfKinds = new Map([...blockModels.values()].map((model) => [model.kind, model]))

export const blockModelOf = (kind: string): BlockModel | undefined => modelsOfKinds.get(kind)

interface LeveledField extends FieldModel {
  level: 'block' | 'config'
}

function tableModel(fields: readonly FieldModel[]): TableModel {
  const byKey = new Map<string, FieldModel>()
  for (const field of fields) for (const key of [field.key, ...field.aliases]) byKey.set(key, field)
  const secrets = fields.flatMap((reference) => {
    const value = reference.own && byKey.get(reference.key.replace(/_from$/, ''))
    return value ? [{ value, reference }] : []
  })
  return { fields, byKey, required: fields.filter(({ required }) => required), secrets }
}

function fieldModels(schema: AnnotatedSchema): LeveledField[] {
  const fields: LeveledField[] = []
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const meta = property['x-komodo'] ?? {}
    const reference = property.properties?.secretKeyRef !== undefined
    if (reference) fields.push(secretReference(name, property))
    if (reference && meta.secretKey === undefined) continue
    const secret = meta.secretKey !== undefined
    fields.push({
      key: meta.key ?? meta.secretKey ?? snakeCase(name),
      // The reference is `passkeyFrom`; the value that TOML holds is that of `passkey`.
      name: secret ? name.replace(/From$/, '') : name,
      aliases: meta.aliases ?? [],
      value: secret ? { type: 'text' } : name === 'operator' ? ownTable(property) : valueModel(property),
      description: explanation(property),
      ...defaultOf(property, secret),
      required: !secret && property.default === undefined && (schema.required ?? []).includes(name),
      ...(meta.since && { since: meta.since }),
      ...(meta.references && { references: meta.references }),
      secret,
      ...(meta.secretWhen && { secretWhen: meta.secretWhen }),
      level: meta.level ?? 'config',
    })
  }
  return fields
}

/** `passkey_from` beside `passkey`: which key of which Secret holds the value. Komodo ignores it. */
function secretReference(name: string, property: AnnotatedSchema): LeveledField {
  return {
    key: snakeCase(name),
    name,
    aliases: [],
    value: tableValue(tableModel(fieldModels(property)), {}),
    description: explanation(property),
    required: false,
    secret: false,
    own: true,
    level: property['x-komodo']?.level ?? 'config',
  }
}

function valueModel(schema: AnnotatedSchema): ValueModel {
  const meta = schema['x-komodo'] ?? {}
  const shape = meta.shape && { shape: meta.shape }
  if (schema['x-kubernetes-int-or-string']) return { type: 'intOrPercent' }
  if (schema.enum) {
    const values = schema.enum.map(String)
    const spellings = new Map(values.map((value) => [value, value]))
    for (const [value, others] of Object.entries(meta.enumAliases ?? {})) {
      for (const other of others) spellings.set(other, value)
    }
    return { type: 'choice', values, spellings }
  }
  switch (schema.type) {
    case 'string':
      return {
        type: 'text',
        ...shape,
        ...(schema.pattern && { pattern: new RegExp(schema.pattern, 'u') }),
        ...(schema.minLength && { notEmpty: true }),
        ...(schema.maxLength !== undefined && { maxLength: schema.maxLength }),
      }
    case 'boolean':
      return { type: 'boolean' }
    case 'integer':
    case 'number':
      return {
        type: schema.type,
        ...(schema.minimum !== undefined && { minimum: schema.minimum }),
        ...(schema.maximum !== undefined && { maximum: schema.maximum }),
      }
    case 'array':
      return {
        type: 'list',
        item: valueModel(schema.items ?? {}),
        ...shape,
        ...(meta.textUntil && { textUntil: meta.textUntil }),
      }
    case 'object':
      if (schema['x-kubernetes-preserve-unknown-fields']) return { type: 'map' }
      return tableValue(tableModel(fieldModels(schema)), meta)
    default:
      throw new TypeError(`a kind has a field whose schema the TOML reader does not know: ${JSON.stringify(schema)}`)
  }
}

/** `[<kind>.operator]` is ours, not Komodo's: its keys may be spelled as in custom resources, too. */
function ownTable(schema: AnnotatedSchema): TableValue {
  const fields = fieldModels(schema).map((field) =>
    field.key === field.name ? field : { ...field, aliases: [...field.aliases, field.name] },
  )
  return tableValue(tableModel(fields), schema['x-komodo'] ?? {})
}

function defaultOf(property: AnnotatedSchema, secret: boolean): { default?: unknown } {
  const value = secret ? '' : (property.default ?? property['x-komodo']?.variantDefault)
  return value === undefined ? {} : { default: value }
}

function tableValue(table: TableModel, { shorthand, inOrder, wrapped, variants }: TomlMeta): TableValue {
  return {
    type: 'table',
    table,
    ...(shorthand && { shorthand }),
    ...(inOrder && { inOrder }),
    ...(wrapped && { wrapped }),
    ...(variants && { variants: variants === 'executions' ? executionVariants() : schemaVariants(table, variants) }),
  }
}

/** `params` of each variant, out of the `params` of all. */
function schemaVariants(table: TableModel, variants: Readonly<Record<string, readonly string[]>>) {
  const params = table.byKey.get('params')?.value
  const all = params?.type === 'table' ? params.table.fields : []
  return new Map(
    Object.entries(variants).map(([variant, names]) => [
      variant,
      tableModel(all.filter(({ name }) => names.includes(name) || names.includes(name.replace(/From$/, '')))),
    ]),
  )
}

function executionVariants(): ReadonlyMap<string, TableModel> {
  return new Map(
    Object.entries(executions).map(([execution, params]) => [
      execution,
      tableModel(Object.entries(params).map(([key, type]) => executionParam(execution, key, type))),
    ]),
  )
}

function executionParam(execution: string, key: string, written: string): FieldModel {
  const required = written.endsWith('!')
  const type = written.replace(/!$/, '')
  const schema = type.endsWith('[]') ? paramTypes.texts : paramTypes[type]
  const references = type.replace(/\[\]$/, '')
  return {
    key,
    name: key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    aliases: execution === 'CommitSync' && key === 'sync' ? ['id', 'name'] : [],
    value: schema ? valueModel(schema) : { type: 'text' },
    description: '',
    required,
    ...(!paramTypes[type] && { references }),
    secret: false,
  }
}
