import { describe, expect, it } from 'vitest'
import type { ProjectContainer } from '../../hosts/port.ts'
import { type ExpectedService, orphanedServices, reportServices } from './services.ts'

const container = (facts: Partial<ProjectContainer> = {}): ProjectContainer => ({
  id: 'c',
  name: 'app-web-1',
  state: 'running',
  health: 'none',
  restartCount: 0,
  image: 'web:1',
  imageId: 'sha256:1',
  imageDigests: [],
  createdAt: '2026-01-01T00:00:00Z',
  labels: {},
  service: 'web',
  configHash: 'h1',
  oneOff: false,
  ...facts,
})

const web: ExpectedService = { name: 'web', image: 'web:1', replicas: 1, configHash: 'h1' }

const cases: readonly [
  name: string,
  expected: Partial<ExpectedService>,
  containers: Partial<ProjectContainer>[],
  report: object,
][] = [
  ['runs', {}, [{}], { verdict: 'ok', state: 'running', running: 1 }],
  ['has no container', {}, [], { verdict: 'drifted', state: 'missing' }],
  ['lacks a replica', { replicas: 2 }, [{}], { verdict: 'drifted', message: 'has 1 of 2 containers' }],
  ['has all replicas', { replicas: 2 }, [{}, {}], { verdict: 'ok', running: 2 }],
  ['was scaled up by hand', {}, [{}, {}], { verdict: 'ok' }],
  ['should run nothing', { replicas: 0 }, [], { verdict: 'ok' }],
  ['ended with 0, no policy: done', {}, [{ state: 'exited', exitCode: 0 }], { verdict: 'ok', state: 'completed' }],
  [
    'ended with 0, restart on-failure: done',
    { restart: 'on-failure' },
    [{ state: 'exited', exitCode: 0 }],
    { verdict: 'ok' },
  ],
  [
    'ended with 0, restart always: somebody stopped it',
    { restart: 'always' },
    [{ state: 'exited', exitCode: 0 }],
    { verdict: 'drifted' },
  ],
  [
    'ended with an error',
    {},
    [{ state: 'exited', exitCode: 2 }],
    { verdict: 'drifted', message: 'stopped (exit code 2)' },
  ],
  [
    'ran out of memory',
    {},
    [{ state: 'exited', exitCode: 137, oomKilled: true }],
    { message: 'stopped (exit code 137, out of memory)' },
  ],
  ['one of two ended with an error', { replicas: 2 }, [{}, { state: 'exited', exitCode: 1 }], { verdict: 'drifted' }],
  ['is unhealthy', {}, [{ health: 'unhealthy' }], { verdict: 'bad', state: 'unhealthy', health: 'unhealthy' }],
  ['is starting', {}, [{ health: 'starting' }], { verdict: 'progressing', state: 'starting' }],
  ['is restarted by Docker', {}, [{ state: 'restarting', exitCode: 1, restartCount: 4 }], { verdict: 'bad' }],
  ['is paused', {}, [{ state: 'paused' }], { verdict: 'bad' }],
  ['was made from something else', {}, [{ configHash: 'h2' }], { verdict: 'drifted' }],
  [
    'has no recorded configuration to compare with',
    { configHash: undefined as never },
    [{ configHash: 'h2' }],
    { verdict: 'ok' },
  ],
  ['has a container of `compose run` alone', {}, [{ oneOff: true }], { verdict: 'drifted', state: 'missing' }],
  [
    'has a container of `compose run` that failed beside it',
    {},
    [{}, { oneOff: true, state: 'exited', exitCode: 1 }],
    { verdict: 'ok' },
  ],
  ['K#644: has a name that is anything', {}, [{ name: '<redacted>' }], { verdict: 'ok' }],
]

describe('a service that', () => {
  it.each(cases)('%s', (_name, expected, containers, report) => {
    const [found] = reportServices([{ ...web, ...expected }], containers.map(container), { checkConfig: true })
    expect(found).toMatchObject(report)
  })

  it('shares the beginning of its name with another is not taken for it', () => {
    const reports = reportServices([web, { ...web, name: 'web1' }], [container()], { checkConfig: true })
    expect(reports.map(({ verdict }) => verdict)).toEqual(['ok', 'drifted'])
  })
})

describe('orphanedServices', () => {
  it('are those that nobody expects', () => {
    const containers = [container(), container({ service: 'gone' }), container({ service: 'task', oneOff: true })]
    expect(orphanedServices([web], containers)).toEqual(['gone'])
  })
})
