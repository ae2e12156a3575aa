import type { JsonObject } from '../schema/contract.ts'

// The roles of a fresh Kubernetes API, as far as they speak of what is served here.

const READ = ['get', 'list', 'watch']
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update']
const CORE = ['configmaps', 'events', 'serviceaccounts']
const RBAC = 'rbac.authorization.k8s.io'
const AUTHENTICATED = ['system:authenticated']
const EVERYONE = ['system:authenticated', 'system:unauthenticated']

const on = (verbs: string[], group: string, ...resources: string[]): JsonObject => ({
  verbs,
  apiGroups: [group],
  resources,
})
const at = (...nonResourceURLs: string[]): JsonObject => ({ verbs: ['get'], nonResourceURLs })

const viewRules = [on(READ, '', ...CORE, 'namespaces'), on(READ, 'coordination.k8s.io', 'leases')]
const editRules = [
  on(READ, '', 'secrets'),
  on(['impersonate'], '', 'serviceaccounts'),
  on(WRITE, '', ...CORE, 'secrets'),
  on(['create'], '', 'serviceaccounts/token'),
  on(WRITE, 'coordination.k8s.io', 'leases'),
]
const adminRules = [
  on(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews'),
  on([...READ, ...WRITE], RBAC, 'roles', 'rolebindings'),
]

/** Roles with this label add to the one it names. */
export const aggregateTo = (role: string): string => `rbac.authorization.k8s.io/aggregate-to-${role}`

const selectors = (role: string): JsonObject => ({
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregateTo(role)]: 'true' } }] },
})

export interface DefaultRole {
  name: string
  labels?: Record<string, string>
  /** Beside the metadata. */
  content: JsonObject
  /** Groups that have it from the start. */
  groups?: string[]
}

export const defaultRoles: readonly DefaultRole[] = [
  {
    name: 'cluster-admin',
    content: {
      rules: [
        { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
        { verbs: ['*'], nonResourceURLs: ['*'] },
      ],
    },
    groups: ['system:masters'],
  },
  {
    name: 'system:discovery',
    content: {
      rules: [
        at(
          '/api',
          '/api/*',
          '/apis',
          '/apis/*',
          '/healthz',
          '/livez',
          '/openapi',
          '/openapi/*',
          '/readyz',
          '/version',
          '/version/',
        ),
      ],
    },
    groups: AUTHENTICATED,
  },
  {
    name: 'system:public-info-viewer',
    content: { rules: [at('/healthz', '/livez', '/readyz', '/version', '/version/')] },
    groups: EVERYONE,
  },
  {
    name: 'system:basic-user',
    content: {
      rules: [
        on(['create'], 'authorization.k8s.io', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'),
        on(['create'], 'authentication.k8s.io', 'selfsubjectreviews'),
      ],
    },
    groups: AUTHENTICATED,
  },
  { name: 'view', labels: { [aggregateTo('edit')]: 'true' }, content: { ...selectors('view'), rules: viewRules } },
  {
    name: 'edit',
    labels: { [aggregateTo('admin')]: 'true' },
    content: { ...selectors('edit'), rules: [...editRules, ...viewRules] },
  },
  { name: 'admin', content: { ...selectors('admin'), rules: [...adminRules, ...editRules, ...viewRules] } },
  {
    name: 'system:aggregate-to-view',
    labels: { [aggregateTo('view')]: 'true' },
    content: { rules: viewRules },
  },
  {
    name: 'system:aggregate-to-edit',
    labels: { [aggregateTo('edit')]: 'true' },
    content: { rules: editRules },
  },
  {
    name: 'system:aggregate-to-admin',
    labels: { [aggregateTo('admin')]: 'true' },
    content: { rules: adminRules },
  },
]
