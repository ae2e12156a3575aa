/**
 * `[[NAME]]` in texts. Pure: the caller brings the values.
 *
 * One pass over the text decides everything, so what a variable's value looks like never changes what the text means, and an
 * escape stays an escape. Three differences from Komodo, each a fault there: an escape is not replaced by a later pass, and
 * text that merely looks like an opening (`[[ -f x`, nested arrays) is left alone instead of failing or being altered.
 */

/** What replaced names may add to one text, in characters; a short text with long values could otherwise grow without bound. */
export const MAX_INSERTED = 4 * 1024 * 1024

/** The value of a variable may name variables; the values of those may not. */
const DEEPEST = 1

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

/** How a value is written into the text around it, where it is not just put there. */
export type Insert = (value: Value) => string

/** Variables that cannot be put into a text: they go in a circle, too deep, or beyond every size. The message is for users. */
export class InterpolationError extends Error {
  override readonly name = 'InterpolationError'
}

const token = /\[\[\[([A-Za-z_][A-Za-z0-9_]*)\]\]\]|\[\[([A-Za-z_][A-Za-z0-9_]*)\]\]/g

/** Names of variables, exactly as they stand between the brackets. */
export const isVariableName = (name: string): boolean => name.length <= 500 && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)

/**
 * Replaces each `[[NAME]]` that `lookup` knows. `[[[NAME]]]` becomes `[[NAME]]`. The value of a variable that is no secret may itself
 * name variables, one level deep (Komodo: secrets only); the value of a secret is taken as it is.
 * Throws an `InterpolationError` for values that name each other in a circle or too deep, or would add more than `MAX_INSERTED`.
 */
export function interpolate(text: string, lookup: Lookup, insert: Insert = (value) => value.text): Interpolated {
  const used = new Set<string>()
  const unknown = new Set<string>()
  const secrets = new Set<string>()
  let inserted = 0
  /** @param way names whose values are being read, the outermost first */
  const replace = (input: string, way: readonly string[]): string => {
    if (!input.includes('[[')) return input
    return input.replace(token, (match, escaped: string | undefined, name = '') => {
      if (escaped !== undefined) return `[[${escaped}]]`
      const value = lookup(name)
      if (value === undefined) {
        unknown.add(name)
        return match
      }
      used.add(name)
      inserted += value.text.length
      if (inserted > MAX_INSERTED) {
        throw new InterpolationError(`the values of ${listed(used)} make a text longer than ${MAX_INSERTED} characters`)
      }
      if (!value.secret) {
        requireShallow([...way, name])
        return replace(insert(value), [...way, name])
      }
      if (value.text !== '') secrets.add(value.text)
      return insert(value)
    })
  }
  return { text: replace(text, []), used: [...used], unknown: [...unknown], secrets: [...secrets] }
}

function requireShallow(way: readonly string[]): void {
  const shown = way.map((name) => `[[${name}]]`).join(' -> ')
  if (new Set(way).size < way.length) {
    throw new InterpolationError(
      `the values of variables go in a circle: ${shown}; give one of them a value without [[ ]]`,
    )
  }
  if (way.length > DEEPEST + 1) {
    throw new InterpolationError(
      `the value of a variable may use others, but their values may not use more: ${shown}; write the last value into the one before`,
    )
  }
}

const listed = (names: Iterable<string>): string => Array.from(names, (name) => `[[${name}]]`).join(', ')

/** Names that a text uses, known or not; what an index of users of a variable is made from. Escaped ones are not among them. */
export function variableNames(text: string): string[] {
  if (!text.includes('[[')) return []
  const names = new Set<string>()
  for (const [, , name] of text.matchAll(token)) if (name !== undefined) names.add(name)
  return [...names]
}

