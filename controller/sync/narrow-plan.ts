import type { PlanChange, PlanSummary } from '../api/v1alpha1/plan.ts'
import { objectKey } from './desired.ts'
import { planDigest } from './digest.ts'
import { syncKinds } from './kinds.ts'
import type { SyncPlan } from './sync-plan.ts'

/** All of a kind, or one object of it by Komodo's name or by `metadata.name`. */
export interface Selected {
  kind: string
  name?: string
}

/**
 * The part of a plan that concerns some objects alone: their changes, and the deploys that these changes cause, also of others. Pure, and
 * works on what a plan shows, so that whoever looks at a stored plan sees the same part that the controller carries out.
 */
export function selectChanges(changes: readonly PlanChange[], only: readonly Selected[]): PlanChange[] {
  const isSelected = selector(only)
  const picked = new Set(changes.filter((change) => isMade(change) && isSelected(change)).map(keyOf))
  const deployed = new Map<string, PlanChange>()
  const result = changes.filter((change) => isMade(change) && picked.has(keyOf(change)))
  for (const deploy of changes) {
    if (deploy.action !== 'deploy') continue
    const key = keyOf(deploy)
    // What is new, or deployed from now on, is not there without its own change.
    if (deploy.needsOwnChange && !picked.has(key)) continue
    const reason = reasonLeft(deploy, picked, deployed)
    const heals = deploy.causes === undefined && deploy.after === undefined
    if (reason === undefined && !(heals && isSelected(deploy))) continue
    const kept = reason === undefined ? deploy : { ...deploy, reason }
    deployed.set(key, kept)
    result.push(kept)
  }
  return result
}

/** What is written back to the source goes there as a whole, or not yet. */
const isMade = ({ action }: PlanChange): boolean => action === 'create' || action === 'update' || action === 'delete'

/** Why it is deployed when only the picked changes are made; `undefined`: it is not, or was to be anyway. */
function reasonLeft(
  { kind, name, reason, causes = [], after = [] }: PlanChange,
  picked: ReadonlySet<string>,
  deployed: ReadonlyMap<string, PlanChange>,
): string | undefined {
  if (picked.has(objectKey(kind, name)) && causes.includes(objectKey(kind, name))) return reason
  const others = causes.filter((cause) => picked.has(cause))
  if (others.length > 0) return `${others.map((cause) => cause.replace('/', ' ')).join(', ')} changed`
  const parent = after.find((key) => deployed.has(key))
  return parent === undefined ? undefined : `${parent.replace('/', ' ')}, which it comes after, is deployed`
}

/**
 * The part of a plan that `shown` shows, as a plan of its own, with its own digest: what is not in it is neither applied nor deleted by
 * it. `shown` comes from `selectChanges`, or from a stored part that was begun, of which only what is still to be made is left.
 *
 * @param inventory what the sync owns now
 */
export function narrowPlan(plan: SyncPlan, shown: readonly PlanChange[], inventory: ReadonlySet<string>): SyncPlan {
  const digests = new Set(shown.flatMap(({ digest }) => digest ?? []))
  const changes = plan.changes.filter(({ digest }) => digests.has(digest))
  const applied = new Set(
    changes.flatMap((change) =>
      change.action === 'delete' ? [] : objectKey(change.desired.kind.definition.kind, change.desired.objectName),
    ),
  )
  const deployed = new Set(shown.filter(({ action }) => action === 'deploy').map(keyOf))
  const deploys = plan.deploys.filter(({ key }) => deployed.has(key))
  const adopt = plan.looseSecrets.adopt.filter(({ desired: { kind, objectName } }) =>
    applied.has(objectKey(kind.definition.kind, objectName)),
  )
  return {
    ...plan,
    writeBacks: [],
    writtenFiles: [],
    unnoted: [],
    changes,
    deploys,
    inventory: new Set([...inventory, ...applied]),
    looseSecrets: { adopt, remove: [] },
    summary: summaryOf(shown),
    digest: planDigest(
      changes,
      deploys.filter(({ reason }) => reason.cause === 'change'),
    ),
  }
}

export function summaryOf(changes: readonly PlanChange[]): PlanSummary {
  const count = (action: PlanChange['action']): number => changes.filter((change) => change.action === action).length
  return { create: count('create'), update: count('update'), delete: count('delete'), deploy: count('deploy') }
}

const keyOf = ({ kind, name }: PlanChange): string => objectKey(kind, name)

function selector(only: readonly Selected[]): (change: PlanChange) => boolean {
  const wanted = only.map(({ kind, name }) => ({
    kind,
    name,
    stored: name === undefined ? undefined : (syncKinds.get(kind)?.toml.normalizeName(name) ?? name),
  }))
  return ({ kind, name, objectName }) =>
    wanted.some(
      (one) => one.kind === kind && (one.name === undefined || one.stored === name || one.name === objectName),
    )
}

/** `Stack/web`, `Variable`. */
export const describeSelected = (only: readonly Selected[]): string =>
  only.map(({ kind, name }) => (name === undefined ? kind : `${kind}/${name}`)).join(', ')
