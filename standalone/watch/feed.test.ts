import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Store } from '../store/store.ts'
import { Feed, FeedExpired } from './feed.ts'
import { Pulse } from './pulse.ts'

let store: Store
const pulse = new Pulse()
beforeEach(() => {
  store = new Store({ file: ':memory:', keepChanges: 3_000 })
})
afterEach(() => store.close())

const put = (count: number, resource = 'things'): Promise<unknown> =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      store.write((tx) => tx.put(resource, `${index % 50}`, (revision) => JSON.stringify({ revision }))),
    ),
  )

/** All that a feed gives until it has nothing more. */
const drain = (feed: Feed): number[] => {
  const revisions: number[] = []
  for (;;) {
    const changes = feed.take()
    if (changes.length === 0) return revisions
    revisions.push(...changes.map(({ revision }) => revision))
  }
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe('a feed', () => {
  it('gives the changes after its start, live ones included, each once', async () => {
    await put(10)
    using feed = new Feed(store, pulse, 'things', 4)
    await put(10)
    expect(drain(feed)).toEqual(range(5, 21))
    await put(5)
    expect(drain(feed)).toEqual(range(22, 26))
  })

  it('does not mind when the changes of others fill the log', async () => {
    using feed = new Feed(store, pulse, 'things', store.revision)
    await put(500, 'others')
    expect(drain(feed)).toEqual([])
    expect(feed.caughtUpTo).toBe(store.revision)
  })

  it('catches up from the log when its reader lags behind the buffer, without gap or repeat', async () => {
    using feed = new Feed(store, pulse, 'things', store.revision)
    await put(2_500)
    const first = feed.take().map(({ revision }) => revision)
    await put(100)
    expect([...first, ...drain(feed)]).toEqual(range(2, 2_601))
  })

  it('ends when compaction overtakes its reader', async () => {
    using feed = new Feed(store, pulse, 'things', store.revision)
    for (let round = 0; round < 10; round++) await put(600)
    expect(() => feed.take()).toThrow(FeedExpired)
  })

  it('wakes its reader when something comes, and at once when something is there', async () => {
    using feed = new Feed(store, pulse, 'things', store.revision)
    const woken = new Promise<void>((resolve) => feed.onceReady(resolve))
    await put(1)
    await woken
    await new Promise<void>((resolve) => feed.onceReady(resolve))
    expect(drain(feed)).toHaveLength(1)
  })

  it('hears nothing more once it is disposed of', async () => {
    const feed = new Feed(store, pulse, 'things', store.revision)
    feed[Symbol.dispose]()
    await put(3)
    expect(feed.take()).toEqual([])
  })
})
