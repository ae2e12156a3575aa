import { formatVersion, parseVersion } from '../text/version.ts'
import { isTable } from './raw-table.ts'
import type { Reading } from './reading.ts'
import type { ValueModel } from './vocabulary.ts'

/** The text as `spec` holds it; `undefined` after an error, or when it stands for "not given". */
export function readText(raw: unknown, model: ValueModel & { type: 'text' }, reading: Reading): string | undefined {
  switch (model.shape) {
    case 'EnvVars':
      return readPairs(raw, 'variable', 'value', ' = ', reading)
    case 'Labels':
      return readPairs(raw, 'variable', 'value', ': ', reading)
    case 'Conversions':
      return readPairs(raw, 'local', 'container', ': ', reading)
    case 'TermSignalLabels':
      return readPairs(raw, 'signal', 'label', ': ', reading)
    case 'Version':
      return readVersion(raw, reading)
  }
  if (typeof raw !== 'string') return reading.wrongType('text', raw)
  if (model.shape === 'FileContents') {
    const contents = raw.trimEnd()
    return contents === '' ? '' : `${contents}\n`
  }
  if (model.notEmpty && raw === '') return reading.error('EmptyValue', `${reading.key} must not be empty.`)
  if (model.pattern && !model.pattern.test(raw)) {
    return reading.wrongType('a duration such as "90s", "5m" or "1h30m"', raw)
  }
  if (model.maxLength !== undefined && raw.length > model.maxLength && [...raw].length > model.maxLength) {
    return reading.error('TooLong', `${reading.key} has more than ${model.maxLength} characters.`)
  }
  return raw
}

/** Key-value text as it is, with a line end behind it; or a list of tables, as text. */
function readPairs(raw: unknown, left: string, right: string, separator: string, reading: Reading): string | undefined {
  if (typeof raw === 'string') return raw === '' || raw.endsWith('\n') ? raw : `${raw}\n`
  if (!Array.isArray(raw)) return reading.wrongType(`text, or a list of { ${left}, ${right} }`, raw)
  const { key } = reading
  let text = ''
  for (const [index, item] of raw.entries()) {
    const a: unknown = isTable(item) ? item[left] : undefined
    const b: unknown = isTable(item) ? item[right] : undefined
    if (typeof a !== 'string' || typeof b !== 'string') {
      reading.path.push(index)
      reading.error('WrongType', `Each entry of ${key} is { ${left} = "...", ${right} = "..." }.`)
      reading.path.pop()
      return undefined
    }
    text += `  ${a}${separator}${b}\n`
  }
  return text
}

function readVersion(raw: unknown, reading: Reading): string | undefined {
  let version = typeof raw === 'string' ? parseVersion(raw) : undefined
  if (isTable(raw)) {
    const { major, minor, patch } = raw
    if (typeof major === 'bigint' && typeof minor === 'bigint' && typeof patch === 'bigint') {
      version = parseVersion(`${major}.${minor}.${patch}`)
    }
  }
  if (!version) return reading.wrongType('a version such as "1.2.3"', raw)
  const text = formatVersion(version)
  // 0.0.0 is how Komodo spells "not given".
  return text === '0.0.0' ? undefined : text
}
