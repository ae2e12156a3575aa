import { describe, expect, it } from 'vitest'
import { SourceError } from './errors.ts'
import type { Heads } from './heads.ts'
import type { GitRemote } from './remote.ts'
import { RemoteHeads } from './remote-heads.ts'

const { signal } = new AbortController()
const remote = (changes: Partial<GitRemote> = {}): GitRemote => ({
  url: 'https://h/a',
  branch: 'main',
  commit: '',
  ...changes,
})
const MINUTE = 60_000

/** Counts the looks; each answers at once with its number. */
class World {
  now = 0
  looks = 0
  fails = false
  readonly heads = new RemoteHeads(
    async () => {
      this.looks += 1
      if (this.fails) throw new SourceError('ConnectionFailed', `look ${this.looks}`)
      return { branches: new Map([['main', `${this.looks}`]]) }
    },
    () => this.now,
  )

  ask = (maxAgeMs: number, of = remote()): Promise<Heads> => this.heads.get(of, maxAgeMs, signal)
}

describe('what is known of a remote', () => {
  it('is asked for once by all who may wait, whatever their branch', async () => {
    const world = new World()
    for (const branch of ['main', 'dev', 'x/y']) await world.ask(MINUTE, remote({ branch }))
    world.now = MINUTE - 1
    await world.ask(MINUTE)
    expect(world.looks).toBe(1)
    world.now = MINUTE
    await world.ask(MINUTE)
    expect(world.looks).toBe(2)
  })

  it('is asked for again by who must know, and what comes of it serves the others', async () => {
    const world = new World()
    await world.ask(MINUTE)
    await world.ask(0)
    expect(world.looks).toBe(2)
    expect((await world.ask(MINUTE)).branches.get('main')).toBe('2')
  })

  it('by many who must know at once costs two looks: the one under way may have looked before they asked', async () => {
    const world = new World()
    await Promise.all(Array.from({ length: 50 }, () => world.ask(0)))
    expect(world.looks).toBe(2)
  })

  it('by many who may wait at once costs one', async () => {
    const world = new World()
    await Promise.all(Array.from({ length: 50 }, () => world.ask(MINUTE)))
    expect(world.looks).toBe(1)
  })

  it.each([
    ['another remote', { url: 'https://h/b' }],
    ['another login', { credentials: { basic: { username: 'u', password: 'p' } } }],
  ])('is not told of %s', async (_, changes) => {
    const world = new World()
    await world.ask(MINUTE)
    await world.ask(MINUTE, remote(changes))
    expect(world.looks).toBe(2)
  })

  it('is a failure for all who may wait, longer and longer, until it works', async () => {
    const world = new World()
    world.fails = true
    const said = () => world.ask(MINUTE).catch((error: Error) => error.message)
    const looksUntil = async (end: number): Promise<number> => {
      for (; world.now < end; world.now += 500) await said()
      return world.looks
    }
    expect(await looksUntil(MINUTE)).toBe(6) // at 0, 1, 3, 7, 15 and 31 s
    expect(await looksUntil(10 * MINUTE)).toBeLessThan(20)
    await world.ask(0).catch(() => {})
    const before = world.looks
    expect(await said()).toBe(`look ${before}`)
    world.fails = false
    expect((await world.ask(0)).branches.size).toBe(1)
  })
})
