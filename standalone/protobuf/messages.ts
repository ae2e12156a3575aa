import type { Field, Message } from './wire.ts'

// Field numbers of the built-in kinds that clients write, as in k8s.io/api/*/generated.proto. Clients of Go send these kinds as
// protobuf and fall back to nothing else; statuses are left out, since clients do not write them.

const string: Field = { kind: 'string' }
const bytes: Field = { kind: 'bytes' }
const integer: Field = { kind: 'integer' }
const bool: Field = { kind: 'bool' }
const time: Field = { kind: 'time', digits: 0 }
const microTime: Field = { kind: 'time', digits: 6 }
const list = (element: Field): Field => ({ kind: 'list', element })
const map = (value: Field): Field => ({ kind: 'map', value })
const message = (fields: Message): Field => ({ kind: 'message', fields })
/** Fields of one type, numbered from 1. */
const numbered = (field: Field, ...names: string[]): Message =>
  Object.fromEntries(names.map((name, index) => [index + 1, [name, field] as const]))
const strings = list(string)

const objectMeta = message({
  ...numbered(string, 'name', 'generateName', 'namespace', 'selfLink', 'uid', 'resourceVersion'),
  7: ['generation', integer],
  8: ['creationTimestamp', time],
  9: ['deletionTimestamp', time],
  10: ['deletionGracePeriodSeconds', integer],
  11: ['labels', map(string)],
  12: ['annotations', map(string)],
  13: [
    'ownerReferences',
    list(
      message({
        1: ['kind', string],
        3: ['name', string],
        4: ['uid', string],
        5: ['apiVersion', string],
        6: ['controller', bool],
        7: ['blockOwnerDeletion', bool],
      }),
    ),
  ],
  14: ['finalizers', strings],
  17: [
    'managedFields',
    list(
      message({
        1: ['manager', string],
        2: ['operation', string],
        3: ['apiVersion', string],
        4: ['time', time],
        6: ['fieldsType', string],
        // A message of its own around the bytes.
        7: ['fieldsV1', message({ 1: ['raw', { kind: 'rawJson' }] })],
        8: ['subresource', string],
      }),
    ),
  ],
})

const object = (fields: Message): Message => ({ 1: ['metadata', objectMeta], ...fields })
const withSpec = (spec: Message): Message => object({ 2: ['spec', message(spec)] })

const objectReference = message(
  numbered(string, 'kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'),
)
const eventSource = message(numbered(string, 'component', 'host'))
const eventSeries = message({ 1: ['count', integer], 2: ['lastObservedTime', microTime] })

const selector = message({
  1: ['matchLabels', map(string)],
  2: ['matchExpressions', list(message({ 1: ['key', string], 2: ['operator', string], 3: ['values', strings] }))],
})
const rules = list(message(numbered(strings, 'verbs', 'apiGroups', 'resources', 'resourceNames', 'nonResourceURLs')))
const role = object({ 2: ['rules', rules] })
const binding = object({
  2: ['subjects', list(message(numbered(string, 'kind', 'apiGroup', 'name', 'namespace')))],
  3: ['roleRef', message(numbered(string, 'apiGroup', 'kind', 'name'))],
})

const attributes: Message = {
  1: [
    'resourceAttributes',
    message(numbered(string, 'namespace', 'verb', 'group', 'version', 'resource', 'subresource', 'name')),
  ],
  2: ['nonResourceAttributes', message(numbered(string, 'path', 'verb'))],
}
const subjectAccess = withSpec({ ...attributes, 3: ['user', string], 4: ['groups', strings], 6: ['uid', string] })

const AUTHENTICATION = 'authentication.k8s.io/v1'
const AUTHORIZATION = 'authorization.k8s.io/v1'
const RBAC = 'rbac.authorization.k8s.io/v1'

