import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ContainerObservation } from '../../hosts/port.ts'
import { type PlanInputs, planDeployment } from './plan.ts'

const OWNER = 'default/web'

const container = (facts: Partial<ContainerObservation> = {}): ContainerObservation => ({
  id: 'c1',
  name: 'web',
  state: 'running',
  health: 'none',
  restartCount: 0,
  image: 'nginx:1',
  imageId: 'sha256:1',
  imageDigests: [],
  createdAt: '2026-01-01T00:00:00Z',
  labels: {},
  owner: OWNER,
  hash: 'new',
  ...facts,
})

const settled = { deployedHash: 'new' }
const old = { deployedHash: 'old' }

const plan = (inputs: Partial<PlanInputs>) =>
  planDeployment({
    owner: OWNER,
    mayAdopt: false,
    restart: 'no',
    hash: 'new',
    mayAct: true,
    causes: [],
    observed: undefined,
    status: {},
    ...inputs,
  })

const cases: readonly [name: string, inputs: Partial<PlanInputs>, expected: object][] = [
  [
    'nothing there, never deployed: deploy, parents first',
    {},
    { action: 'deploy', reason: 'NotDeployed', waitsForParents: true },
  ],
  [
    'nothing there, deployed before: it was removed, and no parent is asked',
    { status: settled },
    { action: 'deploy', reason: 'Removed', waitsForParents: false },
  ],
  ['nothing there, another hash deployed before: deploy', { status: old }, { action: 'deploy', reason: 'Changed' }],
  [
    'nothing there, a deploy of it under way: go on',
    { status: { rollout: { hash: 'new', reason: 'r', startedAt: '' } } },
    { action: 'deploy', reason: 'RollingOut', message: 'r' },
  ],
  [
    'nothing there, it failed before: try again',
    { status: { failedHash: 'new' } },
    { action: 'deploy', reason: 'Retrying' },
  ],
  ['nothing there, may not act: report', { mayAct: false }, { action: 'report', reason: 'NotDeployed' }],
  [
    'nothing there, deployed before, may not act: report that it is gone',
    { mayAct: false, status: settled },
    { action: 'report', reason: 'Drifted' },
  ],
  [
    'nothing there, but elsewhere: it moves',
    { status: settled, elsewhere: '"web" on Server "a"' },
    { action: 'deploy', reason: 'Changed', message: 'it moves away from "web" on Server "a"' },
  ],
  [
    'nothing there, but elsewhere, may not act: report where',
    { mayAct: false, status: settled, elsewhere: 'x' },
    { action: 'report', reason: 'Drifted' },
  ],
  [
    'the right one runs: nothing',
    { observed: container(), status: settled },
    { action: 'none', health: { state: 'running' } },
  ],
  [
    'the right one runs, status knows nothing: prove it',
    { observed: container() },
    { action: 'deploy', reason: 'RollingOut' },
  ],
  [
    'the right one runs, status knows nothing, may not act: nothing',
    { observed: container(), mayAct: false },
    { action: 'none' },
  ],
  [
    'the right one runs, but a deploy is not concluded: go on',
    { observed: container(), status: { ...settled, rollout: { hash: 'new', reason: 'r', startedAt: '' } } },
    { action: 'deploy', reason: 'RollingOut' },
  ],
  [
    'the right one runs, the one before waits beside it: go on',
    { observed: container({ previous: container({ hash: 'old' }) }), status: settled },
    { action: 'deploy', reason: 'RollingOut', waitsForParents: false },
  ],
  [
    'the right one failed before and is still there: try again',
    { observed: container({ state: 'exited', exitCode: 1 }), status: { failedHash: 'new' } },
    { action: 'deploy', reason: 'Retrying' },
  ],
  [
    'a job that is done before anybody looked: done',
    { observed: container({ state: 'exited', exitCode: 0 }) },
    { action: 'none', health: { state: 'completed' } },
  ],
  [
    'a job that failed: start',
    { observed: container({ state: 'exited', exitCode: 1 }), status: settled },
    { action: 'start' },
  ],
  [
    'exit code 0 after running out of memory is no success',
    { observed: container({ state: 'exited', exitCode: 0, oomKilled: true }), status: settled },
    { action: 'start' },
  ],
  [
    'a service that was stopped: start',
    { restart: 'always', observed: container({ state: 'exited', exitCode: 0 }), status: settled },
    { action: 'start' },
  ],
  [
    'a service that was stopped, may not act: report',
    { mayAct: false, restart: 'always', observed: container({ state: 'exited', exitCode: 0 }), status: settled },
    { action: 'report', reason: 'Drifted' },
  ],
  [
    'made but never started: start',
    { observed: container({ state: 'created' }), status: settled },
    { action: 'start' },
  ],
  [
    'dead: make it anew',
    { observed: container({ state: 'dead' }), status: settled },
    { action: 'deploy', reason: 'Dead' },
  ],
  [
    'paused: somebody wants it so, say it',
    { observed: container({ state: 'paused' }), status: settled },
    { action: 'none', health: { state: 'paused' } },
  ],
  [
    'restarted by Docker: say it',
    { observed: container({ state: 'restarting', exitCode: 1 }), status: settled },
    { action: 'none', health: { state: 'restarting' } },
  ],
  [
    'unhealthy: say it, a new one would be no better',
    { observed: container({ health: 'unhealthy' }), status: settled },
    { action: 'none', health: { state: 'unhealthy' } },
  ],
  [
    'health check under way',
    { observed: container({ health: 'starting' }), status: settled },
    { action: 'none', health: { state: 'starting' } },
  ],
  [
    'another hash: deploy, parents first',
    { observed: container({ hash: 'old' }), status: old },
    { action: 'deploy', reason: 'Changed', waitsForParents: true },
  ],
  [
    'another hash because of a cause: tell the cause',
    { observed: container({ hash: 'old' }), status: old, causes: ['x', 'y'] },
    { action: 'deploy', reason: 'Requested', message: 'x; y' },
  ],
  [
    'another hash, may not act: report',
    { mayAct: false, observed: container({ hash: 'old' }), status: old },
    { action: 'report', reason: 'Drifted' },
  ],
  [
    'another hash in the middle of a replacement: no parent is asked',
    { observed: container({ hash: 'mid', previous: container({ hash: 'old' }) }), status: old },
    { action: 'deploy', waitsForParents: false },
  ],
  [
    'the old one runs, the new one failed: hold',
    { observed: container({ hash: 'old' }), status: { ...old, failedHash: 'new' } },
    { action: 'hold' },
  ],
  [
    'the old one stopped, the new one failed: start the old one',
    { observed: container({ hash: 'old', state: 'exited', exitCode: 1 }), status: { ...old, failedHash: 'new' } },
    { action: 'start' },
  ],
  [
    'the old one runs, an older try failed: deploy',
    { observed: container({ hash: 'old' }), status: { ...old, failedHash: 'other' } },
    { action: 'deploy', reason: 'Changed' },
  ],
  ["somebody else's container: blocked", { observed: container({ owner: 'default/other' }) }, { action: 'blocked' }],
  ["nobody's container: blocked", { observed: container({ owner: undefined as never }) }, { action: 'blocked' }],
  [
    "nobody's container that may be adopted: deploy",
    { mayAdopt: true, observed: container({ owner: undefined as never, hash: undefined as never }) },
    { action: 'deploy' },
  ],
  [
    "another owner's container is never adopted",
    { mayAdopt: true, observed: container({ owner: 'default/other' }) },
    { action: 'blocked' },
  ],
]

