import { apiVersionOf, type Condition, type OwnerReference } from '../api/meta.ts'
import { fieldManager, label, OPERATOR } from '../api/names.ts'
import {
  type Plan,
  type PlanChange,
  type PlanSpec,
  type PlanSummary,
  planCondition,
  planKind,
} from '../api/v1alpha1/plan.ts'
import { isAlreadyExists, isNotFound, type KubeClient } from '../kube/client.ts'
import { labelValue } from './desired.ts'

/** A plan as it is kept: one or more Plan objects with the same digest. */
export interface StoredPlan {
  digest: string
  revision: string
  parts: Plan[]
}

export interface PlanStoreContext {
  client: KubeClient
  namespace: string
  sync: string
  owner: OwnerReference
  /** RFC 3339, whole seconds. */
  now: string
  signal: AbortSignal
}

/** Plans of one sync that are kept. */
const HISTORY = 5

/** Newest first. */
export async function listPlans({ client, namespace, sync, signal }: PlanStoreContext): Promise<StoredPlan[]> {
  const labelSelector = `${label.sync}=${labelValue(sync)}`
  const { items } = await client.list<Plan>(planKind, { namespace, labelSelector, signal })
  const plans = new Map<string, StoredPlan>()
  for (const part of items.sort((a, b) => a.spec.part - b.spec.part)) {
    if (part.spec.sync !== sync || part.metadata.deletionTimestamp !== undefined) continue
    const plan = plans.get(part.spec.digest)
    if (plan === undefined)
      plans.set(part.spec.digest, { digest: part.spec.digest, revision: part.spec.revision, parts: [part] })
    else plan.parts.push(part)
  }
  return [...plans.values()].sort((a, b) => (createdAt(a) < createdAt(b) ? 1 : -1))
}

const createdAt = ({ parts: [first] }: StoredPlan): string =>
  `${first?.metadata.creationTimestamp ?? ''} ${(first?.metadata.resourceVersion ?? '').padStart(20, '0')}`

/** All that is in the plan, its parts joined. */
export const changesOf = (plan: StoredPlan): PlanChange[] => plan.parts.flatMap((part) => part.spec.changes)

/** Whether it is what somebody approved of a bigger plan. */
export const isPart = (plan: StoredPlan): boolean => plan.parts[0]?.spec.only !== undefined

export const isTrue = (plan: StoredPlan, type: string): boolean =>
  plan.parts.length > 0 &&
  plan.parts.length === plan.parts[0]?.spec.parts &&
  plan.parts.every((part) => part.status?.conditions?.some((one) => one.type === type && one.status === 'True'))

/** Approved, and not through yet: a pass before this one began it. */
export const isUnderWay = (plan: StoredPlan): boolean =>
  isTrue(plan, planCondition.approved) &&
  !isTrue(plan, planCondition.applied) &&
  !isTrue(plan, planCondition.superseded)

/** Whether everything in `changes` is also in the plan: what is left of it. */
export function covers(plan: StoredPlan, changes: readonly { digest: string }[]): boolean {
  const approved = new Set(plan.parts.flatMap((part) => part.spec.changes.flatMap((change) => change.digest ?? [])))
  return changes.every((change) => approved.has(change.digest))
}

export interface NewPlan {
  digest: string
  revision: string
  summary: PlanSummary
  /** What it was narrowed to, and from which plan. */
  part?: Required<Pick<PlanSpec, 'only' | 'partOf'>>
  parts: readonly (readonly PlanChange[])[]
}

/** The plan as objects. One of the same digest that is done with is a different occasion, and makes room. */
export async function storePlan(
  plan: NewPlan,
  existing: readonly StoredPlan[],
  context: PlanStoreContext,
): Promise<StoredPlan> {
  const { client, namespace, sync, owner, signal } = context
  const same = existing.find((one) => one.digest === plan.digest)
  const waiting = same && !isTrue(same, planCondition.applied) && !isTrue(same, planCondition.superseded)
  if (same && waiting && same.parts.length === plan.parts.length) return same
  if (same) await removePlan(same, context)
  const stored: Plan[] = []
  for (const [i, changes] of plan.parts.entries()) {
    const name = `${sync.slice(0, 220)}-${plan.digest.replace(/^sha256:/, '').slice(0, 12)}${i === 0 ? '' : `-${i + 1}`}`
    const labels = { [label.managedBy]: OPERATOR, [label.sync]: labelValue(sync) }
    const object: Omit<Plan, 'status'> = {
      apiVersion: apiVersionOf(planKind),
      kind: planKind.kind,
      metadata: { name, namespace, labels, ownerReferences: [owner] },
      spec: {
        sync,
        revision: plan.revision,
        digest: plan.digest,
        part: i + 1,
        parts: plan.parts.length,
        summary: plan.summary,
        ...plan.part,
        changes: [...changes],
      },
    }
    try {
      stored.push(await client.create<Plan>(planKind, object, { fieldManager: fieldManager.controller, signal }))
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      // Left of a pass that was cut short.
      stored.push(await client.get<Plan>(planKind, { namespace, name }, { signal }))
    }
  }
  return { digest: plan.digest, revision: plan.revision, parts: stored }
}

/** Says something about a plan on all of its parts. */
export async function markPlan(
  plan: StoredPlan,
  condition: { type: string; reason: string; message: string },
  { client, now, signal }: PlanStoreContext,
): Promise<StoredPlan> {
  const parts: Plan[] = []
  for (const part of plan.parts) {
    const kept = (part.status?.conditions ?? []).filter((one) => one.type !== condition.type)
    const added: Condition = { ...condition, status: 'True', lastTransitionTime: now }
    const body = { status: { conditions: [...kept, added] } }
    const options = { subresource: 'status' as const, fieldManager: fieldManager.controller, signal }
    parts.push(await client.patch<Plan>(planKind, part.metadata, { type: 'merge', body }, options))
  }
  return { ...plan, parts }
}

/** Only the newest are kept; those that will not be applied any more say so. `current` stays as it is. */
export async function tidyPlans(
  plans: readonly StoredPlan[],
  current: string | undefined,
  context: PlanStoreContext,
): Promise<void> {
  const others = plans.filter((plan) => plan.digest !== current)
  for (const plan of others.slice(0, HISTORY - 1)) {
    if (isTrue(plan, planCondition.applied) || isTrue(plan, planCondition.superseded)) continue
    const message = 'What is declared, or what is there, has changed since: another plan took its place.'
    await markPlan(plan, { type: planCondition.superseded, reason: 'Changed', message }, context)
  }
  for (const plan of others.slice(HISTORY - 1)) await removePlan(plan, context)
}

async function removePlan(plan: StoredPlan, { client, namespace, signal }: PlanStoreContext): Promise<void> {
  for (const part of plan.parts) {
    try {
      await client.delete(planKind, { namespace, name: part.metadata.name }, { signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}
