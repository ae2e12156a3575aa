/** Keys at a time: enough to share a commit, few enough to leave room for requests. */
const PARALLEL = 32

/**
 * Works on keys, each once at a time; a key added while it is worked on comes again. A failure is told and the key tried again
 * later, so that nothing is forgotten.
 */
export class WorkQueue {
  readonly #work: (key: string) => Promise<void>
  readonly #onFault: (error: unknown) => void
  readonly #waiting = new Set<string>()
  readonly #active = new Map<string, Promise<void>>()
  readonly #retries = new Map<string, NodeJS.Timeout>()
  readonly #failures = new Map<string, number>()
  #stopped = false

  constructor(work: (key: string) => Promise<void>, onFault: (error: unknown) => void) {
    this.#work = work
    this.#onFault = onFault
  }

  add(key: string): void {
    if (this.#stopped) return
    this.#waiting.add(key)
    this.#next()
  }

  /** Comes again after so long, unless it comes before. */
  addAfter(key: string, delayMs: number): void {
    if (this.#stopped || this.#retries.has(key)) return
    const timer = setTimeout(() => {
      this.#retries.delete(key)
      this.add(key)
    }, delayMs).unref()
    this.#retries.set(key, timer)
  }

  /** Ends after what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#waiting.clear()
    for (const timer of this.#retries.values()) clearTimeout(timer)
    await Promise.all(this.#active.values())
  }

  #next(): void {
    for (const key of this.#waiting) {
      if (this.#active.size >= PARALLEL) return
      if (this.#active.has(key)) continue
      this.#waiting.delete(key)
      this.#active.set(key, this.#run(key))
    }
  }

  async #run(key: string): Promise<void> {
    try {
      // Not in the turn of the change that caused it: whoever is to answer it goes first.
      await Promise.resolve()
      await this.#work(key)
      this.#failures.delete(key)
    } catch (error) {
      if (!this.#stopped) {
        const failures = (this.#failures.get(key) ?? 0) + 1
        this.#failures.set(key, failures)
        this.#onFault(error)
        this.addAfter(key, Math.min(60_000, 100 * 2 ** failures))
      }
    } finally {
      this.#active.delete(key)
      this.#next()
    }
  }
}
