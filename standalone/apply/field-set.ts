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

/** Takes out of `a` what `rest` leaves of each node that `b` has too. Without a difference it is `a` itself. */
const subtract = (
  a: FieldSet,
  b: FieldSet,
  rest: (left: FieldNode, right: FieldNode) => FieldNode | undefined,
): FieldSet => {
  if (a.size === 0 || b.size === 0) return a
  let out: Map<PathElement, FieldNode> | undefined
  for (const [element, right] of b) {
    const left = a.get(element)
    if (!left) continue
    const kept = rest(left, right)
    if (kept === left) continue
    out ??= new Map(a)
    if (kept) out.set(element, kept)
    else out.delete(element)
  }
  return out ?? a
}

const changed = (left: FieldNode, member: boolean, children: FieldSet | undefined): FieldNode | undefined =>
  member === left.member && children === left.children ? left : node(member, children)

/** Members of `a` that are no members of `b`. */
export const difference = (a: FieldSet, b: FieldSet): FieldSet =>
  subtract(a, b, (left, right) =>
    changed(
      left,
      left.member && !right.member,
      left.children && right.children ? difference(left.children, right.children) : left.children,
    ),
  )

/** Members of `a` that are neither in `b` nor below a member of `b`. */
export const recursiveDifference = (a: FieldSet, b: FieldSet): FieldSet =>
  subtract(a, b, (left, right) =>
    right.member
      ? undefined
      : changed(
          left,
          left.member,
          left.children && right.children ? recursiveDifference(left.children, right.children) : left.children,
        ),
  )

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
  let out: Map<PathElement, FieldNode> | undefined
  for (const [element, { member, children }] of set) {
    if (!children) continue
    const name = element[0] === 'f' ? element.slice(2) : undefined
    const declared = name === undefined ? undefined : type?.map?.fields.get(name)
    const below =
      name === undefined ? (element[0] === 'k' ? type?.list?.element : undefined) : (declared ?? type?.map?.element)
    const inner = withNamedParents(children, below)
    if (inner === children && (member || declared === undefined)) continue
    out ??= new Map(set)
    out.set(element, { member: member || declared !== undefined, children: inner })
  }
  return out ?? set
}

/** Builds a set path by path; afterwards it must not be used any more. */
export class SetBuilder {
  readonly #root: MutableNode = { member: false, children: undefined }
  /** The last path and its nodes: neighbours share most of it. */
  readonly #path: PathElement[] = []
  readonly #nodes: MutableNode[] = []

  insert(path: readonly PathElement[]): void {
    if (path.length === 0) return
    let shared = 0
    while (shared < path.length && shared < this.#path.length && path[shared] === this.#path[shared]) shared++
    let at = shared === 0 ? this.#root : (this.#nodes[shared - 1] as MutableNode)
    for (let i = shared; i < path.length; i++) {
      const element = path[i] as PathElement
      at.children ??= new Map()
      let next = at.children.get(element)
      if (!next) {
        next = { member: false, children: undefined }
        at.children.set(element, next)
      }
      at = next
      this.#path[i] = element
      this.#nodes[i] = at
    }
    this.#path.length = path.length
    this.#nodes.length = path.length
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

/** What sets were read from: a set that did not change is written as it was. */
const sources = new WeakMap<FieldSet, JsonObject>()

/** @throws Error when an element cannot be read */
export const decodeFields = (fields: JsonObject): FieldSet => {
  const out = new Map<PathElement, FieldNode>()
  let canonical = true
  for (const key in fields) {
    if (key === '.') continue
    const element = parseElement(key)
    canonical &&= element === key
    if (element === undefined) continue
    const value = fields[key]
    if (!isObject(value)) throw new Error(`not a set of fields: ${key}`)
    const children = isEmpty(value) ? emptySet : decodeFields(value)
    canonical &&= children.size === 0 || sources.has(children)
    out.set(element, children.size ? { member: '.' in value, children } : leaf)
  }
  if (canonical) sources.set(out, fields)
  return out
}

const isEmpty = (object: JsonObject): boolean => {
  for (const _ in object) return false
  return true
}

/** Sets are mostly read in the order in which they were written. */
const inOrder = (set: FieldSet): Iterable<[PathElement, FieldNode]> => {
  let last: PathElement | undefined
  for (const element of set.keys()) {
    if (last !== undefined && compareElements(last, element) > 0)
      return [...set].sort(([a], [b]) => compareElements(a, b))
    last = element
  }
  return set
}

const withoutSelf = ({ '.': _, ...rest }: JsonObject): JsonObject => rest

export const encodeFields = (set: FieldSet): JsonObject => {
  const source = sources.get(set)
  if (source) return '.' in source ? withoutSelf(source) : source
  // Without a prototype: keys that come once each are added fastest to such objects.
  const out = Object.create(null) as JsonObject
  for (const [element, { member, children }] of inOrder(set)) {
    if (!children) {
      out[element] = EMPTY
      continue
    }
    const below = encodeFields(children)
    out[element] = member ? { '.': EMPTY, ...below } : below
  }
  return out
}

const EMPTY = Object.freeze({}) as JsonObject
