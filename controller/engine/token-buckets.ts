import type { Clock } from './clock.ts'

/** A token bucket per key. Keys that were not heard of for longest are forgotten beyond `most`, which fills their bucket again. */
export class TokenBuckets {
  readonly #options: { clock: Clock; burst: number; refillMs: number; most: number }
  readonly #buckets = new Map<string, { tokens: number; at: number }>()

  constructor(options: { clock: Clock; burst: number; refillMs: number; most: number }) {
    this.#options = options
  }

  /** Takes a token; `false` when there is none. */
  take(key: string): boolean {
    const { clock, most } = this.#options
    const tokens = this.#tokens(key)
    this.#buckets.delete(key)
    this.#buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: clock.now() })
    if (this.#buckets.size > most) {
      const oldest = this.#buckets.keys().next()
      if (oldest.done === false) this.#buckets.delete(oldest.value)
    }
    return tokens >= 1
  }

  #tokens(key: string): number {
    const { clock, burst, refillMs } = this.#options
    const before = this.#buckets.get(key)
    return before === undefined ? burst : Math.min(burst, before.tokens + (clock.now() - before.at) / refillMs)
  }
}
