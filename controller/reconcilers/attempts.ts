import type { Clock } from '../engine/clock.ts'

/**
 * Keeps what fails from being tried at every wake-up: a container that exits at once sends an event, which wakes its object, which
 * would start it again at once. The first retry is immediate (somebody may just have stopped it), then the delay doubles, like
 * Kubernetes' CrashLoopBackOff. Forgotten when it stayed up for `forgetAfterMs`, and with the process: a restart tries once more.
 */
export class Attempts {
  readonly #clock: Clock
  readonly #limits: AttemptLimits
  readonly #byObject = new Map<string, { count: number; lastAt: number; subject: string }>()

  constructor(clock: Clock, limits: AttemptLimits = defaultLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Milliseconds until `subject` (for example the hash to deploy) may be tried again for `id`; 0: now. Another subject starts afresh. */
  waitMs(id: string, subject: string): number {
    const known = this.#byObject.get(id)
    if (known === undefined || known.subject !== subject) return 0
    const sinceLast = this.#clock.now() - known.lastAt
    if (sinceLast >= this.#limits.forgetAfterMs) return 0
    return Math.max(0, delayMs(known.count, this.#limits) - sinceLast)
  }

  /** Counts one try. */
  tried(id: string, subject: string): void {
    const now = this.#clock.now()
    const known = this.#byObject.get(id)
    const goesOn = known !== undefined && known.subject === subject && now - known.lastAt < this.#limits.forgetAfterMs
    this.#byObject.set(id, { count: goesOn ? known.count + 1 : 1, lastAt: now, subject })
  }

  forget(id: string): void {
    this.#byObject.delete(id)
  }
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
