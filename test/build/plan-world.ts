import type { KubeObject } from '../../controller/api/meta.ts'
import { annotation, fieldManager } from '../../controller/api/names.ts'
import { isPlainObject, type PlainObject } from '../../controller/json.ts'
import { syncKinds } from '../../controller/sync/kinds.ts'
import { planSync } from '../../controller/sync/plan.ts'
import type { PlanInput, SyncPlan } from '../../controller/sync/sync-plan.ts'
import type { Declaration } from '../../controller/toml/declaration.ts'

/** What a sync plans from, and the API server as far as a plan sees it: plans are applied purely, and can be made again. */

export const declare = (
  kind: string,
  name: string,
  spec: PlainObject = {},
  options: { secrets?: Record<string, string>; line?: number; file?: string } = {},
): Declaration => ({
  kind,
  name,
  spec,
  secrets: options.secrets ?? {},
  position: { file: options.file ?? 'a.toml', line: options.line ?? 1, column: 1 },
})

export const input = (
  declarations: Declaration[],
  world: PlanWorld = emptyWorld,
  changes: Partial<PlanInput> = {},
): PlanInput => ({
  scope: {
    namespace: 'default',
    name: 'infra',
    matchTags: [],
    includeResources: true,
    includeVariables: true,
    includeUserGroups: true,
  },
  prune: false,
  deletionBudget: 10,
  declarations,
  partial: false,
  kinds: syncKinds,
  live: world.live,
  secrets: world.secrets,
  inventory: world.inventory,
  digestKey: new Uint8Array(32),
  ...changes,
})

export interface PlanWorld {
  live: ReadonlyMap<string, readonly KubeObject[]>
  secrets: ReadonlyMap<string, Readonly<Record<string, string>>>
  inventory: ReadonlySet<string>
}

export const emptyWorld: PlanWorld = { live: new Map(), secrets: new Map(), inventory: new Set() }

/** The fields an applier owns, as a real API server records them. */
export function fieldsOf(value: unknown): PlainObject {
  const fields: PlainObject = {}
  if (isPlainObject(value)) for (const [key, inner] of Object.entries(value)) fields[`f:${key}`] = fieldsOf(inner)
  return fields
}

/** The API server, as far as a plan sees it: server-side apply over what was there, with defaults. */
export function applied(plan: SyncPlan, world: PlanWorld): PlanWorld {
  const live = new Map([...world.live].map(([kind, objects]) => [kind, [...objects]]))
  const secrets = new Map(world.secrets)
  for (const change of plan.changes) {
    const kind = change.action === 'delete' ? change.kind : change.desired.kind
    const name = change.action === 'delete' ? change.objectName : change.desired.objectName
    const others = (live.get(kind.definition.kind) ?? []).filter((object) => object.metadata.name !== name)
    if (change.action !== 'delete') {
      const { desired } = change
      const { fingerprints } = desired
      const annotations: Record<string, string> = { ...desired.annotations }
      if (fingerprints !== undefined) annotations[annotation.declared] = fingerprints
      others.push(object(kind.definition.kind, name, desired.spec, { ...desired, annotations, owner: 'sync' }))
      if (desired.secret) secrets.set(desired.secret.name, desired.secret.data)
      if (change.staleSecret !== undefined) secrets.delete(change.staleSecret)
    }
    live.set(kind.definition.kind, others)
  }
  return { live, secrets, inventory: plan.inventory }
}

export function object(
  kind: string,
  name: string,
  spec: PlainObject,
  options: {
    labels?: Readonly<Record<string, string>>
    annotations?: Readonly<Record<string, string>>
    owner?: 'sync' | 'kubectl'
    status?: unknown
  } = {},
): KubeObject {
  const sync = { manager: fieldManager.sync, operation: 'Apply' as const }
  const kubectl = { manager: 'kubectl', operation: 'Update' as const }
  return {
    apiVersion: 'komodo.dev/v1alpha1',
    kind,
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      labels: { ...options.labels },
      annotations: { ...options.annotations },
      managedFields: [{ ...(options.owner === 'sync' ? sync : kubectl), fieldsV1: { 'f:spec': fieldsOf(spec) } }],
    },
    spec: syncKinds.get(kind)?.withDefaults(spec),
    ...(options.status === undefined ? {} : { status: options.status }),
  }
}

export const worldAfter = (declarations: Declaration[], world: PlanWorld = emptyWorld): PlanWorld =>
  applied(planSync(input(declarations, world)), world)

export const actions = (plan: SyncPlan): string[] =>
  plan.changes.map((change) =>
    change.action === 'delete'
      ? `delete ${change.kind.definition.kind}/${change.name}`
      : `${change.action} ${change.desired.kind.definition.kind}/${change.desired.name}`,
  )

export const deploys = (plan: SyncPlan): string[] =>
  plan.deploys.map((deploy) => `${deploy.round} ${deploy.name}: ${deploy.reason.text}`)

/** As if the object had been seen running, or in another state. */
export function observed(world: PlanWorld, kind: string, name: string, state: string, ready = 'False'): PlanWorld {
  const live = new Map(world.live)
  const status = {
    state,
    conditions: [{ type: 'Ready', status: ready, reason: 'X', message: '', lastTransitionTime: '' }],
  }
  live.set(
    kind,
    (live.get(kind) ?? []).map((one) => (one.metadata.name === name ? { ...one, status } : one)),
  )
  return { ...world, live }
}

/** As if somebody had changed a field with kubectl. */
export function edited(world: PlanWorld, kind: string, name: string, spec: PlainObject): PlanWorld {
  const live = new Map(world.live)
  live.set(
    kind,
    (live.get(kind) ?? []).map((one) => {
      if (one.metadata.name !== name) return one
      const entry = { manager: 'kubectl-edit', operation: 'Update' as const, fieldsV1: { 'f:spec': fieldsOf(spec) } }
      const managedFields = [...(one.metadata.managedFields ?? []), entry]
      return { ...one, metadata: { ...one.metadata, managedFields }, spec: { ...(one.spec as PlainObject), ...spec } }
    }),
  )
  return { ...world, live }
}
