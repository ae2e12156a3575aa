import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { UserInfo } from '../api.ts'
import { metaOf, pathOf } from '../object.ts'
import type { JsonObject } from '../schema/contract.ts'
import type { Store } from '../store/store.ts'

const ISSUER = 'https://kubernetes.default.svc'
/** Longer tokens than this are none of ours. */
const TOKEN_MAX_LENGTH = 4096

interface Claims {
  iss: string
  sub: string
  aud: string[]
  exp: number
  nbf: number
  'kubernetes.io': { namespace: string; serviceaccount: Bound; secret?: Bound }
}

/** What a token ends with. */
export interface Bound {
  name: string
  uid: string
}

export interface TokenSubject {
  namespace: string
  name: string
  uid: string
}

/** Signed tokens (JWT, ES256) of ServiceAccounts. One lives as long as it says, and no longer than its account and the secret it is bound to. */
export class ServiceAccountTokens {
  readonly #key: KeyObject
  readonly #publicKey: KeyObject
  readonly #store: Store
  readonly #clock: () => Date

  constructor(key: KeyObject, store: Store, clock: () => Date) {
    this.#key = key
    this.#publicKey = createPublicKey(key)
    this.#store = store
    this.#clock = clock
  }

  now(): number {
    return this.#clock().getTime()
  }

  issue(
    { namespace, name, uid }: TokenSubject,
    audiences: readonly string[],
    seconds: number,
    secret?: Bound,
  ): { token: string; expires: Date } {
    const now = Math.floor(this.now() / 1000)
    const claims: Claims & { iat: number } = {
      aud: audiences.length > 0 ? [...audiences] : [ISSUER],
      exp: now + seconds,
      iat: now,
      iss: ISSUER,
      'kubernetes.io': { namespace, serviceaccount: { name, uid }, ...(secret && { secret }) },
      nbf: now,
      sub: `system:serviceaccount:${namespace}:${name}`,
    }
    const head = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(claims)}`
    const signature = sign('sha256', Buffer.from(head), { key: this.#key, dsaEncoding: 'ieee-p1363' })
    return { token: `${head}.${signature.toString('base64url')}`, expires: new Date(claims.exp * 1000) }
  }

  /** The account whose token this is; undefined when it is not valid here and now. */
  verify(token: string): UserInfo | undefined {
    const claims = this.#claims(token)
    if (!claims || claims.iss !== ISSUER || !claims.aud.includes(ISSUER)) return undefined
    const now = this.now() / 1000
    if (!(claims.nbf <= now && now < claims.exp)) return undefined
    const { namespace, serviceaccount, secret } = claims['kubernetes.io']
    if (!this.#isThere('serviceaccounts', namespace, serviceaccount)) return undefined
    if (secret && !this.#isThere('secrets', namespace, secret)) return undefined
    return serviceAccountUser({ namespace, ...serviceaccount })
  }

  #isThere(storage: string, namespace: string, { name, uid }: Bound): boolean {
    const stored = this.#store.get(storage, pathOf(namespace, name))
    return stored !== undefined && metaOf(JSON.parse(stored.text) as JsonObject).uid === uid
  }

  #claims(token: string): Claims | undefined {
    if (token.length > TOKEN_MAX_LENGTH) return undefined
    const parts = token.split('.')
    if (parts.length !== 3) return undefined
    const [header = '', payload = '', signature = ''] = parts
    const key = { key: this.#publicKey, dsaEncoding: 'ieee-p1363' as const }
    try {
      if ((JSON.parse(decode(header)) as { alg?: unknown }).alg !== 'ES256') return undefined
      if (!verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url')))
        return undefined
      return JSON.parse(decode(payload)) as Claims
    } catch {
      return undefined
    }
  }
}

export const serviceAccountUser = ({ namespace, name, uid }: TokenSubject): UserInfo => ({
  username: `system:serviceaccount:${namespace}:${name}`,
  uid,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
})

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (text: string): string => Buffer.from(text, 'base64url').toString()
