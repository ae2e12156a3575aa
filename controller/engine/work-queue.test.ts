import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock, settled } from '../../test/build/fake-clock.ts'
import { backoffDelay } from './backoff.ts'
import type { PassResult, WorkQueueOptions } from './work-queue.ts'
import { WorkQueue } from './work-queue.ts'

/** A queue whose passes end when the test says so. */
const scripted = (options: Partial<WorkQueueOptions> = {}) => {
  const clock = new FakeClock()
  const started: string[] = []
  const open: { key: string; end: (result: PassResult) => void }[] = []
  const queue = new WorkQueue({
    clock,
    random: () => 1,
    workers: 2,
    backoff: { baseMs: 1_000, maxMs: 60_000 },
    process: (key) => {
      started.push(key)
      return new Promise((resolve) => open.push({ key, end: resolve }))
    },
    ...options,
  })
  queue.start()
  const end = async (key: string, result: PassResult = { outcome: 'settled' }): Promise<void> => {
    const index = open.findIndex((pass) => pass.key === key)
    const [pass] = open.splice(index, 1)
    if (index === -1 || pass === undefined) throw new Error(`no pass over ${key} is under way`)
    pass.end(result)
    await settled()
  }
  return { queue, clock, started, end }
}

const failed: PassResult = { outcome: 'failed' }

