/** Spellings of values and kinds as Go prints them: error texts must equal those of kube-apiserver. */
import type { Json, JsonObject } from './contract.ts'

const ESCAPES: Record<string, string> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

/** Go's `%q`: printable runes as they are, the rest escaped. */
export const quote = (text: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  if (!/["\\\u0000-\u001f\u007f-\u00a0\u00ad\u2028\u2029\ud800-\udfff\ufeff]/.test(text)) return `"${text}"`
  let out = '"'
  for (const rune of text) {
    const code = rune.codePointAt(0) ?? 0
    if (ESCAPES[rune]) out += ESCAPES[rune]
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, '0')}`
    else if (/\p{Z}|\p{C}/u.test(rune) && rune !== ' ')
      out += code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
    else out += rune
  }
  return `${out}"`
}

/** Needs no escape of any kind. */
const PLAIN = /^[\w ./:@%+=,;!?#$*()[\]{}~^|-]*$/

/** Go's json.Marshal of a map: keys sorted, `<`, `>` and `&` escaped. */
export const marshal = (value: unknown): string => {
  if (typeof value === 'string' && PLAIN.test(value)) return `"${value}"`
  if (value === null || typeof value !== 'object') return escapeHtml(JSON.stringify(value) ?? 'null')
  const sorted = (_key: string, v: unknown): unknown =>
    v !== null && typeof v === 'object' && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v
  return escapeHtml(JSON.stringify(value, sorted) ?? 'null')
}

const HTML: Record<string, string> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}
const escapeHtml = (json: string): string =>
  /[<>&\u2028\u2029]/.test(json) ? json.replace(/[<>&\u2028\u2029]/g, (c) => HTML[c] ?? c) : json

/** Go's `%v` of a float64. */
export const formatFloat = (n: number): string => {
  if (Number.isNaN(n)) return 'NaN'
  if (!Number.isFinite(n)) return n > 0 ? '+Inf' : '-Inf'
  const exponent = n === 0 ? 0 : Math.floor(Math.log10(Math.abs(n)))
  if (exponent >= -4 && exponent < 21) return String(n)
  return n.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}

/** Go's `%v` of decoded JSON: `map[a:1 b:[x y]]`, `<nil>`. */
export const printValue = (value: Json | undefined): string => {
  if (value === null || value === undefined) return '<nil>'
  if (typeof value === 'number') return formatFloat(value)
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return `[${value.map(printValue).join(' ')}]`
  const keys = Object.keys(value).sort()
  return `map[${keys.map((key) => `${key}:${printValue(value[key])}`).join(' ')}]`
}

/** The dynamic type of decoded JSON, Go's `%T`. */
export const typeName = (value: Json | undefined): string => {
  if (value === null || value === undefined) return '<nil>'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}'
}

export const isObject = (value: unknown): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

export const clone = <T extends Json>(value: T): T => {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(clone) as T
  const out: JsonObject = {}
  for (const key in value) setKey(out, key, clone((value as JsonObject)[key] as Json))
  return out as T
}

/** Deep equality of JSON; the order of keys does not count. */
export const equal = (a: Json | undefined, b: Json | undefined): boolean => {
  if (a === b) return true
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!equal(a[i], b[i])) return false
    return true
  }
  if (Array.isArray(b)) return false
  let count = 0
  for (const key in a) {
    if (!Object.hasOwn(b, key) || !equal(a[key], b[key])) return false
    count++
  }
  for (const _ in b) count--
  return count === 0
}

/** A document may have keys such as `constructor`: only its own count. */
export const own = (object: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined

/** Sets a key that may be `__proto__`, which plain assignment would lose. */
export const setKey = (object: JsonObject, key: string, value: Json): void => {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  else object[key] = value
}
