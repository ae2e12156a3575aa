import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeFile, secret, server, stack, variable } from '../../../test/build/objects.ts'
import { World } from '../../../test/build/world.ts'
import { annotation } from '../../api/names.ts'
import type { SourceTree } from '../../git/tree.ts'
import { DeployFailedError } from '../../hosts/port.ts'

let world: World
beforeEach(() => {
  world = new World()
  world.put(server('local'))
})
afterEach(() => world.close())

const condition = (type: string, name = 'app') => world.condition('Stack', name, type)
const ups = () => world.host().counts.get('composeUp') ?? 0
const names = () => world.host().engine.names.sort()
const services = (name = 'app') => world.stack(name).status?.services ?? []
const twoServices = composeFile({ web: {}, db: { restart: 'unless-stopped' } })

/** A repository in memory; replacing `files` is a commit. */
function repository(files: Readonly<Record<string, string>>, revision = 'c0ffee'): SourceTree {
  return {
    revision,
    read: async (path) => (files[path] === undefined ? undefined : Buffer.from(files[path])),
    writeTo: async () => {},
  }
}

describe('a Stack with deploy = true', () => {
  it('is brought up and becomes Ready; each service and input shows in status', async () => {
    world.put(stack('app', { fileContents: twoServices, environment: 'A=1' }))
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
    expect(names()).toEqual(['app-db-1', 'app-web-1'])
    expect(services()).toMatchObject([
      { name: 'web', image: 'web:1', state: 'running', running: 1, replicas: 1 },
      { name: 'db', image: 'db:1', state: 'running', running: 1, replicas: 1 },
    ])
    expect(world.stack('app').status).toMatchObject({ project: 'app', server: 'local', state: 'running' })
    expect(world.stack('app').status?.inputs?.map(({ path }) => path)).toEqual([
      'fileContents',
      'environment',
      'settings',
    ])
  })

  it('is not brought up again while nothing changes: no command, no write', async () => {
    world.put(stack('app'))
    await world.converge()
    const before = { commands: world.host().commandCount, writes: world.writes }
    await world.advance(20 * 60_000)
    expect({ commands: world.host().commandCount, writes: world.writes }).toEqual(before)
  })

  it('K#944: is brought up when its inline contents change, and the event says what changed', async () => {
    world.put(stack('app'))
    await world.converge()
    world.editSpec('Stack', 'app', { fileContents: composeFile({ web: { image: 'web:2' } }) })
    await world.converge()
    expect(services()).toMatchObject([{ name: 'web', image: 'web:2' }])
    expect(world.stack('app').status?.lastDeploy?.reason).toBe('fileContents changed')
  })

  it('K#773, K#1080: a change of one stack brings up that one alone', async () => {
    world.put(stack('app'), stack('other'))
    await world.converge()
    const before = ups()
    world.editSpec('Stack', 'app', { environment: 'A=2' })
    await world.converge()
    expect(ups()).toBe(before + 1)
    expect(world.passes.get('Stack/other')).toBeLessThanOrEqual(5)
  })

  it('is Ready though its deploy was before the clock was set back', async () => {
    world.put(stack('app'))
    await world.converge()
    world.edit('Stack', 'app', ({ status }) => {
      Object.assign(status!, { lastDeploy: { at: '2030-01-01T00:00:00Z', succeeded: true } })
    })
    world.wake('Stack', 'app')
    await world.settle()
    expect(world.ready('Stack', 'app')).toBe('True')
  })

  it('is left alone for changes that concern nobody on the host', async () => {
    world.put(stack('app'))
    await world.converge()
    const before = ups()
    world.editSpec('Stack', 'app', { description: 'x', tags: ['a'], sendAlerts: false })
    await world.converge()
    expect(ups()).toBe(before)
    expect(world.ready('Stack', 'app')).toBe('True')
  })

  it('removes services that the compose file no longer has, unless told not to', async () => {
    world.put(
      stack('app', { fileContents: twoServices }),
      stack('keep', { fileContents: twoServices, operator: { removeOrphans: false } }),
    )
    await world.converge()
    for (const name of ['app', 'keep']) world.editSpec('Stack', name, { fileContents: composeFile({ web: {} }) })
    await world.converge()
    expect(names()).toEqual(['app-web-1', 'keep-db-1', 'keep-web-1'])
    expect(world.ready('Stack', 'keep')).toBe('True')
  })

  it('takes the old project down when its name changes', async () => {
    world.put(stack('app'))
    await world.converge()
    world.editSpec('Stack', 'app', { projectName: 'site' })
    await world.converge()
    expect(names()).toEqual(['site-web-1'])
    expect(world.stack('app').status?.project).toBe('site')
    expect(world.ready('Stack', 'app')).toBe('True')
  })

  it('moves to another server: up there first, then down here', async () => {
    world.put(server('second'), stack('app'))
    await world.converge()
    world.editSpec('Stack', 'app', { server: 'second' })
    await world.converge()
    expect(world.host('second').engine.names).toEqual(['app-web-1'])
    expect(names()).toEqual([])
    expect(world.ready('Stack', 'app')).toBe('True')
  })

  it('that moves, and back because it cannot run there, is not taken down', async () => {
    world.put(server('second'), stack('app'))
    await world.converge()
    const before = (await world.host().engine.inspect('app-web-1'))?.id
    world.host('second').engine.missingImages.add('web:1')
    world.editSpec('Stack', 'app', { server: 'second' })
    await world.converge()
    world.editSpec('Stack', 'app', { server: 'local' })
    await world.converge()
    expect((await world.host().engine.inspect('app-web-1'))?.id).toBe(before)
    expect(world.host().counts.get('composeDown')).toBeUndefined()
    expect(world.stack('app').status?.leftovers).toBeUndefined()
    expect(world.ready('Stack', 'app')).toBe('True')
  })

  it('attack: does not take the project of another namespace on the same engine, nor remove it', async () => {
    const other = { namespace: 'other' }
    world.put(server('local'), stack('app'))
    await world.converge()
    const evil = { web: { image: 'evil' } }
    world.put(server('local', {}, other), stack('app', { fileContents: composeFile(evil) }, other))
    await world.converge()
    const thief = () => world.stores.Stack.get({ namespace: 'other', name: 'app' })
    expect(thief()?.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      reason: 'ProjectTaken',
      message: expect.stringContaining('"default/app"'),
    })
    const { metadata, ...rest } = thief()!
    const deletionTimestamp = new Date(world.clock.now()).toISOString()
    world.put({ ...rest, metadata: { ...metadata, deletionTimestamp } })
    await world.converge()
    expect(thief()).toBeUndefined()
    expect((await world.host().engine.inspect('app-web-1'))?.state).toBe('running')
    expect(world.ready('Stack', 'app')).toBe('True')
  })

  it('that gave its project up takes nothing down of the Stack that has it now', async () => {
    world.put(stack('first', { projectName: 'shop' }))
    await world.converge()
    world.editSpec('Stack', 'first', { projectName: 'old', deploy: false })
    world.put(stack('second', { projectName: 'shop', fileContents: composeFile({ db: {} }) }))
    await world.converge()
    expect(world.ready('Stack', 'second')).toBe('True')
    const before = (await world.host().engine.inspect('shop-db-1'))?.id
    world.editSpec('Stack', 'first', { deploy: true })
    await world.converge()
    expect(names()).toEqual(['old-web-1', 'shop-db-1'])
    world.editSpec('Stack', 'first', { projectName: 'older', deploy: false })
    await world.converge()
    world.delete('Stack', 'first')
    await world.converge()
    expect(names()).toEqual(['shop-db-1'])
    expect((await world.host().engine.inspect('shop-db-1'))?.id).toBe(before)
  })

  it('does not share a project with another Stack: the older one has it', async () => {
    world.put(
      stack('app'),
      stack('thief', { projectName: 'app', fileContents: composeFile({ web: { image: 'evil' } }) }),
    )
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
    expect(world.ready('Stack', 'thief')).toBe('ProjectTaken')
    expect((await world.host().engine.inspect('app-web-1'))?.image).toBe('web:1')
  })
})

