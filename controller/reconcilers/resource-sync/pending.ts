import { conditionOf } from '../../api/meta.ts'
import { resourceSyncCondition as condition, type ResourceSync } from '../../api/v1alpha1/resource-sync.ts'
import type { Pass } from '../../engine/reconciler.ts'

/** An event holds 1024 characters. */
const MOST_EVENT = 1_000

export interface PendingReport {
  type: 'Normal' | 'Warning'
  reason: string
  message: string
  /** Nobody was told of it yet. */
  isNews: boolean
}

/**
 * What is declared is not applied, and why: the condition `Pending`, and an event the first time, unless `pendingAlert` is off. As in
 * Komodo the alert can be switched off, not the state; unlike there a sync that fails is pending, too, and says so.
 */
export function reportPending(
  { type, reason, message, isNews }: PendingReport,
  pass: Pick<Pass<ResourceSync>, 'status' | 'event'>,
  sync: Readonly<ResourceSync>,
): void {
  if (isNews && sync.spec.pendingAlert) pass.event(type, reason, message.slice(0, MOST_EVENT))
  pass.status.markTrue(condition.pending, reason, message)
}

/** Everything that is declared is applied; said once, and only of syncs that ever had something pending. */
export function reportNothingPending(pass: Pick<Pass<ResourceSync>, 'status'>, sync: Readonly<ResourceSync>): void {
  if (conditionOf(sync, condition.pending) === undefined) return
  pass.status.markFalse(condition.pending, 'NothingPending', 'everything that is declared is applied')
}
