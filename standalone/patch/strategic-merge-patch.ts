/**
 * Kubernetes' strategic merge patch: like a merge patch, but lists of built-in types merge by their key, and directives
 * (`$patch`, `$retainKeys`, `$setElementOrder/x`, `$deleteFromPrimitiveList/x`) say what plain JSON cannot.
 */
import type { FieldType, Json, JsonObject, StrategicMergePatch } from '../schema/contract.ts'
import { badRequest, Fault, internal } from '../schema/faults.ts'
import { clone, equal, isObject, own, printValue } from '../schema/go.ts'

const DIRECTIVE = '$patch'
const RETAIN_KEYS = '$retainKeys'
const SET_ORDER = '$setElementOrder/'
const DELETE_FROM = '$deleteFromPrimitiveList/'

const fieldOf = (type: FieldType | undefined, key: string): FieldType | undefined =>
  type?.map?.fields.get(key) ?? type?.map?.element

const mergesBy = (type: FieldType | undefined): string | undefined => type?.list?.patchMergeKey

const badDirective = (value: Json, patch: Json): Error =>
  internal(`unknown patch type: ${printValue(value)} in map: ${printValue(patch)}`)
const noMergeKey = (item: Json, key: string): Error =>
  internal(`map: ${printValue(item)} does not contain declared merge key: ${key}`)

/** Nulls mean "absent" in what is taken over whole. */
const dropNulls = (value: Json): void => {
  if (value === null || typeof value !== 'object') return
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item)
    return
  }
  for (const key of Object.keys(value)) {
    if (value[key] === null) delete value[key]
    else dropNulls(value[key] as Json)
  }
}

/** A patch value without its directives; undefined when it was one itself. */
const plain = (value: Json): Json | undefined => {
  if (Array.isArray(value)) return value.map(plain).filter((item) => item !== undefined)
  if (!isObject(value)) return value
  if (value[DIRECTIVE] === 'delete') return undefined
  const out: JsonObject = {}
  for (const key of Object.keys(value)) {
    if (key === DIRECTIVE || key === RETAIN_KEYS || key.startsWith(SET_ORDER) || key.startsWith(DELETE_FROM)) continue
    const inner = plain(value[key] as Json)
    if (inner !== undefined) out[key] = inner
  }
  return out
}

const put = (target: JsonObject, key: string, value: Json): void => {
  dropNulls(value)
  const stripped = plain(value)
  if (stripped === undefined) delete target[key]
  else target[key] = stripped
}

const keyOf = (item: Json | undefined, mergeKey: string): Json | undefined =>
  mergeKey === '' ? item : isObject(item) ? item[mergeKey] : undefined

const same = (a: Json | undefined, b: Json | undefined, mergeKey: string): boolean =>
  equal(keyOf(a, mergeKey), keyOf(b, mergeKey))

/** Items named in `order` come in that order; the others keep their place relative to `original`. */
const ordered = (merged: Json[], order: readonly Json[], original: readonly Json[], mergeKey: string): Json[] => {
  const positionIn = (list: readonly Json[], item: Json): number =>
    list.findIndex((other) => same(other, item, mergeKey))
  const sortBy = (items: Json[], list: readonly Json[]): Json[] =>
    items
      .map((item) => ({ item, at: positionIn(list, item) }))
      .sort((a, b) => (a.at < 0 || b.at < 0 ? 0 : a.at - b.at))
      .map(({ item }) => item)
  const fromPatch = sortBy(
    merged.filter((item) => positionIn(order, item) >= 0),
    order,
  )
  const fromServer = sortBy(
    merged.filter((item) => positionIn(order, item) < 0),
    original,
  )
  const out: Json[] = []
  let i = 0
  let j = 0
  while (i < fromServer.length || j < fromPatch.length) {
    if (j >= fromPatch.length) out.push(fromServer[i++] as Json)
    else if (i >= fromServer.length) out.push(fromPatch[j++] as Json)
    else {
      const left = positionIn(original, fromServer[i] as Json)
      const right = positionIn(original, fromPatch[j] as Json)
      out.push((left >= 0 && right >= 0 && left < right ? fromServer[i++] : fromPatch[j++]) as Json)
    }
  }
  return out
}

/** Lists are merged by comparing each entry with each other; no honest list of a built-in kind is this long. */
const MAX_ITEMS = 2_000

const bounded = (...lists: readonly (readonly Json[] | undefined)[]): void => {
  if (lists.every((list) => (list?.length ?? 0) <= MAX_ITEMS)) return
  throw new Fault(413, 'RequestEntityTooLarge', `lists of more than ${MAX_ITEMS} entries cannot be merged`)
}

const mergeList = (original: Json[], patch: Json[], type: FieldType | undefined): Json[] => {
  const mergeKey = mergesBy(type)
  if (mergeKey === undefined) return patch.map((item) => plain(item) ?? null)
  bounded(original, patch)
  if (original.some(Array.isArray) || patch.some(Array.isArray)) throw internal('lists of lists are not supported')
  if (mergeKey === '') {
    const merged: Json[] = []
    for (const item of [...original, ...patch]) if (!merged.some((other) => equal(other, item))) merged.push(item)
    return ordered(merged, patch, original, '')
  }
  return mergeItems(original, patch, mergeKey, type?.list?.element)
}