describe('services that drift', () => {
  const running = async (fileContents = twoServices, ignoreServices: string[] = []) => {
    world.put(stack('app', { fileContents, ignoreServices }))
    await world.converge()
  }

  it('that somebody removed come back at once, and only they', async () => {
    await running()
    const web = (await world.host().engine.inspect('app-web-1'))?.startedAt
    await world.host().engine.remove('app-db-1')
    await world.settle()
    expect(names()).toEqual(['app-db-1', 'app-web-1'])
    expect((await world.host().engine.inspect('app-web-1'))?.startedAt).toBe(web)
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
  })

  it('that ended with an error are brought up again, more and more slowly, and the condition names them', async () => {
    await running()
    world.host().engine.images.set('web:1', { exits: 7 })
    world.host().engine.exit('app-web-1', 7)
    const before = ups()
    await world.advance(60_000)
    expect(condition('Healthy')).toMatchObject({ status: 'False', reason: 'CrashLoopBackOff' })
    expect(condition('Healthy')?.message).toMatch(/service web .*exit code 7/i)
    expect(ups() - before).toBeLessThanOrEqual(6)
    expect(ups() - before).toBeGreaterThanOrEqual(3)
  })

  it('K#549: that ran once and ended with 0 are fine', async () => {
    world.host().engine.images.set('init:1', { exits: 0 })
    await running(composeFile({ init: {}, web: {} }))
    expect(world.ready('Stack', 'app')).toBe('True')
    expect(services().find(({ name }) => name === 'init')?.state).toBe('completed')
    const before = ups()
    await world.advance(11 * 60_000)
    expect(ups()).toBe(before)
  })

  it('K#939: that fail their health check make the Stack not Ready, and are not brought up again', async () => {
    world.host().engine.images.set('web:1', { health: { becomes: 'unhealthy', afterMs: 1_000 } })
    await running()
    expect(condition('Healthy')).toMatchObject({ status: 'False', reason: 'ServicesUnhealthy' })
    expect(condition('Healthy')?.message).toContain('Service web fails its health check')
    expect(ups()).toBe(1)
  })

  it('K#188: that are starting are on their way, not broken', async () => {
    world.host().engine.images.set('web:1', { health: { becomes: 'healthy', afterMs: 40_000 } })
    world.put(stack('app'))
    await world.advance(20_000)
    expect(condition('Healthy')).toMatchObject({ status: 'Unknown', reason: 'Starting' })
    await world.advance(60_000)
    expect(world.ready('Stack', 'app')).toBe('True')
  })

  it('that are ignored count for nothing', async () => {
    await running(twoServices, ['db'])
    world.host().engine.exit('app-db-1', 1)
    const before = ups()
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
    expect(ups()).toBe(before)
  })

  it('K#350: that go with the project leave nothing that is asked for any more', async () => {
    await running()
    world.delete('Stack', 'app')
    await world.converge()
    const looks = world.host().counts.get('observeProject')
    await world.advance(20 * 60_000)
    expect(world.host().counts.get('observeProject')).toBe(looks)
  })
})

