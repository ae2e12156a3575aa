/**
 * `[[NAME]]` in texts. Pure: the caller brings the values.
 *
 * One pass over the text decides everything, so what a variable's value looks like never changes what the text means, and an
 * escape stays an escape. Three differences from Komodo, each a fault there: an escape is not replaced by a later pass, and
 * text that merely looks like an opening (`[[ -f x`, nested arrays) is left alone instead of failing or being altered.
 */

/** What replaced names may add to one text, in characters; a short text with long values could otherwise grow without bound. */
export const MAX_INSERTED = 4 * 1024 * 1024

export interface Value {
  text: string
  secret: boolean
}

export interface Interpolated {
  text: string
  /** Names that were replaced, each once, in order. */
  used: readonly string[]
  /** Names that look like a variable and that `lookup` does not know: left in the text as they are. */
  unknown: readonly string[]
  /** Values of secrets that are now part of the text: to be scrubbed from whatever is shown. Never empty strings. */
  secrets: readonly string[]
}

export type Lookup = (name: string) => Value | undefined

const token = /\[\[\[([A-Za-z_][A-Za-z0-9_]*)\]\]\]|\[\[([A-Za-z_][A-Za-z0-9_]*)\]\]/g

/** Names of variables, exactly as they stand between the brackets. */
export const isVariableName = (name: string): boolean => name.length <= 500 && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)

/**
 * Replaces each `[[NAME]]` that `lookup` knows. `[[[NAME]]]` becomes `[[NAME]]`. The value of a variable that is no secret may itself
 * name variables, one level deep (Komodo: secrets only); the value of a secret is taken as it is.
 * Throws a RangeError when the values would add more than `MAX_INSERTED`.
 */
export function interpolate(text: string, lookup: Lookup): Interpolated {
  const used = new Set<string>()
  const unknown = new Set<string>()
  const secrets = new Set<string>()
  let inserted = 0
  const replace = (input: string, depth: number): string => {
    if (!input.includes('[[')) return input
    return input.replace(token, (match, escaped: string | undefined, name: string | undefined) => {
      if (escaped !== undefined) return `[[${escaped}]]`
      const value = lookup(name!)
      if (!value) {
        unknown.add(name!)
        return match
      }
      used.add(name!)
      inserted += value.text.length
      if (inserted > MAX_INSERTED) {
        throw new RangeError(
          `the values of [[${[...used].join(']], [[')}]] make a text longer than ${MAX_INSERTED} characters`,
        )
      }
      if (!value.secret) return depth === 0 ? replace(value.text, 1) : value.text
      if (value.text !== '') secrets.add(value.text)
      return value.text
    })
  }
  return { text: replace(text, 0), used: [...used], unknown: [...unknown], secrets: [...secrets] }
}

/** Names that a text uses, known or not; what an index of users of a variable is made from. Escaped ones are not among them. */
export function variableNames(text: string): string[] {
  if (!text.includes('[[')) return []
  const names = new Set<string>()
  for (const [, , name] of text.matchAll(token)) if (name !== undefined) names.add(name)
  return [...names]
}

/** Gathers the outcome of many texts of one object. */
export class Interpolation {
  readonly #lookup: Lookup
  readonly #used = new Set<string>()
  readonly #secrets = new Set<string>()
  readonly #unknown = new Map<string, string>()

  constructor(lookup: Lookup) {
    this.#lookup = lookup
  }

  /** @param field where the text stands, for messages */
  text(field: string, text: string): string {
    const result = interpolate(text, this.#lookup)
    for (const name of result.used) this.#used.add(name)
    for (const secret of result.secrets) this.#secrets.add(secret)
    for (const name of result.unknown) if (!this.#unknown.has(name)) this.#unknown.set(name, field)
    return result.text
  }

  list(field: string, texts: readonly string[]): string[] {
    return texts.map((text) => this.text(field, text))
  }

  get used(): readonly string[] {
    return [...this.#used]
  }

  get secrets(): readonly string[] {
    return [...this.#secrets]
  }

  /** Names without a value, and the first field each is used in. */
  get unknown(): ReadonlyMap<string, string> {
    return this.#unknown
  }
}
