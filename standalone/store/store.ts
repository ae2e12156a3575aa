import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Change } from './change.ts'
import { openDatabase } from './database.ts'
import { Reader } from './reader.ts'
import { type Transaction, Writer } from './writer.ts'

export interface StoreOptions {
  /** Path of the database file, or `:memory:`. */
  file: string
  /** How many changes stay replayable for watches; older ones are compacted. */
  keepChanges?: number
}

const DEFAULT_KEEP_CHANGES = 20_000
/** Revisions compacted per commit, so that no commit waits for a long clean-up. */
const COMPACT_STEP = 500
/** Operations per transaction: bounds how long the first one waits for the last. */
const BATCH = 256

interface Pending {
  operation: (transaction: Transaction) => unknown
  resolve(result: unknown): void
  reject(error: unknown): void
}

/**
 * Objects as JSON text under (resource, path), every change numbered by one counter that never goes back. The store knows
 * nothing of what the texts mean. Reads outside of `write` see only what is committed.
 *
 * Group commit: all operations that were asked for in one turn of the event loop share a transaction, hence an fsync. Their
 * callers get their answers after COMMIT; then the changes go to the subscribers, in order.
 */
export class Store extends Reader {
  readonly #database: DatabaseSync
  readonly #writer: Writer
  readonly #keepChanges: number
  readonly #setMeta: StatementSync
  readonly #dropSuperseded: StatementSync
  readonly #dropTombstones: StatementSync
  readonly #subscribers = new Set<(change: Change) => void>()
  #pending: Pending[] = []
  #closed = false
  #revision: number
  #compacted: number

  constructor({ file, keepChanges = DEFAULT_KEEP_CHANGES }: StoreOptions) {
    const database = openDatabase(file)
    super(database)
    this.#database = database
    this.#writer = new Writer(database)
    this.#keepChanges = keepChanges
    const meta = database.prepare('SELECT value FROM meta WHERE key = ?')
    this.#revision = Number(meta.get('revision')?.value ?? 1)
    this.#compacted = Number(meta.get('compacted')?.value ?? 0)
    this.#setMeta = database.prepare(
      'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    )
    this.#dropSuperseded = database.prepare(
      'DELETE FROM log WHERE rv IN (SELECT prev FROM log WHERE rv > ? AND rv <= ? AND prev > 0)',
    )
    this.#dropTombstones = database.prepare('DELETE FROM log WHERE rv > ? AND rv <= ? AND type = 2')
  }

  /** The newest committed revision. */
  get revision(): number {
    return this.#revision
  }

  /** Changes up to here can no longer be replayed, nor can lists be taken as of before it. */
  get compacted(): number {
    return this.#compacted
  }

  /**
   * Runs `operation` in the next transaction, after all that were asked for before it, and answers once it is on disk. An
   * operation that throws leaves nothing behind and fails alone; a commit that fails (disk full) fails all of its operations.
   */
  write<T>(operation: (transaction: Transaction) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) return reject(new Error('the store is closed'))
      if (this.#pending.push({ operation, resolve: resolve as Pending['resolve'], reject }) === 1) this.#schedule()
    })
  }

  /** Calls back for every change, in order, after its commit. Answers the function that ends it. */
  subscribe(subscriber: (change: Change) => void): () => void {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }

  /** Finishes what was asked for, folds the WAL into the database file and closes it. */
  close(): void {
    if (this.#closed) return
    while (this.#pending.length > 0) this.#commitBatch()
    this.#closed = true
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    this.#database.close()
  }

  #schedule(): void {
    setImmediate(() => {
      if (this.#pending.length === 0) return
      this.#commitBatch()
      if (this.#pending.length > 0) this.#schedule()
    })
  }

  #commitBatch(): void {
    const batch = this.#pending.slice(0, BATCH)
    this.#pending = this.#pending.slice(BATCH)
    const answers: (() => void)[] = []
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      this.#writer.reset(this.#revision)
      for (const { operation, resolve, reject } of batch) {
        try {
          const result = this.#writer.run(operation)
          answers.push(() => resolve(result))
        } catch (error) {
          answers.push(() => reject(error))
        }
      }
      this.#commit()
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      for (const { reject } of batch) reject(error)
      return
    }
    for (const answer of answers) answer()
    for (const change of this.#writer.changes) {
      for (const subscriber of this.#subscribers) subscriber(change)
    }
  }

  #commit(): void {
    const { revision } = this.#writer
    if (revision === this.#revision) {
      this.#database.exec('COMMIT')
      return
    }
    const compacted = this.#compact(revision)
    this.#setMeta.run('revision', revision)
    this.#database.exec('COMMIT')
    this.#revision = revision
    this.#compacted = compacted
  }

  #compact(revision: number): number {
    const from = this.#compacted
    const to = Math.min(revision - this.#keepChanges, from + COMPACT_STEP)
    // Not for every single change: a statement should be worth its while.
    if (to - from < Math.min(COMPACT_STEP, this.#keepChanges) / 10) return from
    this.#dropSuperseded.run(from, to)
    this.#dropTombstones.run(from, to)
    this.#setMeta.run('compacted', to)
    return to
  }
}
