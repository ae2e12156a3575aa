import { apiVersionOf } from '../../api/meta.ts'
import { fieldManager } from '../../api/names.ts'
import { type PlanChange, planKind } from '../../api/v1alpha1/plan.ts'
import { type PlanApproval, planApprovalCondition, planApprovalKind } from '../../api/v1alpha1/plan-approval.ts'
import { describeSelected, type Selected, selectChanges } from '../../sync/narrow-plan.ts'
import { describeChanges } from '../../sync/plan-parts.ts'
import type { PlanStoreContext, StoredPlan } from '../../sync/stored-plans.ts'
import type { SyncPlan } from '../../sync/sync-plan.ts'

/** Not used and not found void yet. */
export const isOpen = ({ status }: Pick<PlanApproval, 'status'>): boolean =>
  !status?.conditions?.some(({ type }) => type === planApprovalCondition.accepted)

/** Approvals of this sync that are still to be answered. */
export async function openApprovals({ client, namespace, sync, signal }: PlanStoreContext): Promise<PlanApproval[]> {
  const { items } = await client.list<PlanApproval>(planApprovalKind, { namespace, signal })
  return items.filter((approval) => approval.spec.sync === sync && isOpen(approval))
}

/** What was approved of a plan. */
export interface Approval {
  by: string
  /** Not given: all of it. */
  only?: readonly Selected[]
  /** As the plan shows it. */
  shown: readonly PlanChange[]
}

/**
 * What the approvals say of this plan; `undefined`: none of it is approved. Several people may approve parts of one plan at the same
 * time; one who approves it all approves it all.
 */
export function approvalOf(plan: SyncPlan, approvals: readonly PlanApproval[]): Approval | undefined {
  const ofPlan = approvals.filter(({ spec }) => spec.digest === plan.digest)
  const shown = describeChanges(plan)
  const whole = ofPlan.find(({ spec }) => spec.only === undefined)
  if (whole !== undefined) return { by: whole.spec.approvedBy ?? 'unknown', shown }
  const only = ofPlan.flatMap(({ spec }) => spec.only ?? [])
  const part = selectChanges(shown, only)
  if (!part.some(({ action }) => action !== 'deploy')) return undefined
  const by = [...new Set(ofPlan.map(({ spec }) => spec.approvedBy ?? 'unknown'))].join(', ')
  return { by, only, shown: part }
}

/**
 * Uses up the approvals: those of the plan with this digest belong from now on to what is applied of it, all others are void, for good,
 * because the plan that they name is not the one that would be applied. To be called only after the plan itself remembers that it is
 * approved.
 *
 * @param applied not given: nothing is
 */
export async function settleApprovals(
  approvals: readonly PlanApproval[],
  digest: string,
  applied: StoredPlan | undefined,
  context: PlanStoreContext,
): Promise<void> {
  for (const approval of approvals) {
    if (applied !== undefined && isFor(approval, applied, digest)) await accept(approval, applied, context)
    else if (approval.spec.digest !== digest || applied !== undefined) await refuse(approval, digest, context)
    else await refuseEmpty(approval, context)
  }
}

/** A part that was begun by a process before this one is not for those who approved something else of the same plan. */
function isFor({ spec }: PlanApproval, { digest, parts: [part] }: StoredPlan, current: string): boolean {
  const { only, partOf } = part?.spec ?? {}
  if (only === undefined) return spec.digest === digest || spec.digest === current
  const isIn = (one: Selected): boolean => only.some(({ kind, name }) => kind === one.kind && name === one.name)
  return spec.digest === digest || (spec.digest === partOf && spec.only?.every(isIn) === true)
}

async function accept(approval: PlanApproval, { parts: [part] }: StoredPlan, context: PlanStoreContext): Promise<void> {
  const { client, signal } = context
  if (part !== undefined) {
    const { name, uid = '' } = part.metadata
    const body = {
      metadata: { ownerReferences: [{ apiVersion: apiVersionOf(planKind), kind: planKind.kind, name, uid }] },
    }
    const options = { fieldManager: fieldManager.controller, signal }
    await client.patch(planApprovalKind, approval.metadata, { type: 'merge', body }, options)
  }
  await mark(approval, 'True', 'PlanIsCurrent', 'The plan was still the current one and is applied.', context)
}

const refuse = (approval: PlanApproval, current: string, context: PlanStoreContext): Promise<void> => {
  const now = current === '' ? 'There is nothing to apply now' : `The current plan is ${current}`
  const message = `${now}: what is declared, or what is there, is not what was approved. Look at the plan again and approve it anew.`
  return mark(approval, 'False', 'PlanIsNotCurrent', message, context)
}

const refuseEmpty = (approval: PlanApproval, context: PlanStoreContext): Promise<void> => {
  const message = `The plan changes nothing of ${describeSelected(approval.spec.only ?? [])}: look at it again, and name what it changes.`
  return mark(approval, 'False', 'NothingSelected', message, context)
}

async function mark(
  approval: PlanApproval,
  status: 'True' | 'False',
  reason: string,
  message: string,
  { client, now, signal }: PlanStoreContext,
): Promise<void> {
  const condition = { type: planApprovalCondition.accepted, status, reason, message, lastTransitionTime: now }
  const options = { subresource: 'status' as const, fieldManager: fieldManager.controller, signal }
  const body = { status: { conditions: [condition] } }
  await client.patch(planApprovalKind, approval.metadata, { type: 'merge', body }, options)
}
