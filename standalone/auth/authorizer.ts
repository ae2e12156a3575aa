import type { UserInfo } from '../api.ts'

/** A question to the authorizer, in RBAC's terms. */
export interface Attributes {
  user: UserInfo
  verb: string
  /** Absent for non-resource paths. */
  resource?: { group: string; plural: string; subresource: string; namespace: string; name: string }
  /** For non-resource paths. */
  path?: string
}

export interface Decision {
  allowed: boolean
  reason: string
}

export interface Authorizer {
  decide(attributes: Attributes): Decision
}
