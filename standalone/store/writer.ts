import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Change, ChangeType } from './change.ts'
import { Reader, type Stored } from './reader.ts'

/** Makes the text of an object for the revision that it is stored at. */
export type Render = (revision: number) => string

/** The writing side of one operation: its reads see what earlier operations of the same transaction wrote. */
export interface Transaction extends Pick<Reader, 'get' | 'list' | 'count'> {
  put(resource: string, path: string, render: Render): Stored
  /** Removes what must be there; `render` makes its last content, at the revision of the removal. */
  remove(resource: string, path: string, render: Render): Stored
}

/** Appends changes inside a transaction that its owner begins and commits. */
export class Writer extends Reader implements Transaction {
  readonly #insert: StatementSync
  readonly #point: StatementSync
  readonly #unpoint: StatementSync
  readonly #savepoint: StatementSync
  readonly #release: StatementSync
  readonly #undo: StatementSync
  #revision = 0
  #changes: Change[] = []
  #before: { revision: number; changes: number } | undefined
  /** What was read last: whoever writes an object has mostly just read it. */
  #last: { resource: string; path: string; stored: Stored | undefined } | undefined

  constructor(database: DatabaseSync) {
    super(database)
    this.#insert = database.prepare('INSERT INTO log (rv, type, prev, resource, path, text) VALUES (?, ?, ?, ?, ?, ?)')
    this.#point = database.prepare(
      'INSERT INTO objects (resource, path, rv) VALUES (?, ?, ?) ON CONFLICT (resource, path) DO UPDATE SET rv = excluded.rv',
    )
    this.#unpoint = database.prepare('DELETE FROM objects WHERE resource = ? AND path = ?')
    this.#savepoint = database.prepare('SAVEPOINT operation')
    this.#release = database.prepare('RELEASE operation')
    this.#undo = database.prepare('ROLLBACK TO operation')
  }

  /** Forgets the last transaction; the next change gets the revision after `revision`. */
  reset(revision: number): void {
    this.#revision = revision
    this.#changes = []
    this.#last = undefined
  }

  get revision(): number {
    return this.#revision
  }

  get changes(): readonly Change[] {
    return this.#changes
  }

  /** Runs one operation; if it throws, what it wrote is undone. */
  run<T>(operation: (transaction: Transaction) => T): T {
    this.#before = undefined
    try {
      return operation(this)
    } catch (error) {
      this.#undoOperation()
      throw error
    } finally {
      if (this.#before) this.#release.run()
    }
  }

  override get(resource: string, path: string): Stored | undefined {
    if (this.#last?.path === path && this.#last.resource === resource) return this.#last.stored
    const stored = super.get(resource, path)
    this.#last = { resource, path, stored }
    return stored
  }

  put(resource: string, path: string, render: Render): Stored {
    const previous = this.get(resource, path)
    const stored = this.#append(previous ? ChangeType.Modified : ChangeType.Added, resource, path, render, previous)
    this.#point.run(resource, path, stored.revision)
    return stored
  }

  remove(resource: string, path: string, render: Render): Stored {
    const previous = this.get(resource, path)
    if (!previous) throw new Error(`${resource} ${path} is not there to be removed`)
    const stored = this.#append(ChangeType.Deleted, resource, path, render, previous)
    this.#unpoint.run(resource, path)
    return stored
  }

  #append(type: ChangeType, resource: string, path: string, render: Render, previous: Stored | undefined): Stored {
    const revision = this.#revision + 1
    const text = render(revision)
    if (!this.#before) {
      this.#savepoint.run()
      this.#before = { revision: this.#revision, changes: this.#changes.length }
    }
    this.#last = undefined
    this.#insert.run(revision, type, previous?.revision ?? 0, resource, path, text)
    this.#revision = revision
    this.#changes.push(new Change({ revision, type, resource, path, text, previousText: previous?.text }))
    return { path, revision, text }
  }

  #undoOperation(): void {
    if (!this.#before) return
    this.#last = undefined
    this.#undo.run()
    this.#revision = this.#before.revision
    this.#changes.length = this.#before.changes
  }
}
