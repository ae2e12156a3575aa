import { planCondition } from '../../api/v1alpha1/plan.ts'
import type { PlanApproval } from '../../api/v1alpha1/plan-approval.ts'
import { resourceSyncCondition as condition } from '../../api/v1alpha1/resource-sync.ts'
import { TransientError } from '../../engine/errors.ts'
import { type ApplyReport, applyPlan, noteApplied } from '../../sync/apply.ts'
import { type Inventory, writeInventory } from '../../sync/inventory.ts'
import { describeSelected, narrowPlan } from '../../sync/narrow-plan.ts'
import { tendSecrets } from '../../sync/object-secrets.ts'
import { cutIntoParts, describeChanges } from '../../sync/plan-parts.ts'
import {
  changesOf,
  covers,
  isPart,
  isUnderWay,
  listPlans,
  markPlan,
  type PlanStoreContext,
  type StoredPlan,
  storePlan,
  tidyPlans,
} from '../../sync/stored-plans.ts'
import type { SyncPlan } from '../../sync/sync-plan.ts'
import { type Approval, approvalOf, openApprovals, settleApprovals } from './approval.ts'
import { type CarryBackWork, carryBack, carryBackFailure, tellOverwritten } from './carry-back.ts'
import { reportPending } from './pending.ts'
import { describePending, reportApplied, reportNoPlan, shortRevision, tellApplied } from './report.ts'

/** A plan, and what it takes to make it true. */
export interface Work extends CarryBackWork {
  plan: SyncPlan
  revision: string
  inventory: Inventory
  context: PlanStoreContext
}

/**
 * Stores the plan, waits for its approval if it needs one, writes back what somebody changed, and applies the rest. `moved`: somebody else
 * changed the source before it could be written, and nothing was done. `part`: only a part of it was approved, and is applied.
 */
export async function carryOut(work: Work): Promise<ApplyReport | 'pending' | 'moved' | 'part'> {
  const { sync, plan, revision, context, pass } = work
  const nothing: ApplyReport = {
    created: 0,
    updated: 0,
    gone: [],
    failures: [],
    awaiting: [...plan.deleting],
    outdated: [],
  }
  const stored = await listPlans(context)
  const planned = [...plan.writeBacks, ...plan.changes]
  if (planned.length === 0) {
    await writeInventoryOf(work)
    await noteApplied(plan.unnoted, context)
    await settleApprovals(await openApprovals(context), '', undefined, context)
    await tendSecrets(plan.looseSecrets, context)
    if (plan.deleting.size === 0) await conclude(stored, context)
    reportNoPlan(pass)
    reportApplied(nothing, plan, revision, pass, sync)
    return nothing
  }

  const approvals = await openApprovals(context)
  const begun = stored.find((one) => isUnderWay(one) && covers(one, isPart(one) ? sameObjects(one, plan) : planned))
  const current = begun ?? (await approvedPlan(work, stored, approvals))
  if (current === undefined) return 'pending'
  await settleApprovals(approvals, plan.digest, current, context)
  if (isPart(current)) {
    const part = narrowPlan(plan, changesOf(current), work.inventory.objects)
    const report = await apply({ ...work, plan: part }, current)
    const text = 'a part of the plan was approved and applied; the rest is planned anew'
    pass.status.markFalse(condition.approved, 'PendingApproval', text)
    pass.status.markFalse(condition.applied, 'PendingApproval', text)
    return report !== 'moved' && report.awaiting.length > 0 ? report : 'part'
  }
  pass.status.markTrue(condition.approved, 'Approved', `plan ${current.digest.slice(0, 19)} is approved`)
  return apply(work, current)
}

/** What the plan changes of the objects of a part that was begun. When that is something else now, the part is done with. */
function sameObjects(part: StoredPlan, { changes }: SyncPlan): SyncPlan['changes'] {
  const keys = new Set(changesOf(part).map(({ kind, objectName }) => `${kind}/${objectName}`))
  return changes.filter((change) => {
    const { kind, objectName } = change.action === 'delete' ? change : change.desired
    return keys.has(`${kind.definition.kind}/${objectName}`)
  })
}

