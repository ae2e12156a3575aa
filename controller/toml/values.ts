import { formerExecutions } from '../api/v1alpha1/executions.ts'
import { parseStringList } from '../text/string-list.ts'
import { nearest } from './nearest.ts'
import { whenText } from './older-keys.ts'
import { isTable, type RawTable } from './raw-table.ts'
import { describe, oneOf, type Reading, shorten } from './reading.ts'
import { readText } from './texts.ts'
import type { FieldModel, TableModel, TableValue, ValueModel } from './vocabulary.ts'

/**
 * The fields of a table by their names in `spec`, in the shapes that the kinds have. Reports every problem it meets; with an error the
 * outcome is not to be used.
 *
 * @param at dotted path of the table in `spec`, with a dot behind; empty for the whole
 * @param skip keys that are somebody else's
 */
export function readTable(
  raw: RawTable,
  model: TableModel,
  reading: Reading,
  at: string,
  skip?: ReadonlySet<string>,
): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  let spellings: Map<FieldModel, string> | undefined
  for (const key in raw) {
    if (skip?.has(key)) continue
    const field = model.byKey.get(key)
    reading.path.push(key)
    if (!field) readOlderKey(raw, key, model, values, reading, at)
    else {
      if (field.aliases.length > 0) {
        spellings ??= new Map()
        const other = spellings.get(field)
        if (other !== undefined) {
          const message = `"${other}" and "${key}" are two spellings of one key; keep "${field.key}".`
          reading.error('DuplicateKey', message)
        }
        spellings.set(field, key)
      }
      readField(raw[key], field, values, reading, at)
    }
    reading.path.pop()
  }
  for (const field of model.required) {
    if (field.key in raw || field.aliases.some((alias) => alias in raw)) continue
    reading.error('MissingKey', `"${field.key}" is missing${field.description ? `: ${field.description}` : '.'}`)
  }
  for (const { value, reference } of model.secrets) {
    const given = values[value.name] ?? reading.secrets[at + value.name]
    if (given === undefined || given === '' || values[reference.name] === undefined) continue
    reading.path.push(reference.key)
    reading.error(
      'DuplicateKey',
      `"${value.key}" and "${reference.key}" both say what the secret is; keep one of them.`,
    )
    reading.path.pop()
  }
  return values
}

/** A key that Komodo no longer has is taken for the one that means the same now; any other one is reported. */
function readOlderKey(
  raw: RawTable,
  key: string,
  model: TableModel,
  into: Record<string, unknown>,
  reading: Reading,
  at: string,
): void {
  const older = reading.olderKey()
  const field = older?.now === undefined ? undefined : model.byKey.get(older.now)
  if (!older || !field) {
    reading.unknownKey(model.byKey.keys())
    return
  }
  if ([field.key, ...field.aliases].some((spelling) => spelling in raw)) {
    reading.warn('OlderKey', `"${key}" is an older name of "${field.key}", which stands here too; it is ignored.`)
    return
  }
  reading.warn(
    'OlderKey',
    `"${key}" became "${field.key}" ${whenText(older)}, which ignores the older name; rename it.`,
  )
  const value = raw[key]
  readField(field.value.type === 'list' && typeof value === 'string' ? [value] : value, field, into, reading, at)
}

function readField(raw: unknown, field: FieldModel, into: Record<string, unknown>, reading: Reading, at: string): void {
  const value = readValue(raw, field.value, reading, at, field.name)
  if (value === undefined) return
  if (!field.secret) into[field.name] = value
  else if (typeof value === 'string' && value !== '') reading.secrets[at + field.name] = value
}

/** The value as `spec` holds it, under `name` in the table `at`; `undefined` after an error, or when it stands for "not given". */
function readValue(raw: unknown, model: ValueModel, reading: Reading, at: string, name: string): unknown {
  switch (model.type) {
    case 'boolean':
      return typeof raw === 'boolean' ? raw : reading.wrongType('true or false', raw)
    case 'text':
      return readText(raw, model, reading)
    case 'choice':
      return readChoice(raw, model, reading)
    case 'integer':
      return typeof raw === 'bigint' ? inRange(Number(raw), model, reading) : reading.wrongType('a whole number', raw)
    case 'number':
      if (typeof raw !== 'bigint' && typeof raw !== 'number') return reading.wrongType('a number', raw)
      if (!Number.isFinite(Number(raw))) return reading.wrongType('a finite number', raw)
      return inRange(Number(raw), model, reading)
    case 'intOrPercent':
      return readIntOrPercent(raw, reading)
    case 'list':
      return readList(raw, model, reading, `${at}${name}.`)
    case 'map':
      return isTable(raw) ? plain(raw, reading) : reading.wrongType('a table', raw)
    case 'table':
      return readNested(raw, model, reading, `${at}${name}.`)
  }
}

