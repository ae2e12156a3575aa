import { existsSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline/promises'
import { conditionOf } from '../../controller/api/meta.ts'
import { annotation } from '../../controller/api/names.ts'
import { resourceSyncKind } from '../../controller/api/v1alpha1/resource-sync.ts'
import { applyPlan } from '../../controller/sync/apply.ts'
import { narrowPlan } from '../../controller/sync/narrow-plan.ts'
import { describeChanges } from '../../controller/sync/plan-parts.ts'
import { renderPlan } from '../../controller/sync/render.ts'
import type { CommandContext } from '../context.ts'
import { counted, loadDeclarations, printDiagnostics, refusesAll } from '../declarations.ts'
import { CommandError, type ExitCode, exit } from '../exit.ts'
import { type AnyObject, findSync } from '../objects.ts'
import { hasErrors, liveState, planOffline, printProblems } from '../offline-plan.ts'
import { narrowed, selectionOf } from '../only.ts'
import { waitFor } from '../wait.ts'
import { approve } from './approve.ts'
import { planPaint } from './stored-plan.ts'

export interface ApplyOptions {
  yes?: boolean
  /** Applies only the changes of these objects or kinds. */
  only?: string[]
  wait: boolean
  timeout: number
}

/** Makes a folder of TOML true (it deletes nothing), or lets a ResourceSync look at its source now. */
export const apply = async (source: string, options: ApplyOptions, context: CommandContext): Promise<ExitCode> =>
  existsSync(path.resolve(context.cwd, source))
    ? applyFolder(source, options, context)
    : applySync(source, options, context)

const applyFolder = async (source: string, options: ApplyOptions, context: CommandContext): Promise<ExitCode> => {
  const { terminal, cwd, signal } = context
  const parsed = await loadDeclarations(source, cwd, signal)
  printDiagnostics(parsed, terminal)
  if (parsed.diagnostics.some(refusesAll)) throw new CommandError('nothing is applied until the errors are mended')
  const { client, namespace } = await context.connect()
  const whole = planOffline(parsed, await liveState({ client, namespace }, terminal, signal))
  printProblems(whole, terminal)
  const only = selectionOf(options.only)
  const shown = narrowed({ changes: describeChanges(whole), summary: whole.summary }, only)
  const plan = only === undefined ? whole : narrowPlan(whole, shown.changes, whole.inventory)
  terminal.print(renderPlan(shown.changes, shown.summary, { paint: planPaint(terminal.paint) }).trimEnd())
  const refused = hasErrors(parsed, plan)
  if (plan.changes.length === 0) return refused ? exit.error : exit.ok
  if (!options.yes && !(await confirmed('Apply this?', context))) throw new CommandError('nothing was applied')

  const report = await applyPlan(plan, { client, namespace, signal })
  for (const { kind, name, message } of report.failures)
    terminal.note(`${terminal.paint.red('failed:')} ${kind} ${name}: ${message}`)
  terminal.print(
    `${counted(report.created, 'object')} created, ${report.updated} updated, ${report.failures.length} failed`,
  )
  return refused || report.failures.length > 0 ? exit.error : exit.ok
}

const confirmed = async (question: string, { signal }: CommandContext): Promise<boolean> => {
  if (!process.stdin.isTTY) throw new CommandError('there is nobody to ask: give --yes to apply without a question')
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `, { signal })).trim())
  } finally {
    prompt.close()
  }
}

/** The source is applied but for deletions, which end when hosts are cleaned up. */
const CLEANING_UP = 'Deleting'

const applySync = async (name: string, options: ApplyOptions, context: CommandContext): Promise<ExitCode> => {
  const { terminal, signal } = context
  const type = resourceSyncKind
  const { connection, sync } = await findSync(name, context)
  const only = selectionOf(options.only)
  const manual = sync.spec.operator.approval === 'Manual'
  if (only !== undefined && !manual) {
    throw new CommandError(
      `--only is for syncs with approval: Manual; ${name} applies everything that changed by itself`,
    )
  }
  const requestedAt = new Date().toISOString()
  await connection.client.patch(
    type,
    { namespace: connection.namespace, name: sync.metadata.name },
    { type: 'merge', body: { metadata: { annotations: { [annotation.requestedAt]: requestedAt } } } },
    { fieldManager: 'komodo-cli', signal },
  )
  if (!options.wait && only === undefined) return exit.ok
  const handled = (object: AnyObject) =>
    object.status?.lastHandledReconcileAt === requestedAt && conditionOf(object, 'Ready')?.reason !== CLEANING_UP
  const after = await waitFor(connection, type, sync.metadata.name, handled, options.timeout * 1000, context)
  const ready = conditionOf(after, 'Ready')
  if (only !== undefined && ready?.reason === 'PendingApproval') return approve(name, options, context)
  terminal.print(ready?.message ?? 'the sync says nothing')
  if (ready?.status === 'True') return exit.ok
  return ready?.reason === 'PendingApproval' ? exit.changes : exit.error
}
