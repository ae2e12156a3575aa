import type { ConditionDraft } from './conditions.ts'
import { conditionType } from './conditions.ts'

/**
 * Ready, summed up from the conditions a kind is judged by, in their order: the first that is False speaks, else the first that is
 * Unknown, else all is well and the last one's message, the outcome, is repeated.
 */
export const summarizeReady = (owned: readonly ConditionDraft[]): ConditionDraft => {
  const speaker = owned.find(({ status }) => status === 'False') ?? owned.find(({ status }) => status === 'Unknown')
  if (speaker !== undefined) return { ...speaker, type: conditionType.ready }
  const last = owned.at(-1)
  return { type: conditionType.ready, status: 'True', reason: 'Ready', message: last?.message ?? '' }
}