function readChoice(raw: unknown, model: ValueModel & { type: 'choice' }, reading: Reading): string | undefined {
  if (typeof raw !== 'string') return reading.wrongType(`one of ${oneOf(model.values)}`, raw)
  const value = model.spellings.get(raw)
  if (value !== undefined) return value
  const byLowerCase = new Map(model.values.map((known) => [known.toLowerCase(), known]))
  const near = byLowerCase.get(nearest(raw.toLowerCase(), byLowerCase.keys()) ?? '')
  const hint = near ? `; did you mean "${near}"?` : '.'
  return reading.error('UnknownValue', `${reading.key} is one of ${oneOf(model.values)}, not "${shorten(raw)}"${hint}`)
}

function readIntOrPercent(raw: unknown, reading: Reading): number | string | undefined {
  if (typeof raw === 'bigint' && raw >= 0n && raw <= 2_147_483_647n) return Number(raw)
  if (typeof raw === 'string' && /^\d{1,9}$/.test(raw)) return Number(raw)
  if (typeof raw === 'string' && /^\d{1,3}%$/.test(raw)) return raw
  return reading.wrongType('a count such as 10 or a share such as "10%"', raw)
}

function readList(raw: unknown, model: ValueModel & { type: 'list' }, reading: Reading, at: string): unknown {
  const isText = model.shape === 'StringList'
  if (isText && typeof raw === 'string') return parseStringList(raw)
  if (model.textUntil !== undefined && typeof raw === 'string') {
    reading.warn(
      'OlderForm',
      `${reading.key} became a list in Komodo ${model.textUntil}, which refuses a text; write ["a", "b"].`,
    )
    return readList(parseStringList(raw), model, reading, at)
  }
  const items: unknown = model.shape === 'TableOrList' && isTable(raw) ? [raw] : raw
  if (!Array.isArray(items)) {
    if (isText) return reading.wrongType('a list of texts, or one text with commas', raw)
    return reading.wrongType(model.item.type === 'table' ? 'a list of tables' : 'a list of texts, ["a", "b"]', raw)
  }
  const values: unknown[] = []
  for (const [index, item] of items.entries()) {
    reading.path.push(index)
    const value = readValue(item, model.item, reading, at, String(index))
    reading.path.pop()
    // A blank entry means nothing anywhere, and as an argument of a command it would do harm.
    const blank = value === undefined || (isText && typeof value === 'string' && value.trim() === '')
    if (!blank) values.push(value)
  }
  return values
}

/**
 * A table with known keys: a plain one, one that a bare text can stand for, or `{ type, params }`.
 *
 * @param at see `readTable`
 */
export function readNested(
  raw: unknown,
  { table, shorthand, inOrder, wrapped, variants }: TableValue,
  reading: Reading,
  at: string,
): Record<string, unknown> | undefined {
  // A table in the list is somebody's idea of several commands, which nobody reads.
  if (inOrder && Array.isArray(raw) && !raw.some(isTable)) return readInOrder(raw, table, reading, at)
  if (shorthand !== undefined && typeof raw === 'string') {
    return readTable(Object.assign(Object.create(null), { [shorthand]: raw }), table, reading, at)
  }
  if (!isTable(raw)) {
    const keys = table.fields.map(({ key }) => key)
    const expected = keys.length > 0 && keys.length <= 4 ? `a table with ${oneOf(keys)}` : 'a table'
    return reading.wrongType(shorthand === undefined ? expected : `a table, or the ${shorthand} alone`, raw)
  }
  if (variants) return readVariant(raw, table, variants, reading, at)
  const { type, params } = raw
  if (!wrapped || typeof type !== 'string' || !(type in wrapped)) return readTable(raw, table, reading, at)
  const assumed = wrapped[type]
  if (!assumed) return undefined
  reading.path.push('params')
  const values = isTable(params)
    ? { ...assumed, ...readTable(params, table, reading, at) }
    : reading.wrongType('a table', params)
  reading.path.pop()
  return values
}

