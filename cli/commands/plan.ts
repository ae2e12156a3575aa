import { existsSync } from 'node:fs'
import path from 'node:path'
import type { ResourceSync } from '../../controller/api/v1alpha1/resource-sync.ts'
import { describeChanges } from '../../controller/sync/plan-parts.ts'
import { renderPlan } from '../../controller/sync/render.ts'
import type { CommandContext } from '../context.ts'
import { loadDeclarations, printDiagnostics, refusesAll } from '../declarations.ts'
import { type ExitCode, exit } from '../exit.ts'
import { findKind, findObject } from '../objects.ts'
import { liveState, planOffline, printProblems } from '../offline-plan.ts'
import { planPaint, printStoredPlan } from './stored-plan.ts'

export interface PlanOptions {
  live?: boolean
  applied?: boolean
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
  const against = options.live ? await liveState(await context.connect(), signal) : {}
  const planned = planOffline(parsed, against)
  const changes = describeChanges(planned)
  if (options.output === 'json') {
    const { summary, problems, digest } = planned
    terminal.print(JSON.stringify({ digest, summary, changes, problems, diagnostics: parsed.diagnostics }, null, 2))
  } else {
    printDiagnostics(parsed, terminal)
    printProblems(planned, terminal)
    terminal.print(renderPlan(changes, planned.summary, { paint: planPaint(terminal.paint) }).trimEnd())
  }
  if (planned.problems.some(({ severity }) => severity === 'error')) return exit.error
  return changes.length > 0 ? exit.changes : exit.ok
}

const planOfSync = async (name: string, options: PlanOptions, context: CommandContext): Promise<ExitCode> => {
  const { terminal, signal } = context
  const connection = await context.connect()
  const sync = (await findObject(connection, findKind('ResourceSync'), name, signal)) as unknown as ResourceSync
  const waits = sync.status?.conditions?.some(({ type, status }) => type === 'Applied' && status !== 'True') ?? true
  if (!waits && !options.applied) {
    terminal.print(`nothing to do: ${sync.status?.lastAppliedRevision ?? 'the source'} is applied`)
    return exit.ok
  }
  if (options.output === 'json') {
    terminal.print(JSON.stringify(sync.status?.plan ?? null, null, 2))
  } else {
    await printStoredPlan(connection, sync, context)
  }
  return waits ? exit.changes : exit.ok
}
