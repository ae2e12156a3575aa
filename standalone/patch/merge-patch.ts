/**
 * RFC 7396 with the habits of kube-apiserver's library: nulls of maps inside of new values are dropped, and maps that were touched come
 * out sorted, so that of two faults in them the first in that order is told.
 */
import type { Json, JsonObject, MergePatch } from '../schema/contract.ts'
import { badRequest } from '../schema/faults.ts'
import { clone, isObject, setKey } from '../schema/go.ts'

const withoutNulls = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isObject(value)) return value
  const out: JsonObject = {}
  for (const key of Object.keys(value).sort())
    if (value[key] !== null) setKey(out, key, withoutNulls(value[key] as Json))
  return out
}

const merge = (current: Json, patch: Json): Json => {
  if (!isObject(current)) return withoutNulls(patch)
  if (!isObject(patch)) return clone(patch)
  const out: JsonObject = {}
  for (const key of [...new Set([...Object.keys(current), ...Object.keys(patch)])].sort()) {
    const [before, change] = [current[key], patch[key]]
    if (!Object.hasOwn(patch, key)) setKey(out, key, clone(before as Json))
    else if (change !== null)
      setKey(
        out,
        key,
        Object.hasOwn(current, key) ? merge(before as Json, change as Json) : withoutNulls(change as Json),
      )
  }
  return out
}

const goKind = (value: Json): string => {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

export const mergePatch: MergePatch = (original, patch) => {
  if (patch === null) throw badRequest('Invalid JSON Patch')
  if (!isObject(patch))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${goKind(patch)} into Go value of type map[string]interface {}`,
    )
  return merge(original, patch)
}
