import type { Clock } from '../../controller/engine/clock.ts'

/** Time that moves only when told to. */
export class FakeClock implements Clock {
  #now: number
  #timers: { at: number; callback: () => void }[] = []

  constructor(startAt = Date.UTC(2026, 0, 1)) {
    this.#now = startAt
  }

  now(): number {
    return this.#now
  }

  get pendingTimers(): number {
    return this.#timers.length
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = { at: this.#now + Math.max(delayMs, 0), callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Runs the timers that fall due on the way, in their order, and lets what they started go on in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settled()
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
      await settled()
    }
    this.#now = end
    await settled()
  }
}

/** Lets everything run that only waits for promises. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
