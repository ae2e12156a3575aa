import type { OpenApiSchema } from '../api/crd.ts'
import type { InputShape, TomlMeta } from '../api/v1alpha1/field.ts'
import type { KindDefinition, TomlTable } from '../api/v1alpha1/kind.ts'
import { kinds } from '../api/v1alpha1/kinds.ts'

/** What may stand in a TOML file, as tables made from the kinds: for the reader, the editor schema, and whoever writes TOML. */

export interface TableModel {
  /** In the order of the kind. */
  fields: readonly FieldModel[]
  /** By canonical key and by every other spelling. */
  byKey: ReadonlyMap<string, FieldModel>
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
}

export type ValueModel =
  | { type: 'text'; shape?: InputShape; pattern?: RegExp; maxLength?: number }
  /** By every accepted spelling, the canonical one. */
  | { type: 'choice'; values: readonly string[]; spellings: ReadonlyMap<string, string> }
  | { type: 'boolean' }
  | { type: 'integer' | 'number'; minimum?: number; maximum?: number }
  | { type: 'intOrPercent' }
  | { type: 'list'; item: ValueModel; shape?: InputShape }
  | { type: 'table'; table: TableModel; shape?: InputShape; variants?: Readonly<Record<string, readonly string[]>> }

/** One kind of block. */
export interface BlockModel {
  kind: string
  toml: TomlTable
  /** Keys of the block itself, `name` and `config` aside. */
  block: TableModel
  /** Keys of its `config` table. */
  config?: TableModel
}

interface AnnotatedSchema extends OpenApiSchema {
  'x-komodo'?: TomlMeta
  items?: AnnotatedSchema
  properties?: Record<string, AnnotatedSchema>
}

/** `autoUpdateSkipServices` is `auto_update_skip_services`. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export function blockModel(kind: KindDefinition & { toml: TomlTable }): BlockModel {
  const fields = fieldModels(kind.spec as AnnotatedSchema)
  const inBlock = fields.filter(({ level }) => level === 'block' || !kind.toml.hasConfig)
  const inConfig = fields.filter(({ level }) => level !== 'block')
  return {
    kind: kind.kind,
    toml: kind.toml,
    block: tableModel(inBlock),
    ...(kind.toml.hasConfig && { config: tableModel(inConfig) }),
  }
}

/** By table name, singular and plural. */
export const blockModels: ReadonlyMap<string, BlockModel> = new Map(
  kinds.flatMap((kind) => {
    if (!kind.toml) return []
    const model = blockModel({ ...kind, toml: kind.toml })
    return [kind.toml.table, ...kind.toml.aliases].map((table) => [table, model] as const)
  }),
)

interface LeveledField extends FieldModel {
  level: 'block' | 'config'
}

function tableModel(fields: readonly FieldModel[]): TableModel {
  const byKey = new Map<string, FieldModel>()
  for (const field of fields) for (const key of [field.key, ...field.aliases]) byKey.set(key, field)
  return { fields, byKey }
}

function fieldModels(schema: AnnotatedSchema): LeveledField[] {
  const fields: LeveledField[] = []
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const meta = property['x-komodo'] ?? {}
    if (meta.absent) continue
    const secret = meta.secretKey !== undefined
    fields.push({
      key: meta.secretKey ?? snakeCase(name),
      // The reference is `passkeyFrom`; the value that TOML holds is that of `passkey`.
      name: secret ? name.replace(/From$/, '') : name,
      aliases: meta.aliases ?? [],
      value: secret ? { type: 'text' } : valueModel(property),
      description: property.description ?? '',
      ...(secret ? { default: '' } : property.default !== undefined && { default: property.default }),
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
      return { type: 'list', item: valueModel(schema.items ?? {}), ...shape }
    case 'object':
      return {
        type: 'table',
        table: tableModel(fieldModels(schema)),
        ...shape,
        ...(meta.variants && { variants: meta.variants }),
      }
    default:
      throw new TypeError(`a kind has a field whose schema the TOML reader does not know: ${JSON.stringify(schema)}`)
  }
}
