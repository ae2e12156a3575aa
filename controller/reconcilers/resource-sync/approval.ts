import { apiVersionOf } from '../../api/meta.ts'
import { fieldManager } from '../../api/names.ts'
import { planKind } from '../../api/v1alpha1/plan.ts'
import { type PlanApproval, planApprovalCondition, planApprovalKind } from '../../api/v1alpha1/plan-approval.ts'
import type { PlanStoreContext, StoredPlan } from '../../sync/stored-plans.ts'

/**
 * The approval of this plan, if somebody gave one that was not used before. It is used up here: it belongs to the plan from now
 * on, and says so in its status. Approvals of plans that are no longer current are void, for good.
 */
export async function takeApproval(plan: StoredPlan, context: PlanStoreContext): Promise<PlanApproval | undefined> {
  const { client, namespace, sync, signal } = context
  const { items } = await client.list<PlanApproval>(planApprovalKind, { namespace, signal })
  let taken: PlanApproval | undefined
  for (const approval of items) {
    if (
      approval.spec.sync !== sync ||
      approval.status?.conditions?.some(({ type }) => type === planApprovalCondition.accepted)
    ) {
      continue
    }
    const current = approval.spec.digest === plan.digest
    if (current) taken ??= approval
    await settle(approval, plan, current, context)
  }
  return taken
}

async function settle(
  approval: PlanApproval,
  plan: StoredPlan,
  current: boolean,
  context: PlanStoreContext,
): Promise<void> {
  const { client, now, signal } = context
  const options = { fieldManager: fieldManager.controller, signal }
  const [part] = plan.parts
  if (current && part !== undefined) {
    const { name, uid = '' } = part.metadata
    const owner = { apiVersion: apiVersionOf(planKind), kind: planKind.kind, name, uid }
    const body = { metadata: { ownerReferences: [owner] } }
    await client.patch(planApprovalKind, approval.metadata, { type: 'merge', body }, options)
  }
  const condition = {
    type: planApprovalCondition.accepted,
    status: current ? 'True' : 'False',
    reason: current ? 'PlanIsCurrent' : 'PlanIsNotCurrent',
    message: current
      ? 'The plan was still the current one and is applied.'
      : `The current plan is ${plan.digest}: what is declared, or what is there, is not what was approved. Look at it and approve it anew.`,
    lastTransitionTime: now,
  }
  const body = { status: { conditions: [condition] } }
  await client.patch(
    planApprovalKind,
    approval.metadata,
    { type: 'merge', body },
    { ...options, subresource: 'status' },
  )
}
