import type { Backend } from '../call.ts'
import { pathOf, timeText } from '../object.ts'
import { storedText } from '../registry/codec.ts'
import type { JsonObject } from '../schema/contract.ts'

const NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system']

/** Creates what every Kubernetes API has from the start. What is there stays as it is. */
export const bootstrap = async (backend: Backend): Promise<void> => {
  await backend.store.write((tx) => {
    const ensure = (group: string, plural: string, object: JsonObject): void => {
      const served = backend.registry.find(group, 'v1', plural)!
      const metadata = object.metadata as { name: string; namespace?: string }
      const path = pathOf(metadata.namespace, metadata.name)
      if (tx.get(plural, path)) return
      const { apiVersion, model } = served
      const full: JsonObject = {
        apiVersion,
        kind: model.kind,
        ...object,
        metadata: { ...metadata, uid: backend.newUid(), creationTimestamp: timeText(backend.clock()) },
      }
      tx.put(plural, path, (revision) => storedText(served, full, revision))
    }
    for (const name of NAMESPACES) {
      ensure('', 'namespaces', {
        metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      })
    }
  })
}
