/** The plan of a sync: what it is made from, and what it says. `plan.ts` decides. */

import type { KubeObject } from '../api/meta.ts'
import type { Declaration } from '../toml/declaration.ts'
import type { PlannedDeploy } from './deploy-order.ts'
import type { DesiredObject, PlanProblem, SyncScope } from './desired.ts'
import type { FieldChange } from './diff.ts'
import type { SyncKind } from './kinds.ts'
import type { LooseSecrets } from './object-secrets.ts'

/** What the sync decides from. Everything was gathered before; deciding reads and writes nothing. */
export interface PlanInput {
  scope: SyncScope
  /** Whether what is no longer declared may be deleted (`delete` or `managed`). */
  prune: boolean
  /** Most deletions at a time; a plan with more deletes nothing. */
  deletionBudget: number
  declarations: readonly Declaration[]
  /** Something of this revision could not be understood, so a missing declaration proves nothing. */
  partial: boolean
  kinds: ReadonlyMap<string, SyncKind>
  /** All objects of these kinds in the namespace, by kind. */
  live: ReadonlyMap<string, readonly KubeObject[]>
  /** Contents of the Secrets that this sync made, by name. */
  secrets: ReadonlyMap<string, Readonly<Record<string, string>>>
  /** Those of them that no object owns. */
  unownedSecrets?: ReadonlySet<string>
  /** `Kind/objectName` of what this sync applied before. */
  inventory: ReadonlySet<string>
  /** Names the secret values in a digest without giving them away. */
  digestKey: Uint8Array
}

export type PlannedChange = PlannedApply | PlannedDelete

export interface PlannedApply {
  action: 'create' | 'update'
  desired: DesiredObject
  fields: readonly FieldChange[]
  /** A Secret of the object that it no longer needs. */
  staleSecret?: string
  digest: string
}

export interface PlannedDelete {
  action: 'delete'
  kind: SyncKind
  name: string
  objectName: string
  uid: string
  /** Where it was declared last. */
  source?: string
  digest: string
}

export interface ObjectDeploy extends PlannedDeploy {
  /** `metadata.name`. */
  objectName: string
  /** `file:line` that declares it. */
  source: string
}

export interface SyncPlan {
  /** In the order they are made: what others refer to first, deletions last and the other way round. */
  changes: readonly PlannedChange[]
  deploys: readonly ObjectDeploy[]
  problems: readonly PlanProblem[]
  /** Deletions that are due and not done, and why. */
  withheld?: { count: number; reason: 'EmptySource' | 'PartialSource' | 'OverBudget'; message: string }
  /** `Kind/objectName` that the sync owns once the plan is applied; until deletions are done they are part of it. */
  inventory: ReadonlySet<string>
  /** Those of them that are on their way out: deleted, and waiting for their clean-up. */
  deleting: ReadonlySet<string>
  /** `Kind/objectName` of what is declared here too, but belongs to another sync. */
  conflicts: readonly string[]
  looseSecrets: LooseSecrets
  summary: { create: number; update: number; delete: number; deploy: number }
  /** Names exactly these changes; empty when there are none. */
  digest: string
}
