import { describeSelected, type Selected, selectChanges, summaryOf } from '../controller/sync/narrow-plan.ts'
import type { StoredPlan } from './commands/stored-plan.ts'
import { CommandError } from './exit.ts'
import { findKind } from './find-kind.ts'

/** Of `--only`: `stack/web` or `Stack`, in any spelling of the kind; `undefined` when it was not given. */
export const selectionOf = (words: readonly string[] | undefined): Selected[] | undefined =>
  words?.map((word) => {
    const slash = word.indexOf('/')
    const { kind } = findKind(slash === -1 ? word : word.slice(0, slash))
    const name = word.slice(slash + 1)
    if (slash !== -1 && name === '') throw new CommandError(`"${word}" names no object: write ${kind}/NAME, or ${kind}`)
    return slash === -1 ? { kind } : { kind, name }
  })

/** What the plan shows of the selection: what the controller would carry out of it. Throws when that is nothing. */
export const narrowed = <Shown extends Pick<StoredPlan, 'changes' | 'summary'>>(
  plan: Shown,
  only: readonly Selected[] | undefined,
): Shown => {
  if (only === undefined) return plan
  const changes = selectChanges(plan.changes, only)
  if (!changes.some(({ action }) => action !== 'deploy')) {
    throw new CommandError(`the plan changes nothing of ${describeSelected(only)}`)
  }
  return { ...plan, changes, summary: summaryOf(changes) }
}
