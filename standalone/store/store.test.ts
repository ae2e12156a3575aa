import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Change, ChangeType } from './change.ts'
import type { Stored } from './reader.ts'
import { Store } from './store.ts'

const render = (value: unknown) => (revision: number) => JSON.stringify({ revision, value })

let dir: string
let store: Store
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'store-'))
  store = new Store({ file: join(dir, 'api.db') })
})
afterEach(() => {
  store.close()
  rmSync(dir, { recursive: true, force: true })
})

const put = (path: string, value: unknown = path): Promise<Stored> =>
  store.write((tx) => tx.put('things', path, render(value)))
const remove = (path: string): Promise<Stored> => store.write((tx) => tx.remove('things', path, render('gone')))

describe('writing', () => {
  it('numbers every change by one, across resources', async () => {
    const first = await put('a')
    const second = await store.write((tx) => tx.put('others', 'a', render(1)))
    expect(second.revision).toBe(first.revision + 1)
    expect(store.revision).toBe(second.revision)
  })

  it('shares one commit among all writes of a turn, and lets each see those before it', async () => {
    const counts = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        store.write((tx) => {
          tx.put('things', `ns/${index}`, render(index))
          return tx.count('things')
        }),
      ),
    )
    expect(counts).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
  })

  it('undoes all of an operation that throws, and nothing of its neighbours', async () => {
    const changes: Change[] = []
    store.subscribe((change) => changes.push(change))
    const results = await Promise.allSettled([
      put('a'),
      store.write((tx) => {
        tx.put('things', 'b', render(1))
        tx.put('things', 'c', render(1))
        throw new Error('on second thought')
      }),
      put('d'),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(store.list('things').map(({ path }) => path)).toEqual(['a', 'd'])
    expect(changes.map(({ path, revision }) => [path, revision])).toEqual([
      ['a', 2],
      ['d', 3],
    ])
  })

  it('is seen by reads of the same transaction, and no more once it is undone', async () => {
    await put('a', 'old')
    const seen: (string | undefined)[] = []
    const look = (tx: Pick<Store, 'get'>): void =>
      void seen.push(tx.get('things', 'a')?.text.match(/"value":"(.*)"/)?.[1])
    await Promise.allSettled([
      store.write((tx) => {
        look(tx)
        tx.put('things', 'a', render('new'))
        look(tx)
        throw new Error('on second thought')
      }),
      store.write((tx) => {
        look(tx)
        tx.remove('things', 'a', render('gone'))
        look(tx)
      }),
      store.write(look),
    ])
    expect(seen).toEqual(['old', 'new', 'old', undefined, undefined])
  })

  it('is not seen by readers before it is committed', async () => {
    const written = put('a')
    expect(store.get('things', 'a')).toBeUndefined()
    await written
    expect(store.get('things', 'a')?.text).toBe('{"revision":2,"value":"a"}')
  })

  it('answers before it tells the subscribers, and tells them in order', async () => {
    const order: string[] = []
    store.subscribe(({ path }) => queueMicrotask(() => order.push(`told ${path}`)))
    await Promise.all(['a', 'b'].map((path) => put(path).then(() => order.push(`answered ${path}`))))
    await put('c')
    await new Promise((resolve) => setImmediate(resolve))
    expect(order.indexOf('answered a')).toBeLessThan(order.indexOf('told a'))
    expect(order.filter((entry) => entry.startsWith('told'))).toEqual(['told a', 'told b', 'told c'])
  })

  it('is refused once the store is closed', async () => {
    store.close()
    await expect(put('a')).rejects.toThrow('the store is closed')
  })
})

describe('opening', () => {
  it('goes on where a clean close left off', async () => {
    await put('a')
    store.close()
    store = new Store({ file: join(dir, 'api.db') })
    expect((await put('b')).revision).toBe(3)
    expect(store.list('things').map(({ path }) => path)).toEqual(['a', 'b'])
  })

  it('refuses a database that another server has open', () => {
    expect(() => new Store({ file: join(dir, 'api.db') })).toThrow(/in use by another process/)
  })
})

