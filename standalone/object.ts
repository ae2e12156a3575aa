import type { ObjectMeta } from '../controller/api/meta.ts'
import type { Json, JsonObject } from './schema/contract.ts'

/** The metadata of an object that went through its model's `decode`, so that the parts have the types they should have. */
export type Meta = Partial<ObjectMeta> & { generateName?: string; deletionGracePeriodSeconds?: number }

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A live view: changing it changes the object. */
export const metaOf = (object: JsonObject): Meta => {
  if (!isObject(object.metadata)) object.metadata = {}
  return object.metadata as Meta
}

/** Where the store keeps an object: `namespace/name`, or `name` for cluster-scoped kinds. */
export const pathOf = (namespace: string | undefined, name: string): string =>
  namespace ? `${namespace}/${name}` : name

export const splitPath = (path: string): { namespace: string; name: string } => {
  const slash = path.indexOf('/')
  return { namespace: slash < 0 ? '' : path.slice(0, slash), name: path.slice(slash + 1) }
}

/** The value at a dotted path such as `status.phase`. */
export const valueAt = (object: JsonObject, path: string): Json | undefined => {
  let value: Json | undefined = object
  for (const part of path.split('.')) {
    if (part === '') continue
    if (!isObject(value) || !Object.hasOwn(value, part)) return undefined
    value = value[part]
  }
  return value
}

/** apiVersion, kind and metadata first, whatever order the client sent: stored texts begin in one way (see registry/codec). */
export const inOrder = (object: JsonObject): JsonObject => {
  const { apiVersion, kind, metadata, ...rest } = object
  return { apiVersion: apiVersion ?? '', kind: kind ?? '', metadata: metadata ?? {}, ...rest }
}

let lastSecond = { second: Number.NaN, text: '' }

/** RFC 3339 with whole seconds, as metav1.Time. */
export const timeText = (time: Date): string => {
  const second = Math.floor(time.getTime() / 1000)
  if (second !== lastSecond.second) lastSecond = { second, text: `${time.toISOString().slice(0, 19)}Z` }
  return lastSecond.text
}
