import { describe, expect, it } from 'vitest'
import { containerRequest } from '../test/build/container-request.ts'
import type { EngineContainer } from './engine.ts'
import { type Observed, planRollout } from './rollout-plan.ts'

const nowMs = Date.parse('2026-01-01T00:01:00Z')
const ago = (seconds: number) => new Date(nowMs - seconds * 1000).toISOString()

const container = (changes: Partial<EngineContainer> = {}): EngineContainer => ({
  id: 'id',
  name: 'web',
  state: 'running',
  health: 'none',
  hasHealthCheck: false,
  restartCount: 0,
  image: 'nginx:1.27',
  imageId: 'sha256:1',
  imageDigests: [],
  createdAt: ago(10),
  startedAt: ago(10),
  labels: { 'komodo.dev/owner': 'default/web', 'komodo.dev/hash': 'h1' },
  ...changes,
})
const old = (changes: Partial<EngineContainer> = {}) =>
  container({ labels: { 'komodo.dev/owner': 'default/web', 'komodo.dev/hash': 'h0' }, ...changes })
const stood = (changes: Partial<EngineContainer> = {}) => old({ state: 'exited', ...changes })
const foreign = container({ labels: {} })

const desired = containerRequest({ restart: 'always', healthDeadlineMs: 30_000, minReadyMs: 5_000 })
const adopting = containerRequest({ labels: [{ key: 'komodo.dev/adopt', value: 'true' }] })

/** A plan in one line: what comes of it, then its steps. */
const plan = (
  observed: Observed,
  {
    request = desired,
    reported = false,
    startFailure,
  }: { request?: typeof desired; reported?: boolean; startFailure?: string } = {},
) => {
  const options = { nowMs, reported: () => reported, ...(startFailure !== undefined && { startFailure }) }
  const { verdict, steps } = planRollout(request, observed, options)
  const words = steps.map((step) =>
    'as' in step ? `create ${step.as}` : 'to' in step ? `${step.what}->${step.to}` : `${step.do} ${step.what}`,
  )
  return [verdict, ...words].join(', ')
}

describe('the plan of a rollout', () => {
  const forward = 'stop current, current->previous, next->current, start current'
  const back = 'stop current, remove current, previous->current, start current'
  const cases: [string, Observed, string][] = [
    ['makes and starts what is not there', {}, 'look-again, create current, start current'],
    ['replaces an older one', { current: old() }, `look-again, create next, ${forward}`],
    ['goes on when next is made', { current: old(), next: container() }, `look-again, ${forward}`],
    [
      'goes on when the older one stands aside',
      { previous: stood(), next: container() },
      'look-again, next->current, start current',
    ],
    [
      'starts what was made',
      { current: container({ state: 'created' }), previous: stood() },
      'look-again, start current',
    ],
    [
      'does not keep an older one that never ran',
      { current: old({ state: 'created', startedAt: undefined }) },
      'look-again, create next, stop current, remove current',
    ],
    ['starts what is alone', { current: container({ state: 'created' }) }, 'look-again, start current'],
    ['waits until it stayed up long enough', { current: container({ startedAt: ago(1) }) }, 'wait'],
    ['is settled then', { current: container() }, 'settled'],
    ['removes the older one then', { current: container(), previous: stood() }, 'settled, remove previous'],
    [
      'stops the older one again when a restart of Docker started it',
      { current: container(), previous: old() },
      'look-again, stop previous',
    ],
    [
      'waits for the health check',
      { current: container({ hasHealthCheck: true, health: 'starting' }), previous: stood() },
      'wait',
    ],
    [
      'waits while unhealthy may still become healthy',
      { current: container({ hasHealthCheck: true, health: 'unhealthy' }), previous: stood() },
      'wait',
    ],
    [
      'goes back when health comes too late',
      { current: container({ hasHealthCheck: true, health: 'unhealthy', startedAt: ago(31) }), previous: stood() },
      `failed, ${back}`,
    ],
    [
      'goes back when it exits',
      { current: container({ state: 'exited', exitCode: 1, finishedAt: ago(9) }), previous: stood() },
      `failed, ${back}`,
    ],
    [
      'goes back when it keeps restarting',
      { current: container({ state: 'restarting', exitCode: 1, restartCount: 5 }), previous: stood() },
      `failed, ${back}`,
    ],
    ['finishes the way back', { previous: stood() }, 'look-again, previous->current, start current'],
    ['removes a next that nobody wants any more', { current: container(), next: old() }, 'look-again, remove next'],
    [
      'keeps the proven one when the wish changes before the new one is proven',
      { current: old({ id: 'unproven' }), previous: stood() },
      'look-again, create next, stop current, remove current',
    ],
    [
      'fails without steps when nothing was before',
      { current: container({ state: 'exited', exitCode: 1, startedAt: ago(3), finishedAt: ago(2) }) },
      'failed',
    ],
    [
      'starts again what ran for long and stopped',
      { current: container({ state: 'exited', exitCode: 137, startedAt: ago(50), finishedAt: ago(2) }) },
      'look-again, start current',
    ],
    ['leaves a paused one to the human', { current: container({ state: 'paused' }) }, 'wait'],
    ['makes a dead one anew', { current: container({ state: 'dead' }) }, 'look-again, remove current'],
    ['leaves a foreign one alone', { current: foreign }, 'name-taken'],
    ['leaves a foreign one alone under the names for replacements', { current: old(), next: foreign }, 'name-taken'],
  ]
  for (const [name, observed, expected] of cases) it(name, () => expect(plan(observed)).toBe(expected))

  it('goes back when it cannot be started, and not because a start was interrupted before', () => {
    const observed = { current: container({ state: 'created' }), previous: stood() }
    expect(plan(observed)).toBe('look-again, start current')
    expect(plan(observed, { startFailure: 'port is already allocated' })).toBe(`failed, ${back}`)
  })

  it('starts a failed one again once its failure was reported', () => {
    const current = container({ state: 'exited', exitCode: 1, startedAt: ago(3), finishedAt: ago(2) })
    expect(plan({ current }, { reported: true })).toBe('look-again, start current')
  })

  it('counts exit code 0 as done when the policy does not restart', () => {
    const current = container({ state: 'exited', exitCode: 0, startedAt: ago(3), finishedAt: ago(2) })
    const request = containerRequest({ restart: 'on-failure' })
    expect(plan({ current, previous: stood() }, { request })).toBe('settled, remove previous')
  })

  it('replaces what nobody owns when it may adopt it, but never what another Deployment owns', () => {
    expect(plan({ current: foreign }, { request: adopting })).toBe(`look-again, create next, ${forward}`)
    expect(plan({ current: container(), previous: { ...foreign, state: 'exited' } })).toBe('settled, remove previous')
    const others = container({ labels: { 'komodo.dev/owner': 'default/other' } })
    expect(plan({ current: others }, { request: adopting })).toBe('name-taken')
  })
})
