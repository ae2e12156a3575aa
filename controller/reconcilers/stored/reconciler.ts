import type { CommonStatus, KubeObject } from '../../api/meta.ts'
import { type KindDefinition, SUPPORTED } from '../../api/v1alpha1/kind.ts'
import type { Reconciler } from '../../engine/reconciler.ts'

/** For a kind that is only kept for now: says so, and touches nothing. */
export function storedReconciler(kind: KindDefinition): Reconciler<KubeObject<unknown, CommonStatus>> {
  const message = `The ${kind.kind} is kept, checked and exported, but ${kind.notYet}.`
  return {
    type: kind,
    owns: [SUPPORTED],
    wakeOn: [],
    async reconcile(_object, pass) {
      pass.status.markFalse(SUPPORTED, 'NotSupportedYet', message)
      return {}
    },
  }
}