describe('a deploy that fails', () => {
  it('at inputs that compose cannot read waits for a change of them', async () => {
    world.put(stack('app', { fileContents: 'services: [\n' }))
    await world.converge()
    expect(condition('Deployed')).toMatchObject({ status: 'False', reason: 'InvalidCompose' })
    expect(condition('Stalled')?.status).toBe('True')
    const before = ups()
    world.wake('Stack', 'app')
    await world.advance(11 * 60_000)
    expect(ups()).toBe(before)
    expect(condition('Deployed')?.reason).toBe('InvalidCompose')
    world.editSpec('Stack', 'app', { fileContents: composeFile({ web: {} }) })
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
  })

  it('leaves what ran before', async () => {
    world.put(stack('app'))
    await world.converge()
    world.editSpec('Stack', 'app', { fileContents: 'services: [\n' })
    await world.converge()
    expect((await world.host().engine.inspect('app-web-1'))?.state).toBe('running')
    expect(condition('Healthy')?.status).toBe('True')
    expect(world.ready('Stack', 'app')).toBe('InvalidCompose')
  })

  it('names the stage and shows the end of its output, and is tried again, more and more slowly', async () => {
    const log = [
      { stage: 'Compose Config', success: true, output: '', durationMs: 1 },
      { stage: 'Compose Pull', success: false, output: 'pulling\ntoomanyrequests: rate limit', durationMs: 1 },
    ]
    const failure = () => new DeployFailedError('ComposePullFailed', 'Compose Pull failed', log)
    world.host().failNext('composeUp', ...Array.from({ length: 4 }, failure))
    world.put(stack('app'))
    await world.advance(25_000)
    expect(condition('Deployed')).toMatchObject({ status: 'False', reason: 'ComposePullFailed' })
    expect(condition('Deployed')?.message).toMatch(/Compose Pull failed.*\n.*toomanyrequests/s)
    expect(ups()).toBeLessThanOrEqual(4)
    await world.advance(5 * 60_000)
    expect(world.ready('Stack', 'app')).toBe('True')
  })
})

