import type { ApiRequest, ApiResponse, UserInfo } from '../api.ts'
import type { Attributes, Decision } from '../auth/authorizer.ts'
import type { PolicyRule } from '../auth/rules.ts'
import type { Backend } from '../call.ts'
import type { VirtualResource } from '../discovery/virtual.ts'
import { objectBody, readBody } from '../http/body.ts'
import { answer, negotiate } from '../http/negotiate.ts'
import type { ResourceRequest } from '../http/request-info.ts'
import { invalidObject, methodNotAllowed } from '../http/status.ts'
import { isObject, metaOf, timeText } from '../object.ts'
import type { Cause, Json, JsonObject } from '../schema/contract.ts'
import { badRequest } from '../schema/faults.ts'
import { forbidden, invalidValue } from '../schema/field.ts'

/** Answers a question about users and rights; nothing is stored. */
export const review = (
  backend: Backend,
  request: ApiRequest,
  query: URLSearchParams,
  { namespace }: ResourceRequest,
  virtual: VirtualResource,
): ApiResponse => {
  if (request.method !== 'POST') throw methodNotAllowed(virtual, request.method)
  const representation = negotiate(request.headers.accept, query)
  const body = objectBody(readBody(request.body, request.headers['content-type']))
  const { group, version, kind } = virtual
  const apiVersion = `${group}/${version}`
  if ((body.apiVersion ?? apiVersion) !== apiVersion || (body.kind ?? kind) !== kind) {
    throw badRequest(`the object provided is unrecognized (must be of type ${kind})`)
  }
  const spec = isObject(body.spec) ? body.spec : {}
  const status = statuses[kind]!({ backend, user: request.user, spec, namespace, kind: { group, kind } })
  const metadata: JsonObject = { ...(metaOf(body) as JsonObject) }
  if (kind === 'SelfSubjectReview') metadata.creationTimestamp = timeText(backend.clock())
  const value: JsonObject = { kind, apiVersion, metadata, ...(kind !== 'SelfSubjectReview' && { spec }), status }
  return answer(201, value, representation)
}

interface Question {
  backend: Backend
  user: UserInfo
  spec: JsonObject
  namespace: string
  kind: { group: string; kind: string }
}

const statuses: Readonly<Record<string, (question: Question) => JsonObject>> = {
  SelfSubjectReview: ({ user }) => ({ userInfo: userJson(user) }),
  SelfSubjectAccessReview: ({ backend, user, spec, kind }) =>
    decisionJson(backend.authorizer.decide(attributesOf(user, spec, kind))),
  SubjectAccessReview: ({ backend, spec, kind }) =>
    decisionJson(backend.authorizer.decide(attributesOf(subjectOf(spec, kind), spec, kind))),
  LocalSubjectAccessReview: ({ backend, spec, kind, namespace }) => {
    const attributes = attributesOf(subjectOf(spec, kind), spec, kind)
    if (attributes.resource?.namespace !== namespace) {
      throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`)
    }
    return decisionJson(backend.authorizer.decide(attributes))
  },
  SelfSubjectRulesReview: ({ backend, user, spec }) => {
    const namespace = text(spec.namespace)
    if (namespace === '') throw badRequest('no namespace on request')
    const rules = backend.rbac.rulesFor(user, namespace)
    return {
      resourceRules: rules.filter(({ resources }) => resources && resources.length > 0).map(resourceRule),
      nonResourceRules: rules
        .filter(({ nonResourceURLs }) => nonResourceURLs && nonResourceURLs.length > 0)
        .map(({ verbs, nonResourceURLs = [] }) => ({ verbs: [...verbs], nonResourceURLs: [...nonResourceURLs] })),
      incomplete: false,
    }
  },
  TokenReview: ({ backend, spec }): JsonObject => {
    if (!spec.token) throw badRequest('token is required for TokenReview in authentication')
    const user = backend.tokens.verify(text(spec.token))
    if (!user) return { user: {}, error: 'invalid bearer token' }
    return { authenticated: true, user: userJson(user) }
  },
}

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
const userJson = ({ username, uid, groups, extra }: UserInfo): JsonObject => ({
  username,
  ...(uid !== undefined && { uid }),
  groups: [...groups],
  ...(extra && { extra: extra as unknown as JsonObject }),
})
const decisionJson = ({ allowed, reason }: Decision): JsonObject => ({ allowed, ...(reason !== '' && { reason }) })
const resourceRule = ({ verbs, apiGroups = [], resources = [], resourceNames }: PolicyRule): JsonObject => ({
  verbs: [...verbs],
  apiGroups: [...apiGroups],
  resources: [...resources],
  ...(resourceNames && resourceNames.length > 0 && { resourceNames: [...resourceNames] }),
})

/** kube-apiserver forgets the kind of a review before it names it. */
const unnamed = ({ group }: Question['kind']): Question['kind'] => ({ group, kind: '' })

const subjectOf = (spec: JsonObject, kind: Question['kind']): UserInfo => {
  const username = text(spec.user)
  const groups = Array.isArray(spec.groups) ? spec.groups.map(text) : []
  if (username === '' && groups.length === 0) {
    throw invalidObject(unnamed(kind), '', [
      invalidValue('spec.user', '', 'at least one of user or group must be specified'),
    ])
  }
  return { username, groups }
}

const attributesOf = (user: UserInfo, spec: JsonObject, kind: Question['kind']): Attributes => {
  const { resourceAttributes: resource, nonResourceAttributes: other } = spec
  const causes: Cause[] = []
  if (isObject(resource) && isObject(other)) {
    causes.push(forbidden('spec.nonResourceAttributes', 'cannot be specified in combination with resourceAttributes'))
  }
  if (!isObject(resource) && !isObject(other)) {
    causes.push(
      invalidValue(
        'spec.resourceAttributes',
        null,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    )
  }
  if (causes.length > 0) throw invalidObject(unnamed(kind), '', causes)
  if (isObject(resource)) {
    const { verb, group, resource: plural, subresource, namespace, name } = resource
    return {
      user,
      verb: text(verb),
      resource: {
        group: text(group),
        plural: text(plural),
        subresource: text(subresource),
        namespace: text(namespace),
        name: text(name),
      },
    }
  }
  return { user, verb: text((other as JsonObject).verb), path: text((other as JsonObject).path) }
}
