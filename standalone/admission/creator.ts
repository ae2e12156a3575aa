import type { Call } from '../call.ts'
import { forbidden } from '../http/status.ts'
import { isObject, metaOf, valueAt } from '../object.ts'
import type { JsonObject } from '../schema/contract.ts'
import { own, setKey } from '../schema/go.ts'

/**
 * Set on a CustomResourceDefinition, names the field that says who made an object: stamped by the server on create, never
 * to be changed. For approvals and the like, where the name must not be the client's to choose.
 */
export const CREATOR_ANNOTATION = 'standalone.api/creator-field'

export const stampCreator = ({ served, user }: Call, object: JsonObject): void => {
  const field = served.resource.creatorField
  if (field === undefined) return
  const given = valueAt(object, field)
  if (given === undefined || given === '') {
    setAt(object, field, user.username)
  } else if (given !== user.username) {
    const { name = '' } = metaOf(object)
    throw forbidden(
      served.resource,
      name,
      `${field} must be the user who creates the object (${user.username}), or be left out`,
    )
  }
}

export const keepCreator = ({ served }: Call, object: JsonObject, old: JsonObject): void => {
  const field = served.resource.creatorField
  if (field === undefined || valueAt(object, field) === valueAt(old, field)) return
  const { name = '' } = metaOf(object)
  throw forbidden(
    served.resource,
    name,
    `${field} is set by the server when the object is created, and cannot be changed`,
  )
}

/** The path is a client's text: only keys of the object itself count, whatever they are called. */
const setAt = (object: JsonObject, path: string, value: string): void => {
  const parts = path.split('.').filter(Boolean)
  const last = parts.pop()
  if (last === undefined) return
  let target = object
  for (const part of parts) {
    const next = own(target, part)
    if (isObject(next)) target = next
    else {
      const made: JsonObject = {}
      setKey(target, part, made)
      target = made
    }
  }
  setKey(target, last, value)
}