describe('a Stack with deploy = false', () => {
  it('that was never deployed touches nothing, and its deletion takes nothing down', async () => {
    world.put(stack('app', { deploy: false }))
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('NotDeployed')
    world.delete('Stack', 'app')
    await world.converge()
    expect(world.get('Stack', 'app')).toBeUndefined()
    expect(world.host().commandCount).toBe(0)
  })

  it('is deployed when asked; later drift is reported and not healed', async () => {
    world.put(stack('app', { deploy: false }, { annotations: { [annotation.deployRequestedAt]: '1' } }))
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
    await world.host().engine.remove('app-web-1')
    await world.converge()
    expect(condition('Deployed')).toMatchObject({ status: 'False', reason: 'Drifted' })
    expect(names()).toEqual([])
    expect(ups()).toBe(1)
  })

  it('is deployed when changes are asked for, as a webhook does, and only if there are any', async () => {
    const request = (value: string) => ({ annotations: { [annotation.deployChangesRequestedAt]: value } })
    world.put(stack('app', { deploy: false }, request('1')))
    await world.converge()
    expect([world.ready('Stack', 'app'), ups()]).toEqual(['True', 1])

    world.annotate('Stack', 'app', request('2').annotations)
    await world.converge()
    expect([world.stack('app').status?.lastHandledDeployChangesAt, ups()]).toEqual(['2', 1])

    world.editSpec('Stack', 'app', { environment: 'A=1' })
    await world.converge()
    expect([condition('Deployed')?.reason, ups()]).toEqual(['Drifted', 1])
    world.annotate('Stack', 'app', request('3').annotations)
    await world.converge()
    expect([world.ready('Stack', 'app'), ups()]).toEqual(['True', 2])
  })

  it('V 16.2: two pushes during a stack deploy: ours: both become one pass after it', async () => {
    /** Passes and deploys after these requests came while nobody looked. */
    const passesAfter = async (name: string, requests: readonly string[]): Promise<unknown> => {
      world.put(stack(name, { deploy: false }))
      await world.converge()
      const before = world.passes.get(`Stack/${name}`) ?? 0
      for (const value of requests)
        world.annotate('Stack', name, {
          [annotation.requestedAt]: value,
          [annotation.deployChangesRequestedAt]: value,
        })
      await world.converge()
      expect(world.stack(name).status?.lastHandledDeployChangesAt).toBe(requests.at(-1))
      return (world.passes.get(`Stack/${name}`) ?? 0) - before
    }
    expect(await passesAfter('twice', ['1', '2'])).toBe(await passesAfter('once', ['1']))
    expect(ups()).toBe(2)
  })

  it('goes on trying a deploy that was asked for until it went through', async () => {
    world.host().failNext('composeUp', new DeployFailedError('ComposePullFailed', 'Compose Pull failed: timeout', []))
    world.put(stack('app', { deploy: false }, { annotations: { [annotation.deployRequestedAt]: '1' } }))
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
    expect(ups()).toBe(2)
  })

  it('is only looked at again once what was asked for and failed is taken back', async () => {
    world.put(stack('app', { deploy: false }, { annotations: { [annotation.deployRequestedAt]: '1' } }))
    await world.converge()
    world.host().engine.missingImages.add('web:2')
    world.editSpec('Stack', 'app', { fileContents: composeFile({ web: { image: 'web:2' } }) })
    world.annotate('Stack', 'app', { [annotation.deployChangesRequestedAt]: '2' })
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('ImagePullFailed')
    world.editSpec('Stack', 'app', { fileContents: composeFile({ web: {} }) })
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
    expect(world.stack('app').status?.rollout).toBeUndefined()
    const before = ups()
    world.editSpec('Stack', 'app', { fileContents: composeFile({ web: { image: 'web:3' } }) })
    await world.converge()
    expect([world.ready('Stack', 'app'), ups()]).toEqual(['Drifted', before])
  })
})