/** By `apiVersion kind`. */
export const messages: ReadonlyMap<string, Message> = new Map<string, Message>([
  ['v1 ConfigMap', object({ 2: ['data', map(string)], 3: ['binaryData', map(bytes)], 4: ['immutable', bool] })],
  [
    'v1 Secret',
    object({ 2: ['data', map(bytes)], 3: ['type', string], 4: ['stringData', map(string)], 5: ['immutable', bool] }),
  ],
  ['v1 Namespace', withSpec({ 1: ['finalizers', strings] })],
  [
    'v1 ServiceAccount',
    object({
      2: ['secrets', list(objectReference)],
      3: ['imagePullSecrets', list(message({ 1: ['name', string] }))],
      4: ['automountServiceAccountToken', bool],
    }),
  ],
  [
    'v1 Event',
    object({
      2: ['involvedObject', objectReference],
      3: ['reason', string],
      4: ['message', string],
      5: ['source', eventSource],
      6: ['firstTimestamp', time],
      7: ['lastTimestamp', time],
      8: ['count', integer],
      9: ['type', string],
      10: ['eventTime', microTime],
      11: ['series', eventSeries],
      12: ['action', string],
      13: ['related', objectReference],
      14: ['reportingComponent', string],
      15: ['reportingInstance', string],
    }),
  ],
  [
    'events.k8s.io/v1 Event',
    object({
      2: ['eventTime', microTime],
      3: ['series', eventSeries],
      4: ['reportingController', string],
      5: ['reportingInstance', string],
      6: ['action', string],
      7: ['reason', string],
      8: ['regarding', objectReference],
      9: ['related', objectReference],
      10: ['note', string],
      11: ['type', string],
      12: ['deprecatedSource', eventSource],
      13: ['deprecatedFirstTimestamp', time],
      14: ['deprecatedLastTimestamp', time],
      15: ['deprecatedCount', integer],
    }),
  ],
  [
    'coordination.k8s.io/v1 Lease',
    withSpec({
      1: ['holderIdentity', string],
      2: ['leaseDurationSeconds', integer],
      3: ['acquireTime', microTime],
      4: ['renewTime', microTime],
      5: ['leaseTransitions', integer],
      6: ['strategy', string],
      7: ['preferredHolder', string],
    }),
  ],
  [`${RBAC} Role`, role],
  [
    `${RBAC} ClusterRole`,
    { ...role, 3: ['aggregationRule', message({ 1: ['clusterRoleSelectors', list(selector)] })] },
  ],
  [`${RBAC} RoleBinding`, binding],
  [`${RBAC} ClusterRoleBinding`, binding],
  [`${AUTHENTICATION} SelfSubjectReview`, object({})],
  [`${AUTHENTICATION} TokenReview`, withSpec({ 1: ['token', string], 2: ['audiences', strings] })],
  [
    `${AUTHENTICATION} TokenRequest`,
    withSpec({
      1: ['audiences', strings],
      3: ['boundObjectRef', message(numbered(string, 'kind', 'apiVersion', 'name', 'uid'))],
      4: ['expirationSeconds', integer],
    }),
  ],
  [`${AUTHORIZATION} SelfSubjectAccessReview`, withSpec(attributes)],
  [`${AUTHORIZATION} SelfSubjectRulesReview`, withSpec({ 1: ['namespace', string] })],
  [`${AUTHORIZATION} SubjectAccessReview`, subjectAccess],
  [`${AUTHORIZATION} LocalSubjectAccessReview`, subjectAccess],
  ...['v1', 'meta.k8s.io/v1'].map(
    (apiVersion) =>
      [
        `${apiVersion} DeleteOptions`,
        {
          1: ['gracePeriodSeconds', integer],
          2: ['preconditions', message(numbered(string, 'uid', 'resourceVersion'))],
          3: ['orphanDependents', bool],
          4: ['propagationPolicy', string],
          5: ['dryRun', strings],
        },
      ] as const satisfies readonly [string, Message],
  ),
])
