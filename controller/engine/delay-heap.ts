/** Keys by due time, the soonest first. A key may be in it more than once; who pops decides which entry still counts. */
export class DelayHeap {
  readonly #entries: Delayed[] = []

  get size(): number {
    return this.#entries.length
  }

  peek(): Delayed | undefined {
    return this.#entries[0]
  }

  push(entry: Delayed): void {
    const entries = this.#entries
    let index = entries.length
    entries.push(entry)
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (entries[parent]!.at <= entry.at) break
      entries[index] = entries[parent]!
      index = parent
    }
    entries[index] = entry
  }

  pop(): Delayed | undefined {
    const entries = this.#entries
    const first = entries[0]
    const last = entries.pop()
    if (first === undefined || last === undefined || entries.length === 0) return first
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= entries.length) break
      if (child + 1 < entries.length && entries[child + 1]!.at < entries[child]!.at) child++
      if (entries[child]!.at >= last.at) break
      entries[index] = entries[child]!
      index = child
    }
    entries[index] = last
    return first
  }
}

export interface Delayed {
  key: string
  /** Milliseconds since the epoch. */
  at: number
}
