import { type Clock, pause } from '../engine/clock.ts'

export interface CoalescerOptions<Value, Result> {
  clock: Clock
  /** Work for one key begins at most so often. */
  gapMs: number
  signal: AbortSignal
  work(value: Value): Promise<Result>
}

/**
 * Work by key, one at a time: the first value is worked on at once, and of all that come meanwhile only the newest, for all who gave one.
 * So whoever submits knows that work has begun after that and succeeded, and a storm costs no more than a breeze.
 */
export class Coalescer<Value, Result> {
  readonly #options: CoalescerOptions<Value, Result>
  readonly #busy = new Map<string, { next?: Next<Value, Result> }>()

  constructor(options: CoalescerOptions<Value, Result>) {
    this.#options = options
  }

  submit(key: string, value: Value): Promise<Result> {
    const slot = this.#busy.get(key)
    if (slot === undefined) return this.#begin(key, value)
    slot.next = { value, settled: slot.next?.settled ?? Promise.withResolvers<Result>() }
    return slot.next.settled.promise
  }

  #begin(key: string, value: Value): Promise<Result> {
    const { clock, gapMs, signal, work } = this.#options
    const slot: { next?: Next<Value, Result> } = {}
    this.#busy.set(key, slot)
    const done = work(value)
    void Promise.allSettled([done, pause(clock, gapMs, signal)]).then(() => {
      this.#busy.delete(key)
      if (slot.next === undefined) return
      const { settled } = slot.next
      this.#begin(key, slot.next.value).then(settled.resolve, settled.reject)
    })
    return done
  }
}

interface Next<Value, Result> {
  value: Value
  settled: PromiseWithResolvers<Result>
}