/**
 * What a text is, which says what an unknown `[[NAME]]` in it means.
 *
 * - `value`: a setting; nothing but a variable is written like that.
 * - `document`: compose files, Dockerfiles, shell commands. A line that is nothing but `[[name]]` is the header of a TOML table
 *   (`[[runners]]` in an inline config), unless the name is in capitals.
 * - `program`: TypeScript, where `[[row]]` is a list in a list; only a name in capitals means a variable.
 */
export type TextForm = 'value' | 'document' | 'program'

/** Those of the names that a text of this form means as variables. */
export function meantAsVariables(names: readonly string[], text: string, form: TextForm): readonly string[] {
  if (form === 'value' || names.every(isInCapitals)) return names
  if (form === 'program') return names.filter(isInCapitals)
  const elsewhere = new Set(variableNames(text.replace(tableHeader, '')))
  const within = new Set(variableNames(text))
  // A name that is not in the text itself came with the value of a variable, which is no document.
  return names.filter((name) => isInCapitals(name) || elsewhere.has(name) || !within.has(name))
}

/**
 * What looks as if a variable were meant and is none, since no name is like that: `[[PI-HOLE]]`, `[[ NAME ]]`. Each once, as it stands.
 * Komodo leaves it in the text as well. Shell tests, classes of characters (`[[:alpha:]]`, `[[A-Z0-9_]]`), numbers in lists and, in
 * documents, headers of TOML tables are not meant.
 */
export function mistakenReferences(text: string, form: TextForm): string[] {
  if (form === 'program' || !text.includes('[[')) return []
  const found = new Set<string>()
  for (const [shown, name = ''] of text.matchAll(likeToken)) {
    if (`[[${name}]]` === shown && isVariableName(name)) continue
    if (
      !/[A-Za-z]/.test(name) ||
      /^(?:[A-Za-z\d]-[A-Za-z\d]|[_.-])+$/.test(name) ||
      (form === 'document' && !isInCapitals(name))
    )
      continue
    found.add(shown)
  }
  return [...found]
}

const likeToken = /(?<!\[)\[\[ *(\w[\w.-]*) *\]\](?!\])/g

const isInCapitals = (name: string): boolean => !/[a-z]/.test(name)
const tableHeader = /^[ \t]*\[\[[A-Za-z_][A-Za-z0-9_]*\]\][ \t]*(?:#.*)?\r?$/gm

/** Gathers the outcome of many texts of one object. */
export class Interpolation {
  readonly #lookup: Lookup
  readonly #forms: Readonly<Record<string, TextForm>>
  readonly #used = new Set<string>()
  readonly #secrets = new Set<string>()
  readonly #unknown = new Map<string, string>()

  /** @param forms the fields of the object in which names are replaced; no other may be asked for */
  constructor(lookup: Lookup, forms: Readonly<Record<string, TextForm>>) {
    this.#lookup = lookup
    this.#forms = forms
  }

  /** @param field where the text stands, for messages. Throws an `InterpolationError` that names it. */
  text(field: string, text: string, insert?: Insert): string {
    const form = this.#forms[field]
    // Whoever waits for a variable is found by the same table: a field that is missing there would never be woken.
    if (form === undefined) throw new TypeError(`no names are replaced in ${field}`)
    const result = this.#interpolate(field, text, insert)
    for (const name of result.used) this.#used.add(name)
    for (const secret of result.secrets) this.#secrets.add(secret)
    for (const name of meantAsVariables(result.unknown, text, form)) {
      if (!this.#unknown.has(name)) this.#unknown.set(name, field)
    }
    return result.text
  }

  #interpolate(field: string, text: string, insert: Insert | undefined): Interpolated {
    try {
      return interpolate(text, this.#lookup, insert)
    } catch (error) {
      if (!(error instanceof InterpolationError)) throw error
      throw new InterpolationError(`in \`${field}\`, ${error.message}`, { cause: error })
    }
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

  /** Names without a value that are meant as variables, and the first field each is used in. */
  get unknown(): ReadonlyMap<string, string> {
    return this.#unknown
  }
}
