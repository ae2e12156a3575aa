import type { Condition } from '../api/meta.ts'

/** The conditions every kind has. `Reconciling` and `Stalled` are there only while true (kstatus). */
export const conditionType = {
  ready: 'Ready',
  reconciling: 'Reconciling',
  stalled: 'Stalled',
  /** There only while `spec.operator.suspend` is set. */
  suspended: 'Suspended',
} as const

/** Longer ones are cut: meta/v1 allows 32768 characters, and a status is read by people. */
const LONGEST_MESSAGE = 4_096

/** A condition before it is known whether anything changed. */
export interface ConditionDraft {
  type: string
  status: Condition['status']
  reason: string
  message: string
}

/**
 * The condition as it goes into status. `lastTransitionTime` moves only when `status` does, so that a condition that says the
 * same again is the same.
 */
export const settleCondition = (
  before: Condition | undefined,
  draft: ConditionDraft,
  generation: number | undefined,
  now: Date,
): Condition => ({
  type: draft.type,
  status: draft.status,
  reason: validReason(draft.reason),
  message: cut(draft.message),
  ...(generation === undefined ? {} : { observedGeneration: generation }),
  lastTransitionTime: before?.status === draft.status ? before.lastTransitionTime : kubeTime(now),
})

/** meta/v1 Time: whole seconds. */
export const kubeTime = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`

const cut = (message: string): string =>
  message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE - 1)}…`

/** The API refuses a status whose reason is not an identifier; a bad one must not hide the rest of it. */
const validReason = (reason: string): string =>
  /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/.test(reason) && reason.length <= 1024 ? reason : 'Unspecified'
