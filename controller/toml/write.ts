import { isDeepStrictEqual } from 'node:util'
import { Inline, renderEntry, renderInline, renderText } from './render.ts'
import {
  type BlockModel,
  blockModelOf,
  type FieldModel,
  type TableModel,
  type TableValue,
  type ValueModel,
} from './vocabulary.ts'

/**
 * Objects as TOML, the way back of `read.ts`: canonical keys in the order of the kind, without what is default. Secrets are not part of
 * objects, so none is written; where they hold a reference to a Secret, the reference is (`passkey_from`).
 */

export interface WritableObject {
  /** `Stack`, `Deployment`, ...: a kind that TOML can declare. */
  kind: string
  /** The name as Komodo has it. */
  name: string
  spec: Readonly<Record<string, unknown>>
}

/** What stands between two blocks of a file. */
export const BLOCK_SEPARATOR = '\n##\n\n'

/** A whole file, in the order given. */
export const writeFile = (objects: Iterable<WritableObject>): string =>
  Array.from(objects, (object) => writeBlock(object)).join(BLOCK_SEPARATOR)

/**
 * One `[[kind]]` block, with a line end behind it. Throws a TypeError for a kind that TOML does not have.
 *
 * @param spelling of the table, where it is not the canonical one
 */
export function writeBlock({ kind, name, spec }: WritableObject, spelling?: string): string {
  const model = blockModelOf(kind)
  if (!model) throw new TypeError(`TOML cannot declare a ${kind}`)
  const table = spelling ?? model.toml.table
  const { operator, ...block } = tableOf(spec, model.block)
  const config = model.config ? configOf(spec, model.config) : {}
  return [
    section('[[', table, { ...namedBy(model, name, spec), ...block }, model.block),
    model.config ? section('[', `${table}.config`, config, model.config.table) : '',
    section('[', `${table}.operator`, (operator ?? {}) as Table),
  ].join('')
}

/** The value of one field of a kind as it stands behind `=`, for whoever changes it in place. `explicit`: with what is default. */
export function writeValue(value: unknown, model: ValueModel, explicit = false): string {
  const written = tomlOf(value, model, explicit)
  return typeof written === 'string' ? renderText(written) : renderInline(written)
}

/** The lines of one field below a key of the caller's choice, such as a dotted one. */
export const writeEntry = (key: string, value: unknown, { own, value: model }: FieldModel, explicit = false): string =>
  renderEntry(key, own ? referenceOf(value, model) : tomlOf(value, model, explicit))

/** One table of a list below a header of its own, which has the path given. */
export function writeRow(path: string, row: unknown, model: ValueModel, explicit = false): string {
  // Below a header there is no short form.
  const isPlain = model.type === 'table' && model.variants === undefined && isRecord(row)
  const table = isPlain ? tableOf(row, model.table, explicit) : (tomlOf(row, model, explicit) as Table)
  return section('[[', path, table, model.type === 'table' ? model.table : undefined)
}

type Table = Record<string, unknown>

/**
 * Header and keys; behind them the lists whose tables have headers of their own, such as the stages of a procedure: keys that followed
 * would belong to those. A `[table]` without keys is left out.
 */
function section(open: '[' | '[[', path: string, table: Table, model?: TableModel): string {
  let keys = ''
  let rows = ''
  for (const [key, value] of Object.entries(table)) {
    const field = model?.byKey.get(key)
    if (field && nestsTables(field.value)) {
      for (const row of value as Table[]) rows += section('[[', `${path}.${key}`, row)
    } else keys += renderEntry(key, value)
  }
  const header = open === '[' ? `[${path}]\n` : `[[${path}]]\n`
  return keys === '' && open === '[' ? rows : header + keys + rows
}

/** `name`, unless another key names the block. */
function namedBy({ toml: { nameFrom }, block }: BlockModel, name: string, spec: Readonly<Table>): Table {
  const field = nameFrom && block.byKey.get(nameFrom.key)
  if (!field) return { name }
  const other = spec[field.name] ?? field.default
  return { ...(other !== name && { name }), [field.key]: other }
}

/** The keys of a table in the order of the kind, without what is default. `explicit`: also what is. */
function tableOf(spec: Readonly<Table>, { fields, byKey }: TableModel, explicit = false): Table {
  const table: Table = {}
  for (const field of fields) {
    const value = spec[field.name]
    if (value === undefined || value === null || field.secret || isSecret(field, byKey, spec)) continue
    const written = field.own ? referenceOf(value, field.value) : tomlOf(value, field.value, explicit)
    if (!explicit && isDefault(value, written, field)) continue
    table[field.key] = written
  }
  return table
}

/** A value that a flag of its table makes secret. No object should have it. */
const isSecret = ({ secretWhen }: FieldModel, byKey: TableModel['byKey'], spec: Readonly<Table>): boolean =>
  secretWhen !== undefined && spec[byKey.get(secretWhen)?.name ?? ''] === true

function isDefault(value: unknown, written: unknown, { default: normal, value: model }: FieldModel): boolean {
  if (normal === undefined) return false
  if (model.type === 'table' && !model.variants && isEmpty(normal)) return isEmpty(written)
  return isDeepStrictEqual(value, normal)
}

function tomlOf(value: unknown, model: ValueModel, explicit = false): unknown {
  if (model.type === 'list' && Array.isArray(value)) return value.map((item) => tomlOf(item, model.item, explicit))
  if (model.type !== 'table' || !isRecord(value)) return value
  if (model.variants) return variantOf(value, model.variants)
  const table = tableOf(value, model.table, explicit)
  const { shorthand } = model
  if (shorthand === undefined) return table
  if (Object.keys(table).some((key) => key !== shorthand)) return new Inline(table)
  return table[shorthand] ?? value[model.table.byKey.get(shorthand)?.name ?? ''] ?? table
}

/** `passkey_from.secret_key_ref = { name = "...", key = "..." }` */
function referenceOf(value: unknown, model: ValueModel): unknown {
  const entries = Object.entries(tomlOf(value, model) as Table)
  return Object.fromEntries(entries.map(([key, inner]) => [key, isRecord(inner) ? new Inline(inner) : inner]))
}

/** What a variant's params are when they are not given no schema says, so all that is given is written. */
function variantOf({ type, params }: Readonly<Table>, variants: ReadonlyMap<string, TableModel>): Table {
  const model = variants.get(String(type))
  return { type, params: model && isRecord(params) ? tableOf(params, model, true) : (params ?? {}) }
}

/** The `config` table; a tagged union is one only when it says more than its default. */
function configOf(spec: Readonly<Table>, { table, variants }: TableValue): Table {
  if (!variants) return tableOf(spec, table)
  const { type = table.byKey.get('type')?.default, params } = spec
  const config = variantOf({ type, params }, variants)
  return type === table.byKey.get('type')?.default && isEmpty(config.params) ? {} : config
}

/** Tables within tables of a list would make lines that nobody can read. */
const nestsTables = (model: ValueModel): boolean =>
  model.type === 'list' && model.item.type === 'table' && model.item.table.fields.some((field) => isTables(field.value))

const isTables = (model: ValueModel): boolean => model.type === 'list' && model.item.type === 'table'

const isRecord = (value: unknown): value is Readonly<Table> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isEmpty = (value: unknown): boolean => value === undefined || (isRecord(value) && Object.keys(value).length === 0)
