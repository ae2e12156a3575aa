import { parseStringList } from '../text/string-list.ts'
import { formatVersion, parseVersion } from '../text/version.ts'
import { nearest } from './nearest.ts'
import type { TomlPath } from './positions.ts'
import type { FieldModel, TableModel, ValueModel } from './vocabulary.ts'

/** What the reader says about one place. */
export type Report = (severity: 'error' | 'warning', code: string, path: TomlPath, message: string) => void

/** What the reading of one block carries along. */
export interface Reading {
  report: Report
  /** Where a key belongs that is known in this kind of block, but not where it stands. */
  elsewhere(key: string, path: TomlPath): string | undefined
}

export interface Outcome {
  values: Record<string, unknown>
  /** Values of secret fields by dotted name. */
  secrets: Record<string, string>
}

/** The value of a parsed TOML document: with integers as bigint, tables without prototype. */
export type RawTable = Readonly<Record<string, unknown>>

export const isTable = (value: unknown): value is RawTable =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null

/**
 * The fields of a table by their names in `spec`, in the shapes that the kinds have. Reports every problem it meets; with an error the
 * outcome is not to be used.
 */
export function readTable(raw: RawTable, model: TableModel, path: TomlPath, reading: Reading): Outcome {
  const { report } = reading
  const values: Record<string, unknown> = {}
  const secrets: Record<string, string> = {}
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
      report(
        'error',
        'DuplicateKey',
        here,
        `"${other}" and "${key}" are two spellings of one key; keep "${field.key}".`,
      )
      continue
    }
    spelledAs.set(field, key)
    if (field.secret) {
      const value = readValue(rawValue, field.value, here, reading)
      if (typeof value === 'string' && value !== '') secrets[field.name] = value
      continue
    }
    const value = readValue(rawValue, field.value, here, reading)
    if (value !== undefined) values[field.name] = value
  }
  for (const field of model.fields) {
    if (field.required && !spelledAs.has(field)) {
      report('error', 'MissingKey', path, `"${field.key}" is missing: ${sentence(field.description)}`)
    }
  }
  return { values, secrets }
}

/** The value as `spec` holds it; `undefined` after an error, or when it stands for "not given". */
export function readValue(raw: unknown, model: ValueModel, path: TomlPath, reading: Reading): unknown {
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
      return readList(raw, model, path, reading, wrong)
    case 'table':
      return readNested(raw, model, path, reading, wrong)
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
  wrong: Wrong,
): unknown {
  let items = raw
  if (model.shape === 'StringList' && typeof raw === 'string') return parseStringList(raw)
  if (model.shape === 'TableOrList' && isTable(raw)) items = [raw]
  if (!Array.isArray(items)) {
    if (model.shape === 'StringList') return wrong('a list of texts, or one text with commas')
    return wrong(model.item.type === 'table' ? 'a list of tables' : 'a list of texts, ["a", "b"]')
  }
  const values = items.map((item, index) => readValue(item, model.item, [...path, index], reading))
  // A blank entry means nothing anywhere, and as an argument of a command it would do harm.
  return model.shape === 'StringList'
    ? values.filter((value) => typeof value !== 'string' || value.trim() !== '')
    : values
}

function readNested(
  raw: unknown,
  model: ValueModel & { type: 'table' },
  path: TomlPath,
  reading: Reading,
  wrong: Wrong,
): unknown {
  let table = raw
  if (model.shape === 'PathOrTable' && typeof raw === 'string')
    table = Object.assign(Object.create(null), { path: raw })
  if (!isTable(table)) return wrong(model.shape === 'PathOrTable' ? 'a path, or a table with a path' : 'a table')
  if (!model.variants) return readTable(table, model.table, path, reading).values
  return readVariant(table, model, model.variants, path, reading)
}

/** `{ type, params }`: which keys `params` takes depends on `type`. */
function readVariant(
  raw: RawTable,
  model: ValueModel & { type: 'table' },
  variants: Readonly<Record<string, readonly string[]>>,
  path: TomlPath,
  reading: Reading,
): unknown {
  const { report } = reading
  const missing = ['type', 'params'].filter((key) => !(key in raw))
  for (const key of missing) {
    const hint =
      key === 'type' ? `one of ${oneOf(Object.keys(variants))}` : 'a table; write {} when there is nothing to set'
    report('error', 'MissingKey', path, `"${path.at(-1)}" needs "${key}": ${hint}.`)
  }
  if (missing.length > 0) return undefined
  const { values } = readTable(raw, model.table, path, reading)
  const allowed = typeof values.type === 'string' ? variants[values.type] : undefined
  const params = values.params
  if (!allowed || typeof params !== 'object' || params === null) return undefined
  const kept: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(params)) {
    if (allowed.includes(name)) kept[name] = value
    else {
      const message = `"${name}" means nothing with type "${String(values.type)}", which takes ${oneOf(allowed)}.`
      report('warning', 'UnknownKey', [...path, 'params', name], message)
    }
  }
  return { type: values.type, params: kept }
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
  const place = elsewhere(key, path)
  if (place) {
    report('warning', 'MisplacedKey', path, `"${shorten(key)}" belongs in ${place}; here it is ignored.`)
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

const sentence = (description: string): string => (description === '' ? 'it has no default.' : description)

export const shorten = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}...` : text)
