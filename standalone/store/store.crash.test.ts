import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChangeType } from './change.ts'
import { Store } from './store.ts'

const ROUNDS = 4
const ACKNOWLEDGED_PER_ROUND = 150

interface Acknowledged {
  revision: number
  path: string
  value: number
}

/** Lets a process write, kills it without warning in the middle, and answers what it had been told is safe. */
const writeAndKill = async (file: string): Promise<Acknowledged[]> => {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'crash-child.fixture.ts'), file],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const exited = once(child, 'exit')
  const acknowledged: Acknowledged[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const [revision, path = '', value] = line.split(' ')
    acknowledged.push({ revision: Number(revision), path, value: Number(value) })
    if (acknowledged.length === ACKNOWLEDGED_PER_ROUND) child.kill('SIGKILL')
  }
  await exited
  return acknowledged
}

describe('a process killed in the middle of writes, again and again', () => {
  const dir = mkdtempSync(join(tmpdir(), 'store-crash-'))
  const file = join(dir, 'api.db')
  const rounds: { acknowledged: Acknowledged[]; revisionAfter: number }[] = []
  const open = (): Store => new Store({ file, keepChanges: 2_000 })

  beforeAll(async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const acknowledged = await writeAndKill(file)
      const store = open()
      rounds.push({ acknowledged, revisionAfter: store.revision })
      store.close()
    }
  }, 120_000)
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  it('loses no acknowledged write', () => {
    const store = open()
    const log = new Map(store.changesSince(0, 'things', 100_000).map((change) => [change.revision, change]))
    for (const { revision, path, value } of rounds.flatMap(({ acknowledged }) => acknowledged)) {
      expect(log.get(revision)?.path).toBe(path)
      expect(log.get(revision)?.text).toBe(JSON.stringify({ revision, value }))
    }
    store.close()
  })

  it('never moves the revision backwards, and gives none twice', () => {
    let before = 0
    const seen = new Set<number>()
    for (const { acknowledged, revisionAfter } of rounds) {
      for (const { revision } of acknowledged) {
        expect(revision).toBeGreaterThan(before)
        expect(seen.has(revision)).toBe(false)
        seen.add(revision)
      }
      before = Math.max(before, ...acknowledged.map(({ revision }) => revision))
      expect(revisionAfter).toBeGreaterThanOrEqual(before)
      before = revisionAfter
    }
  })

  it('keeps a log without gap or repeat, whose replay gives the objects that are there', () => {
    const store = open()
    const replayed = new Map<string, string>()
    let last = 1
    for (const change of store.changesSince(0, 'things', 100_000)) {
      expect(change.revision).toBe(last + 1)
      last = change.revision
      expect(change.previousText).toBe(replayed.get(change.path))
      if (change.type === ChangeType.Deleted) replayed.delete(change.path)
      else replayed.set(change.path, change.text)
    }
    expect(last).toBe(store.revision)
    expect(new Map(store.list('things').map(({ path, text }) => [path, text]))).toEqual(
      new Map([...replayed].sort(([a], [b]) => (a < b ? -1 : 1))),
    )
    store.close()
  })

  it('leaves no large WAL behind', () => {
    const store = open()
    store.close()
    expect(statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0)
  })
})
