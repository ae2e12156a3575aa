import { conditionOf, isConditionTrue, type KubeObject, keyText } from '../../api/meta.ts'
import {
  resourceSyncCondition as condition,
  type ResourceSync,
  type ResourceSyncStatus,
} from '../../api/v1alpha1/resource-sync.ts'
import type { Lister } from '../../engine/lister.ts'
import type { Pass } from '../../engine/reconciler.ts'
import type { ApplyReport } from '../../sync/apply.ts'
import { stoppedState } from '../../sync/deploys.ts'
import { formatPosition, type PlanProblem } from '../../sync/desired.ts'
import { describeChanges } from '../../sync/plan-parts.ts'
import { renderFieldInLine, renderSummary } from '../../sync/render.ts'
import type { SyncPlan } from '../../sync/sync-plan.ts'
import type { Diagnostic, SourcePosition } from '../../toml/declaration.ts'
import type { Declared } from './declared.ts'
import { reportNothingPending, reportPending } from './pending.ts'

/** What people read about a sync: conditions, the first warnings and errors, events. */

/** Lines of each sort in status. */
const MOST_LINES = 20
/** An event holds 1024 characters. */
const MOST_EVENT = 1_000

type SyncPass = Pass<ResourceSync>

/** `commit 1d0c2e1`, or the start of a digest. */
export const shortRevision = (revision: string): string =>
  revision.startsWith('sha256:') ? `contents ${revision.slice(7, 19)}` : `commit ${revision.slice(0, 10)}`

/** False when the revision is refused whole; what was applied before stays in force. */
export function reportDeclared(
  declared: Declared,
  revision: string,
  pass: SyncPass,
  sync: Readonly<ResourceSync>,
): boolean {
  const { diagnostics, declarations, refused } = declared
  const lines = (severity: Diagnostic['severity']): string[] =>
    diagnostics.filter((one) => one.severity === severity).map(({ message, position }) => at(position, message))
  const errors = lines('error')
  const { fields } = pass.status
  fields.errors = firstOf(errors)
  fields.warnings = firstOf(lines('warning'))
  if (!refused) {
    fields.declared = declarations.length
    if (errors.length === 0)
      pass.status.markTrue(condition.valid, 'Valid', `${count(declarations.length, 'object')} declared`)
    else
      pass.status.markFalse(
        condition.valid,
        'InvalidBlocks',
        `${joined(errors)}; the other objects go on, and nothing is deleted`,
      )
    return true
  }
  const stays = sync.status?.lastAppliedRevision
  const inForce = stays === undefined ? 'nothing is applied' : `${shortRevision(stays)} stays in force`
  const message = `${shortRevision(revision)} is refused, ${inForce}: ${joined(errors)}`
  const isNews = !saidBefore(sync, condition.valid, message)
  reportPending({ type: 'Warning', reason: 'RevisionRefused', message, isNews }, pass, sync)
  pass.status.markFalse(condition.valid, 'RevisionRefused', message)
  return false
}

/** Warnings of the plan, beside those of the files. */
export function reportPlan(plan: SyncPlan, declared: Declared, pass: SyncPass): void {
  const { fields } = pass.status
  if (plan.conflicts.length === 0) delete fields.conflicts
  else fields.conflicts = firstOf(plan.conflicts)
  const of = (severity: PlanProblem['severity']): string[] =>
    plan.problems.filter((one) => one.severity === severity).map(problemLine)
  fields.warnings = firstOf([...(fields.warnings ?? []), ...of('warning')])
  fields.errors = firstOf([...(fields.errors ?? []), ...of('error')])
  pass.log.debug({ declared: declared.declarations.length, ...plan.summary }, 'planned')
}

/** The condition Applied, after everything that could be done was done. */
export function reportApplied(
  report: ApplyReport,
  plan: SyncPlan,
  revision: string,
  pass: SyncPass,
  sync: Readonly<ResourceSync>,
): void {
  const errors = plan.problems.filter(({ severity }) => severity === 'error')
  const { status } = pass
  if (report.failures.length > 0) return
  if (report.awaiting.length > 0) {
    status.markFalse(condition.applied, 'Deleting', `waits for the clean-up of ${joined(report.awaiting)}`)
  } else if (plan.withheld !== undefined) {
    const { reason, message } = plan.withheld
    const isNews = !saidBefore(sync, condition.applied, message)
    reportPending({ type: 'Warning', reason, message, isNews }, pass, sync)
    status.markFalse(condition.applied, plan.withheld.reason, plan.withheld.message)
  } else if (errors.length > 0) {
    const message = joined(errors.map(problemLine))
    if (!saidBefore(sync, condition.applied, message)) {
      for (const error of errors.slice(0, 5))
        pass.event('Warning', error.reason, problemLine(error).slice(0, MOST_EVENT))
    }
    const reason = errors[0]?.reason ?? 'Refused'
    reportPending({ type: 'Warning', reason, message, isNews: false }, pass, sync)
    status.markFalse(condition.applied, reason, message)
  } else reportAllApplied(revision, pass, sync)
}

