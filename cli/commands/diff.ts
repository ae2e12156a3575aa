import { existsSync } from 'node:fs'
import path from 'node:path'
import type { PlanChange, PlanFieldChange } from '../../controller/api/v1alpha1/plan.ts'
import { lineDiff } from '../../controller/sync/line-diff.ts'
import { selectChanges } from '../../controller/sync/narrow-plan.ts'
import { describeChanges } from '../../controller/sync/plan-parts.ts'
import type { CommandContext } from '../context.ts'
import { printDiagnostics } from '../declarations.ts'
import { CommandError, type ExitCode, exit } from '../exit.ts'
import { readFolder } from '../folder.ts'
import { findSync } from '../objects.ts'
import { hasErrors, planLive, printProblems } from '../offline-plan.ts'
import { selectionOf } from '../only.ts'
import type { Paint } from '../terminal.ts'
import { loadStoredPlan, waitsForApproval } from './stored-plan.ts'

export interface DiffOptions {
  /** Only these objects or kinds: `stack/web`, `Stack`. */
  only?: string[]
  output?: 'json'
}

/** How what is declared differs from what the API has, field by field, as a unified diff. The same plan as `komodo plan --live`. */
export const diff = async (source: string, options: DiffOptions, context: CommandContext): Promise<ExitCode> => {
  const { terminal } = context
  const found = existsSync(path.resolve(context.cwd, source))
    ? await changesOfFolder(source, context)
    : await changesOfSync(source, context)
  if (found === undefined) return exit.error
  const selection = selectionOf(options.only)
  const changes = selection === undefined ? found.changes : selectChanges(found.changes, selection)
  if (options.output === 'json') terminal.print(JSON.stringify({ changes }, null, 2))
  else for (const change of changes) terminal.print(renderDiff(change, terminal.paint))
  if (found.hasErrors) return exit.error
  return changes.length > 0 ? exit.changes : exit.ok
}

interface Found {
  changes: readonly PlanChange[]
  hasErrors: boolean
}

async function changesOfFolder(source: string, context: CommandContext): Promise<Found | undefined> {
  const { terminal } = context
  const { parsed, planned } = await planLive(await readFolder(source, context.cwd, context.signal), context)
  printDiagnostics(parsed, terminal)
  if (planned === undefined) {
    terminal.note('nothing is compared until the errors are mended')
    return undefined
  }
  printProblems(planned, terminal)
  return {
    changes: describeChanges(planned).filter(({ action }) => action !== 'deploy'),
    hasErrors: hasErrors(parsed, planned),
  }
}

/** What a sync waits with; nothing when its source is applied. */
async function changesOfSync(name: string, context: CommandContext): Promise<Found> {
  const { connection, sync } = await findSync(name, context)
  if (!waitsForApproval(sync)) {
    const ready = sync.status?.conditions?.find(({ type }) => type === 'Ready')
    if (ready?.status !== 'True')
      throw new CommandError(`there is no plan: ${ready?.message ?? 'it was not looked at'}`)
    return { changes: [], hasErrors: false }
  }
  const { changes } = await loadStoredPlan(connection, sync, context.signal)
  return { changes: changes.filter(({ action }) => action !== 'deploy'), hasErrors: false }
}

const NOWHERE = '/dev/null'

/** One object. Each field is a hunk; the values of secrets never show. */
export function renderDiff({ action, kind, objectName, source, fields = [] }: PlanChange, paint: Paint): string {
  const object = `${kind}/${objectName}`
  return [
    paint.bold(`--- ${action === 'create' ? NOWHERE : `${object} (live)`}`),
    paint.bold(`+++ ${action === 'delete' ? NOWHERE : `${object} (${source ?? 'declared'})`}`),
    ...fields.flatMap((field) => [paint.cyan(`@@ ${field.path} @@`), ...hunk(field).map((line) => toned(line, paint))]),
  ].join('\n')
}

const hunk = ({ old, new: to, secret }: PlanFieldChange): string[] =>
  secret
    ? ['-(secret)', '+(another secret)']
    : lineDiff(old ?? '', to ?? '').map((line) => `${line[0]}${line.slice(2)}`)

const toned = (line: string, paint: Paint): string =>
  line.startsWith('-') ? paint.red(line) : line.startsWith('+') ? paint.green(line) : line
