// Stand-ins until the pure rooms are whole; each goes when its room exports the real one.
import type { ManagedFieldsEntry } from '../controller/api/meta.ts'
import { mergePatch } from './patch/merge-patch.ts'
import type {
  BuiltinType,
  JsonObject,
  ManagerOf,
  Printer,
  ServerSideApply,
  ToTable,
  TrackUpdate,
  TypeModel,
} from './schema/contract.ts'

export { jsonPatch } from './patch/json-patch.ts'
export { mergePatch } from './patch/merge-patch.ts'
export { strategicMergePatch } from './patch/strategic-merge-patch.ts'
export { crdModels } from './schema/crd.ts'
export { parseJson } from './schema/json.ts'

export const serverSideApply: ServerSideApply = ({ live, applied }) => ({
  object: (live ? mergePatch(live, applied) : applied) as JsonObject,
  changed: true,
})
export const trackUpdate: TrackUpdate = (): ManagedFieldsEntry[] | undefined => undefined
export const managerOf: ManagerOf = (manager, agent) => manager || (agent ?? '').split('/')[0]!
export const toTable: ToTable = ({ objects, listMeta }) => ({
  kind: 'Table',
  apiVersion: 'meta.k8s.io/v1',
  metadata: listMeta,
  columnDefinitions: [{ name: 'Name', type: 'string', format: 'name', description: '', priority: 0 }],
  rows: objects.map((object) => ({ cells: [(object.metadata as JsonObject).name!], object })),
})
export const printer: Printer = { columns: [], cells: () => [] }

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
