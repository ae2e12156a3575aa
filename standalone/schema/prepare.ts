/** What no client may change about an object, whatever it sends: the part that all kinds share. */
import type { JsonObject } from './contract.ts'
import { equal, isObject } from './go.ts'

export const metaOf = (object: JsonObject): JsonObject => {
  if (!isObject(object.metadata)) object.metadata = {}
  return object.metadata as JsonObject
}

/** Generation, creation and deletion stay as they were; an empty uid is filled in. */
export const keepServerFields = (object: JsonObject, old: JsonObject): void => {
  const meta = metaOf(object)
  const before = metaOf(old)
  const restore = (key: string): void => {
    if (before[key] === undefined) delete meta[key]
    else meta[key] = before[key]
  }
  restore('generation')
  restore('creationTimestamp')
  if (!meta.uid) restore('uid')
  if (before.deletionTimestamp !== undefined) restore('deletionTimestamp')
  if (before.deletionGracePeriodSeconds !== undefined && meta.deletionGracePeriodSeconds === undefined)
    restore('deletionGracePeriodSeconds')
}

/** Counts a change of anything but metadata, status and the version it was written in. */
export const countGeneration = (object: JsonObject, old: JsonObject, ignored: readonly string[]): void => {
  const keys = new Set([...Object.keys(object), ...Object.keys(old)])
  for (const key of keys) {
    if (key === 'metadata' || key === 'apiVersion' || ignored.includes(key)) continue
    if (equal(object[key], old[key])) continue
    metaOf(object).generation = Number(metaOf(old).generation ?? 0) + 1
    return
  }
}

/** A status write changes status and managedFields, nothing else. In place. */
export const keepAllButStatus = (object: JsonObject, old: JsonObject, alsoMetadata: boolean): void => {
  const { status } = object
  const meta = metaOf(object)
  for (const key in object) delete object[key]
  Object.assign(object, structuredClone(old))
  if (status === undefined) delete object.status
  else object.status = status
  if (!alsoMetadata) {
    object.metadata = meta
    return
  }
  const kept = metaOf(object)
  if (meta.managedFields === undefined) delete kept.managedFields
  else kept.managedFields = meta.managedFields
  // The client's precondition, not a stored value.
  if (meta.resourceVersion !== undefined) kept.resourceVersion = meta.resourceVersion
}

export const keepStatus = (object: JsonObject, old: JsonObject): void => {
  if (old.status === undefined) delete object.status
  else object.status = old.status
}
