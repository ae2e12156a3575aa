import { apiVersionOf } from '../../api/meta.ts'
import { fieldManager } from '../../api/names.ts'
import { planKind } from '../../api/v1alpha1/plan.ts'
import { type PlanApproval, planApprovalCondition, planApprovalKind } from '../../api/v1alpha1/plan-approval.ts'
import type { PlanStoreContext, StoredPlan } from '../../sync/stored-plans.ts'

/** Approvals of this sync that were not used and not found void yet. */
export async function openApprovals({ client, namespace, sync, signal }: PlanStoreContext): Promise<PlanApproval[]> {
  const { items } = await client.list<PlanApproval>(planApprovalKind, { namespace, signal })
  return items.filter(
    ({ spec, status }) =>
      spec.sync === sync && !status?.conditions?.some(({ type }) => type === planApprovalCondition.accepted),
  )
}

/**
 * Uses up the approvals: those of `current` belong to that plan from now on, all others are void, for good, because the plan that
 * they name is not the one that would be applied. To be called only after the plan itself remembers that it is approved.
 */
export async function settleApprovals(
  approvals: readonly PlanApproval[],
  current: StoredPlan | undefined,
  context: PlanStoreContext,
): Promise<void> {
  for (const approval of approvals) {
    if (current !== undefined && approval.spec.digest === current.digest) await accept(approval, current, context)
    else await refuse(approval, current, context)
  }
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

const refuse = (approval: PlanApproval, current: StoredPlan | undefined, context: PlanStoreContext): Promise<void> => {
  const now = current === undefined ? 'There is nothing to apply now' : `The current plan is ${current.digest}`
  const message = `${now}: what is declared, or what is there, is not what was approved. Look at the plan again and approve it anew.`
  return mark(approval, 'False', 'PlanIsNotCurrent', message, context)
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
