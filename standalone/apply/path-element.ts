/**
 * One step of a field path, spelled as in `fieldsV1`: `f:name` a field, `k:{"name":"a"}` the list entry with these keys,
 * `v:1` an item of a set, `i:0` a position. Two elements are the same when their spellings are.
 */
import type { FieldType, Json, JsonObject, ListType } from '../schema/contract.ts'
import { formatFloat, isObject, marshal, own, quote } from '../schema/go.ts'

export type PathElement = string

export const fieldElement = (name: string): PathElement => `f:${name}`

/** Why a list item cannot be told from others, as an error text. */
export class UnidentifiableItem extends Error {}

/** The element of an item in an associative list. @throws UnidentifiableItem */
export const itemElement = (list: ListType, item: Json): PathElement => {
  if (list.keys.length === 0) {
    if (Array.isArray(item)) throw new UnidentifiableItem('not supported: associative list with lists as elements')
    if (item === null)
      throw new UnidentifiableItem("associative list without keys has an element that's an explicit null")
    if (typeof item === 'object')
      throw new UnidentifiableItem("associative list without keys has an element that's a map type")
    return `v:${marshal(item)}`
  }
  if (item === null) throw new UnidentifiableItem('associative list with keys may not have a null element')
  if (!isObject(item)) throw new UnidentifiableItem('associative list with keys may not have non-map elements')
  let key = ''
  for (const name of sortedKeys(list)) {
    const value = own(item, name) ?? list.keyDefaults[name]
    if (value !== undefined) key += `${key ? ',' : ''}${JSON.stringify(name)}:${marshal(value)}`
  }
  if (key === '') {
    const names = `[${list.keys.map(quote).join(' ')}]`
    throw new UnidentifiableItem(
      `associative list with keys has an element that omits all key fields ${names} (and doesn't have default values for any key fields)`,
    )
  }
  return `k:{${key}}`
}

const sorted = new WeakMap<ListType, readonly string[]>()
const sortedKeys = (list: ListType): readonly string[] => {
  if (list.keys.length === 1) return list.keys
  let keys = sorted.get(list)
  if (!keys) {
    keys = [...list.keys].sort()
    sorted.set(list, keys)
  }
  return keys
}

/** The values behind `k:` and `v:` elements: the same few come again with every write. */
const parsed = new Map<PathElement, Json>()
const MAX_PARSED = 20_000

const parsedOf = (element: PathElement): Json => {
  let value = parsed.get(element)
  if (value === undefined) {
    value = JSON.parse(element.slice(2)) as Json
    if (parsed.size >= MAX_PARSED) parsed.clear()
    parsed.set(element, value)
  }
  return value
}

/**
 * The canonical spelling of an element read from a request; undefined for kinds of element that nobody knows.
 * @throws Error when it cannot be read
 */
export const parseElement = (text: string): PathElement | undefined => {
  if (text.length < 2) throw new Error('key must be 2 characters long:')
  if (text[1] !== ':') throw new Error(`missing colon: ${text}`)
  switch (text[0]) {
    case 'f':
      return text
    case 'v':
      return parsed.has(text) ? text : `v:${marshal(JSON.parse(text.slice(2)))}`
    case 'k': {
      if (parsed.has(text)) return text
      const key: unknown = JSON.parse(text.slice(2))
      if (!isObject(key)) throw new Error(`not a key: ${text}`)
      const element = `k:${marshal(key)}`
      if (element === text) parsedOf(element)
      return element
    }
    case 'i':
      if (!/^-?\d+$/.test(text.slice(2))) throw new Error(`not an index: ${text}`)
      return text
    default:
      return undefined
  }
}

const showValue = (value: Json): string => {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number') return formatFloat(value)
  if (Array.isArray(value)) return `[${value.map(showValue).join(',')}]`
  if (isObject(value))
    return Object.keys(value)
      .map((key) => `${key}=${showValue(value[key] as Json)}`)
      .join('')
  return String(value)
}

/** For people: `.spec`, `[port=1,proto="TCP"]`, `[="a"]`, `[0]`. */
export const showElement = (element: PathElement): string => {
  const rest = element.slice(2)
  if (element[0] === 'f') return `.${rest}`
  if (element[0] === 'i') return `[${rest}]`
  const value = parsedOf(element)
  if (element[0] === 'v') return `[=${showValue(value)}]`
  const key = value as JsonObject
  return `[${Object.keys(key)
    .sort()
    .map((name) => `${name}=${showValue(key[name] as Json)}`)
    .join(',')}]`
}

export const showPath = (path: readonly PathElement[]): string => path.map(showElement).join('')

const rankOf = (value: Json): number => {
  if (typeof value === 'number') return 0
  if (typeof value === 'string') return 1
  return typeof value === 'boolean' ? 2 : 3
}
const compareValues = (a: Json, b: Json): number => {
  if (rankOf(a) !== rankOf(b)) return rankOf(a) - rankOf(b)
  if (typeof a === 'object' || typeof b === 'object') {
    const [left, right] = [marshal(a), marshal(b)]
    return left < right ? -1 : left > right ? 1 : 0
  }
  return a < b ? -1 : a > b ? 1 : 0
}
const KINDS = 'fkvi'

/** The order in which fieldsV1 is written: fields, keys, values, positions. */
export const compareElements = (a: PathElement, b: PathElement): number => {
  const kind = a[0] as string
  if (kind !== b[0]) return KINDS.indexOf(kind) - KINDS.indexOf(b[0] as string)
  if (kind === 'f') return a < b ? -1 : a > b ? 1 : 0
  if (kind === 'i') return Number(a.slice(2)) - Number(b.slice(2))
  const [left, right] = [parsedOf(a), parsedOf(b)]
  if (kind === 'v') return compareValues(left, right)
  const [leftKey, rightKey] = [left as JsonObject, right as JsonObject]
  const leftNames = Object.keys(leftKey).sort()
  const rightNames = Object.keys(rightKey).sort()
  for (let i = 0; i < leftNames.length && i < rightNames.length; i++) {
    const [l, r] = [leftNames[i] as string, rightNames[i] as string]
    if (l !== r) return l < r ? -1 : 1
    const order = compareValues(leftKey[l] as Json, rightKey[r] as Json)
    if (order !== 0) return order
  }
  return leftNames.length - rightNames.length
}

/** The type below an element. */
export const typeBelow = (type: FieldType | undefined, element: PathElement): FieldType | undefined => {
  if (element[0] === 'f') return type?.map?.fields.get(element.slice(2)) ?? type?.map?.element
  return type?.list?.element
}
