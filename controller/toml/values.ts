import { parseStringList } from '../text/string-list.ts'
import { formatVersion, parseVersion } from '../text/version.ts'
import { nearest } from './nearest.ts'
import type { TomlPath } from './positions.ts'
import type { FieldModel, TableModel, TableValue, ValueModel } from './vocabulary.ts'

/** What the reader says about one place. */
export type Report = (severity: 'error' | 'warning', code: string, path: TomlPath, message: string) => void

/** What the reading of one block carries along. */
export interface Reading {
  report: Report
  /** What is wrong with a key that is known in this kind of block, but not where it stands: "belongs in [stack.config]". */
  elsewhere(key: string, path: TomlPath): string | undefined
  /** Takes the value of a secret field, by its dotted path in `spec`. */
  secret(path: string, value: string): void
}

/** The value of a parsed TOML document: with integers as bigint, tables without prototype. */
export type RawTable = Readonly<Record<string, unknown>>

export const isTable = (value: unknown): value is RawTable =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null

/**
 * The fields of a table by their names in `spec`, in the shapes that the kinds have. Reports every problem it meets; with an error the
 * outcome is not to be used.
 *
 * @param at dotted path of the table in `spec`, with a dot behind; empty for the whole
 */
export function readTable(
  raw: RawTable,
  model: TableModel,
  path: TomlPath,
  reading: Reading,
  at = '',
): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  const spelledAs = new Map<FieldModel, string>()
  for (const [key, rawValue] of Object.entries(raw)) {
    const field = model.byKey.get(key)
    const here = [...path, key]
    if (!field) {
      unknownKey(key, model, here, reading)
      continue
    }
    const other = spelledAs.get(field)
    if (other !== undefined) {
      const message = `"${other}" and "${key}" are two spellings of one key; keep "${field.key}".`
      reading.report('error', 'DuplicateKey', here, message)
      continue
    }
    spelledAs.set(field, key)
    const value = readValue(rawValue, field.value, here, reading, at + field.name)
    if (value === undefined) continue
    if (!field.secret) values[field.name] = value
    else if (typeof value === 'string' && value !== '') reading.secret(at + field.name, value)
  }
  for (const field of model.fields) {
    if (field.required && !spelledAs.has(field)) {
      reading.report(
        'error',
        'MissingKey',
        path,
        `"${field.key}" is missing${field.description ? `: ${field.description}` : '.'}`,
      )
    }
  }
  return values
}

/** The value as `spec` holds it; `undefined` after an error, or when it stands for "not given". */
export function readValue(raw: unknown, model: ValueModel, path: TomlPath, reading: Reading, at: string): unknown {
  const { report } = reading
  const wrong = (expected: string): undefined => {
    report('error', 'WrongType', path, `"${path.at(-1)}" takes ${expected}, not ${describe(raw)}.`)
    return undefined
  }
  switch (model.type) {
    case 'boolean':
      return typeof raw === 'boolean' ? raw : wrong('true or false')
    case 'text':
      return readText(raw, model, path, report, wrong)
    case 'choice': {
      if (typeof raw !== 'string') return wrong(`one of ${oneOf(model.values)}`)
      const value = model.spellings.get(raw)
      if (value !== undefined) return value
      const near = nearest(
        raw.toLowerCase(),
        model.values.map((known) => known.toLowerCase()),
      )
      const hint = model.values.find((known) => known.toLowerCase() === near)
      report(
        'error',
        'UnknownValue',
        path,
        `"${path.at(-1)}" is one of ${oneOf(model.values)}, not "${shorten(raw)}"${hint ? `; did you mean "${hint}"?` : '.'}`,
      )
      return undefined
    }
    case 'integer':
      if (typeof raw !== 'bigint') return wrong('a whole number')
      return inRange(Number(raw), model, path, report)
    case 'number':
      if (typeof raw !== 'bigint' && typeof raw !== 'number') return wrong('a number')
      if (!Number.isFinite(Number(raw))) return wrong('a finite number')
      return inRange(Number(raw), model, path, report)
    case 'intOrPercent':
      if (typeof raw === 'bigint' && raw >= 0n && raw <= 2_147_483_647n) return Number(raw)
      if (typeof raw === 'string' && /^\d{1,9}$/.test(raw)) return Number(raw)
      if (typeof raw === 'string' && /^\d{1,3}%$/.test(raw)) return raw
      return wrong('a count such as 10 or a share such as "10%"')
    case 'list':
      return readList(raw, model, path, reading, at, wrong)
    case 'map':
      return isTable(raw) ? plain(raw) : wrong('a table')
    case 'table':
      return readNested(raw, model, path, reading, at)
  }
}

