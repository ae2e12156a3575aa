import type { KubeObject } from '../../api/meta.ts'
import { conditionOf } from '../../api/meta.ts'
import { komodoNameOf } from '../../api/names.ts'
import { resourceSyncCondition as condition, type ResourceSync } from '../../api/v1alpha1/resource-sync.ts'
import { StalledError, TransientError } from '../../engine/errors.ts'
import type { Pass } from '../../engine/reconciler.ts'
import { SourceError } from '../../git/errors.ts'
import type { ManagedInput, PlanInput, PlannedWriteBack, SyncPlan } from '../../sync/sync-plan.ts'
import { planWriteBack } from '../../sync/write-back/plan.ts'
import type { Declared } from './declared.ts'
import type { SyncSource } from './source.ts'
import type { SourceChange } from './write-source.ts'

/** How a managed sync carries what was changed on objects back to its source. What is written, `sync/write-back` has decided. */

export const managedInput = (
  sync: Readonly<ResourceSync>,
  { writing }: SyncSource,
  declared: Declared,
  deleted: ReadonlyMap<string, string>,
): ManagedInput | undefined =>
  sync.spec.managed
    ? {
        planWriteBack,
        files: declared.files.files,
        reads: writing.reads,
        onlyFile: writing.onlyFile,
        obstacle: (path) => writing.obstacle?.(path, declared.files.kept),
        newObjects: sync.spec.operator.writeBack.newObjects || undefined,
        deleted,
      }
    : undefined

export interface CarryBackWork {
  sync: Readonly<ResourceSync>
  source: SyncSource
  declared: Declared
  plan: Pick<SyncPlan, 'writeBacks' | 'writtenFiles'>
  input: PlanInput
  pass: Pass<ResourceSync>
  /** Milliseconds since the epoch. */
  now: number
}

/** Whether everything stands on the branch for review already, and so waits for somebody to merge it. */
export async function waitsForReview(work: CarryBackWork): Promise<boolean> {
  const { source, plan, sync, pass } = work
  const { branch } = sync.spec.operator.writeBack
  if (branch === '' || plan.writtenFiles.length === 0 || source.writing.isOnReview === undefined) return false
  if (!(await source.writing.isOnReview(changeOf(work), pass.signal))) return false
  pass.status.markFalse(condition.writtenBack, 'WaitsForReview', reviewText(plan.writeBacks, branch))
  return true
}

const reviewText = (writeBacks: readonly PlannedWriteBack[], branch: string): string =>
  `${described(writeBacks)}: on the branch "${branch}", until it is merged; the objects stay as they are`

/** `moved`: somebody else changed the source meanwhile, and nothing was written; what is to be written is to be found out anew. */
export async function carryBack(work: CarryBackWork): Promise<'written' | 'moved'> {
  const { source, plan, sync, pass } = work
  const { branch } = sync.spec.operator.writeBack
  let where: string
  try {
    where = await source.writing.write(changeOf(work), pass.signal)
  } catch (error) {
    if (error instanceof SourceError && error.reason === 'BranchMoved') return 'moved'
    throw error
  }
  tellWritten(work, where)
  if (branch !== '' && source.writing.isOnReview) {
    pass.status.markFalse(condition.writtenBack, 'WaitsForReview', reviewText(plan.writeBacks, branch))
  } else pass.status.markTrue(condition.writtenBack, 'WrittenBack', `${described(plan.writeBacks)}: in ${where}`)
  return 'written'
}

/** What a failure to write means; what else is planned goes on first. */
export function carryBackFailure(error: unknown, pass: Pass<ResourceSync>): unknown {
  if (!(error instanceof SourceError)) return error
  const message = `what was changed on objects cannot be written back, and stays as it is on them: ${error.message}`
  pass.status.markFalse(condition.writtenBack, error.reason, message)
  const failure = { cause: error }
  return error.permanent
    ? new StalledError(condition.writtenBack, error.reason, message, failure)
    : new TransientError(condition.writtenBack, error.reason, message, failure)
}