describe('variables of a Stack', () => {
  it('K#1209: of one name in two stacks never mix, however they are deployed', async () => {
    world.put(variable('NAME', 'x'))
    for (let i = 0; i < 20; i++) {
      world.put(
        stack(`s${i}`, {
          environment: `IMAGE=img-${i}`,
          fileContents: composeFile({ web: { image: `${'$'}{IMAGE}` } }),
        }),
      )
    }
    await world.converge()
    for (let i = 0; i < 20; i++) expect((await world.host().engine.inspect(`s${i}-web-1`))?.image).toBe(`img-${i}`)
  })

  it('leave the placeholder of the wrapper alone', async () => {
    world.put(stack('app', { composeCmdWrapper: 'op run -- [[COMPOSE_COMMAND]]' }))
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
  })

  it('that are secret bring it up when they change, and show nowhere', async () => {
    const canary = 'c4n4ry-v4lue'
    world.put(secret('s', { v: canary }))
    world.put(variable('TOKEN', { isSecret: true, valueFrom: { secretKeyRef: { name: 's', key: 'v' } } }))
    world.put(stack('app', { environment: 'TOKEN=[[TOKEN]]' }))
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
    const { metadata } = world.secrets.get({ namespace: 'default', name: 's' })!
    world.put({ ...secret('s', { v: `${canary}2` }), metadata })
    await world.converge()
    expect(ups()).toBe(2)
    expect(JSON.stringify([world.stack('app').status, world.events])).not.toContain(canary)
  })
})