type Wrong = (expected: string) => undefined

function readText(
  raw: unknown,
  model: ValueModel & { type: 'text' },
  path: TomlPath,
  report: Report,
  wrong: Wrong,
): unknown {
  switch (model.shape) {
    case 'EnvVars':
      return readPairs(raw, ['variable', 'value'], ' = ', path, report, wrong)
    case 'Labels':
      return readPairs(raw, ['variable', 'value'], ': ', path, report, wrong)
    case 'Conversions':
      return readPairs(raw, ['local', 'container'], ': ', path, report, wrong)
    case 'TermSignalLabels':
      return readPairs(raw, ['signal', 'label'], ': ', path, report, wrong)
    case 'Version':
      return readVersion(raw, wrong)
  }
  if (typeof raw !== 'string') return wrong('text')
  if (model.shape === 'FileContents') {
    const contents = raw.trimEnd()
    return contents === '' ? '' : `${contents}\n`
  }
  if (model.pattern && !model.pattern.test(raw)) return wrong('a duration such as "90s", "5m" or "1h30m"')
  if (model.maxLength !== undefined && [...raw].length > model.maxLength) {
    report('error', 'TooLong', path, `"${path.at(-1)}" has more than ${model.maxLength} characters.`)
    return undefined
  }
  return raw
}

/** Key-value text as it is, with a line end behind it; or a list of tables, as text. */
function readPairs(
  raw: unknown,
  [left, right]: readonly [string, string],
  separator: string,
  path: TomlPath,
  report: Report,
  wrong: Wrong,
): string | undefined {
  if (typeof raw === 'string') return raw === '' || raw.endsWith('\n') ? raw : `${raw}\n`
  if (!Array.isArray(raw)) return wrong(`text, or a list of { ${left}, ${right} }`)
  let text = ''
  for (const [index, item] of raw.entries()) {
    const a: unknown = isTable(item) ? item[left] : undefined
    const b: unknown = isTable(item) ? item[right] : undefined
    if (typeof a !== 'string' || typeof b !== 'string') {
      report(
        'error',
        'WrongType',
        [...path, index],
        `Each entry of "${path.at(-1)}" is { ${left} = "...", ${right} = "..." }.`,
      )
      return undefined
    }
    text += `  ${a}${separator}${b}\n`
  }
  return text
}

function readVersion(raw: unknown, wrong: Wrong): string | undefined {
  const expected = 'a version such as "1.2.3"'
  let version = typeof raw === 'string' ? parseVersion(raw) : undefined
  if (isTable(raw)) {
    const { major, minor, patch } = raw
    if (typeof major === 'bigint' && typeof minor === 'bigint' && typeof patch === 'bigint') {
      version = parseVersion(`${major}.${minor}.${patch}`)
    }
  }
  if (!version) return wrong(expected)
  const text = formatVersion(version)
  // 0.0.0 is how Komodo spells "not given".
  return text === '0.0.0' ? undefined : text
}

function readList(
  raw: unknown,
  model: ValueModel & { type: 'list' },
  path: TomlPath,
  reading: Reading,
  at: string,
  wrong: Wrong,
): unknown {
  let items = raw
  if (model.shape === 'StringList' && typeof raw === 'string') return parseStringList(raw)
  if (model.shape === 'TableOrList' && isTable(raw)) items = [raw]
  if (!Array.isArray(items)) {
    if (model.shape === 'StringList') return wrong('a list of texts, or one text with commas')
    return wrong(model.item.type === 'table' ? 'a list of tables' : 'a list of texts, ["a", "b"]')
  }
  const values = items.map((item, index) => readValue(item, model.item, [...path, index], reading, `${at}.${index}`))
  // A blank entry means nothing anywhere, and as an argument of a command it would do harm.
  return model.shape === 'StringList'
    ? values.filter((value) => typeof value !== 'string' || value.trim() !== '')
    : values
}

