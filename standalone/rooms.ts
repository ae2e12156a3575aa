// Stand-ins until `builtin/types.ts` is there.
import type { BuiltinType, TypeModel } from './schema/contract.ts'
import { defaultPrinter as printer } from './table/builtin.ts'

const permissive = (group: string, version: string, kind: string, namespaced: boolean): TypeModel => ({
  group,
  version,
  kind,
  custom: false,
  namespaced,
  hasStatus: false,
  defaultsOnRead: false,
  fields: { scalar: 'untyped' } as unknown as TypeModel['fields'],
  openApiName: `${kind}`,
  openApi: {},
  openApiDefinitions: {},
  decode: () => [],
  applyDefaults: () => {},
  prepareForCreate: (object) => {
    if (kind === 'Namespace') {
      object.spec = { finalizers: ['kubernetes'] }
      object.status = { phase: 'Active' }
    }
  },
  prepareForUpdate: () => {},
  validate: () => [],
})

const type = (group: string, version: string, kind: string, plural: string, namespaced: boolean): BuiltinType => ({
  model: permissive(group, version, kind, namespaced),
  plural,
  singular: kind.toLowerCase(),
  shortNames: [],
  categories: [],
  verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [],
  listKind: `${kind}List`,
  printer,
})
const RBAC = 'rbac.authorization.k8s.io'
export const builtinTypes: readonly BuiltinType[] = [
  type('', 'v1', 'Namespace', 'namespaces', false),
  type('', 'v1', 'ConfigMap', 'configmaps', true),
  type('', 'v1', 'Secret', 'secrets', true),
  type('', 'v1', 'Event', 'events', true),
  type('', 'v1', 'ServiceAccount', 'serviceaccounts', true),
  type('events.k8s.io', 'v1', 'Event', 'events', true),
  type('coordination.k8s.io', 'v1', 'Lease', 'leases', true),
  type(RBAC, 'v1', 'Role', 'roles', true),
  type(RBAC, 'v1', 'RoleBinding', 'rolebindings', true),
  type(RBAC, 'v1', 'ClusterRole', 'clusterroles', false),
  type(RBAC, 'v1', 'ClusterRoleBinding', 'clusterrolebindings', false),
  {
    ...type('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition', 'customresourcedefinitions', false),
    shortNames: ['crd', 'crds'],
    subresources: ['status'],
  },
]
