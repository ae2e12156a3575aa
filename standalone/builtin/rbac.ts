/** Roles and their bindings. */
import type { Cause, Json, JsonObject } from '../schema/contract.ts'
import { invalidValue, notSupported, required } from '../schema/field.ts'
import { equal, isObject } from '../schema/go.ts'
import { dns1123Subdomain, labelValue, pathSegmentName, qualifiedName } from '../schema/names.ts'
import { type GoField, list, needed, optional, pointer, string, struct } from './go-type.ts'
import { labelSelector } from './meta.ts'
import { type BuiltinKind, kindStruct } from './model.ts'

const V1 = 'io.k8s.api.rbac.v1'
const GROUP = 'rbac.authorization.k8s.io'

const atomicStrings = list(string, { listType: 'atomic' })

const policyRule = struct(`${V1}.PolicyRule`, 'PolicyRule allows verbs on resources or paths.', {
  verbs: needed(atomicStrings, 'Verbs that are allowed; * for all.'),
  apiGroups: optional(atomicStrings, 'API groups of the resources; "" is the core group, * all.'),
  resources: optional(atomicStrings, 'Resources, with subresources as resource/subresource; * for all.'),
  resourceNames: optional(atomicStrings, 'Names that the rule is limited to; none: all.'),
  nonResourceURLs: optional(atomicStrings, 'Paths outside of resources; only in cluster roles.'),
})

const subject = struct(
  `${V1}.Subject`,
  'Subject is a user, a group or a service account.',
  {
    kind: needed(string, 'User, Group or ServiceAccount.'),
    apiGroup: optional(string, 'API group of the kind.'),
    name: needed(string, 'Name of the subject.'),
    namespace: optional(string, 'Namespace of a service account.'),
  },
  { atomic: true },
)

const roleRef = struct(
  `${V1}.RoleRef`,
  'RoleRef names the role that is granted.',
  {
    apiGroup: needed(string, 'API group of the role.'),
    kind: needed(string, 'Role or ClusterRole.'),
    name: needed(string, 'Name of the role.'),
  },
  { atomic: true },
)

const objects = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])
const strings = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : [])

const ruleFaults = (rule: JsonObject, namespaced: boolean, path: string): Cause[] => {
  const causes: Cause[] = []
  const urls = strings(rule.nonResourceURLs)
  const groups = strings(rule.apiGroups)
  const resources = strings(rule.resources)
  if (strings(rule.verbs).length === 0) causes.push(required(`${path}.verbs`, 'verbs must contain at least one value'))
  if (urls.length) {
    const at = `${path}.nonResourceURLs`
    if (namespaced) causes.push(invalidValue(at, urls, 'namespaced rules cannot apply to non-resource URLs'))
    if (groups.length || resources.length || strings(rule.resourceNames).length)
      causes.push(invalidValue(at, urls, 'rules cannot apply to both regular resources and non-resource URLs'))
    return causes
  }
  if (groups.length === 0)
    causes.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'))
  if (resources.length === 0)
    causes.push(required(`${path}.resources`, 'resource rules must supply at least one resource'))
  return causes
}

const rulesFaults = (role: JsonObject, namespaced: boolean): Cause[] =>
  objects(role.rules).flatMap((rule, i) => ruleFaults(rule, namespaced, `rules[${i}]`))

const rules = needed(list(policyRule, { listType: 'atomic' }), 'What the role allows.')

export const role: BuiltinKind = {
  group: GROUP,
  version: 'v1',
  kind: 'Role',
  namespaced: true,
  checkName: pathSegmentName,
  type: kindStruct(`${V1}.Role`, 'Role is a set of permissions in one namespace.', { rules }),
  validate: (object) => rulesFaults(object, true),
}

const requirementFaults = (requirement: JsonObject, path: string): Cause[] => {
  const causes: Cause[] = []
  const values = strings(requirement.values)
  const operator = String(requirement.operator ?? '')
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0)
      causes.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length)
      causes.push({
        reason: 'FieldValueForbidden',
        message: "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        field: `${path}.values`,
      })
  } else causes.push(invalidValue(`${path}.operator`, operator, 'not a valid selector operator'))
  const key = String(requirement.key ?? '')
  causes.push(...qualifiedName(key).map((fault) => invalidValue(`${path}.key`, key, fault)))
  values.forEach((value, i) => {
    causes.push(...labelValue(value).map((fault) => invalidValue(`${path}.values[${i}]`, value, fault)))
  })
  return causes
}

const selectorFaults = (selector: JsonObject, path: string): Cause[] => {
  const causes: Cause[] = []
  for (const [key, value] of Object.entries(isObject(selector.matchLabels) ? selector.matchLabels : {})) {
    causes.push(...qualifiedName(key).map((fault) => invalidValue(`${path}.matchLabels`, key, fault)))
    causes.push(...labelValue(String(value)).map((fault) => invalidValue(`${path}.matchLabels`, value, fault)))
  }
  objects(selector.matchExpressions).forEach((requirement, i) => {
    causes.push(...requirementFaults(requirement, `${path}.matchExpressions[${i}]`))
  })
  return causes
}