/** `["scripts", "sh prepare.sh"]` for `{ path = "scripts", command = "sh prepare.sh" }`. What is beyond the keys, Komodo does not look at. */
function readInOrder(
  items: readonly unknown[],
  table: TableModel,
  reading: Reading,
  at: string,
): Record<string, unknown> {
  const keys = table.fields.map(({ key }) => key)
  if (items.length > 0) {
    reading.warn(
      'ListForTable',
      `${reading.key} takes a table; a list is read, as by Komodo, as its ${oneOf(keys)} in this order.`,
    )
  }
  const named = Object.fromEntries(keys.slice(0, items.length).map((key, index) => [key, items[index]]))
  return readTable(named, table, reading, at)
}

/** `{ type, params }`: which keys `params` takes depends on `type`. */
function readVariant(
  raw: RawTable,
  outer: TableModel,
  variants: ReadonlyMap<string, TableModel>,
  reading: Reading,
  at: string,
): Record<string, unknown> | undefined {
  const { type, params } = raw
  const types = variants.size > 12 ? '' : `one of ${oneOf(variants.keys())}`
  for (const key in raw) {
    if (key === 'type' || key === 'params') continue
    reading.path.push(key)
    reading.unknownKey(outer.byKey.keys())
    reading.path.pop()
  }
  if (type === undefined) reading.error('MissingKey', `${reading.key} needs "type": ${types || 'what it is'}.`)
  if (params === undefined) {
    reading.error('MissingKey', `${reading.key} needs "params": a table; write {} when there is nothing to set.`)
  }
  if (type === undefined || params === undefined) return undefined
  const now = currentType(type, params, variants, reading)
  const model = variants.get(now)
  if (!model) return unknownType(type, variants, types, reading)
  reading.path.push('params')
  const values = isTable(params)
    ? { type: now, params: readTable(params, model, withinVariant(reading, variants, now), `${at}params.`) }
    : reading.wrongType('a table', params)
  reading.path.pop()
  return values
}

/** The type by its present name. */
function currentType(
  type: unknown,
  params: unknown,
  variants: ReadonlyMap<string, TableModel>,
  reading: Reading,
): string {
  if (typeof type !== 'string') return ''
  const now = formerExecutions[type]
  if (now === undefined || !variants.has(now) || !isTable(params) || !('deployment' in params)) return type
  reading.path.push('type')
  reading.warn(
    'OlderValue',
    `"${type}" of a deployment became "${now}" in Komodo 1.14, which refuses the older name; rename it.`,
  )
  reading.path.pop()
  return now
}

function unknownType(
  type: unknown,
  variants: ReadonlyMap<string, TableModel>,
  types: string,
  reading: Reading,
): undefined {
  const near = typeof type === 'string' ? nearest(type, variants.keys()) : undefined
  const hint = near ? `; did you mean "${near}"?` : types ? `; it is ${types}.` : '.'
  reading.path.push('type')
  reading.error(
    'UnknownValue',
    `There is no type ${typeof type === 'string' ? `"${shorten(type)}"` : describe(type)}${hint}`,
  )
  reading.path.pop()
  return undefined
}

/** Says of a key that another type has that it means nothing with this one. */
function withinVariant(reading: Reading, variants: ReadonlyMap<string, TableModel>, type: string): Reading {
  const depth = reading.path.length + 1
  return reading.narrowed((key, path) =>
    path.length === depth && [...variants.values()].some(({ byKey }) => byKey.has(key))
      ? `means nothing with type "${type}"`
      : undefined,
  )
}

/** Tables within tables in a value that may hold anything. Dotted keys make them cheap. */
const MAX_DEPTH = 64

/** Any TOML as JSON. */
function plain(raw: unknown, reading: Reading, depth = 0): unknown {
  if (typeof raw === 'bigint') return Number(raw)
  if (raw instanceof Date) return raw.toISOString()
  if (typeof raw !== 'object' || raw === null) return raw
  if (depth >= MAX_DEPTH)
    return reading.error('TooDeep', `${reading.key} holds more than ${MAX_DEPTH} tables within tables.`)
  if (Array.isArray(raw)) return raw.map((item) => plain(item, reading, depth + 1))
  return Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, plain(value, reading, depth + 1)]))
}

function inRange(
  value: number,
  { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY }: { minimum?: number; maximum?: number },
  reading: Reading,
): number | undefined {
  if (value >= minimum && value <= maximum) return value
  const bounds =
    minimum === Number.NEGATIVE_INFINITY
      ? `at most ${maximum}`
      : maximum === Number.POSITIVE_INFINITY
        ? `at least ${minimum}`
        : `between ${minimum} and ${maximum}`
  return reading.error('OutOfRange', `${reading.key} must be ${bounds}.`)
}
