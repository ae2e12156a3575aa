import { chmodSync, closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/**
 * `log` is the truth: every change in order, its row id being the resourceVersion. `objects` points at the newest row of what
 * exists. A row stays until the change that superseded it (`prev` of that row) is compacted, so that every revision after
 * the compacted one can be listed, and a replayed change still knows what it replaced.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS log (
    rv INTEGER PRIMARY KEY,
    type INTEGER NOT NULL,
    prev INTEGER NOT NULL,
    resource TEXT NOT NULL,
    path TEXT NOT NULL,
    text TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS objects (
    resource TEXT NOT NULL,
    path TEXT NOT NULL,
    rv INTEGER NOT NULL,
    PRIMARY KEY (resource, path)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`

/** The layout above; a database of a later layout is refused rather than misread. */
const LAYOUT = 1

/** WAL pages (4 KiB) after which SQLite moves them into the database file: bounds the WAL at about 4 MiB between writes. */
const CHECKPOINT_PAGES = 1000

/** It holds Secrets as they are, whatever the mode of the directory that somebody made for it. SQLite's other files take after it. */
const makePrivate = (file: string): void => {
  if (file === ':memory:') return
  closeSync(openSync(file, 'a', 0o600))
  for (const path of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(path)) chmodSync(path, 0o600)
}

export const openDatabase = (file: string): DatabaseSync => {
  makePrivate(file)
  const database = new DatabaseSync(file)
  try {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA journal_size_limit = ${CHECKPOINT_PAGES * 4096};
      PRAGMA cache_size = -8192;
      PRAGMA temp_store = MEMORY;
      PRAGMA busy_timeout = 0;
      PRAGMA locking_mode = EXCLUSIVE;
    `)
    const layout = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0)
    if (layout > LAYOUT) {
      throw new Error(
        `${file} was written by a newer release (layout ${layout}, this one knows ${LAYOUT}): upgrade to read it`,
      )
    }
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA user_version = ${LAYOUT}; COMMIT;`)
    return database
  } catch (error) {
    database.close()
    if (error instanceof Error && /database is locked/.test(error.message)) {
      throw new Error(`${file} is in use by another process: only one server may serve a data directory`, {
        cause: error,
      })
    }
    throw error
  }
}
