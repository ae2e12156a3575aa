import { type Mask, maskFor } from '../text/mask.ts'

/** Takes known secrets out of what a pass shows. What it was not told it cannot know: tell it before the secret is used. */
export class Redactor {
  readonly #secrets = new Set<string>()
  #mask: Mask = (text) => text

  get isEmpty(): boolean {
    return this.#secrets.size === 0
  }

  add(secrets: Iterable<string>): void {
    const before = this.#secrets.size
    for (const secret of secrets) this.#secrets.add(secret)
    if (this.#secrets.size > before) this.#mask = maskFor(this.#secrets)
  }

  text(text: string): string {
    return this.#mask(text)
  }

  /** A copy whose strings, keys included, are scrubbed; the value itself when there is nothing to scrub. */
  value<V>(value: V): V {
    return this.isEmpty ? value : (this.#deep(value) as V)
  }

  /**
   * A copy whose texts for humans (every `message`) are scrubbed. Names, hashes and states stay as they are, since decisions are made
   * from them: a secret that happens to be a container's name, or "True", must not change what the status says.
   */
  messages<V>(value: V): V {
    return this.isEmpty ? value : (this.#messages(value) as V)
  }

  #messages(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#messages(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        key === 'message' && typeof item === 'string' ? this.text(item) : this.#messages(item),
      ]),
    )
  }

  #deep(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return value.map((item) => this.#deep(item))
    if (value instanceof Error) return this.text(value.stack ?? value.message)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.#deep(item)]))
  }
}
