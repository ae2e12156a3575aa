/**
 * RFC 6902 with the habits of kube-apiserver: negative indices count from the end, `replace` of an absent key adds it, and the document
 * comes out sorted, so that of two faults in it the first in that order is told.
 */
import type { Json, JsonObject, JsonPatch } from '../schema/contract.ts'
import { badRequest, Fault } from '../schema/faults.ts'
import { clone, equal, isObject, marshal, own, setKey } from '../schema/go.ts'

const MAX_OPERATIONS = 10_000
/** Bytes that `copy` operations may add together. */
const MAX_COPIED = 3 * 1024 * 1024

/** Every operation that cannot be done has the same answer. */
const refused = (): Fault => new Fault(422, 'Invalid', 'the server rejected our request due to an error in our request')

type Container = JsonObject | Json[]

const isContainer = (value: Json | undefined): value is Container => value !== null && typeof value === 'object'

const decodePart = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')

const indexOf = (key: string, size: number): number => {
  if (!/^[+-]?\d+$/.test(key)) throw refused()
  const index = Number(key)
  const actual = index < 0 ? index + size : index
  if (actual < 0 || actual >= size) throw refused()
  return actual
}

const read = (container: Container, key: string): Json | undefined =>
  Array.isArray(container) ? container[indexOf(key, container.length)] : own(container, key)

/** The parent of what `path` names, and the last key. */
const find = (document: Json, path: string): [Container, string] => {
  const parts = path.split('/').slice(1).map(decodePart)
  const last = parts.pop()
  if (last === undefined || !isContainer(document)) throw refused()
  let container: Container = document
  for (const part of parts) {
    const next = read(container, part)
    if (!isContainer(next)) throw refused()
    container = next
  }
  return [container, last]
}

const add = (document: Json, path: string, value: Json): void => {
  const [container, key] = find(document, path)
  if (!Array.isArray(container)) setKey(container, key, value)
  else if (key === '-') container.push(value)
  else container.splice(indexOf(key, container.length + 1), 0, value)
}

const remove = (document: Json, path: string): void => {
  const [container, key] = find(document, path)
  if (Array.isArray(container)) container.splice(indexOf(key, container.length), 1)
  else if (Object.hasOwn(container, key)) delete container[key]
  else throw refused()
}

const replace = (document: Json, path: string, value: Json): Json => {
  if (path === '') {
    if (!isContainer(value)) throw refused()
    return value
  }
  const [container, key] = find(document, path)
  if (Array.isArray(container)) container[indexOf(key, container.length)] = value
  else setKey(container, key, value)
  return document
}

const get = (document: Json, path: string): Json => {
  const [container, key] = find(document, path)
  return read(container, key) ?? null
}

interface Operation {
  op: string
  path: string | undefined
  from: string | undefined
  value: Json
}

const goKind = (value: Json): string => {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value
}

const parseOperations = (patch: Json): Operation[] => {
  const mismatch = (value: Json, type: string): Fault =>
    badRequest(`error decoding patch: json: cannot unmarshal ${goKind(value)} into Go ${type}`)
  if (patch === null) return []
  if (!Array.isArray(patch)) throw mismatch(patch, 'value of type []handlers.jsonPatchOp')
  if (patch.length > MAX_OPERATIONS)
    throw new Fault(
      413,
      'RequestEntityTooLarge',
      `Request entity too large: The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
    )
  return patch.map((item) => {
    if (!isObject(item)) throw mismatch(item, 'value of type handlers.jsonPatchOp')
    const text = (key: 'op' | 'path' | 'from'): string | undefined => {
      const value = own(item, key)
      if (value === undefined || value === null) return undefined
      if (typeof value !== 'string') throw mismatch(value, `struct field jsonPatchOp.${key} of type string`)
      return value
    }
    return { op: text('op') ?? '', path: text('path'), from: text('from'), value: own(item, 'value') ?? null }
  })
}

const needed = (path: string | undefined): string => {
  if (path === undefined) throw refused()
  return path
}

export const jsonPatch: JsonPatch = (original, patch) => {
  const operations = parseOperations(patch)
  let document = clone(original)
  let copied = 0
  for (const { op, path: given, from, value } of operations) {
    const path = needed(given)
    switch (op) {
      case 'add':
        add(document, path, clone(value))
        break
      case 'remove':
        remove(document, path)
        break
      case 'replace':
        document = replace(document, path, clone(value))
        break
      case 'move': {
        const moved = get(document, needed(from))
        remove(document, needed(from))
        add(document, path, moved)
        break
      }
      case 'copy': {
        const source = get(document, needed(from))
        copied += JSON.stringify(source).length
        if (copied > MAX_COPIED) throw refused()
        add(document, path, clone(source))
        break
      }
      case 'test':
        if (!equal(path === '' ? document : get(document, path), value)) throw refused()
        break
      default:
        throw refused()
    }
  }
  return JSON.parse(marshal(document)) as Json
}
