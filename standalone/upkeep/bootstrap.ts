import type { Backend } from '../call.ts'
import { pathOf, timeText } from '../object.ts'
import { storedText } from '../registry/codec.ts'
import type { JsonObject } from '../schema/contract.ts'
import { defaultRoles } from './default-roles.ts'

const NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system']
const RBAC = 'rbac.authorization.k8s.io'
const MARKS = {
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
}

/** Creates what every Kubernetes API has from the start. What is there stays as it is. */
export const bootstrap = (backend: Backend): Promise<void> =>
  backend.store.write((tx) => {
    const ensure = (
      group: string,
      plural: string,
      metadata: { name: string; namespace?: string },
      content: JsonObject,
    ): void => {
      const served = backend.registry.find(group, 'v1', plural)!
      const path = pathOf(metadata.namespace, metadata.name)
      if (tx.get(plural, path)) return
      const full: JsonObject = {
        apiVersion: served.apiVersion,
        kind: served.model.kind,
        metadata: { ...metadata, uid: backend.newUid(), creationTimestamp: timeText(backend.clock()) },
        ...content,
      }
      tx.put(plural, path, (revision) => storedText(served, full, revision))
    }
    for (const name of NAMESPACES) {
      ensure('', 'namespaces', withLabels(name, { 'kubernetes.io/metadata.name': name }), {
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      })
    }
    for (const { name, labels, content, groups } of defaultRoles) {
      ensure(RBAC, 'clusterroles', { ...MARKS, ...withLabels(name, { ...MARKS.labels, ...labels }) }, content)
      if (!groups) continue
      ensure(
        RBAC,
        'clusterrolebindings',
        { name, ...MARKS },
        {
          roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
          subjects: groups.map((group) => ({ apiGroup: RBAC, kind: 'Group', name: group })),
        },
      )
    }
  })

const withLabels = (
  name: string,
  labels: Record<string, string>,
): { name: string; labels: Record<string, string> } => ({
  name,
  labels,
})
