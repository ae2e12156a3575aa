import { nearest } from './nearest.ts'
import { type OlderKey, olderKey, whenText } from './older-keys.ts'
import type { TomlPath } from './positions.ts'

/** What the reader says about one place. */
export type Report = (severity: 'error' | 'warning', code: string, path: TomlPath, message: string) => void

/** What is wrong with a key that is known in this kind of block, but not where it stands: "belongs in [stack.config]". */
export type Misplaced = (key: string, path: TomlPath) => string | undefined

/** What the reading of one block carries along. */
export class Reading {
  /** Of the value that is looked at; whoever goes deeper pushes and pops. */
  readonly path: (string | number)[]
  /** Values of secret fields, by dotted path in `spec`. */
  readonly secrets: Record<string, string>
  readonly #kind: string
  readonly #report: Report
  readonly #misplaced: Misplaced

  /** @param path of the block: its table and its index there */
  constructor(
    kind: string,
    path: TomlPath,
    report: Report,
    misplaced: Misplaced,
    secrets: Record<string, string> = {},
  ) {
    this.path = [...path]
    this.secrets = secrets
    this.#kind = kind
    this.#report = report
    this.#misplaced = misplaced
  }

  /** The same reading from here on, with something more to say about keys. */
  narrowed(misplaced: Misplaced): Reading {
    const both: Misplaced = (key, path) => misplaced(key, path) ?? this.#misplaced(key, path)
    return new Reading(this.#kind, this.path, this.#report, both, this.secrets)
  }

  /** What stands at the end of the path, as a message begins: the key in quotes, or which entry of a list it is. */
  get key(): string {
    const key = this.path.at(-1)
    return typeof key === 'number' ? `Entry ${key + 1} of "${this.path.at(-2)}"` : `"${key}"`
  }

  error(code: string, message: string): undefined {
    this.#report('error', code, [...this.path], message)
    return undefined
  }

  warn(code: string, message: string): void {
    this.#report('warning', code, [...this.path], message)
  }

  wrongType(expected: string, raw: unknown): undefined {
    return this.error('WrongType', `${this.key} takes ${expected}, not ${describe(raw)}.`)
  }

  /** What the key at the end of the path was in older releases of Komodo. */
  olderKey(): OlderKey | undefined {
    return olderKey(this.#kind, this.path.slice(2))
  }

  /** The key at the end of the path is not one of `known`. */
  unknownKey(known: Iterable<string>): void {
    const key = String(this.path.at(-1))
    const older = this.olderKey()
    if (older?.advice !== undefined) {
      this.warn('RemovedKey', `"${key}" ended ${whenText(older)} and is ignored: ${older.advice}.`)
      return
    }
    const wrong = this.#misplaced(key, this.path)
    if (wrong) {
      this.warn('MisplacedKey', `"${shorten(key)}" ${wrong}; here it is ignored.`)
      return
    }
    const near = nearest(key, known)
    this.warn('UnknownKey', `Unknown key "${shorten(key)}"; ${near ? `did you mean "${near}"?` : 'it is ignored.'}`)
  }
}

/** The type of a value, for messages; never the value itself, which may be a secret. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return 'true or false'
  if (typeof value === 'bigint') return 'a whole number'
  if (typeof value === 'number') {
    return Number.isFinite(value) ? 'a number with a fraction' : 'a number that is not finite'
  }
  if (Array.isArray(value)) return 'a list'
  if (value instanceof Date) return 'a date or time'
  return 'a table'
}

export const oneOf = (values: Iterable<string>): string => [...values].map((value) => `"${value}"`).join(', ')

export const shorten = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}...` : text)