/** A revision that declares the same as the one that is applied. */
export function reportInForce(revision: string, pass: SyncPass, sync: Readonly<ResourceSync>): void {
  reportNoPlan(pass)
  reportAllApplied(revision, pass, sync)
}

export const reportNoPlan = (pass: SyncPass): void =>
  pass.status.markTrue(condition.approved, 'NothingPending', 'no plan waits for approval')

function reportAllApplied(revision: string, pass: SyncPass, sync: Readonly<ResourceSync>): void {
  reportNothingPending(pass, sync)
  pass.status.markTrue(condition.applied, 'Applied', `${shortRevision(revision)} is applied`)
  if (sync.status?.lastAppliedRevision !== revision || !isConditionTrue(sync, condition.applied)) {
    pass.status.fields.lastAppliedRevision = revision
  }
}

/** One event that tells what a plan did, as much of it as fits. */
export function tellApplied(report: ApplyReport, plan: SyncPlan, revision: string, pass: SyncPass): void {
  const done = [
    report.created > 0 ? `created ${report.created}` : '',
    report.updated > 0 ? `updated ${report.updated}` : '',
    report.gone.length > 0 ? `deleted ${report.gone.length}` : '',
  ].filter((part) => part !== '')
  if (done.length === 0) return
  pass.log.info({ revision, created: report.created, updated: report.updated, deleted: report.gone.length }, 'applied')
  // kubectl shows an event up to its first line end.
  const text = `${shortRevision(revision)}: ${done.join(', ')}: ${plan.changes.map(describeChange).join('; ')}`
  pass.event('Normal', 'Applied', text.length <= MOST_EVENT ? text : `${text.slice(0, MOST_EVENT - 4)} ...`)
}

function describeChange(change: SyncPlan['changes'][number]): string {
  if (change.action === 'delete') return `delete ${change.kind.definition.kind} ${change.name}`
  const { kind, name } = change.desired
  const object = `${change.action} ${kind.definition.kind} ${name}`
  if (change.action === 'create') return object
  const fields = describeChanges({ changes: [change], deploys: [] }).flatMap((described) => described.fields ?? [])
  return `${object} (${fields.slice(0, 3).map(renderFieldInLine).join(', ')}${fields.length > 3 ? ', ...' : ''})`
}

export const describePending = (plan: SyncPlan): string => renderSummary(plan.summary)

/** How many of the sync's objects are Ready, from the watched copies. */
export function countReady(
  sync: Readonly<ResourceSync>,
  live: ReadonlyMap<string, Lister<KubeObject>>,
  fields: ResourceSyncStatus,
): void {
  let ready = 0
  for (const lister of live.values()) {
    for (const object of lister.byIndex(BY_SYNC, keyText(sync.metadata))) {
      if (isConditionTrue(object, 'Ready')) ready += 1
    }
  }
  fields.ready = ready
}

/** Whether something of the sync was observed and does not run, so that it would be deployed, were it looked at. */
export function hasStopped(sync: Readonly<ResourceSync>, live: ReadonlyMap<string, Lister<KubeObject>>): boolean {
  return [...live.values()].some((lister) =>
    lister.byIndex(BY_SYNC, keyText(sync.metadata)).some((object) => stoppedState(object) !== undefined),
  )
}

/** Index of the listers: the sync that applied an object. */
export const BY_SYNC = 'resource-sync'

const saidBefore = (sync: Readonly<ResourceSync>, type: string, message: string): boolean =>
  conditionOf(sync, type)?.message === message

const problemLine = ({ kind, name, message, positions: [first] }: PlanProblem): string =>
  at(first, `${kind} ${name} ${message}`)

/** What concerns the source as a whole has no file. */
const at = (position: SourcePosition | undefined, message: string): string =>
  position === undefined || position.file === '' ? message : `${formatPosition(position)}: ${message}`

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`

const joined = (lines: readonly string[]): string =>
  lines.length <= 3 ? lines.join('; ') : `${lines.slice(0, 3).join('; ')}; and ${lines.length - 3} more`

const firstOf = (lines: readonly string[]): string[] =>
  lines.length <= MOST_LINES ? [...lines] : [...lines.slice(0, MOST_LINES), `... and ${lines.length - MOST_LINES} more`]
