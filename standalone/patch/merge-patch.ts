/** RFC 7396, with nulls of maps inside of new values dropped, as kube-apiserver's library does. */
import type { Json, JsonObject, MergePatch } from '../schema/contract.ts'
import { badRequest } from '../schema/faults.ts'
import { clone, isObject, setKey } from '../schema/go.ts'

const withoutNulls = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isObject(value)) return value
  const out: JsonObject = {}
  for (const key of Object.keys(value)) if (value[key] !== null) setKey(out, key, withoutNulls(value[key] as Json))
  return out
}

const merge = (current: Json, patch: Json): Json => {
  if (!isObject(current)) return withoutNulls(patch)
  if (!isObject(patch)) return clone(patch)
  const out: JsonObject = {}
  // What was touched is written anew, sorted, and read again: of two faults in it the first in that order is told.
  for (const key of [...new Set([...Object.keys(current), ...Object.keys(patch)])].sort()) {
    const value = current[key] as Json
    if (!Object.hasOwn(patch, key)) setKey(out, key, clone(value))
    else if (patch[key] !== null)
      setKey(
        out,
        key,
        Object.hasOwn(current, key) ? merge(value, patch[key] as Json) : withoutNulls(patch[key] as Json),
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
