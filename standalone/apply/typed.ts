/** Values seen through their type: which fields they set, whether they fit, and what differs between two of them. */
import type { FieldType, Json, JsonObject, ListType, MapType } from '../schema/contract.ts'
import { equal, isObject, own, printValue, quote, typeName } from '../schema/go.ts'
import { deduced } from '../schema/merge-type.ts'
import { type FieldSet, SetBuilder } from './field-set.ts'
import {
  fieldElement,
  itemElement,
  type PathElement,
  showElement,
  showPath,
  UnidentifiableItem,
} from './path-element.ts'

export type Form = 'scalar' | 'list' | 'map'

const formOfValue = (value: Json): Form | undefined => {
  if (value === null) return undefined
  if (typeof value !== 'object') return 'scalar'
  return Array.isArray(value) ? 'list' : 'map'
}

/** The form that decides: the value's, where the type allows it, else the type's own (maps before scalars before lists). */
export const formOf = (type: FieldType, value: Json | undefined): Form => {
  const form = value === undefined ? undefined : formOfValue(value)
  if (form && type[form]) return form
  if (type.map) return 'map'
  return type.scalar ? 'scalar' : 'list'
}

export const fieldTypeOf = (map: MapType, key: string): FieldType => map.fields.get(key) ?? map.element ?? deduced

// ---------------------------------------------------------------------------------------------------------- validation