describe('a Stack from files', () => {
  const files = { 'compose.yaml': composeFile({ web: {} }), 'app.conf': 'a', 'extra.env': 'X=1' }

  it('on the host is brought up when one of them changes', async () => {
    world.host().writeFile('app', 'compose.yaml', composeFile({ web: {} }))
    world.put(stack('app', { filesOnHost: true, fileContents: '' }))
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
    world.host().writeFile('app', 'compose.yaml', composeFile({ web: { image: 'web:2' } }))
    await world.advance(6 * 60_000)
    expect(services()).toMatchObject([{ image: 'web:2' }])
  })

  it('that are missing are named', async () => {
    world.put(stack('app', { filesOnHost: true, fileContents: '', filePaths: ['a.yaml', 'b.yaml'] }))
    await world.converge()
    expect(condition('SourceReady')).toMatchObject({ status: 'False', reason: 'MissingFiles' })
    expect(condition('SourceReady')?.message).toContain('a.yaml, b.yaml')
  })

  it('in git is brought up for commits that touch them, and for no other', async () => {
    const url = 'https://git.example.com/acme/app'
    world.repositories.set(url, repository(files, 'one'))
    world.put(stack('app', { fileContents: '', gitProvider: 'git.example.com', repo: 'acme/app' }))
    await world.converge()
    expect(world.ready('Stack', 'app')).toBe('True')
    expect(world.stack('app').status?.revision).toBe('one')
    world.repositories.set(url, repository({ ...files, 'README.md': 'new' }, 'two'))
    await world.advance(6 * 60_000)
    expect(ups()).toBe(1)
    world.repositories.set(
      url,
      repository({ ...files, 'compose.yaml': composeFile({ web: { image: 'web:2' } }) }, 'three'),
    )
    await world.advance(6 * 60_000)
    expect(ups()).toBe(2)
    expect(world.stack('app').status?.revision).toBe('three')
  })

  it('in git asks the remote once for all stacks and for all events in between', async () => {
    world.repositories.set('https://git.example.com/acme/app', repository(files))
    for (let i = 0; i < 10; i++) {
      world.put(stack(`s${i}`, { fileContents: '', gitProvider: 'git.example.com', repo: 'acme/app' }))
    }
    await world.converge()
    world.host().engine.exit('s1-web-1', 1)
    await world.settle()
    expect(world.fetches).toBe(1)
    world.annotate('Stack', 's1', { [annotation.requestedAt]: 'now' })
    await world.settle()
    expect(world.fetches).toBe(2)
  })

  it('K#1381: a tracked config file that changes makes its services anew, as its entry requires', async () => {
    const url = 'https://git.example.com/acme/app'
    world.repositories.set(url, repository(files, 'one'))
    const configFiles = [
      { path: 'app.conf', services: ['web'], requires: 'Restart' as const },
      { path: 'extra.env', services: [], requires: 'None' as const },
    ]
    world.put(stack('app', { fileContents: '', gitProvider: 'git.example.com', repo: 'acme/app', configFiles }))
    await world.converge()
    world.repositories.set(url, repository({ ...files, 'extra.env': 'X=2' }, 'two'))
    await world.advance(6 * 60_000)
    expect(ups()).toBe(1)
    world.repositories.set(url, repository({ ...files, 'app.conf': 'b' }, 'three'))
    await world.advance(6 * 60_000)
    expect(ups()).toBe(2)
    await world.advance(20 * 60_000)
    expect(ups()).toBe(2)
    expect(world.ready('Stack', 'app')).toBe('True')
  })

  it.each([
    { name: 'no source at all is told', spec: {}, reason: 'NoSource' },
    {
      name: 'a path out of the repository is refused',
      spec: { repo: 'a/b', filePaths: ['../../etc/passwd'] },
      reason: 'OutsideRoot',
    },
  ])('$name', async ({ spec, reason }) => {
    world.repositories.set('https://github.com/a/b', repository(files))
    world.put(stack('app', { fileContents: '', ...spec }))
    await world.converge()
    expect(condition('SourceReady')).toMatchObject({ status: 'False', reason })
  })
})

describe('deleting a Stack', () => {
  it('takes the project down', async () => {
    world.put(stack('app'))
    await world.converge()
    world.delete('Stack', 'app')
    await world.converge()
    expect(names()).toEqual([])
    expect(world.get('Stack', 'app')).toBeUndefined()
  })

  it('leaves everything with deletionPolicy = Orphan', async () => {
    world.put(stack('app', { operator: { deletionPolicy: 'Orphan' } }))
    await world.converge()
    world.delete('Stack', 'app')
    await world.converge()
    expect(names()).toEqual(['app-web-1'])
  })

  it('that never got the project leaves it to whom it belongs', async () => {
    world.put(stack('app'), stack('thief', { projectName: 'app' }))
    await world.converge()
    world.delete('Stack', 'thief')
    await world.converge()
    expect(names()).toEqual(['app-web-1'])
  })

  it('waits for an unreachable host and is not lost', async () => {
    world.put(stack('app'))
    await world.converge()
    world.host().unreachable = true
    world.delete('Stack', 'app')
    await world.converge()
    expect(condition('Deployed')).toMatchObject({ status: 'False', reason: 'ServerUnreachable' })
    world.host().unreachable = false
    await world.advance(120_000)
    expect(world.get('Stack', 'app')).toBeUndefined()
    expect(names()).toEqual([])
  })
})
