const PLACEHOLDER = '<redacted>'

/** Takes known secrets out of texts. What it was not told it cannot know: tell it before the secret is used. */
export class Redactor {
  /** Longest first, so that a secret that contains another goes whole. */
  #needles: string[] = []

  get isEmpty(): boolean {
    return this.#needles.length === 0
  }

  /** Also knows the spellings in which secrets travel: trimmed, each longer line, base64, URL-encoded, within JSON. */
  add(secrets: Iterable<string>): void {
    const needles = new Set(this.#needles)
    for (const secret of secrets) for (const spelling of spellings(secret)) needles.add(spelling)
    this.#needles = [...needles].sort((a, b) => b.length - a.length)
  }

  text(text: string): string {
    let clean = text
    for (const needle of this.#needles) {
      if (clean.includes(needle)) clean = clean.replaceAll(needle, PLACEHOLDER)
    }
    return clean
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

/** Lines of a secret file (a private key) appear alone in error texts; shorter ones are too common to be telling. */
const TELLING_LINE = 8

function* spellings(secret: string): Iterable<string> {
  const trimmed = secret.trim()
  if (trimmed === '') return
  yield secret
  yield trimmed
  const lines = trimmed.split(/\r?\n/)
  if (lines.length > 1) for (const line of lines) if (line.trim().length >= TELLING_LINE) yield line.trim()
  const base64 = Buffer.from(secret).toString('base64')
  yield base64
  yield base64.replace(/=+$/, '')
  yield encodeURIComponent(trimmed.toWellFormed())
  yield JSON.stringify(trimmed).slice(1, -1)
}
