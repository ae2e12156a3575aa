import type { KubeObject, ResourceType } from '../api/meta.ts'

/** Types of Kubernetes itself that this operator uses. */

export const namespaceType: ResourceType = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
}

export const secretType: ResourceType = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
}

export interface Secret extends KubeObject {
  type?: string
  /** Values in base64. */
  data?: Readonly<Record<string, string>>
}

export const configMapType: ResourceType = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
}

export interface ConfigMap extends KubeObject {
  data?: Readonly<Record<string, string>>
}

export const leaseType: ResourceType = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
}

export const crdType: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
}

export type CustomResourceDefinition = KubeObject<
  unknown,
  { conditions?: { type: string; status: string; reason?: string; message?: string }[] }
>
