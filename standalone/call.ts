import type { UserInfo } from './api.ts'
import type { Authorizer } from './auth/authorizer.ts'
import type { RbacAuthorizer } from './auth/rbac.ts'
import type { ServiceAccountTokens } from './auth/tokens.ts'
import type { Representation } from './http/negotiate.ts'
import type { RequestInfo } from './http/request-info.ts'
import type { Registry } from './registry/registry.ts'
import type { ServedVersion } from './registry/resource.ts'
import type { Store } from './store/store.ts'
import type { Pulse } from './watch/pulse.ts'

/** What the verbs work with. */
export interface Backend {
  readonly store: Store
  readonly registry: Registry
  readonly authorizer: Authorizer
  /** What the authorizer decides by, for questions beyond yes and no. */
  readonly rbac: RbacAuthorizer
  readonly tokens: ServiceAccountTokens
  /** Wakes the watches. */
  readonly pulse: Pulse
  readonly clock: () => Date
  /** RFC 4122 text. */
  readonly newUid: () => string
  /** From 0 up to 1. */
  readonly random: () => number
  /** `length` random characters for generateName. */
  readonly randomSuffix: (length: number) => string
}

/** One request for a served resource, authorised. */
export interface Call {
  readonly backend: Backend
  readonly user: UserInfo
  readonly info: RequestInfo
  readonly method: string
  readonly served: ServedVersion
  /** Empty for cluster-scoped kinds and for lists across namespaces. */
  readonly namespace: string
  /** Empty for collections. */
  readonly name: string
  readonly subresource: '' | 'status' | 'finalize' | 'token'
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string | undefined
  readonly representation: Representation
  readonly signal: AbortSignal
  /** @throws StatusError 403 when a write that turns out to create is not allowed to. */
  readonly authorizeCreate: () => void
  /** Asked again while an answer goes on: rights may be taken away meanwhile. */
  readonly isStillAllowed: () => boolean
  /** Texts for Warning headers; verbs add to it. */
  readonly warnings: string[]
}
