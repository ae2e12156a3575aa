import type { ApiResponse } from '../api.ts'
import type { Call } from '../call.ts'
import { objectBody, readBody } from '../http/body.ts'
import { answer } from '../http/negotiate.ts'
import { invalidObject, methodNotAllowed, notFound } from '../http/status.ts'
import { isObject, metaOf, pathOf, timeText } from '../object.ts'
import type { JsonObject } from '../schema/contract.ts'
import { invalidValue } from '../schema/field.ts'

const DEFAULT_SECONDS = 3600
const MIN_SECONDS = 600
const MAX_SECONDS = 365 * 86_400

/** `serviceaccounts/token`: a token for an account, good until it expires or the account goes. */
export const createToken = (call: Call): ApiResponse => {
  const { served, backend, namespace, name } = call
  if (call.method !== 'POST') throw methodNotAllowed(served.resource, call.method)
  const stored = backend.store.get(served.resource.storage, pathOf(namespace, name))
  if (!stored) throw notFound(served.resource, name)
  const body = objectBody(readBody(call.body, call.headers['content-type']))
  const spec = isObject(body.spec) ? body.spec : {}
  const seconds = typeof spec.expirationSeconds === 'number' ? spec.expirationSeconds : DEFAULT_SECONDS
  if (seconds < MIN_SECONDS) {
    const cause = invalidValue('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes')
    throw invalidObject({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [cause])
  }
  const audiences = Array.isArray(spec.audiences) ? spec.audiences.map(String) : []
  const { uid = '' } = metaOf(JSON.parse(stored.text) as JsonObject)
  const { token, expires } = backend.tokens.issue({ namespace, name, uid }, audiences, Math.min(seconds, MAX_SECONDS))
  const value: JsonObject = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: timeText(backend.clock()) },
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: null },
    status: { token, expirationTimestamp: timeText(expires) },
  }
  return answer(201, value, call.representation)
}