/** Makes what `plan` says true. Throws when something of it cannot be. */
async function apply(work: Work, current: StoredPlan): Promise<ApplyReport | 'moved'> {
  const { sync, plan, revision, context, pass } = work
  let failure: unknown
  if (plan.writeBacks.length > 0) {
    try {
      if ((await carryBack(work)) === 'moved') return 'moved'
    } catch (error) {
      failure = carryBackFailure(error, pass)
    }
  }
  const written = await writeInventoryOf(work)
  await noteApplied(plan.unnoted, context)
  await tendSecrets(plan.looseSecrets, context)
  const report = await applyPlan(plan, context)
  if (report.gone.length > 0) {
    const gone = new Set(report.gone)
    const remaining = new Set([...plan.inventory].filter((key) => !gone.has(key)))
    await writeInventoryOf({ ...work, inventory: written }, remaining)
  }
  const isThrough = report.failures.length + report.awaiting.length + report.outdated.length === 0
  if (isThrough && failure === undefined) {
    await markPlan(
      current,
      { type: planCondition.applied, reason: 'Applied', message: 'All changes were made.' },
      context,
    )
  }
  tellApplied(report, plan, revision, pass)
  tellOverwritten(work)
  if (!isPart(current)) reportApplied(report, plan, revision, pass, sync)
  if (report.failures.length > 0) {
    const error = applyFailed(report)
    const { reason } = error.at
    // The error itself becomes the event.
    reportPending({ type: 'Warning', reason, message: error.message, isNews: false }, pass, sync)
    throw error
  }
  if (failure !== undefined) throw failure
  return report
}

/** A plan that is stored and may be applied; `undefined` when it waits for somebody. */
async function approvedPlan(
  work: Work,
  stored: readonly StoredPlan[],
  approvals: readonly PlanApproval[],
): Promise<StoredPlan | undefined> {
  const { sync, plan, revision, context, pass } = work
  const { digest, summary } = plan
  const parts = cutIntoParts(describeChanges(plan))
  const current = await storePlan({ digest, revision, summary, parts }, stored, context)
  await tidyPlans(stored, digest, context)
  pass.status.fields.plan = { name: current.parts[0]?.metadata.name, digest, revision, summary }

  const manual = sync.spec.operator.approval === 'Manual'
  const approval = manual ? approvalOf(plan, approvals) : undefined
  if (manual && approval === undefined) {
    await settleApprovals(approvals, digest, undefined, context)
    const { name } = sync.metadata
    const text = `${describePending(plan)} at ${shortRevision(revision)}; look at it with \`komodo plan ${name}\`, then \`komodo approve ${name}\``
    const isNews = sync.status?.plan?.digest !== digest
    reportPending({ type: 'Normal', reason: 'PendingApproval', message: text, isNews }, pass, sync)
    pass.status.markFalse(condition.approved, 'PendingApproval', text)
    pass.status.markFalse(condition.applied, 'PendingApproval', 'the plan waits for approval')
    return undefined
  }
  const by = approval?.by ?? 'spec.operator.approval: Auto'
  pass.status.fields.approval = { digest, by, at: context.now, revision }
  const which = approval?.only === undefined ? '' : `of ${describeSelected(approval.only)} `
  const message = `${which}approved by ${by} at ${context.now} for ${shortRevision(revision)}`
  if (manual) pass.event('Normal', 'Approved', `plan ${digest.slice(0, 19)} ${message}`)
  const approved = approval?.only === undefined ? current : await storePart(work, approval, stored)
  // From here on the plan itself remembers: a crash while it is applied does not ask again.
  return await markPlan(
    approved,
    { type: planCondition.approved, reason: manual ? 'ByUser' : 'Auto', message },
    context,
  )
}

/** The part that was approved, as a plan of its own. */
function storePart(
  { plan, revision, inventory, context }: Work,
  { only = [], shown }: Approval,
  stored: readonly StoredPlan[],
): Promise<StoredPlan> {
  const { digest, summary } = narrowPlan(plan, shown, inventory.objects)
  const part = { only: [...only], partOf: plan.digest }
  return storePlan({ digest, revision, summary, part, parts: cutIntoParts(shown) }, stored, context)
}

/** Whatever was under way is through: a look at the objects shows nothing left to do. */
async function conclude(stored: readonly StoredPlan[], context: PlanStoreContext): Promise<void> {
  for (const plan of stored.filter(isUnderWay)) {
    await markPlan(plan, { type: planCondition.applied, reason: 'Applied', message: 'All changes were made.' }, context)
  }
  await tidyPlans(stored, stored.find(isUnderWay)?.digest, context)
}

async function writeInventoryOf(
  { plan, inventory, context, pass }: Work,
  objects: ReadonlySet<string> = plan.inventory,
): Promise<Inventory> {
  const written = await writeInventory(objects, inventory, context)
  pass.status.fields.inventory = { count: written.objects.size, configMaps: [...written.configMaps] }
  return written
}

const applyFailed = ({ failures }: ApplyReport): TransientError => {
  const first = failures.slice(0, 5).map(({ kind, name, message }) => `${kind} ${name}: ${message}`)
  const more = failures.length > 5 ? `; and ${failures.length - 5} more` : ''
  const count = failures.length === 1 ? '1 object' : `${failures.length} objects`
  return new TransientError(
    condition.applied,
    'ApplyFailed',
    `${count} could not be applied: ${first.join('; ')}${more}`,
  )
}
