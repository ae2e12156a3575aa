import type { ApiRequest, UserInfo } from '../api.ts'
import type { Attributes, Authorizer } from '../auth/authorizer.ts'
import { forbiddenByRbac } from '../auth/forbidden.ts'

const USER = 'impersonate-user'
const GROUP = 'impersonate-group'
const UID = 'impersonate-uid'
const EXTRA = 'impersonate-extra-'
const AUTHENTICATED = 'system:authenticated'
const UNAUTHENTICATED = 'system:unauthenticated'

/** The user that the request is to be treated as coming from. @throws Error without a user to be, StatusError 403 */
export const impersonate = (request: ApiRequest, authorizer: Authorizer): UserInfo => {
  const { headers, user } = request
  const name = headers[USER] ?? ''
  const groups = splitList(headers[GROUP])
  const uid = headers[UID] ?? ''
  const extras = Object.keys(headers).filter((header) => header.startsWith(EXTRA))
  if (name === '') {
    if (groups.length === 0 && uid === '' && extras.length === 0) return user
    throw new ImpersonationError(groups)
  }
  const check = (resource: NonNullable<Attributes['resource']>): void => {
    const attributes: Attributes = { user, verb: 'impersonate', resource }
    const { allowed, reason } = authorizer.decide(attributes)
    if (!allowed) throw forbiddenByRbac(attributes, reason)
  }
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name)
  if (account) {
    check({ group: '', plural: 'serviceaccounts', subresource: '', namespace: account[1]!, name: account[2]! })
  } else {
    check({ group: '', plural: 'users', subresource: '', namespace: '', name })
  }
  for (const group of groups) check({ group: '', plural: 'groups', subresource: '', namespace: '', name: group })
  const extra: Record<string, string[]> = {}
  for (const header of extras) {
    const key = decodeURIComponent(header.slice(EXTRA.length))
    extra[key] = splitList(headers[header])
    for (const value of extra[key]) {
      check({ group: 'authentication.k8s.io', plural: 'userextras', subresource: key, namespace: '', name: value })
    }
  }
  if (uid) check({ group: 'authentication.k8s.io', plural: 'uids', subresource: '', namespace: '', name: uid })
  const known =
    groups.length > 0 || !account ? groups : ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`]
  return {
    username: name,
    groups: withBasicGroup(name, known),
    ...(uid && { uid }),
    ...(extras.length > 0 && { extra }),
  }
}

const withBasicGroup = (name: string, groups: readonly string[]): string[] => {
  const anonymous = name === 'system:anonymous'
  const basic = anonymous ? UNAUTHENTICATED : AUTHENTICATED
  const given = anonymous
    ? groups.includes(UNAUTHENTICATED)
    : groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED)
  return given ? [...groups] : [...groups, basic]
}

/** Repeated headers arrive joined by commas. */
const splitList = (value: string | undefined): string[] =>
  (value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)

/** Something beside a user was to be impersonated; kube-apiserver answers this outside of its Status machinery. */
export class ImpersonationError extends Error {
  override readonly name = 'ImpersonationError'

  constructor(groups: readonly string[]) {
    const parts = groups.map((group) => `{Group  ${group}    }`)
    super(`requested [${parts.join(' ')}] without impersonating a user`)
  }
}