const mergeItems = (original: Json[], patch: Json[], mergeKey: string, element: FieldType | undefined): Json[] => {
  let kept = [...original]
  let replace = false
  const items: JsonObject[] = []
  for (const item of patch) {
    if (!isObject(item)) throw internal(`expected a map in a list merged by ${mergeKey}, got ${printValue(item)}`)
    const directive = item[DIRECTIVE]
    if (directive === undefined) items.push(item)
    else if (directive === 'delete') {
      if (item[mergeKey] === undefined) throw noMergeKey(item, mergeKey)
      kept = kept.filter((other) => !same(other, item, mergeKey))
    } else if (directive === 'replace') replace = true
    else throw badDirective(directive, item)
  }
  if (replace) return items
  const merged = [...kept]
  for (const item of items) {
    if (item[mergeKey] === undefined) throw noMergeKey(item, mergeKey)
    const at = merged.findIndex((other) => same(other, item, mergeKey))
    if (at < 0) merged.push(plain(item) ?? null)
    else merged[at] = mergeMap(merged[at] as JsonObject, item, element)
  }
  return ordered(merged, items, kept, mergeKey)
}

const retainKeys = (target: JsonObject, patch: JsonObject): void => {
  const keys = patch[RETAIN_KEYS]
  if (keys === undefined) return
  const malformed = badRequest('invalid patch format of retainKeys')
  if (!Array.isArray(keys)) throw malformed
  for (const key of Object.keys(patch)) {
    if (key === RETAIN_KEYS || patch[key] === null || key.startsWith(SET_ORDER) || key.startsWith(DELETE_FROM)) continue
    if (!keys.includes(key)) throw malformed
  }
  for (const key of Object.keys(target)) if (!keys.includes(key)) delete target[key]
}

/** Lists whose order the patch dictates; answers the keys that are done with. */
const orderLists = (target: JsonObject, patch: JsonObject, type: FieldType | undefined): Set<string> => {
  const done = new Set<string>()
  for (const directive of Object.keys(patch)) {
    if (!directive.startsWith(SET_ORDER)) continue
    const key = directive.slice(SET_ORDER.length)
    const order = patch[directive]
    if (!Array.isArray(order)) throw badRequest('invalid patch format of setElementOrder list')
    const before = Array.isArray(target[key]) ? target[key] : undefined
    const change = Array.isArray(patch[key]) ? patch[key] : undefined
    const mergeKey = mergesBy(fieldOf(type, key)) ?? ''
    bounded(order, before, change)
    if (change?.some((item) => !isDeleted(item) && !order.some((other) => same(other, item, mergeKey))))
      throw badRequest(
        'The order in patch list:\n' +
          `${printValue(change)}\n doesn't match $setElementOrder list:\n${printValue(order)}\n`,
      )
    if (!before && !change) continue
    let merged: Json[]
    if (before && change) merged = mergeList(before, change, fieldOf(type, key))
    else merged = before ?? ((plain(change ?? []) as Json[]) || [])
    target[key] = ordered(merged, order, before ?? [], mergeKey)
    if (change) done.add(key)
  }
  return done
}

const isDeleted = (item: Json): boolean => isObject(item) && item[DIRECTIVE] !== undefined

const mergeMap = (original: JsonObject, patch: JsonObject, type: FieldType | undefined): JsonObject => {
  const directive = patch[DIRECTIVE]
  if (directive === 'replace') {
    const { [DIRECTIVE]: _, ...rest } = patch
    return rest
  }
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge') throw badDirective(directive, patch)
  const target = { ...original }
  retainKeys(target, patch)
  const done = orderLists(target, patch, type)
  for (const key of Object.keys(patch)) {
    const value = patch[key] as Json
    if (done.has(key) || key === RETAIN_KEYS || key === DIRECTIVE || key.startsWith(SET_ORDER)) continue
    if (key.startsWith(DELETE_FROM)) deleteFromList(target, key.slice(DELETE_FROM.length), value)
    else mergeKey(target, key, value, fieldOf(type, key))
  }
  return target
}

const deleteFromList = (target: JsonObject, key: string, values: Json): void => {
  if (!Array.isArray(values)) throw badRequest('invalid patch format of primitive list')
  const current = target[key]
  if (!Array.isArray(current)) return
  bounded(values, current)
  target[key] = current.filter((item) => !values.some((value) => equal(value, item)))
}

const mergeKey = (target: JsonObject, key: string, value: Json, type: FieldType | undefined): void => {
  const current = own(target, key)
  if (value === null) delete target[key]
  else if (isObject(current) && isObject(value)) target[key] = mergeMap(current, value, type)
  else if (Array.isArray(current) && Array.isArray(value)) target[key] = mergeList(current, value, type)
  else put(target, key, value)
}

export const strategicMergePatch: StrategicMergePatch = (original, patch, model) => {
  if (!isObject(patch)) throw badRequest('json: cannot unmarshal array into Go value of type map[string]interface {}')
  return mergeMap(clone(original), clone(patch), model.fields)
}
