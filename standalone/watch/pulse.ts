/**
 * Watchers are woken together, and under load not more often than this: each then takes several changes in one write, which is what
 * makes a hundred watchers of hundreds of changes a second cheap. The first change after a quiet time goes out at once.
 */
const BEAT_MS = 5

export class Pulse {
  #waiting: (() => void)[] = []
  #last = 0
  #pending = false

  /** Calls back at the next beat. */
  request(wake: () => void): void {
    this.#waiting.push(wake)
    if (this.#pending) return
    this.#pending = true
    const rest = this.#last + BEAT_MS - performance.now()
    if (rest <= 0) setImmediate(() => this.#beat())
    else setTimeout(() => this.#beat(), rest)
  }

  #beat(): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#pending = false
    this.#last = performance.now()
    for (const wake of waiting) wake()
  }
}
