import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/build/fake-clock.ts'
import { StalledError, TransientError, WaitingError } from '../engine/errors.ts'
import { Attempts } from './attempts.ts'

const limits = { firstDelayMs: 1_000, maxDelayMs: 8_000, forgetAfterMs: 60_000 }

describe('Attempts', () => {
  it('lets the first try through and doubles the delay after each', async () => {
    const clock = new FakeClock()
    const attempts = new Attempts(clock, limits)
    const waits: (number | undefined)[] = []
    for (let i = 0; i < 6; i++) {
      attempts.tried('a', 'x')
      const wait = attempts.pending('a', 'x')?.waitMs
      waits.push(wait)
      await clock.advance(wait ?? 0)
      expect(attempts.pending('a', 'x')).toBeUndefined()
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000])
  })

  it('starts afresh for another subject, and after a long time', async () => {
    const clock = new FakeClock()
    const attempts = new Attempts(clock, limits)
    attempts.tried('a', 'x')
    attempts.tried('a', 'x')
    expect(attempts.pending('a', 'y')).toBeUndefined()
    await clock.advance(60_001)
    attempts.tried('a', 'x')
    expect(attempts.pending('a', 'x')?.waitMs).toBe(1_000)
  })

  it('does not wait for a clock that was set back to be that late again', () => {
    let now = Date.UTC(2026, 0, 2)
    const attempts = new Attempts({ now: () => now, setTimer: () => () => {} }, limits)
    attempts.tried('a', 'x')
    now -= 24 * 60 * 60_000
    expect(attempts.pending('a', 'x')).toBeUndefined()
    attempts.tried('a', 'x')
    expect(attempts.pending('a', 'x')?.waitMs).toBe(2_000)
  })

  it('keeps objects apart, and forgets', () => {
    const attempts = new Attempts(new FakeClock(), limits)
    attempts.tried('a', 'x')
    expect(attempts.pending('b', 'x')).toBeUndefined()
    attempts.forget('a')
    expect(attempts.pending('a', 'x')).toBeUndefined()
  })

  it('says the same again while it is too early, without trying', async () => {
    const attempts = new Attempts(new FakeClock(), limits)
    let tries = 0
    const fail = async () => {
      tries++
      throw new TransientError('Deployed', 'ImagePullFailed', 'no such image')
    }
    await expect(attempts.run('a', 'x', fail)).rejects.toBeInstanceOf(TransientError)
    const again = await attempts.run('a', 'x', fail).catch((error: unknown) => error)
    expect(again).toBeInstanceOf(WaitingError)
    expect(again).toMatchObject({ at: { reason: 'ImagePullFailed' }, message: 'no such image', retryAfterMs: 1_000 })
    expect(tries).toBe(1)
  })

  it('keeps a refusal a refusal', async () => {
    const attempts = new Attempts(new FakeClock(), limits)
    const fail = async () => {
      throw new StalledError('Deployed', 'InvalidArgument', 'no')
    }
    await expect(attempts.run('a', 'x', fail)).rejects.toBeInstanceOf(StalledError)
    await expect(attempts.run('a', 'x', fail)).rejects.toBeInstanceOf(StalledError)
  })

  it('does not count a host that does not answer', async () => {
    const attempts = new Attempts(new FakeClock(), limits)
    const fail = async () => {
      throw new WaitingError('ServerReady', 'ServerUnreachable', 'no')
    }
    await expect(attempts.run('a', 'x', fail)).rejects.toBeInstanceOf(WaitingError)
    expect(await attempts.run('a', 'x', async () => 1)).toBe(1)
  })
})
