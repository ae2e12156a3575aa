import { apiVersionOf } from '../api/meta.ts'
import { annotation, fieldManager } from '../api/names.ts'
import { ApiError, getOrUndefined, isConflict, isNotFound } from '../kube/client.ts'
import { formatPosition, objectKey } from './desired.ts'
import { diffObject } from './diff.ts'
import { type ApplyContext, applySecret, deleteSecret } from './object-secrets.ts'
import { forEachParallel } from './parallel.ts'
import type { PlannedApply, PlannedDelete, SyncPlan } from './sync-plan.ts'

export interface ApplyReport {
  created: number
  updated: number
  /** `Kind/objectName` of what is gone. */
  gone: string[]
  failures: { kind: string; name: string; message: string }[]
  /** `Kind name` of what is deleted and still cleans up; what it needs is deleted after it. */
  awaiting: string[]
  /** `Kind name` of what somebody changed after the plan was made; that is left to the next one. */
  outdated: string[]
}

/** Requests under way at a time: enough to fill the API server's group commits. */
const PARALLEL = 48

/**
 * Makes the plan true: kind by kind in its order, within a kind in parallel. One object that fails stops no other, but nothing is
 * deleted then: what replaces it may be what failed. An object counts as applied once the API's answer shows it as wanted.
 */
export async function applyPlan(plan: SyncPlan, context: ApplyContext): Promise<ApplyReport> {
  const report: ApplyReport = { created: 0, updated: 0, gone: [], failures: [], awaiting: [], outdated: [] }
  const applies = plan.changes.filter((change) => change.action !== 'delete')
  for (const group of byOrder(applies, (change) => change.desired.kind.order)) {
    await forEachParallel(group, PARALLEL, async (change) => {
      const { kind, name } = change.desired
      const failure = await attempt(() => applyObject(change, context), context.signal)
      if (failure === OUTDATED) report.outdated.push(`${kind.definition.kind} ${name}`)
      else if (failure !== undefined) report.failures.push({ kind: kind.definition.kind, name, message: failure })
      else if (change.action === 'create') report.created += 1
      else report.updated += 1
    })
  }
  const deletes = plan.changes.filter((change) => change.action === 'delete')
  if (report.failures.length + report.outdated.length === 0)
    await deleteObjects(deletes, plan.deleting, context, report)
  return report
}

/** Notes on objects what was applied of them. One that was changed meanwhile gets its note after the next plan. */
export async function noteApplied(notes: readonly PlannedApply[], context: ApplyContext): Promise<void> {
  await forEachParallel(notes, PARALLEL, async (note) => {
    await attempt(() => applyObject(note, context), context.signal)
  })
}

async function applyObject(
  { desired, action, force = true, staleSecret }: PlannedApply,
  context: ApplyContext,
): Promise<void> {
  const { client, namespace, signal } = context
  const { definition } = desired.kind
  // A value is there before the object that makes use of it is told. What is new cannot own its Secret before it is there itself.
  const known =
    action === 'update' && desired.secret
      ? await getOrUndefined(client, definition, { namespace, name: desired.objectName }, signal)
      : undefined
  await applySecret(desired, known, context)
  const body = {
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    metadata: {
      name: desired.objectName,
      namespace,
      labels: desired.labels,
      annotations: {
        ...desired.annotations,
        [annotation.source]: formatPosition(desired.position),
        ...(desired.fingerprints === undefined ? {} : { [annotation.declared]: desired.fingerprints }),
      },
    },
    spec: desired.spec,
  }
  const key = { namespace, name: desired.objectName }
  const applied = await client.patch(
    definition,
    key,
    { type: 'apply', body, force },
    { fieldManager: fieldManager.sync, signal },
  )
  if (known === undefined) await applySecret(desired, applied, context)
  if (staleSecret !== undefined) await deleteSecret(staleSecret, context)
  const different = diffObject(desired, applied).map(({ path }) => path)
  if (different.length > 0) {
    throw new Error(
      `the API took it, but something else sets ${different.slice(0, 5).join(', ')}; find out what changes it (kubectl get --show-managed-fields)`,
    )
  }
}

/** Children first: a Server stays until the clean-up of what ran on it is through. */
async function deleteObjects(
  deletes: readonly PlannedDelete[],
  deleting: ReadonlySet<string>,
  { client, namespace, signal }: ApplyContext,
  report: ApplyReport,
): Promise<void> {
  for (const key of deleting) report.awaiting.push(key.replace('/', ' '))
  for (const group of byOrder(deletes, (change) => -change.kind.order)) {
    if (report.awaiting.length > 0) return
    await forEachParallel(group, PARALLEL, async ({ kind, name, objectName, uid }) => {
      const key = { namespace, name: objectName }
      const failure = await attempt(async () => {
        try {
          await client.delete(kind.definition, key, { signal, preconditions: { uid } })
          await client.get(kind.definition, key, { signal })
          report.awaiting.push(`${kind.definition.kind} ${name}`)
        } catch (error) {
          if (!isNotFound(error)) throw error
          report.gone.push(objectKey(kind.definition.kind, objectName))
        }
      }, signal)
      if (failure !== undefined) report.failures.push({ kind: kind.definition.kind, name, message: failure })
    })
    if (report.failures.length > 0) return
  }
}

/** Instead of an error: somebody was faster. */
const OUTDATED = 'changed meanwhile'

/** Of one object: its error as text. A connection that is gone, or an end of the pass, concerns all and is thrown. */
async function attempt(work: () => Promise<void>, signal: AbortSignal): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    if (isConflict(error)) return OUTDATED
    if (error instanceof ApiError && error.code < 500) return error.message
    if (error instanceof Error && error.constructor === Error) return error.message
    throw error
  }
}

function byOrder<Change>(changes: readonly Change[], orderOf: (change: Change) => number): Change[][] {
  const groups = new Map<number, Change[]>()
  for (const change of changes) {
    const order = orderOf(change)
    const group = groups.get(order)
    if (group === undefined) groups.set(order, [change])
    else group.push(change)
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group)
}