describe('planDeployment', () => {
  it.each(cases)('%s', (_name, inputs, expected) => {
    expect(plan(inputs)).toMatchObject(expected)
  })

  const states = fc.constantFrom('created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead')
  const observations = fc.option(
    fc.record({
      state: states,
      health: fc.constantFrom('none', 'starting', 'healthy', 'unhealthy'),
      exitCode: fc.constantFrom(0, 1, 143),
      hash: fc.constantFrom('new', 'old'),
      owner: fc.constantFrom(OWNER, 'default/other'),
    }),
    { nil: undefined },
  )
  const inputs = fc.record({
    observed: observations.map((facts) => facts && container(facts as Partial<ContainerObservation>)),
    restart: fc.constantFrom('no', 'on-failure', 'always', 'unless-stopped'),
    mayAct: fc.boolean(),
    causes: fc.constantFrom([], ['asked']),
    status: fc.record(
      { deployedHash: fc.constantFrom('new', 'old'), failedHash: fc.constantFrom('new', 'old') },
      { requiredKeys: [] },
    ),
  })

  it('touches nothing when it may not, whatever is there', () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const { action } = plan({ ...(given as Partial<PlanInputs>), mayAct: false })
        expect(['report', 'none', 'blocked', 'hold']).toContain(action)
      }),
    )
  })

  it("never touches somebody else's container", () => {
    fc.assert(
      fc.property(inputs, (given) => {
        if (given.observed?.owner === OWNER || given.observed === undefined) return
        expect(plan(given as Partial<PlanInputs>).action).toBe('blocked')
      }),
    )
  })

  it('has nothing to do once the right one runs and is recorded', () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const done = { ...given, observed: container(), status: settled } as Partial<PlanInputs>
        expect(plan(done).action).toBe('none')
      }),
    )
  })
})
