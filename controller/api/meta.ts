/** The parts of the Kubernetes object model that every kind shares. Shapes follow k8s.io/apimachinery meta/v1. */

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** One field manager's claim. `fieldsV1` is the tree of owned fields (`f:name`, `k:{...}`, `v:...`, `.`). */
export interface ManagedFieldsEntry {
  manager?: string
  operation?: 'Apply' | 'Update'
  apiVersion?: string
  time?: string
  fieldsType?: 'FieldsV1'
  fieldsV1?: Record<string, unknown>
  subresource?: string
}

export interface ObjectMeta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
  managedFields?: ManagedFieldsEntry[]
}

export interface KubeObject<Spec = unknown, Status = unknown> {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  spec: Spec
  status?: Status
}

/** A condition as of meta/v1. `reason` is CamelCase; `lastTransitionTime` moves only when `status` changes. */
export interface Condition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason: string
  message: string
  observedGeneration?: number
  lastTransitionTime: string
}

/** What every kind's status holds. */
export interface CommonStatus {
  conditions?: Condition[]
  observedGeneration?: number
  /** The value of the `reconcile.komodo.dev/requestedAt` annotation that was last acted on. */
  lastHandledReconcileAt?: string
}

/** How the API serves a kind. */
export interface ResourceType {
  group: string
  version: string
  kind: string
  plural: string
  namespaced: boolean
}

export interface ObjectKey {
  namespace?: string
  name: string
}

/** `group/version`, or `version` for the core group. */
export const apiVersionOf = ({ group, version }: Pick<ResourceType, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`

export const keyOf = ({ metadata }: Pick<KubeObject, 'metadata'>): ObjectKey => ({
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
  name: metadata.name,
})

/** `namespace/name`, as keys of maps and indexes; nothing stands before the slash where there is no namespace. */
export const keyText = ({ namespace = '', name }: ObjectKey): string => `${namespace}/${name}`

/** The reverse of `keyText`. */
export const parseKey = (text: string): ObjectKey => {
  const slash = text.indexOf('/')
  const namespace = text.slice(0, slash)
  return namespace === '' ? { name: text.slice(slash + 1) } : { namespace, name: text.slice(slash + 1) }
}

/** What an object of ours says of itself; `undefined` while it says nothing of that type. */
export const conditionOf = (object: Readonly<{ status?: unknown }>, type: string): Condition | undefined =>
  (object.status as CommonStatus | undefined)?.conditions?.find((condition) => condition.type === type)

export const isConditionTrue = (object: Readonly<{ status?: unknown }>, type: string): boolean =>
  conditionOf(object, type)?.status === 'True'