/** Nothing is to be written. A message about what was written last stays. */
export function reportInStep(sync: Readonly<ResourceSync>, pass: Pass<ResourceSync>): void {
  const before = conditionOf(sync, condition.writtenBack)
  if (!sync.spec.managed) {
    if (before !== undefined) pass.status.markTrue(condition.writtenBack, 'NotManaged', 'nothing is written back')
  } else if (before?.status !== 'True' || before.reason === 'NotManaged') {
    pass.status.markTrue(condition.writtenBack, 'InStep', 'what was changed on objects is in the files')
  }
}

function changeOf({ sync, declared, plan, now }: CarryBackWork): SourceChange {
  const { author, email, message, branch } = sync.spec.operator.writeBack
  const objects = plan.writeBacks.map(titleOf)
  const files = plan.writtenFiles.map(({ path }) => path)
  const filled: Record<string, string> = {
    objects: inOneLine(some(objects)),
    files: inOneLine(some(files)),
    count: String(objects.length),
    sync: sync.metadata.name,
  }
  const subject = message.replace(/\{(objects|files|count|sync)\}/g, (_, name: string) => filled[name] ?? '')
  const lines = plan.writeBacks.slice(0, MOST_LINES).map((one) => inOneLine(`- ${titleOf(one)}: ${detailOf(one)}`))
  if (plan.writeBacks.length > MOST_LINES) lines.push(`- and ${plan.writeBacks.length - MOST_LINES} more`)
  return {
    files: plan.writtenFiles,
    kept: declared.files.kept,
    author: { name: author, email },
    message: `${subject}\n\n${lines.join('\n')}\n`,
    branch,
    at: now,
  }
}

/** Names hold what people like; a line of their own would be taken for one of ours, such as a trailer. */
const inOneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')

function tellWritten({ plan, input, pass }: CarryBackWork, where: string): void {
  pass.event('Normal', 'WrittenBack', `${where}: ${described(plan.writeBacks)}`.slice(0, MOST_EVENT))
  pass.log.info({ where, objects: plan.writeBacks.length }, 'written back')
  for (const one of plan.writeBacks.slice(0, MOST_LINES)) {
    const object = liveObject(one, input)
    if (object !== undefined) pass.event('Normal', 'WrittenBack', `written back to ${one.source} in ${where}`, object)
  }
}

/** What somebody did is gone: they should know. */
export function tellOverwritten({ plan, input, pass }: CarryBackWork & { plan: Pick<SyncPlan, 'problems'> }): void {
  for (const { kind, name, message } of plan.problems.filter(({ reason }) => reason === 'Overwritten')) {
    const object = input.live.get(kind)?.find((one) => komodoNameOf(one) === name)
    pass.event('Warning', 'Overwritten', `${kind} ${name} ${message}`)
    if (object !== undefined) pass.event('Warning', 'Overwritten', message, object)
  }
}

const liveObject = ({ kind, objectName }: PlannedWriteBack, { live }: PlanInput): KubeObject | undefined =>
  live.get(kind.definition.kind)?.find(({ metadata }) => metadata.name === objectName)

const titleOf = ({ kind, name }: PlannedWriteBack): string => `${kind.definition.kind} ${name}`

/** Names of fields, never values: what a value says may be nothing for a log. */
function detailOf({ sort, fields, source, by }: PlannedWriteBack): string {
  const what = { change: some(fields.map(({ path }) => path)), add: 'new', remove: 'deleted' }[sort]
  return `${what} (${source}${by.length === 0 ? '' : `, by ${by.join(', ')}`})`
}

const described = (writeBacks: readonly PlannedWriteBack[]): string =>
  some(writeBacks.map((one) => `${titleOf(one)}: ${detailOf(one)}`))

const some = (texts: readonly string[]): string =>
  texts.length <= 3 ? texts.join(', ') : `${texts.slice(0, 3).join(', ')} and ${texts.length - 3} more`

const MOST_LINES = 100
/** An event holds 1024 characters. */
const MOST_EVENT = 1_000
