/** Plain JSON values, as they come from TOML and from the API. */

export type PlainObject = Record<string, unknown>

export const isPlainObject = (value: unknown): value is PlainObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Equal as JSON: the order of keys does not matter, a key that is `undefined` is not there. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => deepEqual(item, b[i]))
  }
  if (!isPlainObject(a) || !isPlainObject(b)) return false
  for (const key of Object.keys(a)) if (!deepEqual(a[key], b[key])) return false
  for (const key of Object.keys(b)) if (b[key] !== undefined && !Object.hasOwn(a, key)) return false
  return true
}

/** JSON with sorted keys: equal values have equal texts, whatever the order of their keys. */
export function canonicalJson(value: unknown): string {
  let inside = ''
  if (Array.isArray(value)) {
    for (const item of value) inside += `${inside === '' ? '' : ','}${canonicalJson(item)}`
    return `[${inside}]`
  }
  if (!isPlainObject(value)) return JSON.stringify(value) ?? 'null'
  for (const key of Object.keys(value).sort()) {
    const member = value[key]
    if (member !== undefined) inside += `${inside === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`
  }
  return `{${inside}}`
}

/** `undefined` when a part of the way is missing. */
export function valueAt(object: unknown, path: readonly string[]): unknown {
  let value = object
  for (const key of path) {
    if (!isPlainObject(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}

/** A copy with `value` at `path`, of which numbers lead into lists that are there; `undefined` takes away what is there. */
export function withValue(object: PlainObject, [key, ...rest]: readonly string[], value: unknown): PlainObject {
  if (key === undefined) return object
  const inner = object[key]
  const next =
    rest.length === 0
      ? value
      : Array.isArray(inner)
        ? withItem(inner, rest, value)
        : withValue(isPlainObject(inner) ? inner : {}, rest, value)
  if (next !== undefined) return { ...object, [key]: next }
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key))
}

const withItem = (items: readonly unknown[], [index, ...rest]: readonly string[], value: unknown): unknown[] =>
  items.map((item, i) => (String(i) === index && isPlainObject(item) ? withValue(item, rest, value) : item))
