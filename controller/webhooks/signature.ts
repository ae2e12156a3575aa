import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Headers, headerOf } from './headers.ts'

/** Whether who sent these bytes knows the secret. Takes the same time whether or not, and whatever the secret. */
export type Verify = (secret: string, body: Uint8Array, headers: Headers) => boolean

/**
 * Hexadecimal HMAC-SHA256 of the body, with or without `sha256=` before it, in the first of `names` that was sent.
 * GitHub, Gitea, Forgejo and Bitbucket (documentation of each, "webhooks").
 */
export const signedBy =
  (...names: readonly string[]): Verify =>
  (secret, body, headers) => {
    const expected = createHmac('sha256', secret).update(body).digest()
    const given = names.map((name) => headerOf(headers, name)).find((value) => value !== undefined) ?? ''
    const hex = /^(?:sha256=)?([0-9a-f]{64})$/i.exec(given.trim())?.[1]
    return equalInConstantTime(Buffer.from(hex ?? '', 'hex'), expected)
  }

/**
 * GitLab: the secret itself in `X-Gitlab-Token`, or, with a signing token, the signature of the Standard Webhooks specification
 * (`webhook-signature: v1,<base64> v1,<base64>` over `<webhook-id>.<webhook-timestamp>.<body>`). How old the timestamp is does not
 * matter: a replay is harmless here, and a clock that is wrong must not lose a push.
 */
export const signedByGitlab: Verify = (secret, body, headers) => {
  const token = equalInConstantTime(Buffer.from(headerOf(headers, 'x-gitlab-token') ?? ''), Buffer.from(secret))
  const expected = createHmac('sha256', signingKey(secret))
    .update(`${headerOf(headers, 'webhook-id') ?? ''}.${headerOf(headers, 'webhook-timestamp') ?? ''}.`)
    .update(body)
    .digest()
  const given = (headerOf(headers, 'webhook-signature') ?? '').split(' ').slice(0, MOST_SIGNATURES)
  const signed = given
    .map((entry) => Buffer.from(/^v1,([A-Za-z0-9+/]{43}=)$/.exec(entry)?.[1] ?? '', 'base64'))
    .map((signature) => equalInConstantTime(signature, expected))
  return token || signed.includes(true)
}

/** While a key is replaced there are two. */
const MOST_SIGNATURES = 4

/** `whsec_<base64 of the key>`, as the specification writes keys. What is no base64 is no such key: it would be an empty one, which all know. */
const signingKey = (secret: string): Uint8Array => {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]{2,}={0,2})$/.exec(secret) ?? []
  return encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, 'base64')
}

/** Of any lengths: what is compared are digests. */
const equalInConstantTime = (a: Uint8Array, b: Uint8Array): boolean => {
  const digest = (bytes: Uint8Array) => createHmac('sha256', 'compare').update(bytes).digest()
  return timingSafeEqual(digest(a), digest(b))
}
