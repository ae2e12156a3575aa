import type { Clock } from '../engine/clock.ts'
import { type FailureAt, StalledError, TransientError, WaitingError } from '../engine/errors.ts'

/**
 * Keeps what fails from being tried at every wake-up: a container that exits at once sends an event, which wakes its object, which
 * would start it again at once. The first retry comes after `firstDelayMs`, then the delay doubles, like Kubernetes'
 * CrashLoopBackOff. Forgotten when nothing was tried for `forgetAfterMs`, and with the process: a restart tries once more.
 */
export class Attempts {
  readonly #clock: Clock
  readonly #limits: AttemptLimits
  readonly #byObject = new Map<string, Attempt>()

  constructor(clock: Clock, limits: AttemptLimits = defaultLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /**
   * Why `subject` (for example the hash to deploy) must not be tried again for `id` yet; `undefined`: it may be tried now. Another
   * subject starts afresh.
   */
  pending(id: string, subject: string): PendingAttempt | undefined {
    const known = this.#byObject.get(id)
    if (known === undefined || known.subject !== subject) return undefined
    const sinceLast = this.#clock.now() - known.lastAt
    // A clock that was set back would make it wait until it is that late again.
    const isPast = sinceLast < 0 || sinceLast >= this.#limits.forgetAfterMs
    const waitMs = isPast ? 0 : delayMs(known.count, this.#limits) - sinceLast
    if (waitMs <= 0) return undefined
    return { waitMs, count: known.count, ...(known.error === undefined ? {} : { error: known.error }) }
  }

  /** Counts one try; `error` is what came of it. */
  tried(id: string, subject: string, error?: unknown): void {
    const now = this.#clock.now()
    const known = this.#byObject.get(id)
    const goesOn = known !== undefined && known.subject === subject && now - known.lastAt < this.#limits.forgetAfterMs
    this.#byObject.set(id, {
      count: goesOn ? known.count + 1 : 1,
      lastAt: now,
      subject,
      ...(error === undefined ? {} : { error }),
    })
  }

  /**
   * Runs `work` unless it is too early, and then throws what the last try met, as a wait. Only failures of the work itself count;
   * an abort or a host that does not answer says nothing about it.
   */
  async run<T>(id: string, subject: string, work: () => Promise<T>): Promise<T> {
    const pending = this.pending(id, subject)
    if (pending !== undefined) throw tooEarly(pending)
    try {
      return await work()
    } catch (error) {
      if (error instanceof TransientError || error instanceof StalledError) this.tried(id, subject, error)
      throw error
    }
  }

  forget(id: string): void {
    this.#byObject.delete(id)
  }
}

interface Attempt {
  count: number
  lastAt: number
  subject: string
  error?: unknown
}

export interface PendingAttempt {
  waitMs: number
  /** Tries so far. */
  count: number
  /** What the last one met. */
  error?: unknown
}

/** The same condition as at the last try, so that waiting changes nothing in status. */
function tooEarly({ waitMs, error }: PendingAttempt): Error {
  if (error instanceof StalledError) return error
  const at: FailureAt = error instanceof TransientError ? error.at : { condition: 'Ready', reason: 'BackOff' }
  return new WaitingError(at.condition, at.reason, error instanceof Error ? error.message : 'tried too often', waitMs)
}

export interface AttemptLimits {
  firstDelayMs: number
  maxDelayMs: number
  forgetAfterMs: number
}

const defaultLimits: AttemptLimits = { firstDelayMs: 5_000, maxDelayMs: 5 * 60_000, forgetAfterMs: 10 * 60_000 }

/** After the first try 5 s, then 10 s, 20 s ... */
const delayMs = (count: number, { firstDelayMs, maxDelayMs }: AttemptLimits): number =>
  Math.min(firstDelayMs * 2 ** (count - 1), maxDelayMs)
