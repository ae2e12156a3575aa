/**
 * Sets of field paths, as trees: a node may be a member itself and have members below. Sets are values; every operation
 * answers a new one (parts may be shared), and no node is ever without a member at or below it.
 */
import type { FieldType, JsonObject } from '../schema/contract.ts'
import { isObject } from '../schema/go.ts'
import { compareElements, type PathElement, parseElement } from './path-element.ts'

export interface FieldNode {
  readonly member: boolean
  readonly children: FieldSet | undefined
}
export type FieldSet = ReadonlyMap<PathElement, FieldNode>

export const emptySet: FieldSet = new Map()
const leaf: FieldNode = { member: true, children: undefined }

const node = (member: boolean, children: FieldSet | undefined): FieldNode | undefined => {
  const below = children?.size ? children : undefined
  if (!below) return member ? leaf : undefined
  return { member, children: below }
}

export const union = (a: FieldSet, b: FieldSet): FieldSet => {
  if (a.size === 0) return b
  if (b.size === 0) return a
  const out = new Map(a)
  for (const [element, right] of b) {
    const left = out.get(element)
    if (!left) {
      out.set(element, right)
      continue
    }
    const children =
      left.children && right.children ? union(left.children, right.children) : (left.children ?? right.children)
    out.set(element, { member: left.member || right.member, children })
  }
  return out
}

export const intersection = (a: FieldSet, b: FieldSet): FieldSet => {
  if (a.size === 0 || b.size === 0) return emptySet
  const out = new Map<PathElement, FieldNode>()
  for (const [element, left] of a) {
    const right = b.get(element)
    if (!right) continue
    const children = left.children && right.children ? intersection(left.children, right.children) : undefined
    const both = node(left.member && right.member, children)
    if (both) out.set(element, both)
  }
  return out
}

/** Members of `a` that are no members of `b`. */
export const difference = (a: FieldSet, b: FieldSet): FieldSet => {
  if (a.size === 0 || b.size === 0) return a
  const out = new Map<PathElement, FieldNode>()
  for (const [element, left] of a) {
    const right = b.get(element)
    if (!right) {
      out.set(element, left)
      continue
    }
    const children = left.children && right.children ? difference(left.children, right.children) : left.children
    const rest = node(left.member && !right.member, children)
    if (rest) out.set(element, rest)
  }
  return out
}

/** Members of `a` that are neither in `b` nor below a member of `b`. */
export const recursiveDifference = (a: FieldSet, b: FieldSet): FieldSet => {
  if (a.size === 0 || b.size === 0) return a
  const out = new Map<PathElement, FieldNode>()
  for (const [element, left] of a) {
    const right = b.get(element)
    if (!right) {
      out.set(element, left)
      continue
    }
    if (right.member) continue
    const children =
      left.children && right.children ? recursiveDifference(left.children, right.children) : left.children
    const rest = node(left.member, children)
    if (rest) out.set(element, rest)
  }
  return out
}

export const has = (set: FieldSet, path: readonly PathElement[]): boolean => {
  let below: FieldSet | undefined = set
  for (let i = 0; i < path.length - 1; i++) below = below?.get(path[i] as PathElement)?.children
  return below?.get(path.at(-1) as PathElement)?.member ?? false
}

export const setOf = (...paths: (readonly PathElement[])[]): FieldSet => {
  const builder = new SetBuilder()
  for (const path of paths) builder.insert(path)
  return builder.build()
}

/** All member paths: at each level members first, then what is below, both in order. */
export function* paths(set: FieldSet, prefix: readonly PathElement[] = []): Generator<PathElement[]> {
  const entries = [...set].sort(([a], [b]) => compareElements(a, b))
  for (const [element, { member }] of entries) if (member) yield [...prefix, element]
  for (const [element, { children }] of entries) if (children) yield* paths(children, [...prefix, element])
}

/** Declared fields count as members when something below them is one: they were named, if only on the way. */
export const withNamedParents = (set: FieldSet, type: FieldType | undefined): FieldSet => {
  const out = new Map<PathElement, FieldNode>()
  for (const [element, { member, children }] of set) {
    if (!children) {
      out.set(element, leaf)
      continue
    }
    const name = element[0] === 'f' ? element.slice(2) : undefined
    const declared = name === undefined ? undefined : type?.map?.fields.get(name)
    const below =
      name === undefined ? (element[0] === 'k' ? type?.list?.element : undefined) : (declared ?? type?.map?.element)
    out.set(element, { member: member || declared !== undefined, children: withNamedParents(children, below) })
  }
  return out
}

/** Builds a set path by path; afterwards it must not be used any more. */
export class SetBuilder {
  readonly #root: MutableNode = { member: false, children: undefined }

  insert(path: readonly PathElement[]): void {
    if (path.length === 0) return
    let at = this.#root
    for (const element of path) {
      at.children ??= new Map()
      let next = at.children.get(element)
      if (!next) {
        next = { member: false, children: undefined }
        at.children.set(element, next)
      }
      at = next
    }
    at.member = true
  }

  build(): FieldSet {
    return this.#root.children ?? emptySet
  }
}
interface MutableNode {
  member: boolean
  children: Map<PathElement, MutableNode> | undefined
}

/** @throws Error when an element cannot be read */
export const decodeFields = (fields: JsonObject): FieldSet => {
  const out = new Map<PathElement, FieldNode>()
  for (const key in fields) {
    if (key === '.') continue
    const element = parseElement(key)
    if (element === undefined) continue
    const value = fields[key]
    if (!isObject(value)) throw new Error(`not a set of fields: ${key}`)
    const children = decodeFields(value)
    out.set(element, children.size ? { member: '.' in value, children } : leaf)
  }
  return out
}

export const encodeFields = (set: FieldSet): JsonObject => {
  const out: JsonObject = {}
  const entries = set.size < 2 ? [...set] : [...set].sort(([a], [b]) => compareElements(a, b))
  for (const [element, { member, children }] of entries) {
    const below = children ? encodeFields(children) : {}
    out[element] = member && children ? { '.': {}, ...below } : below
  }
  return out
}
