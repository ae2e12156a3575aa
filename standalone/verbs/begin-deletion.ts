import { isObject, metaOf } from '../object.ts'
import type { JsonObject } from '../schema/contract.ts'

export const CRD_CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io'

/** What some kinds note about themselves when their deletion begins. In place. */
export const beginDeletion = (object: JsonObject): void => {
  if (object.kind === 'Namespace' && object.apiVersion === 'v1') {
    object.status = { ...(isObject(object.status) ? object.status : {}), phase: 'Terminating' }
  }
  if (object.kind === 'CustomResourceDefinition' && object.apiVersion === 'apiextensions.k8s.io/v1') {
    // Its objects go first (upkeep/definitions).
    const meta = metaOf(object)
    meta.finalizers = [...new Set([...(meta.finalizers ?? []), CRD_CLEANUP_FINALIZER])]
  }
}