describe('the work queue', () => {
  it('works on a key once however often it was added while waiting', async () => {
    const { queue, started, end } = scripted({ workers: 1 })
    for (const key of ['a', 'b', 'b', 'b']) queue.add(key)
    await end('a')
    await end('b')
    expect(started).toEqual(['a', 'b'])
  })

  it('never works on one key twice at a time, and looks again when it was added meanwhile', async () => {
    const { queue, started, end } = scripted()
    queue.add('a')
    queue.add('a')
    queue.add('a')
    expect(started).toEqual(['a'])
    await end('a')
    expect(started).toEqual(['a', 'a'])
    await end('a')
    expect(started).toEqual(['a', 'a'])
  })

  it('takes waiting keys in the order of their arrival, as many at a time as it has workers', async () => {
    const { queue, started, end } = scripted({ workers: 2 })
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key)
    expect(started).toEqual(['a', 'b'])
    await end('b')
    expect(started).toEqual(['a', 'b', 'c'])
  })

  it('gathers keys before the start and works on none', () => {
    const started: string[] = []
    const queue = new WorkQueue({
      clock: new FakeClock(),
      random: () => 1,
      workers: 1,
      backoff: { baseMs: 1, maxMs: 1 },
      process: async (key) => {
        started.push(key)
        return { outcome: 'settled' }
      },
    })
    queue.add('a')
    expect([started, queue.depth]).toEqual([[], 1])
    queue.start()
    expect(started).toEqual(['a'])
  })

  it('comes back after the delay that the pass asked for', async () => {
    const { queue, clock, started, end } = scripted()
    queue.add('a')
    await end('a', { outcome: 'settled', afterMs: 5_000 })
    await clock.advance(4_999)
    expect(started).toEqual(['a'])
    await clock.advance(1)
    expect(started).toEqual(['a', 'a'])
  })

  it('ends long delays together, each less than a second late, so that many objects wake the process seldom', async () => {
    const { queue, clock, started, end } = scripted({ workers: 50 })
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`)
    for (const key of keys) queue.add(key)
    for (const [i, key] of keys.entries()) await end(key, { outcome: 'settled', afterMs: 60_001 + i * 19 })
    const startedBefore = started.length
    await clock.advance(60_000)
    expect(started).toHaveLength(startedBefore)
    await clock.advance(1_000)
    expect(new Set(started.slice(startedBefore))).toEqual(new Set(keys))
  })

  it('forgets a planned return when it is worked on before, and keeps the newest plan', async () => {
    const { queue, clock, started, end } = scripted()
    queue.add('a')
    await end('a', { outcome: 'settled', afterMs: 5_000 })
    queue.add('a')
    await end('a', { outcome: 'settled', afterMs: 20_000 })
    await clock.advance(19_999)
    expect(started).toHaveLength(2)
    await clock.advance(1)
    expect(started).toHaveLength(3)
  })

  it('doubles the delay with each failure and forgets them after a success', async () => {
    const { queue, clock, started, end } = scripted()
    queue.add('a')
    const delays: number[] = []
    for (const result of [failed, failed, failed, { outcome: 'settled', afterMs: 1 } as const, failed]) {
      const before = started.length
      await end('a', result)
      let waited = 0
      while (started.length === before) {
        await clock.advance(1)
        waited++
      }
      delays.push(waited)
    }
    expect(delays).toEqual([1_000, 2_000, 4_000, 1, 1_000])
  })

  it('takes a pass that rejects for a failure', async () => {
    let passes = 0
    const { queue, clock } = scripted({
      process: async () => {
        passes++
        throw new Error('a bug')
      },
    })
    queue.add('a')
    await clock.advance(1_000)
    expect(passes).toBe(2)
  })

  it('tries a failing key at once when the object itself changed', async () => {
    const { queue, started, end } = scripted()
    queue.add('a')
    await end('a', failed)
    queue.add('a', 'changed')
    expect(started).toEqual(['a', 'a'])
  })

  it('does not let the wake-ups that a failing pass causes turn into a tight loop', async () => {
    const { queue, clock, started, end } = scripted()
    queue.add('a')
    for (let round = 0; round < 10; round++) {
      queue.add('a', 'woken')
      await end('a', failed)
      queue.add('a', 'woken')
      await clock.advance(5_000)
    }
    // 1 s and 2 s and 4 s, then 5 s each.
    expect(started).toHaveLength(11)
    expect(clock.now() - Date.UTC(2026, 0, 1)).toBe(50_000)
  })

  it('lets a wake-up bring a long backoff forward', async () => {
    const { queue, clock, started, end } = scripted()
    queue.add('a')
    for (let failure = 0; failure < 6; failure++) {
      await end('a', failed)
      if (failure < 5) await clock.advance(60_000)
    }
    await clock.advance(10_000)
    expect(started).toHaveLength(6)
    queue.add('a', 'woken')
    expect(started).toHaveLength(7)
  })

  it('lets one lane occupy no more workers than its share, and serves the others meanwhile', async () => {
    const { queue, started, end } = scripted({ workers: 4, laneWorkers: 2, laneOf: (key) => key[0] })
    for (const key of ['x1', 'x2', 'x3', 'x4', 'y1', 'y2', 'y3']) queue.add(key)
    expect(started).toEqual(['x1', 'x2', 'y1', 'y2'])
    expect(queue.depth).toBe(3)
    await end('y1')
    expect(started.at(-1)).toBe('y3')
    await end('x1')
    expect(started.at(-1)).toBe('x3')
  })

  it('stops taking keys, and says when the last pass has ended', async () => {
    const { queue, started, end } = scripted({ workers: 1 })
    queue.add('a')
    queue.add('b')
    let stopped = false
    void queue.stop().then(() => {
      stopped = true
    })
    await settled()
    expect(stopped).toBe(false)
    await end('a', failed)
    expect([stopped, started]).toEqual([true, ['a']])
  })

  it('keeps one timer, whatever the number of delayed keys', () => {
    const { queue, clock } = scripted()
    for (let index = 0; index < 1_000; index++) queue.addAfter(`k${index}`, 1_000 + index)
    expect(clock.pendingTimers).toBe(1)
  })
})

describe('the work queue, whatever happens', () => {
  // Of the property as well, so that the seed in its message leads to the same run again.
  const jitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), key: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.record({
      do: fc.constant('end' as const),
      pick: fc.nat(),
      fails: fc.boolean(),
      afterMs: fc.option(fc.nat(5_000)),
    }),
    fc.record({ do: fc.constant('advance' as const), ms: fc.nat(10_000) }),
  )

  it('overlaps no key, exceeds no limit, and works on everything that was added after its last look', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        jitter,
        async (steps, workers, jitter) => {
          const clock = new FakeClock()
          const running = new Map<string, (result: PassResult) => void>()
          const wanted = new Set<string>()
          const queue = new WorkQueue({
            clock,
            random: () => jitter,
            workers,
            laneWorkers: 1,
            laneOf: (key) => (key < 'c' ? 'first' : undefined),
            backoff: { baseMs: 100, maxMs: 1_000 },
            process: (key) => {
              expect(running.has(key)).toBe(false)
              expect(running.has('a') && key === 'b').toBe(false)
              expect(running.has('b') && key === 'a').toBe(false)
              expect(running.size).toBeLessThan(workers)
              wanted.delete(key)
              return new Promise((resolve) => running.set(key, resolve))
            },
          })
          queue.start()
          const endOne = async (key: string, result: PassResult): Promise<void> => {
            const end = running.get(key)
            running.delete(key)
            end?.(result)
            await settled()
          }
          for (const action of steps) {
            if (action.do === 'add') {
              wanted.add(action.key)
              queue.add(action.key)
            } else if (action.do === 'advance') await clock.advance(action.ms)
            else {
              const key = [...running.keys()][action.pick % Math.max(running.size, 1)]
              const settledResult: PassResult = { outcome: 'settled', afterMs: action.afterMs ?? undefined }
              if (key !== undefined) await endOne(key, action.fails ? { outcome: 'failed' } : settledResult)
            }
          }
          for (let round = 0; round < 50 && (wanted.size > 0 || running.size > 0); round++) {
            for (const key of [...running.keys()]) await endOne(key, { outcome: 'settled' })
            await clock.advance(5_000)
          }
          expect([...wanted]).toEqual([])
        },
      ),
      { numRuns: 100 },
    )
  })

  it('backs off between half of the doubled base and all of it, never above the ceiling', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, random) => {
          const delay = backoffDelay(failures, { baseMs: 500, maxMs: 30_000 }, () => random)
          const full = Math.min(30_000, 500 * 2 ** (failures - 1))
          expect(delay).toBeGreaterThanOrEqual(full / 2)
          expect(delay).toBeLessThanOrEqual(full)
        },
      ),
    )
  })
})
