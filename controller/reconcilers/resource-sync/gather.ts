import type { KubeObject } from '../../api/meta.ts'
import { label } from '../../api/names.ts'
import type { ResourceSync } from '../../api/v1alpha1/resource-sync.ts'
import { fitting } from '../../engine/fit.ts'
import { type Secret, secretType } from '../../kube/builtin-types.ts'
import type { KubeClient } from '../../kube/client.ts'
import { labelValue } from '../../sync/desired.ts'
import { syncKinds } from '../../sync/kinds.ts'
import { secretValues } from '../../sync/object-secrets.ts'
import type { ManagedInput, PlanInput } from '../../sync/sync-plan.ts'
import type { Declaration } from '../../toml/declaration.ts'

export interface GatherDeps {
  client: KubeClient
  digestKey: Uint8Array
  signal: AbortSignal
  managed?: ManagedInput | undefined
}

/** Everything that a plan is made from, read from the API itself: copies may lag, and do not know who owns which field. */
export async function gather(
  sync: ResourceSync,
  source: { declarations: readonly Declaration[]; partial: boolean },
  inventory: ReadonlySet<string>,
  { client, digestKey, signal, managed }: GatherDeps,
): Promise<PlanInput> {
  const { spec, metadata } = sync
  const namespace = metadata.namespace ?? ''
  const kinds = [...syncKinds.values()].map(({ definition }) => definition)
  const labelSelector = `${label.sync}=${labelValue(metadata.name)}`
  const [secrets, ...lists] = await Promise.all([
    client.list<Secret>(secretType, { namespace, labelSelector, signal }),
    ...kinds.map((type) => client.list(type, { namespace, signal })),
  ])
  const { matchTags, includeResources, includeVariables, includeUserGroups } = spec
  return {
    declarations: source.declarations,
    partial: source.partial,
    ...(managed && { managed }),
    scope: { namespace, name: metadata.name, matchTags, includeResources, includeVariables, includeUserGroups },
    prune: spec.delete,
    deletionBudget: budget(spec.operator.deletionBudget, inventory.size),
    kinds: syncKinds,
    live: new Map(kinds.map(({ kind }, i) => [kind, (lists[i]?.items ?? []).map(fits.get(kind) ?? asIs)])),
    secrets: secretValues(secrets.items),
    unownedSecrets: new Set(secrets.items.filter((secret) => !isOwned(secret)).map(({ metadata }) => metadata.name)),
    inventory,
    digestKey,
  }
}

const asIs = (object: KubeObject): KubeObject => object
const fits = new Map([...syncKinds.values()].map(({ definition }) => [definition.kind, fitting(definition)]))

/** One without owner would outlive its object. */
const isOwned = ({ metadata }: Secret): boolean => (metadata.ownerReferences ?? []).length > 0

/** A number, or a share such as `10%` of what the sync applied, of which one is always allowed. */
export function budget(limit: number | string, owned: number): number {
  if (typeof limit === 'number') return limit
  const share = /^(\d+(?:\.\d+)?)%$/.exec(limit)?.[1]
  if (share === undefined) return Number.parseInt(limit, 10) || 0
  return Number(share) === 0 ? 0 : Math.max(1, Math.floor((owned * Number(share)) / 100))
}
