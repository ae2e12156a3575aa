/** A piece of a text that another one takes the place of; empty pieces are places to insert at. */
interface Splice {
  start: number
  end: number
  text: string
  /** Of several that are inserted at one place, those of a higher rank come later. */
  rank: number
}

/** Changes of one text, all of them in offsets of the text as it was. */
export class Splices {
  readonly #splices: Splice[] = []

  replace(start: number, end: number, text: string, rank = 0): void {
    this.#splices.push({ start, end, text, rank })
  }

  insert(at: number, text: string, rank = 0): void {
    this.replace(at, at, text, rank)
  }

  remove(start: number, end: number): void {
    this.replace(start, end, '')
  }

  /** What is removed twice is removed once. Throws when something is to be written where something is removed. */
  apply(text: string): string {
    const parts: string[] = []
    let from = 0
    for (const { start, end, text: instead } of this.#splices.toSorted(
      (a, b) => a.start - b.start || a.end - b.end || a.rank - b.rank,
    )) {
      if (start < from && instead !== '') throw new Error('two changes of one place')
      if (start > from) parts.push(text.slice(from, start))
      parts.push(instead)
      from = Math.max(from, end)
    }
    parts.push(text.slice(from))
    return parts.join('')
  }
}
