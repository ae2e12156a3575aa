import { existsSync } from 'node:fs'
import path from 'node:path'
import type { ResourceSync } from '../../controller/api/v1alpha1/resource-sync.ts'
import { describeChanges } from '../../controller/sync/plan-parts.ts'
import { renderPlan } from '../../controller/sync/render.ts'
import type { CommandContext } from '../context.ts'
import { loadDeclarations, printDiagnostics, refusesAll } from '../declarations.ts'
import { type ExitCode, exit } from '../exit.ts'
import { findKind, findObject } from '../objects.ts'
import { liveState, planOffline, printProblems, syncBehind } from '../offline-plan.ts'
import { narrowed, selectionOf } from '../only.ts'
import { loadStoredPlan, planPaint, printStoredPlan, waitsForApproval } from './stored-plan.ts'

export interface PlanOptions {
  live?: boolean
  applied?: boolean
  /** Of the plan, only what concerns these objects or kinds. */
  only?: string[]
  output?: 'json'
}

/** What would change: of a folder (against nothing, or against what the cluster has), or of a ResourceSync. */
export const plan = async (source: string, options: PlanOptions, context: CommandContext): Promise<ExitCode> =>
  existsSync(path.resolve(context.cwd, source))
    ? planOfFolder(source, options, context)
    : planOfSync(source, options, context)

const planOfFolder = async (source: string, options: PlanOptions, context: CommandContext): Promise<ExitCode> => {
  const { terminal, cwd, signal } = context
  const parsed = await loadDeclarations(source, cwd, signal)
  if (parsed.diagnostics.some(refusesAll)) {
    printDiagnostics(parsed, terminal)
    terminal.note('nothing is planned until the errors are mended')
    return exit.error
  }
  const state = options.live ? await liveState(await context.connect(), terminal, signal) : undefined
  const name = state && syncBehind(parsed, state.live)
  const planned = planOffline(parsed, { ...state, ...(name !== undefined && { name }) })
  const shown = narrowed({ changes: describeChanges(planned), summary: planned.summary }, selectionOf(options.only))
  const { changes, summary } = shown
  if (options.output === 'json') {
    const { problems, digest } = planned
    terminal.print(JSON.stringify({ digest, summary, changes, problems, diagnostics: parsed.diagnostics }, null, 2))
  } else {
    printDiagnostics(parsed, terminal)
    printProblems(planned, terminal)
    terminal.print(renderPlan(changes, summary, { paint: planPaint(terminal.paint) }).trimEnd())
  }
  if (planned.problems.some(({ severity }) => severity === 'error')) return exit.error
  return changes.length > 0 ? exit.changes : exit.ok
}

const planOfSync = async (name: string, options: PlanOptions, context: CommandContext): Promise<ExitCode> => {
  const { terminal, signal } = context
  const connection = await context.connect()
  const sync = (await findObject(connection, findKind('ResourceSync'), name, signal)) as unknown as ResourceSync
  const waits = waitsForApproval(sync)
  if (waits || options.applied) {
    const stored = narrowed(await loadStoredPlan(connection, sync, signal), selectionOf(options.only))
    if (options.output === 'json') terminal.print(JSON.stringify(stored, null, 2))
    else printStoredPlan(stored, terminal)
    return waits ? exit.changes : exit.ok
  }
  const problem = problemOf(sync)
  if (options.output === 'json') {
    const { lastAppliedRevision } = sync.status ?? {}
    terminal.print(JSON.stringify({ changes: [], lastAppliedRevision, problem }, null, 2))
  } else if (problem === undefined) {
    terminal.print(`nothing to do: ${sync.status?.lastAppliedRevision ?? 'the source'} is applied`)
  }
  if (problem === undefined) return exit.ok
  terminal.note(`${terminal.paint.red('error:')} there is no plan: ${problem}`)
  return exit.error
}

/** Why the newest state of the source has no plan that could be carried out; `undefined` when it is applied. */
const problemOf = (sync: ResourceSync): string | undefined => {
  const ready = sync.status?.conditions?.find(({ type }) => type === 'Ready')
  if (ready === undefined) return 'the sync was not looked at yet'
  return ready.status === 'True' ? undefined : ready.message
}
