/** Time as a parameter: the real one in `main.ts`, a hand-driven one in tests. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back once after `delayMs` unless cancelled by the function it returns. A timer never keeps the process alive. */
  setTimer(callback: () => void, delayMs: number): () => void
}

/** Node truncates longer delays to 1 ms; whoever waits longer is called early and looks at the clock again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), LONGEST_TIMER_MS))
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Resolves after `delayMs`, or at once (without a throw) when `signal` aborts. */
export const pause = (clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve()
      return
    }
    const finish = (): void => {
      cancel()
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const cancel = clock.setTimer(finish, delayMs)
    signal.addEventListener('abort', finish, { once: true })
  })
