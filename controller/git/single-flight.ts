/**
 * Joins callers who want the same: one runs, and those who come while it runs share the next run, because the running one may
 * already have looked. The work has a signal of its own: a caller that gives up leaves the others alone.
 */
export class SingleFlight<Result> {
  readonly #running = new Map<string, Promise<unknown>>()
  readonly #next = new Map<string, Promise<Result>>()

  run(key: string, work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    return abandonable(this.#join(key, work), signal)
  }

  #join(key: string, work: () => Promise<Result>): Promise<Result> {
    const queued = this.#next.get(key)
    if (queued !== undefined) return queued
    const running = this.#running.get(key)
    if (running === undefined) return this.#start(key, work)
    const next = running.then(() => {
      this.#next.delete(key)
      return this.#start(key, work)
    })
    this.#next.set(key, next)
    return next
  }

  #start(key: string, work: () => Promise<Result>): Promise<Result> {
    const started = work()
    const ended = started.then(
      () => undefined,
      () => undefined,
    )
    this.#running.set(key, ended)
    ended.then(() => {
      if (this.#running.get(key) === ended) this.#running.delete(key)
    })
    return started
  }
}

/** Rejects with the signal's reason as soon as it aborts; the work goes on for whoever else waits. */
export function abandonable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort))
}
