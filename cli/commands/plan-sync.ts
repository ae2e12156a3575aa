import type { ResourceSync } from '../../controller/api/v1alpha1/resource-sync.ts'
import type { CommandContext } from '../context.ts'
import { type ExitCode, exit } from '../exit.ts'
import { findSync } from '../objects.ts'
import { loadStoredPlan, printStoredPlan, waitsForApproval } from './stored-plan.ts'

export interface SyncPlanOptions {
  /** The one that was carried out last. */
  applied?: boolean
  /** Of the plan, only what concerns these objects or kinds. */
  only?: string[]
  output?: 'json'
}

/** The plan of a ResourceSync, as the controller made it. */
export const planOfSync = async (
  name: string,
  options: SyncPlanOptions,
  context: CommandContext,
): Promise<ExitCode> => {
  const { terminal, signal } = context
  const { connection, sync } = await findSync(name, context)
  const waits = waitsForApproval(sync)
  if (waits || options.applied) {
    const { narrowed, selectionOf } = await import('../only.ts')
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
