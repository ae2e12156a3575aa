/** `x-kubernetes-list-type`: sets hold no value twice, map lists no key twice. */
import type { Cause, Json, JsonObject } from './contract.ts'
import { duplicate, invalidValue } from './field.ts'
import { isObject, marshal } from './go.ts'
import type { Structural } from './structural.ts'

/** Positions of the second occurrence of each repeated value. */
const repeats = (values: readonly (Json | undefined)[]): number[] => {
  const seen = new Map<string, number>()
  const found: number[] = []
  values.forEach((value, i) => {
    const key = value === undefined ? '' : marshal(value)
    const times = seen.get(key) ?? 0
    seen.set(key, times + 1)
    if (times === 1) found.push(i)
  })
  return found
}

const mapFaults = (schema: Structural, list: Json[], path: string): Cause[] => {
  for (let i = 0; i < list.length; i++)
    if (list[i] !== null && !isObject(list[i]))
      return [invalidValue(`${path}[${i}]`, list[i], 'must be an object for an array of list-type map')]
  const keys = list.map((item) => {
    const key: JsonObject = {}
    for (const name of schema.listMapKeys) {
      const value = isObject(item) ? item[name] : undefined
      if (value !== undefined) key[name] = value
    }
    return key
  })
  return repeats(keys).map((i) => duplicate(`${path}[${i}]`, keys[i]))
}

export const validateListTypes = (schema: Structural, value: Json, path = ''): Cause[] => {
  if (!schema.keyed || value === null || typeof value !== 'object') return []
  const causes: Cause[] = []
  if (Array.isArray(value)) {
    if (schema.listType === 'set') causes.push(...repeats(value).map((i) => duplicate(`${path}[${i}]`, value[i])))
    else if (schema.listType === 'map') causes.push(...mapFaults(schema, value, path))
    const { items } = schema
    if (items?.keyed)
      for (let i = 0; i < value.length; i++) causes.push(...validateListTypes(items, value[i] as Json, `${path}[${i}]`))
    return causes
  }
  for (const key in value) {
    const property = schema.properties.get(key)
    if (property) causes.push(...validateListTypes(property, value[key] as Json, path ? `${path}.${key}` : key))
    else if (typeof schema.additional === 'object')
      causes.push(...validateListTypes(schema.additional, value[key] as Json, `${path}[${key}]`))
  }
  return causes
}
