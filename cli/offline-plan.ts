import type { KubeObject } from '../controller/api/meta.ts'
import { syncKinds } from '../controller/sync/kinds.ts'
import { planSync, type SyncPlan } from '../controller/sync/plan.ts'
import type { ParsedFiles } from '../controller/toml/declaration.ts'
import { refusesAll } from './declarations.ts'

/** The plan of these declarations against what is given as live; by default against nothing. Nothing is ever deleted by it. */
export const planOffline = (
  { declarations, diagnostics }: ParsedFiles,
  {
    live = new Map(),
    secrets = new Map(),
    namespace = 'default',
    name = 'local',
  }: {
    live?: ReadonlyMap<string, readonly KubeObject[]>
    secrets?: ReadonlyMap<string, Readonly<Record<string, string>>>
    namespace?: string
    name?: string
  } = {},
): SyncPlan =>
  planSync({
    scope: { namespace, name, matchTags: [], includeResources: true, includeVariables: true },
    prune: false,
    deletionBudget: 0,
    declarations,
    partial: diagnostics.some(refusesAll),
    kinds: syncKinds,
    live,
    secrets,
    inventory: new Set(),
    digestKey: new Uint8Array(32),
  })
