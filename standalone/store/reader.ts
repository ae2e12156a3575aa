import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Change, type ChangeType } from './change.ts'

export interface Stored {
  path: string
  revision: number
  text: string
}

export interface Page {
  /** Only paths that start so. */
  prefix?: string
  /** Only paths after this one. */
  after?: string
  limit?: number
}

/** Sorts after every path, since no path holds this character. */
const LAST = '\u{10ffff}'

/** Reads what the connection sees: committed state, or inside a transaction its own writes too. */
export class Reader {
  readonly #get: StatementSync
  readonly #list: StatementSync
  readonly #count: StatementSync
  readonly #changes: StatementSync
  readonly #firstChanges: StatementSync
  readonly #byRevision: StatementSync
  readonly #resources: StatementSync

  constructor(database: DatabaseSync) {
    this.#get = database.prepare(
      'SELECT o.path, o.rv AS revision, l.text FROM objects o JOIN log l ON l.rv = o.rv WHERE o.resource = ? AND o.path = ?',
    )
    this.#list = database.prepare(
      `SELECT o.path, o.rv AS revision, l.text FROM objects o JOIN log l ON l.rv = o.rv
       WHERE o.resource = ? AND o.path > ? AND o.path < ? ORDER BY o.path LIMIT ?`,
    )
    this.#count = database.prepare('SELECT count(*) AS n FROM objects WHERE resource = ? AND path > ? AND path < ?')
    this.#changes = database.prepare(
      `SELECT l.rv AS revision, l.type, l.resource, l.path, l.text, p.text AS previousText
       FROM log l LEFT JOIN log p ON p.rv = l.prev WHERE l.rv > ? AND l.resource = ? ORDER BY l.rv LIMIT ?`,
    )
    this.#firstChanges = database.prepare(
      'SELECT path, min(rv), prev FROM log WHERE rv > ? AND resource = ? AND path > ? AND path < ? GROUP BY path',
    )
    this.#byRevision = database.prepare('SELECT path, rv AS revision, text FROM log WHERE rv = ?')
    this.#resources = database.prepare('SELECT DISTINCT resource FROM objects')
  }

  get(resource: string, path: string): Stored | undefined {
    return this.#get.get(resource, path) as Stored | undefined
  }

  /** In the order of paths. */
  list(resource: string, { prefix = '', after = '', limit = -1 }: Page = {}): Stored[] {
    const from = after > prefix ? after : prefix
    return this.#list.all(resource, from, prefix + LAST, limit) as unknown as Stored[]
  }

  count(resource: string, { prefix = '', after = '' }: Page = {}): number {
    const from = after > prefix ? after : prefix
    return Number(this.#count.get(resource, from, prefix + LAST)?.n ?? 0)
  }

  /** What `list` would have answered when `revision` was the newest; it must not be compacted. */
  listAt(revision: number, resource: string, { prefix = '', after = '', limit = -1 }: Page = {}): Stored[] {
    const from = after > prefix ? after : prefix
    const changed = this.#firstChanges.all(revision, resource, from, prefix + LAST) as { path: string; prev: number }[]
    if (changed.length === 0) return this.list(resource, { prefix, after, limit })
    const then = new Map(changed.map(({ path, prev }) => [path, prev]))
    const untouched = this.list(resource, { prefix, after }).filter(({ path }) => !then.has(path))
    const touched = [...then.values()]
      .filter((prev) => prev > 0)
      .map((prev) => this.#byRevision.get(prev) as unknown as Stored)
    const all = [...untouched, ...touched].sort((a, b) => (a.path < b.path ? -1 : 1))
    return limit < 0 ? all : all.slice(0, limit)
  }

  /** The changes of a resource after `revision`, oldest first. */
  changesSince(revision: number, resource: string, limit: number): Change[] {
    const rows = this.#changes.all(revision, resource, limit) as unknown as (Omit<Change, 'previousText'> & {
      type: ChangeType
      previousText: string | null
    })[]
    return rows.map((row) => new Change({ ...row, previousText: row.previousText ?? undefined }))
  }

  /** The resources that have objects. */
  resources(): string[] {
    return (this.#resources.all() as { resource: string }[]).map(({ resource }) => resource)
  }
}
