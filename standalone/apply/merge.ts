/** Merging an applied configuration into a live value, and taking fields out again. Results share parts with their inputs. */
import type { FieldType, Json, JsonObject, ListType, MapType } from '../schema/contract.ts'
import { isObject, own, setKey } from '../schema/go.ts'
import { emptySet, type FieldSet } from './field-set.ts'
import { fieldElement, itemElement, type PathElement } from './path-element.ts'
import { type Form, fieldTypeOf, formOf } from './typed.ts'

type Maybe = Json | undefined

const isEmpty = (value: Maybe): boolean => {
  if (Array.isArray(value)) return value.length === 0
  if (!isObject(value)) return true
  for (const _ in value) return false
  return true
}

/** All of both; where both set a leaf, `right` counts. Nothing is ever removed. */
export const merge = (left: Maybe, right: Maybe, type: FieldType): Maybe => {
  if (right === undefined) return mergeAs(formOf(type, left), left, right, type)
  return mergeAs(formOf(type, right), left, right, type)
}

const mergeAs = (form: Form, left: Maybe, right: Maybe, type: FieldType): Maybe => {
  if (form === 'scalar') return right === undefined ? left : right
  if (form === 'list') {
    const list = type.list as ListType
    const before = Array.isArray(left) ? left : []
    const after = Array.isArray(right) ? right : []
    if (!list.associative || (before.length === 0 && after.length === 0)) return right === undefined ? left : right
    return mergeItems(before, after, list)
  }
  const map = type.map as MapType
  const before = isObject(left) ? left : {}
  const after = isObject(right) ? right : {}
  if (map.atomic || (isEmpty(before) && isEmpty(after))) return right === undefined ? left : right
  const out: JsonObject = {}
  const put = (key: string): void => {
    const merged = merge(own(before, key), own(after, key), fieldTypeOf(map, key))
    if (merged !== undefined) setKey(out, key, merged)
  }
  for (const key in before) put(key)
  for (const key in after) if (!Object.hasOwn(before, key)) put(key)
  return out
}

/**
 * Items that both have come in the order of `right`; items of `left` alone keep their place between them. Repeated items of
 * `left` stay repeated unless `right` names them.
 */
const mergeItems = (left: Json[], right: Json[], list: ListType): Json[] => {
  const leftElements = left.map((item) => itemElement(list, item))
  const rightElements = right.map((item) => itemElement(list, item))
  const inLeft = new Map<PathElement, Json>()
  leftElements.forEach((element, i) => {
    // A repeated item is not merged with a new one.
    inLeft.set(element, inLeft.has(element) ? null : (left[i] as Json))
  })
  const inRight = new Map(rightElements.map((element, i) => [element, right[i] as Json]))
  const shared = rightElements.filter((element) => inLeft.has(element))
  let next = shared.shift()
  const merged = new Set<PathElement>()
  const out: Json[] = []
  const put = (before: Maybe, after: Maybe): void => {
    const item = merge(before, after, list.element)
    if (item !== undefined) out.push(item)
  }
  let l = 0
  let r = 0
  while (l < left.length || r < right.length) {
    if (l < left.length && r < right.length) {
      const element = leftElements[l] as PathElement
      if (element === rightElements[r]) {
        merged.add(element)
        put(inLeft.get(element), inRight.get(element))
        l++
        r++
        next = shared.shift()
        continue
      }
      if (inRight.has(element) && next !== undefined && next !== element) {
        l++
        continue
      }
    }
    if (l < left.length) {
      const element = leftElements[l] as PathElement
      if (!inRight.has(element)) {
        put(left[l], undefined)
        l++
        continue
      }
      if (merged.has(element)) l++
    }
    if (r < right.length) {
      const element = rightElements[r] as PathElement
      merged.add(element)
      put(inLeft.get(element), inRight.get(element))
      r++
      if (next === element) next = shared.shift()
    }
  }
  return out
}

/** `value` without the members of `set`; a container that loses all becomes null. */
export const removeItems = (value: Json, set: FieldSet, type: FieldType): Json => {
  const form = formOf(type, value)
  if (form === 'scalar') return value
  if (form === 'list') {
    const list = type.list as ListType
    if (!Array.isArray(value) || value.length === 0 || !list.associative) return null
    const out: Json[] = []
    for (const item of value) {
      const found = set.get(itemElement(list, item))
      if (found?.member) continue
      out.push(found?.children ? removeItems(item, found.children, list.element) : item)
    }
    return out.length ? out : null
  }
  const map = type.map as MapType
  if (!isObject(value) || map.atomic) return null
  const out: JsonObject = {}
  for (const key in value) {
    const found = set.get(fieldElement(key))
    if (found?.member) continue
    const child = value[key] as Json
    setKey(out, key, found?.children ? removeItems(child, found.children, fieldTypeOf(map, key)) : child)
  }
  return isEmpty(out) ? null : out
}

/** The same, leaving the value alone when there is nothing to take out. */
export const without = (value: Json, set: FieldSet, type: FieldType): Json =>
  set === emptySet || set.size === 0 ? value : removeItems(value, set, type)