describe('compaction', () => {
  const keepChanges = 200
  beforeEach(() => {
    store.close()
    store = new Store({ file: join(dir, 'api.db'), keepChanges })
  })

  const churn = async (times: number): Promise<void> => {
    for (let index = 0; index < times; index++) {
      await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          store.write((tx) => tx.put('things', `ns/${n}`, render('x'.repeat(500) + index))),
        ),
      )
    }
  }

  it('keeps what is there, and every change that it still promises', async () => {
    await churn(40)
    expect(store.compacted).toBeGreaterThan(store.revision - keepChanges - 100)
    expect(store.list('things')).toHaveLength(50)
    const changes = store.changesSince(store.compacted, 'things', 10_000)
    expect(changes.map(({ revision }) => revision)).toEqual(
      Array.from({ length: store.revision - store.compacted }, (_, index) => store.compacted + 1 + index),
    )
    expect(changes.every(({ previousText }) => previousText !== undefined)).toBe(true)
  })

  it('forgets what was removed long ago', async () => {
    await put('ns/gone')
    await remove('ns/gone')
    await churn(20)
    expect(store.changesSince(0, 'things', 10_000).some(({ path }) => path === 'ns/gone')).toBe(false)
  })

  it('keeps the file and the WAL bounded under endless change', async () => {
    await churn(60)
    const early = statSync(join(dir, 'api.db')).size
    await churn(120)
    expect(statSync(join(dir, 'api.db')).size).toBeLessThan(early * 2 + 1_000_000)
    expect(statSync(join(dir, 'api.db-wal')).size).toBeLessThan(12_000_000)
  })
})

it('leaves no file when it is kept in memory', () => {
  new Store({ file: ':memory:' }).close()
  expect(existsSync(':memory:')).toBe(false)
})

describe('lists of an earlier revision', () => {
  it('are what lists of that time were, whatever happened since', async () => {
    const step = fc.record({ path: fc.constantFrom('a/1', 'a/2', 'a-b/1', 'b/1'), remove: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const history = new Store({ file: ':memory:' })
        try {
          const snapshots = new Map([[history.revision, history.list('things')]])
          for (const { path, remove } of steps) {
            await history.write((tx) => {
              if (!remove) tx.put('things', path, render(path))
              else if (tx.get('things', path)) tx.remove('things', path, render(path))
            })
            snapshots.set(history.revision, history.list('things'))
          }
          for (const [revision, then] of snapshots) {
            expect(history.listAt(revision, 'things')).toEqual(then)
            expect(history.listAt(revision, 'things', { prefix: 'a/', limit: 1 })).toEqual(
              then.filter(({ path }) => path.startsWith('a/')).slice(0, 1),
            )
          }
        } finally {
          history.close()
        }
      }),
      { numRuns: 60 },
    )
  })

  it('come in the order of paths, as etcd has them', async () => {
    for (const path of ['a/x', 'a-b/x', 'a/', 'b']) await put(path)
    expect(store.list('things').map(({ path }) => path)).toEqual(['a-b/x', 'a/', 'a/x', 'b'])
  })
})

describe('changes', () => {
  it('carry what they replaced, live and replayed alike', async () => {
    const live: Change[] = []
    store.subscribe((change) => live.push(change))
    await put('a', 1)
    await put('a', 2)
    await remove('a')
    const told = (changes: Change[]) => changes.map(({ type, text, previousText }) => [type, text, previousText])
    expect(told(live)).toEqual([
      [ChangeType.Added, '{"revision":2,"value":1}', undefined],
      [ChangeType.Modified, '{"revision":3,"value":2}', '{"revision":2,"value":1}'],
      [ChangeType.Deleted, '{"revision":4,"value":"gone"}', '{"revision":3,"value":2}'],
    ])
    expect(told(store.changesSince(1, 'things', 10))).toEqual(told(live))
  })
})

it('attack: the files of the database are for their owner alone, also in a folder for all and when they were not before', async () => {
  chmodSync(dir, 0o755)
  await put('secret')
  store.close()
  chmodSync(join(dir, 'api.db'), 0o644)
  store = new Store({ file: join(dir, 'api.db') })
  await put('another')
  for (const file of readdirSync(dir)) expect(statSync(join(dir, file)).mode & 0o077, file).toBe(0)
})
