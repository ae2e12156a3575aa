/**
 * There are three kinds of failure, and `engine/outcome` turns each into conditions, requeue, event and log in one place.
 * The error says which condition it belongs to and why; the message is for the user: what is wrong, where, what to do.
 */

export interface FailureAt {
  /** The condition that becomes False, for example `SourceReady`. */
  condition: string
  /** CamelCase cause, for example `AuthFailed`. */
  reason: string
}

/** Broken until a human changes the object or what it names: `Stalled=True`, no retry before that. */
export class StalledError extends Error {
  override readonly name = 'StalledError'
  readonly at: FailureAt

  constructor(condition: string, reason: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.at = { condition, reason }
  }
}

/** Waiting for something else that will wake this object, or for `retryAfterMs`. Not an error in logs or metrics. */
export class WaitingError extends Error {
  override readonly name = 'WaitingError'
  readonly at: FailureAt
  readonly retryAfterMs: number

  constructor(condition: string, reason: string, message: string, retryAfterMs = 30_000) {
    super(message)
    this.at = { condition, reason }
    this.retryAfterMs = retryAfterMs
  }
}

/** May go away by itself: retried with exponential backoff and jitter. Any other throw is treated as one without a condition. */
export class TransientError extends Error {
  override readonly name = 'TransientError'
  readonly at: FailureAt

  constructor(condition: string, reason: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.at = { condition, reason }
  }
}

/** What a throw says, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