/** A table with known keys: a plain one, one that a bare text can stand for, or `{ type, params }`. */
export function readNested(raw: unknown, model: TableValue, path: TomlPath, reading: Reading, at: string): unknown {
  const { shorthand, variants } = model
  const table: unknown =
    shorthand !== undefined && typeof raw === 'string' ? Object.assign(Object.create(null), { [shorthand]: raw }) : raw
  if (!isTable(table)) {
    const expected = shorthand === undefined ? 'a table' : `a table, or the ${shorthand} alone`
    reading.report('error', 'WrongType', path, `"${path.at(-1)}" takes ${expected}, not ${describe(raw)}.`)
    return undefined
  }
  const prefix = at === '' ? '' : `${at}.`
  return variants
    ? readVariant(table, model.table, variants, path, reading, prefix)
    : readTable(table, model.table, path, reading, prefix)
}

/** `{ type, params }`: which keys `params` takes depends on `type`. */
function readVariant(
  raw: RawTable,
  outer: TableModel,
  variants: ReadonlyMap<string, TableModel>,
  path: TomlPath,
  reading: Reading,
  at: string,
): unknown {
  const { report } = reading
  const { type, params, ...others } = raw
  const name = path.at(-1)
  for (const key of Object.keys(others)) unknownKey(key, outer, [...path, key], reading)
  if (type === undefined) {
    const known = variants.size > 12 ? 'what it is' : `one of ${oneOf([...variants.keys()])}`
    report('error', 'MissingKey', path, `"${name}" needs "type": ${known}.`)
  }
  if (params === undefined) {
    report('error', 'MissingKey', path, `"${name}" needs "params": a table; write {} when there is nothing to set.`)
  }
  if (type === undefined || params === undefined) return undefined
  const here = [...path, 'params']
  const model = typeof type === 'string' ? variants.get(type) : undefined
  if (!model) {
    const near = typeof type === 'string' ? nearest(type, variants.keys()) : undefined
    const known = near
      ? `did you mean "${near}"?`
      : variants.size > 12
        ? ''
        : `It is one of ${oneOf([...variants.keys()])}.`
    const message = `There is no type ${typeof type === 'string' ? `"${shorten(type)}"` : 'like this'}. ${known}`
    report('error', 'UnknownValue', [...path, 'type'], message.trim())
    return undefined
  }
  if (!isTable(params)) {
    report('error', 'WrongType', here, `"params" takes a table, not ${describe(params)}.`)
    return undefined
  }
  const known = (key: string): boolean => [...variants.values()].some(({ byKey }) => byKey.has(key))
  const elsewhere = (key: string, at: TomlPath): string | undefined =>
    at.length === here.length + 1 && known(key)
      ? `means nothing with type "${String(type)}"`
      : reading.elsewhere(key, at)
  return { type, params: readTable(params, model, here, { ...reading, elsewhere }, `${at}params.`) }
}

/** Any TOML as JSON. */
function plain(raw: unknown): unknown {
  if (typeof raw === 'bigint') return Number(raw)
  if (Array.isArray(raw)) return raw.map(plain)
  if (isTable(raw)) return Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, plain(value)]))
  return raw instanceof Date ? raw.toISOString() : raw
}

function inRange(
  value: number,
  { minimum, maximum }: { minimum?: number; maximum?: number },
  path: TomlPath,
  report: Report,
) {
  if ((minimum === undefined || value >= minimum) && (maximum === undefined || value <= maximum)) return value
  const bounds =
    minimum === undefined
      ? `at most ${maximum}`
      : maximum === undefined
        ? `at least ${minimum}`
        : `between ${minimum} and ${maximum}`
  report('error', 'OutOfRange', path, `"${path.at(-1)}" must be ${bounds}.`)
  return undefined
}

function unknownKey(key: string, model: TableModel, path: TomlPath, { report, elsewhere }: Reading): void {
  const wrong = elsewhere(key, path)
  if (wrong) {
    report('warning', 'MisplacedKey', path, `"${shorten(key)}" ${wrong}; here it is ignored.`)
    return
  }
  const near = nearest(key, model.byKey.keys())
  const hint = near ? `did you mean "${near}"?` : 'it is ignored.'
  report('warning', 'UnknownKey', path, `Unknown key "${shorten(key)}"; ${hint}`)
}

/** The type of a value, for messages; never the value itself, which may be a secret. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return 'true or false'
  if (typeof value === 'bigint') return 'a whole number'
  if (typeof value === 'number')
    return Number.isFinite(value) ? 'a number with a fraction' : 'a number that is not finite'
  if (Array.isArray(value)) return 'a list'
  if (value instanceof Date) return 'a date or time'
  return 'a table'
}

const oneOf = (values: readonly string[]): string => values.map((value) => `"${value}"`).join(', ')

export const shorten = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}...` : text)
