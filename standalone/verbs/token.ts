import type { ApiResponse } from '../api.ts'
import type { Bound } from '../auth/tokens.ts'
import type { Call } from '../call.ts'
import { jsonTypeOf, objectBody, readBody } from '../http/body.ts'
import { answer } from '../http/negotiate.ts'
import { conflict, invalidObject, methodNotAllowed, notFound } from '../http/status.ts'
import { isObject, metaOf, pathOf, timeText } from '../object.ts'
import type { Json, JsonObject } from '../schema/contract.ts'
import { badRequest, type Fault } from '../schema/faults.ts'
import { invalidValue } from '../schema/field.ts'

const DEFAULT_SECONDS = 3600
const MIN_SECONDS = 600
const MAX_SECONDS = 365 * 86_400
/** No token lives that long; it is the longest that one may ask for. */
const MAX_ASKED = 2 ** 32

/** `serviceaccounts/token`: a token for an account, good until it expires or the account goes. */
export const createToken = (call: Call): ApiResponse => {
  const { served, backend, namespace, name } = call
  if (call.method !== 'POST') throw methodNotAllowed(served.resource, call.method)
  const stored = backend.store.get(served.resource.storage, pathOf(namespace, name))
  if (!stored) throw notFound(served.resource, name)
  const body = objectBody(readBody(call.body, call.headers['content-type']))
  const spec = isObject(body.spec) ? body.spec : {}
  const seconds = spec.expirationSeconds ?? DEFAULT_SECONDS
  if (typeof seconds !== 'number' || !Number.isInteger(seconds)) throw mistyped(seconds, 'expirationSeconds', 'int64')
  if (seconds < MIN_SECONDS || seconds > MAX_ASKED) {
    const bound = seconds < MIN_SECONDS ? 'less than 10 minutes' : 'larger than 2^32 seconds'
    const cause = invalidValue('spec.expirationSeconds', seconds, `may not specify a duration ${bound}`)
    throw invalidObject({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [cause])
  }
  const audiences = spec.audiences ?? []
  if (!Array.isArray(audiences)) throw mistyped(audiences, 'audiences', '[]string')
  const recipients = audiences.map((one) => {
    if (typeof one !== 'string') throw mistyped(one, 'audiences', 'string')
    return one
  })
  const secret = boundSecret(call, spec.boundObjectRef ?? null)
  const { uid = '' } = metaOf(JSON.parse(stored.text) as JsonObject)
  const { token, expires } = backend.tokens.issue(
    { namespace, name, uid },
    recipients,
    Math.min(seconds, MAX_SECONDS),
    secret,
  )
  const value: JsonObject = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: timeText(backend.clock()) },
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: spec.boundObjectRef ?? null },
    status: { token, expirationTimestamp: timeText(expires) },
  }
  return answer(201, value, call.representation)
}

const mistyped = (value: Json, field: string, type: string): Fault =>
  badRequest(
    `TokenRequest in version "v1" cannot be handled as a TokenRequest: json: cannot unmarshal ${jsonTypeOf(value)} into Go struct field TokenRequestSpec.spec.${field} of type ${type}`,
  )

/** A token may end with a Secret. It must never be good for longer than was asked, so what it cannot be bound to is refused. */
const boundSecret = ({ backend, namespace }: Call, reference: Json): Bound | undefined => {
  if (reference === null) return undefined
  if (!isObject(reference)) throw mistyped(reference, 'boundObjectRef', 'v1.BoundObjectReference')
  const { apiVersion = '', kind = '', name = '', uid: wanted } = reference as Record<string, string | undefined>
  const plural = apiVersion === 'v1' ? BINDABLE[kind] : undefined
  if (plural === undefined) {
    const group = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`
    throw badRequest(`cannot bind token to object of type ${group}, Kind=${kind}`)
  }
  const stored = plural === 'secrets' ? backend.store.get(plural, pathOf(namespace, name)) : undefined
  if (!stored) throw notFound({ group: '', plural }, name)
  const { uid = '' } = metaOf(JSON.parse(stored.text) as JsonObject)
  if (wanted && wanted !== uid) {
    throw conflict(
      { group: '', plural: kind },
      name,
      `the UID in the bound object reference (${wanted}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  }
  return { name, uid }
}

/** There are no pods and nodes here, so none is ever found. */
const BINDABLE: Readonly<Record<string, string>> = { Secret: 'secrets', Pod: 'pods', Node: 'nodes' }