const goSyntax = (value: Json): string => {
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`
  if (isObject(value))
    return `map[string]interface {}{${Object.keys(value)
      .sort()
      .map((key) => `${quote(key)}:${goSyntax(value[key] as Json)}`)
      .join(', ')}}`
  return value === null ? 'interface {}(nil)' : printValue(value)
}
const wrapped = (value: Json): string => `&{${printValue(value)}}`

const scalarFault = (scalar: FieldType['scalar'], value: Json): string | undefined => {
  if (value === null) return undefined
  switch (scalar) {
    case 'numeric':
      return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${typeName(value)}`
    case 'string':
      return typeof value === 'string'
        ? undefined
        : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got ${wrapped(value)}`
    default:
      return typeof value === 'object' ? `expected any scalar, got ${wrapped(value)}` : undefined
  }
}

export interface TypedFault {
  path: string
  message: string
}

/** Why `value` is no value of `type`; nothing when it is. Repeated entries of keyed lists are faults unless allowed. */
export const typedFaults = (value: Json, type: FieldType, allowDuplicates: boolean): TypedFault[] => {
  const checker: Checker = { path: [], allowDuplicates, faults: [] }
  check(value, type, checker)
  return checker.faults
}

interface Checker {
  /** Elements on the way, put into words only when there is a fault. */
  path: PathElement[]
  allowDuplicates: boolean
  faults: TypedFault[]
}

const report = ({ path, faults }: Checker, message: string): void => {
  faults.push({ path: showPath(path), message })
}

const check = (value: Json, type: FieldType, checker: Checker): void => {
  if (value === null) return
  const form = formOf(type, value)
  if (form === 'scalar') {
    const message = scalarFault(type.scalar, value)
    if (message) report(checker, message)
  } else if (form === 'map') {
    if (!isObject(value)) report(checker, `expected map, got ${wrapped(value)}`)
    else checkKeys(value, type.map as MapType, checker)
  } else if (!Array.isArray(value)) report(checker, `expected list, got ${wrapped(value)}`)
  else checkItems(value, type.list as ListType, checker)
}

const checkKeys = (value: JsonObject, map: MapType, checker: Checker): void => {
  const { path } = checker
  for (const key in value) {
    const type = map.fields.get(key) ?? map.element
    path.push(fieldElement(key))
    if (type) check(value[key] as Json, type, checker)
    else report(checker, 'field not declared in schema')
    path.pop()
    // One is reported per map: the original stops there too.
    if (!type) return
  }
}

const checkItems = (value: Json[], list: ListType, checker: Checker): void => {
  const { path } = checker
  const seen = new Set<PathElement>()
  for (let i = 0; i < value.length; i++) {
    const item = value[i] as Json
    let element: PathElement
    try {
      element = list.associative ? itemElement(list, item) : `i:${i}`
    } catch (error) {
      if (!(error instanceof UnidentifiableItem)) throw error
      report(checker, `element ${i}: ${error.message}`)
      return
    }
    if (list.associative && seen.has(element) && !checker.allowDuplicates)
      report(checker, `duplicate entries for key ${showElement(element)}`)
    seen.add(element)
    path.push(element)
    check(item, list.element, checker)
    path.pop()
  }
}

export const showFaults = (faults: readonly TypedFault[]): string => {
  const lines = faults.map(({ path, message }) => (path ? `${path}: ${message}` : message))
  return lines.length === 1 ? (lines[0] ?? '') : ['errors:', ...lines.map((line) => `  ${line}`)].join('\n')
}

// ------------------------------------------------------------------------------------------------------------ field set

/** Every leaf field and list item that `value` mentions. `value` must fit `type`. */
export const toFieldSet = (value: Json, type: FieldType): FieldSet => {
  const out = new SetBuilder()
  collect(value, type, [], out)
  return out.build()
}

const collect = (value: Json, type: FieldType, path: PathElement[], out: SetBuilder): void => {
  const form = formOf(type, value)
  if (form === 'scalar') out.insert(path)
  else if (form === 'list') {
    const list = type.list as ListType
    if (!list.associative) out.insert(path)
    else if (Array.isArray(value)) collectItems(value, list, path, out)
  } else {
    const map = type.map as MapType
    if (map.atomic) out.insert(path)
    else if (isObject(value)) collectKeys(value, map, path, out)
  }
}

const collectKeys = (value: JsonObject, map: MapType, path: PathElement[], out: SetBuilder): void => {
  for (const key in value) {
    const child = value[key] as Json
    path.push(fieldElement(key))
    collect(child, fieldTypeOf(map, key), path, out)
    if (child === null || !map.fields.has(key) || isEmptyMap(child)) out.insert(path)
    path.pop()
  }
}

const isEmptyMap = (value: Json): boolean => {
  if (!isObject(value)) return false
  for (const _ in value) return false
  return true
}

const collectItems = (value: Json[], list: ListType, path: PathElement[], out: SetBuilder): void => {
  const elements = value.map((item) => itemElement(list, item))
  const counts = new Map<PathElement, number>()
  for (const element of elements) counts.set(element, (counts.get(element) ?? 0) + 1)
  elements.forEach((element, i) => {
    path.push(element)
    // An item that is there twice is owned as a whole.
    if (counts.get(element) === 1) collect(value[i] as Json, list.element, path, out)
    out.insert(path)
    path.pop()
  })
}

// ----------------------------------------------------------------------------------------------------------- comparison

export interface Comparison {
  added: FieldSet
  modified: FieldSet
  removed: FieldSet
}

interface Differences {
  added: SetBuilder
  modified: SetBuilder
  removed: SetBuilder
}

type Maybe = Json | undefined

/** What `right` changes of `left`; both must fit `type`. */
export const compare = (left: Json, right: Json, type: FieldType): Comparison => {
  const out: Differences = { added: new SetBuilder(), modified: new SetBuilder(), removed: new SetBuilder() }
  diff(left, right, type, [], out)
  return { added: out.added.build(), modified: out.modified.build(), removed: out.removed.build() }
}

const diff = (left: Maybe, right: Maybe, type: FieldType, path: PathElement[], out: Differences): void => {
  if (left === right) return
  const leftForm = formOf(type, left)
  const rightForm = formOf(type, right)
  let isLeaf: boolean
  if (right === undefined) isLeaf = diffAs(leftForm, left, right, type, path, out)
  else {
    if (left !== undefined && leftForm !== rightForm) diffAs(leftForm, left, right, type, path, out)
    isLeaf = diffAs(rightForm, left, right, type, path, out)
  }
  if (isLeaf) return
  if (left === undefined) out.added.insert(path)
  else if (right === undefined) out.removed.insert(path)
}

const diffLeaf = (left: Maybe, right: Maybe, path: PathElement[], out: Differences): true => {
  if (left === undefined) out.added.insert(path)
  else if (right === undefined) out.removed.insert(path)
  else if (!equal(left, right)) out.modified.insert(path)
  return true
}

/** True when the value counts as one leaf. */
const diffAs = (
  form: Form,
  left: Maybe,
  right: Maybe,
  type: FieldType,
  path: PathElement[],
  out: Differences,
): boolean => {
  if (form === 'scalar') return diffLeaf(left, right, path, out)
  if (form === 'list') {
    const list = type.list as ListType
    const before = Array.isArray(left) ? left : []
    const after = Array.isArray(right) ? right : []
    if (!list.associative || (before.length === 0 && after.length === 0)) return diffLeaf(left, right, path, out)
    diffItems(before, after, list, path, out)
    return false
  }
  const map = type.map as MapType
  const before = isObject(left) ? left : {}
  const after = isObject(right) ? right : {}
  if (map.atomic || (isEmptyMap(before) && isEmptyMap(after))) return diffLeaf(left, right, path, out)
  for (const key in before) diffKey(key, before[key], own(after, key), map, path, out)
  for (const key in after) if (!Object.hasOwn(before, key)) diffKey(key, undefined, after[key], map, path, out)
  return false
}

const diffKey = (key: string, left: Maybe, right: Maybe, map: MapType, path: PathElement[], out: Differences): void => {
  path.push(fieldElement(key))
  diff(left, right, fieldTypeOf(map, key), path, out)
  path.pop()
}

const groupByElement = (items: Json[], list: ListType): Map<PathElement, Json[]> => {
  const groups = new Map<PathElement, Json[]>()
  for (const item of items) {
    const element = itemElement(list, item)
    const group = groups.get(element)
    if (group) group.push(item)
    else groups.set(element, [item])
  }
  return groups
}

const diffItems = (before: Json[], after: Json[], list: ListType, path: PathElement[], out: Differences): void => {
  const left = groupByElement(before, list)
  const right = groupByElement(after, list)
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    const old = left.get(element) ?? []
    const now = right.get(element) ?? []
    path.push(element)
    // Repeated items have no identity of their own: they are compared, added and removed together.
    if (old.length <= 1 && now.length <= 1) diff(old[0], now[0], list.element, path, out)
    else if (old.length >= 2 && now.length >= 2) {
      if (!equal(old, now)) out.modified.insert(path)
    } else if (old.length >= 2) {
      if (now.length) diff(undefined, now[0], list.element, path, out)
      out.removed.insert(path)
    } else {
      if (old.length) diff(old[0], undefined, list.element, path, out)
      out.added.insert(path)
    }
    path.pop()
  }
}
