import type { KubeObject } from '../api/meta.ts'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** Drops what no reconciler reads and what makes up half of an object: who owns which field, and kubectl's copy of it all. */
export const lean = <T extends KubeObject>(object: T): T => {
  const { managedFields: _, ...metadata } = object.metadata
  if (metadata.annotations?.[LAST_APPLIED] !== undefined) {
    const { [LAST_APPLIED]: _copy, ...annotations } = metadata.annotations
    metadata.annotations = annotations
  }
  return { ...object, metadata }
}
