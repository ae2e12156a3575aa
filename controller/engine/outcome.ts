import { isConflict } from '../kube/client.ts'
import type { Verdict } from '../status/conclude.ts'
import type { FailureAt } from './errors.ts'
import { messageOf, StalledError, TransientError, WaitingError } from './errors.ts'
import type { Recheck } from './reconciler.ts'
import type { PassResult } from './work-queue.ts'

/** What a pass came to, and all that follows from it. The one place where an error becomes consequences. */
export interface Outcome extends Verdict {
  /** For the queue. */
  result: PassResult
  /** Told as an event each time (`Warning`), or only when the reason is news (`Normal`). */
  event?: 'Warning' | 'Normal'
  log: 'debug' | 'info' | 'warn' | 'error'
  /** controller-runtime's `result` label. */
  metric: 'success' | 'requeue_after' | 'requeue' | 'error'
  /** A throw that no author meant: a bug. */
  panic: boolean
}

/** The reason of Ready when an error names no condition. */
const UNNAMED_FAILURE = 'ReconcileFailed'

export const outcomeOfSuccess = ({ afterMs }: Recheck): Outcome => ({
  kind: 'done',
  result: { outcome: 'settled', afterMs },
  log: 'debug',
  metric: afterMs === undefined ? 'success' : 'requeue_after',
  panic: false,
})

/** `ended` says why the pass was cut short, if it was. */
export const outcomeOfError = (error: unknown, ended: { stopped: boolean; timedOutAfterMs?: number }): Outcome => {
  if (ended.stopped)
    return { kind: 'stopped', result: { outcome: 'failed' }, log: 'debug', metric: 'requeue', panic: false }
  if (error instanceof StalledError) {
    return {
      kind: 'stalled',
      result: { outcome: 'settled' },
      failure: failureAt(error),
      event: 'Warning',
      log: 'warn',
      metric: 'error',
      panic: false,
    }
  }
  if (error instanceof WaitingError) {
    return {
      kind: 'waiting',
      result: { outcome: 'settled', afterMs: error.retryAfterMs },
      failure: failureAt(error),
      event: 'Normal',
      log: 'debug',
      metric: 'requeue_after',
      panic: false,
    }
  }
  if (isConflict(error)) {
    return { kind: 'conflict', result: { outcome: 'failed' }, log: 'debug', metric: 'requeue', panic: false }
  }
  const failed = { result: { outcome: 'failed' }, event: 'Warning', metric: 'error', kind: 'transient' } as const
  if (error instanceof TransientError) return { ...failed, failure: failureAt(error), log: 'warn', panic: false }
  if (ended.timedOutAfterMs !== undefined) {
    const message = `Gave up after ${Math.round(ended.timedOutAfterMs / 1000)} s; it will be tried again. ${messageOf(error)}`
    return { ...failed, failure: { reason: 'TimedOut', message }, log: 'warn', panic: false }
  }
  return {
    ...failed,
    failure: { reason: UNNAMED_FAILURE, message: messageOf(error) },
    log: 'error',
    panic: isBug(error),
  }
}

const failureAt = (error: Error & { at: FailureAt }): NonNullable<Outcome['failure']> => ({
  condition: error.at.condition,
  reason: error.at.reason,
  message: error.message,
})

const isBug = (error: unknown): boolean =>
  !(error instanceof Error) ||
  error instanceof TypeError ||
  error instanceof ReferenceError ||
  error instanceof RangeError
