/** The plan of a sync: what it is made from, and what it says. `plan.ts` decides. */

import type { KubeObject } from '../api/meta.ts'
import type { PlainObject } from '../json.ts'
import type { Declaration, SourceFile } from '../toml/declaration.ts'
import type { PlannedDeploy } from './deploy-order.ts'
import type { DesiredObject, PlanProblem, SyncScope } from './desired.ts'
import type { FieldChange } from './diff.ts'
import type { SyncKind } from './kinds.ts'
import type { LiveIndex } from './live-index.ts'
import type { LooseSecrets } from './object-secrets.ts'
import type { Places } from './write-back/place.ts'
import type { ChangedFile } from './write-back/rewrite.ts'

/** What the sync decides from. Everything was gathered before; deciding reads and writes nothing. */
export interface PlanInput {
  scope: SyncScope
  /** Whether what is no longer declared may be deleted (`delete`). */
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
  /** What a sync needs that also writes back to its files. */
  managed?: ManagedInput
}

export interface ManagedInput extends Places {
  /** Handed in, so that those who never write back, as the CLI, need not load what edits TOML. */
  planWriteBack(input: PlanInput, managed: ManagedInput, index: LiveIndex): WriteBackPlan
  /** What was read. */
  files: readonly SourceFile[]
  /** Why a file cannot be written, or made, at this path. */
  obstacle?(path: string): string | undefined
  /** By `Kind/objectName`, declared objects that somebody was seen to delete: what was noted on them of what was applied, if anything. */
  deleted: ReadonlyMap<string, string>
  /** What is to be written stands on a branch for review: it is no part of the plan, and nothing takes the objects back. */
  onReview?: boolean
}

export type PlannedChange = PlannedApply | PlannedDelete

/** What somebody changed goes into the file that declares it. */
export interface PlannedWriteBack {
  action: 'write-back'
  kind: SyncKind
  name: string
  objectName: string
  /** `change`: of the block at `source`. `add`: a new one in that file. `remove`: the block, for the object was deleted. */
  sort: 'change' | 'add' | 'remove'
  /** `file:line`, or the file of what is new. */
  source: string
  /** From what the file says to what it will say. */
  fields: readonly FieldChange[]
  /** Field managers that made the changes. */
  by: readonly string[]
  digest: string
}

/** What of the objects goes into the files, and what the files then declare. */
export interface WriteBackPlan {
  changes: PlannedWriteBack[]
  files: readonly ChangedFile[]
  /**
   * As the files will declare them. What could not be written is as it is, so that nothing takes it back. What is new is not among them:
   * an object that was applied, and that no file declares when the push fails or waits for review, would be one to delete.
   */
  declarations: Declaration[]
  /** By `Kind/name`: to be applied beside what is declared (see `Merged`). */
  resets: ReadonlyMap<string, PlainObject>
  /** By `Kind/name`: what is to be noted on the object about what its file says now. */
  fingerprints: ReadonlyMap<string, string>
  problems: PlanProblem[]
}

export interface PlannedApply {
  action: 'create' | 'update'
  desired: DesiredObject
  /** Whether it may take back what somebody else set, as it may unless this says no: then the API refuses when somebody did since. */
  force?: boolean
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
  /** What goes the other way, before the changes are made: they leave it as it is. */
  writeBacks: readonly PlannedWriteBack[]
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
  /** Files with what is written back; empty when nothing is. */
  writtenFiles: readonly ChangedFile[]
  /** Objects that are as declared, and do not know it yet: what was applied is to be noted on them. */
  unnoted: readonly PlannedApply[]
  summary: { create: number; update: number; delete: number; deploy: number; writeBack?: number }
  /** Names exactly these changes; empty when there are none. */
  digest: string
}
