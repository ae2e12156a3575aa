import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HostRejectedError } from '../controller/hosts/port.ts'
import { containerRequest } from '../test/build/container-request.ts'
import { Crash, crashAfter, rollOutOverCrashes } from '../test/build/crashing-engine.ts'
import { SimulatedEngine } from '../test/build/simulated-engine.ts'
import { deployContainer } from './deploy-container.ts'

const images = ['web:1', 'web:2', 'web:broken', 'web:exits', 'web:cannot-start'] as const

/** An engine whose clock moves on with every look, so that health is reached without waiting. */
const simulation = () => {
  let nowMs = 1_000_000
  const engine = new SimulatedEngine(
    () => nowMs,
    () => {},
  )
  for (const image of ['web:1', 'web:2']) engine.images.set(image, { health: { becomes: 'healthy', afterMs: 20 } })
  engine.images.set('web:broken', { health: { becomes: 'unhealthy', afterMs: 20 } })
  engine.images.set('web:exits', { exits: 3 })
  engine.images.set('web:cannot-start', { startError: 'no such program' })
  const now = () => {
    nowMs += 10
    return nowMs
  }
  return { engine, now }
}

const request = (image: string, name = 'web') =>
  containerRequest({
    name,
    formerNames: ['web', 'site'].filter((former) => former !== name),
    image,
    hash: `hash-of-${image}`,
    healthDeadlineMs: 200,
  })

/** A container that cannot be started with nothing before it is refused: an end like any other. */
const refusal = (error: unknown) => {
  if (!(error instanceof HostRejectedError)) throw error
  return { state: error.reason }
}

describe('a rollout that is killed between any two effects', () => {
  for (const from of [undefined, 'web:1'] as const) {
    for (const to of images.filter((image) => image !== from)) {
      it(`from ${from ?? 'nothing'} to ${to} ends the same, with nothing left beside it`, async () => {
        const outcomeOf = async (crashes: number) => {
          const { engine, now } = simulation()
          if (from !== undefined) await rollOutOverCrashes(engine, request(from), now)
          const { engine: crashing, crashed } = crashAfter(engine, crashes)
          const { state } = await rollOutOverCrashes(crashing, request(to), now).catch(refusal)
          const container = await engine.inspect('web')
          return {
            crashed: crashed(),
            state,
            image: container?.image,
            runs: container?.state,
            names: engine.names,
          }
        }
        const { crashed: _, ...smooth } = await outcomeOf(Number.POSITIVE_INFINITY)
        expect(smooth.names).toEqual(['web'])
        let n = 0
        for (; n < 50; n++) {
          const { crashed, ...outcome } = await outcomeOf(n)
          expect(outcome, `killed after effect ${n}`).toEqual(smooth)
          if (!crashed) break
        }
        // The walk went over every effect of the rollout, which has at least two: create and start.
        expect(n).toBeGreaterThanOrEqual(2)
        expect(n).toBeLessThan(50)
      })
    }
  }
})

describe('a history of changing wishes, crashes and interference', () => {
  const turn = fc.record({
    image: fc.constantFrom(...images),
    name: fc.constantFrom('web', 'web', 'site'),
    crashAfter: fc.nat(8),
    calls: fc.nat(3),
    byHand: fc.constantFrom('nothing', 'remove', 'stop'),
  })

  it('ends with the desired container alone and running, once the wish stays and nothing crashes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { maxLength: 6 }), async (turns) => {
        const { engine, now } = simulation()
        for (const { image, name, crashAfter: n, calls, byHand } of turns) {
          const { engine: crashing } = crashAfter(engine, n)
          const options = { now, reportedFailures: new Set<string>() }
          for (let call = 0; call <= calls; call++) {
            await deployContainer(crashing, request(image, name), options, AbortSignal.timeout(5_000)).catch(
              (error) => {
                if (!(error instanceof Crash)) refusal(error)
              },
            )
          }
          if (byHand === 'remove') await engine.remove(name)
          if (byHand === 'stop') await engine.stop(name)
        }
        // One that was stopped right after its start looks like a failure: it is reported, and started again by the next call.
        const reported = new Set<string>()
        let rollout = await rollOutOverCrashes(engine, request('web:1'), now, reported)
        if (rollout.state !== 'settled') rollout = await rollOutOverCrashes(engine, request('web:1'), now, reported)
        expect(rollout).toMatchObject({ state: 'settled', container: { image: 'web:1', state: 'running' } })
        expect(engine.names).toEqual(['web'])
      }),
      { numRuns: 300 },
    )
  })
})
