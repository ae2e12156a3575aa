import { describeChanges } from '../../controller/sync/plan-parts.ts'
import { renderPlan } from '../../controller/sync/render.ts'
import type { CommandContext } from '../context.ts'
import { printDiagnostics } from '../declarations.ts'
import { type ExitCode, exit } from '../exit.ts'
import type { FolderFiles } from '../folder.ts'
import { hasErrors, planAlone, planLive, printProblems } from '../offline-plan.ts'
import { narrowed, selectionOf } from '../only.ts'
import { planPaint } from './stored-plan.ts'

export interface FolderPlanOptions {
  /** Against what the API has, not against nothing. */
  live?: boolean
  /** Of the plan, only what concerns these objects or kinds. */
  only?: string[]
  output?: 'json'
}

/** The plan of a folder or file, made here. */
export const planOfFolder = async (
  folder: FolderFiles,
  options: FolderPlanOptions,
  context: CommandContext,
): Promise<ExitCode> => {
  const { terminal } = context
  const { parsed, planned } = options.live ? await planLive(folder, context) : planAlone(folder)
  if (planned === undefined) {
    printDiagnostics(parsed, terminal)
    terminal.note('nothing is planned until the errors are mended')
    return exit.error
  }
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
  if (hasErrors(parsed, planned)) return exit.error
  return changes.length > 0 ? exit.changes : exit.ok
}