export const clusterRole: BuiltinKind = {
  group: GROUP,
  version: 'v1',
  kind: 'ClusterRole',
  namespaced: false,
  checkName: pathSegmentName,
  type: kindStruct(`${V1}.ClusterRole`, 'ClusterRole is a set of permissions in all namespaces and on the cluster.', {
    rules,
    aggregationRule: pointer(
      struct(`${V1}.AggregationRule`, 'AggregationRule collects the rules of other cluster roles.', {
        clusterRoleSelectors: optional(list(labelSelector, { listType: 'atomic' }), 'Which cluster roles to collect.'),
      }),
      'How the rules are collected from other cluster roles; then rules is filled by the server.',
    ),
  }),
  validate(object) {
    const causes = rulesFaults(object, false)
    if (!isObject(object.aggregationRule)) return causes
    const selectors = objects(object.aggregationRule.clusterRoleSelectors)
    const path = 'aggregationRule.clusterRoleSelectors'
    if (selectors.length === 0)
      causes.push(required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'))
    selectors.forEach((selector, i) => {
      causes.push(...selectorFaults(selector, `${path}[${i}]`))
    })
    return causes
  },
}

const subjectFaults = (item: JsonObject, namespaced: boolean, path: string): Cause[] => {
  const causes: Cause[] = []
  const name = String(item.name ?? '')
  const apiGroup = String(item.apiGroup ?? '')
  if (!name) causes.push(required(`${path}.name`))
  if (item.kind === 'ServiceAccount') {
    if (name) causes.push(...dns1123Subdomain(name).map((fault) => invalidValue(`${path}.name`, name, fault)))
    if (apiGroup) causes.push(notSupported(`${path}.apiGroup`, apiGroup, ['']))
    if (!namespaced && !item.namespace) causes.push(required(`${path}.namespace`))
  } else if (item.kind === 'User' || item.kind === 'Group') {
    if (apiGroup !== GROUP) causes.push(notSupported(`${path}.apiGroup`, apiGroup, [GROUP]))
  } else causes.push(notSupported(`${path}.kind`, item.kind ?? '', ['ServiceAccount', 'User', 'Group']))
  return causes
}

const bindingFaults = (object: JsonObject, namespaced: boolean): Cause[] => {
  const ref = isObject(object.roleRef) ? object.roleRef : {}
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']
  const causes: Cause[] = []
  if (ref.apiGroup !== GROUP) causes.push(notSupported('roleRef.apiGroup', ref.apiGroup ?? '', [GROUP]))
  if (!kinds.includes(String(ref.kind))) causes.push(notSupported('roleRef.kind', ref.kind ?? '', kinds))
  const name = String(ref.name ?? '')
  if (!name) causes.push(required('roleRef.name'))
  else causes.push(...pathSegmentName(name).map((fault) => invalidValue('roleRef.name', name, fault)))
  objects(object.subjects).forEach((item, i) => {
    causes.push(...subjectFaults(item, namespaced, `subjects[${i}]`))
  })
  return causes
}

const bindingDefaults = (object: JsonObject): void => {
  if (isObject(object.roleRef)) object.roleRef.apiGroup ||= GROUP
  for (const item of objects(object.subjects))
    if (!item.apiGroup && (item.kind === 'User' || item.kind === 'Group')) item.apiGroup = GROUP
}

/** Error texts print the reference with Go's field names. */
const refChanged = (object: JsonObject, old: JsonObject): Cause[] => {
  if (equal(object.roleRef, old.roleRef)) return []
  const ref = isObject(object.roleRef) ? object.roleRef : {}
  const shown = { APIGroup: ref.apiGroup ?? '', Kind: ref.kind ?? '', Name: ref.name ?? '' }
  return [invalidValue('roleRef', shown, 'cannot change roleRef')]
}

const bindingFields: Record<string, GoField> = {
  subjects: optional(list(subject, { listType: 'atomic' }), 'Who gets the role.'),
  roleRef: needed(roleRef, 'The role. Cannot be changed.'),
}

const binding = (kind: string, namespaced: boolean, description: string): BuiltinKind => ({
  group: GROUP,
  version: 'v1',
  kind,
  namespaced,
  checkName: pathSegmentName,
  type: kindStruct(`${V1}.${kind}`, description, bindingFields),
  defaults: bindingDefaults,
  validate: (object) => bindingFaults(object, namespaced),
  validateUpdate: refChanged,
})

export const roleBinding = binding('RoleBinding', true, 'RoleBinding grants a role in one namespace.')
export const clusterRoleBinding = binding(
  'ClusterRoleBinding',
  false,
  'ClusterRoleBinding grants a cluster role everywhere.',
)
