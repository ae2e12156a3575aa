import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../api/meta.ts'
import { FINALIZER } from '../api/names.ts'
import type { Change } from './lister.ts'

/**
 * Whether a change of an object is a reason to reconcile it: what users write, not what the controller itself wrote (status,
 * its finalizer), or each pass would cause the next.
 */
export const concernsItself = ({ before, after }: Change<KubeObject>): boolean => {
  if (after === undefined) return false
  if (before === undefined) return true
  const [old, now] = [before.metadata, after.metadata]
  return (
    old.uid !== now.uid ||
    old.generation !== now.generation ||
    old.deletionTimestamp !== now.deletionTimestamp ||
    !isDeepStrictEqual(old.annotations, now.annotations) ||
    !isDeepStrictEqual(old.labels, now.labels) ||
    (old.finalizers?.includes(FINALIZER) === true && now.finalizers?.includes(FINALIZER) !== true)
  )
}
