import { describe, expect, it } from 'vitest'
import { type PlanInputs, planStack } from './plan.ts'
import type { ServiceReport, ServiceVerdict } from './services.ts'

const service = (name: string, verdict: ServiceVerdict = 'ok'): ServiceReport => ({
  name,
  verdict,
  message: verdict === 'ok' ? '' : 'stopped (exit code 1)',
  state: 'running',
  health: 'none',
  running: 1,
})

const plan = (inputs: Partial<PlanInputs>) =>
  planStack({
    hash: 'new',
    mayAct: true,
    causes: [],
    changedInputs: [],
    configs: { services: 'none', paths: [] },
    services: [],
    isUp: false,
    status: {},
    ...inputs,
  })

const up: Partial<PlanInputs> = { isUp: true, services: [service('web')], status: { deployedHash: 'new' } }
const old = { deployedHash: 'old' }
const invalid = { failedHash: 'new', lastDeploy: { failure: { reason: 'InvalidCompose', message: 'no' } } }

const cases: readonly [name: string, inputs: Partial<PlanInputs>, expected: object][] = [
  ['never deployed: deploy, parents first', {}, { action: 'deploy', reason: 'NotDeployed', waitsForParents: true }],
  [
    'never deployed, but the project runs: deploy takes it over',
    { isUp: true },
    { action: 'deploy', reason: 'NotDeployed' },
  ],
  ['deployed and well: nothing', up, { action: 'none' }],
  [
    'inputs changed: say which',
    { ...up, status: old, changedInputs: ['compose.yaml', 'a', 'b', 'c'] },
    { action: 'deploy', reason: 'Changed', message: 'compose.yaml, a, b and 1 more changed' },
  ],
  [
    'asked: say so',
    { ...up, status: old, causes: ['a deploy was asked for'] },
    { action: 'deploy', reason: 'Requested', message: 'a deploy was asked for' },
  ],
  [
    'a deploy of it under way: go on without asking parents',
    { status: { ...old, rollout: { hash: 'new', reason: 'r', startedAt: '' } } },
    { action: 'deploy', reason: 'Resumed', waitsForParents: false },
  ],
  [
    'a deploy of something else under way: a new one',
    { status: { ...old, rollout: { hash: 'mid', reason: 'r', startedAt: '' } } },
    { action: 'deploy', reason: 'Changed', waitsForParents: true },
  ],
  [
    'a deploy of something else failed halfway, and this is what was deployed before it: deploy it again',
    { ...up, status: { deployedHash: 'new', rollout: { hash: 'mid', reason: 'r', startedAt: '' } } },
    { action: 'deploy', reason: 'Changed', waitsForParents: true },
  ],
  ['it runs elsewhere: move', { ...up, elsewhere: 'x' }, { action: 'deploy', message: 'it moves away from x' }],
  [
    'a service drifted: heal that one',
    { ...up, services: [service('web'), service('db', 'drifted')] },
    { action: 'heal', services: ['db'], message: 'service db stopped (exit code 1)' },
  ],
  [
    'nothing is left: heal all',
    { ...up, isUp: false, services: [service('web', 'drifted')] },
    { action: 'heal', services: 'all' },
  ],
  ['an unhealthy service is not brought up again', { ...up, services: [service('web', 'bad')] }, { action: 'none' }],
  ['a starting service is left to start', { ...up, services: [service('web', 'progressing')] }, { action: 'none' }],
  [
    'a config file changed: its services anew',
    { ...up, configs: { services: ['web'], paths: ['app.conf'] } },
    { action: 'recreate', services: ['web'], message: 'app.conf changed' },
  ],
  [
    'inputs and a config file changed: a whole deploy',
    { ...up, status: old, configs: { services: ['web'], paths: ['app.conf'] } },
    { action: 'deploy' },
  ],
  ['the same inputs were refused: hold', { ...up, status: { ...old, ...invalid } }, { action: 'hold' }],
  [
    'other inputs were refused: deploy',
    { ...up, status: { ...old, ...invalid, failedHash: 'other' } },
    { action: 'deploy' },
  ],
  ['may not act, never deployed: report', { mayAct: false }, { action: 'report', reason: 'NotDeployed' }],
  ['may not act, well: nothing', { ...up, mayAct: false }, { action: 'none' }],
  [
    'may not act, changed: report',
    { ...up, mayAct: false, status: old, changedInputs: ['environment'] },
    { action: 'report', reason: 'Drifted' },
  ],
  [
    'may not act, drifted: report',
    { ...up, mayAct: false, services: [service('db', 'drifted')] },
    { action: 'report', reason: 'Drifted' },
  ],
  [
    'may not act, config changed: report',
    { ...up, mayAct: false, configs: { services: 'all', paths: ['x'] } },
    { action: 'report' },
  ],
  ['may not act, runs elsewhere: report', { ...up, mayAct: false, elsewhere: 'x' }, { action: 'report' }],
]

describe('planStack', () => {
  it.each(cases)('%s', (_name, inputs, expected) => {
    expect(plan(inputs)).toMatchObject(expected)
  })
})
