import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deployment, secret, server, variable } from '../../../test/build/objects.ts'
import { World } from '../../../test/build/world.ts'
import { annotation } from '../../api/names.ts'
import { HostRejectedError } from '../../hosts/port.ts'

let world: World
beforeEach(() => {
  world = new World()
  world.put(server('local'))
})
afterEach(() => world.close())

const deployed = (name = 'web') => world.condition('Deployment', name, 'Deployed')
const healthy = (name = 'web') => world.condition('Deployment', name, 'Healthy')
const labelsOf = async (name: string) => (await world.host().engine.inspect(name))?.labels ?? {}
const imageOf = async (name: string) => (await world.host().engine.inspect(name))?.image
const counts = () => Object.fromEntries(world.host().counts)
const reasons = (on: string) => world.events.filter((event) => event.on === on).map(({ reason }) => reason)

describe('a Deployment with deploy = true', () => {
  it('becomes a container and Ready, and says so in events', async () => {
    world.put(deployment('web'))
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
    expect(world.host().engine.names).toEqual(['web'])
    expect(await labelsOf('web')).toMatchObject({ 'komodo.dev/owner': 'default/web' })
    expect(reasons('Deployment/web')).toEqual(['Deploying', 'Deployed'])
    expect(world.deployment('web').status).toMatchObject({
      server: 'local',
      containerName: 'web',
      state: 'running',
      image: 'nginx:1.27',
      lastDeploy: { succeeded: true, reason: 'it was not deployed yet' },
    })
  })

  it('is left alone while nothing changes: no command, no write', async () => {
    world.put(deployment('web'))
    await world.converge()
    const before = { commands: world.host().commandCount, writes: world.writes }
    await world.advance(20 * 60_000)
    expect({ commands: world.host().commandCount, writes: world.writes }).toEqual(before)
  })

  it('asks the host once in a pass that changes nothing', async () => {
    world.put(deployment('web'))
    await world.converge()
    const before = world.host().counts.get('observeContainer') ?? 0
    world.wake('Deployment', 'web')
    await world.settle()
    expect(world.host().counts.get('observeContainer')).toBe(before + 1)
  })

  it('comes back at once when somebody removes its container', async () => {
    world.put(deployment('web'))
    await world.converge()
    await world.host().engine.remove('web')
    await world.settle()
    expect(world.host().engine.names).toEqual(['web'])
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
    expect(world.deployment('web').status?.lastDeploy?.reason).toBe('its container was removed')
  })

  it.each([
    { restart: 'no', exitCode: 143, starts: true },
    { restart: 'no', exitCode: 1, starts: true },
    { restart: 'no', exitCode: 0, starts: false },
    { restart: 'on-failure', exitCode: 0, starts: false },
    { restart: 'always', exitCode: 0, starts: true },
    { restart: 'unless-stopped', exitCode: 0, starts: true },
  ] as const)(
    'with restart = $restart that ended with $exitCode is started again: $starts',
    async ({ restart, exitCode, starts }) => {
      world.put(deployment('web', { restart }))
      await world.converge()
      world.host().engine.exit('web', exitCode)
      await world.converge()
      expect(world.host().counts.get('startContainer') ?? 0).toBe(starts ? 1 : 0)
      expect(world.ready('Deployment', 'web')).toBe('True')
      expect(healthy()?.reason).toBe(starts ? 'Running' : 'Completed')
    },
  )

  it('that was stopped is started again when its restart policy is among the flags', async () => {
    world.put(deployment('web', { restart: 'no', extraArgs: ['--init', '--restart=unless-stopped'] }))
    await world.converge()
    world.host().engine.exit('web', 0)
    await world.converge()
    expect((await world.host().engine.inspect('web'))?.state).toBe('running')
  })

  it('that exits again and again is started more and more slowly', async () => {
    world.put(deployment('web'))
    await world.converge()
    world.host().engine.images.set('nginx:1.27', { exits: 1 })
    world.host().engine.exit('web', 1)
    await world.advance(60_000)
    const inAMinute = world.host().counts.get('startContainer') ?? 0
    expect(inAMinute).toBeGreaterThanOrEqual(3)
    expect(inAMinute).toBeLessThanOrEqual(6)
    expect(healthy()).toMatchObject({ status: 'False', reason: 'CrashLoopBackOff' })
    expect(healthy()?.message).toContain('exit code 1')
    await world.advance(10 * 60_000)
    expect(world.host().counts.get('startContainer')).toBeLessThanOrEqual(10)
  })

  it('rolls to another image, and to nothing else', async () => {
    world.put(deployment('web'), deployment('other'))
    await world.converge()
    const before = (await world.host().engine.inspect('other'))?.id
    world.editSpec('Deployment', 'web', { image: { type: 'Image', params: { image: 'nginx:1.28' } } })
    await world.converge()
    expect(await imageOf('web')).toBe('nginx:1.28')
    expect((await world.host().engine.inspect('other'))?.id).toBe(before)
    expect(world.host().engine.names.sort()).toEqual(['other', 'web'])
    expect(world.ready('Deployment', 'web')).toBe('True')
  })

  it('is not made anew for changes that concern nobody on the host', async () => {
    world.put(deployment('web'))
    await world.converge()
    const before = world.host().commandCount
    world.editSpec('Deployment', 'web', { description: 'x', tags: ['a'], links: ['http://x'], terminationTimeout: 30 })
    await world.converge()
    expect(world.host().commandCount).toBe(before)
    expect(world.ready('Deployment', 'web')).toBe('True')
  })

  it('is no cause of work when it is a template', async () => {
    world.put(deployment('web', { template: true }))
    await world.converge()
    expect(world.host().engine.names).toEqual([])
    expect(world.ready('Deployment', 'web')).toBe('True')
  })
})

describe('a Deployment whose new container fails', () => {
  const failingUpdate = async () => {
    world.put(deployment('web'))
    await world.converge()
    world.host().engine.images.set('broken:1', { exits: 3, log: ['cannot open config', 'bye'] })
    world.editSpec('Deployment', 'web', { image: { type: 'Image', params: { image: 'broken:1' } } })
    await world.converge()
  }

  it('gets the old one back, and the condition tells why with the last log lines', async () => {
    await failingUpdate()
    expect(await imageOf('web')).toBe('nginx:1.27')
    expect(deployed()).toMatchObject({ status: 'False', reason: 'RolledBack' })
    expect(deployed()?.message).toContain('exit code 3')
    expect(deployed()?.message).toContain('cannot open config')
    expect(healthy()?.status).toBe('True')
    expect(world.condition('Deployment', 'web', 'Stalled')?.status).toBe('True')
  })

  it('shows long lines of its log in part, and no part of a secret in them', async () => {
    const canary = 'canary-of-some-length'
    world.put(secret('db', { password: canary }), deployment('web'))
    world.put(variable('DB_PASSWORD', { isSecret: true, valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }))
    await world.converge()
    const line = `${'x'.repeat(490)}${canary}${'y'.repeat(500)}`
    world.host().engine.images.set('broken:1', { exits: 3, log: [line, 'bye'] })
    const image = { type: 'Image' as const, params: { image: 'broken:1' } }
    world.editSpec('Deployment', 'web', { image, environment: 'P=[[DB_PASSWORD]]' })
    await world.converge()
    expect(deployed()?.message).toContain('xxx<redacted>\nbye')
    expect(deployed()?.message).not.toContain('canary')
  })

  it('is not tried again by itself', async () => {
    await failingUpdate()
    const before = counts().deployContainer
    for (let i = 0; i < 10; i++) {
      world.wake('Deployment', 'web')
      await world.advance(60_000)
    }
    expect(counts().deployContainer).toBe(before)
    expect(deployed()?.reason).toBe('RolledBack')
  })

  it('is tried again when somebody asks, once', async () => {
    await failingUpdate()
    const before = counts().deployContainer ?? 0
    world.annotate('Deployment', 'web', { [annotation.deployRequestedAt]: 'now' })
    await world.converge()
    expect(counts().deployContainer).toBeGreaterThan(before)
    expect(deployed()?.reason).toBe('RolledBack')
    expect(world.deployment('web').status?.lastHandledDeployAt).toBe('now')
  })

  it('is deployed when the declaration is corrected', async () => {
    await failingUpdate()
    world.editSpec('Deployment', 'web', { image: { type: 'Image', params: { image: 'nginx:1.28' } } })
    await world.converge()
    expect(await imageOf('web')).toBe('nginx:1.28')
    expect(world.ready('Deployment', 'web')).toBe('True')
    expect(world.deployment('web').status?.failedHash).toBeUndefined()
  })

  it('keeps the old one running while it is held', async () => {
    await failingUpdate()
    world.host().engine.exit('web', 137)
    await world.converge()
    expect((await world.host().engine.inspect('web'))?.state).toBe('running')
    expect(await imageOf('web')).toBe('nginx:1.27')
    expect(deployed()?.reason).toBe('RolledBack')
  })

  it('that was the first is tried again, more and more slowly', async () => {
    world.host().engine.images.set('broken:1', { exits: 3, log: ['no such database'] })
    world.put(deployment('web', { image: 'broken:1' }))
    await world.advance(60_000)
    expect(deployed()).toMatchObject({ status: 'False', reason: 'DidNotStart' })
    expect(deployed()?.message).toContain('no such database')
    const inAMinute = counts().deployContainer ?? 0
    expect(inAMinute).toBeGreaterThanOrEqual(3)
    expect(inAMinute).toBeLessThanOrEqual(12)
    world.host().engine.images.delete('broken:1')
    await world.advance(6 * 60_000)
    expect(world.ready('Deployment', 'web')).toBe('True')
  })

  it('keeps the old one when the image cannot be pulled, and says so', async () => {
    world.put(deployment('web'))
    await world.converge()
    world.host().engine.missingImages.add('ghost:1')
    world.editSpec('Deployment', 'web', { image: { type: 'Image', params: { image: 'ghost:1' } } })
    await world.advance(60_000)
    expect((await world.host().engine.inspect('web'))?.state).toBe('running')
    expect(deployed()).toMatchObject({ status: 'False', reason: 'ImagePullFailed' })
    expect(counts().deployContainer).toBeLessThanOrEqual(8)
    world.host().engine.missingImages.delete('ghost:1')
    await world.advance(6 * 60_000)
    expect(await imageOf('web')).toBe('ghost:1')
    expect(world.ready('Deployment', 'web')).toBe('True')
  })

  it('waits for a human when the host refuses its arguments', async () => {
    world
      .host()
      .failNext(
        'deployContainer',
        new HostRejectedError('InvalidArgument', 'unknown flag --memry, did you mean --memory?'),
      )
    world.put(deployment('web'))
    await world.converge()
    expect(deployed()).toMatchObject({ status: 'False', reason: 'InvalidArgument' })
    expect(world.condition('Deployment', 'web', 'Stalled')?.message).toContain('did you mean --memory')
  })
})

describe('a Deployment with deploy = false', () => {
  it('touches nothing and says what it would do and how to ask', async () => {
    world.put(deployment('web', { deploy: false }))
    await world.converge()
    expect(world.host().commandCount).toBe(0)
    expect(deployed()).toMatchObject({ status: 'False', reason: 'NotDeployed' })
    expect(deployed()?.message).toContain('komodo deploy')
  })

  it('is deployed when asked, and then only looked at', async () => {
    world.put(deployment('web', { deploy: false }))
    await world.converge()
    world.annotate('Deployment', 'web', { [annotation.deployRequestedAt]: '1' })
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
    world.editSpec('Deployment', 'web', { image: { type: 'Image', params: { image: 'nginx:1.28' } } })
    await world.converge()
    expect(await imageOf('web')).toBe('nginx:1.27')
    expect(deployed()).toMatchObject({ status: 'False', reason: 'Drifted' })
    await world.host().engine.remove('web')
    await world.converge()
    expect(world.host().engine.names).toEqual([])
    expect(deployed()?.message).toContain('is gone')
  })

  it('is deployed once for each request, also over a restart of the controller', async () => {
    world.put(deployment('web', { deploy: false }, { annotations: { [annotation.deployRequestedAt]: '1' } }))
    await world.converge()
    const before = counts().deployContainer
    world.wake('Deployment', 'web')
    await world.converge()
    expect(counts().deployContainer).toBe(before)
    const id = (await world.host().engine.inspect('web'))?.id
    world.annotate('Deployment', 'web', { [annotation.deployRequestedAt]: '2' })
    await world.converge()
    expect((await world.host().engine.inspect('web'))?.id).not.toBe(id)
    expect(world.ready('Deployment', 'web')).toBe('True')
  })
})

describe('variables of a Deployment', () => {
  it('wake and roll exactly the Deployments that use them', async () => {
    world.put(variable('TAG_LEVEL', 'info'))
    world.put(
      deployment('uses', { environment: 'LEVEL=[[TAG_LEVEL]]' }),
      deployment('does-not', { environment: 'LEVEL=info' }),
    )
    await world.converge()
    const ids = async () =>
      [await labelsOf('uses'), await labelsOf('does-not')].map((labels) => labels['komodo.dev/hash'])
    const [uses, other] = await ids()
    const passes = world.passes.get('Deployment/does-not')
    world.editSpec('Variable', 'tag-level', { value: 'debug' })
    await world.advance(10_000)
    const [usesNow, otherNow] = await ids()
    expect(usesNow).not.toBe(uses)
    expect(otherNow).toBe(other)
    expect(world.passes.get('Deployment/does-not')).toBe(passes)
    expect(world.ready('Deployment', 'uses')).toBe('True')
  })

  it('that are secret roll it when the Secret changes, and show nowhere', async () => {
    const canary = 'c4n4ry-s3cr3t'
    world.put(secret('db', { password: canary }))
    world.put(variable('DB_PASSWORD', { isSecret: true, valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }))
    world.put(deployment('web', { environment: 'PASSWORD=[[DB_PASSWORD]]' }))
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
    const hash = world.deployment('web').status?.deployedHash
    world.put({
      ...secret('db', { password: `${canary}-2` }),
      metadata: { ...world.secrets.get({ namespace: 'default', name: 'db' })!.metadata },
    })
    await world.settle()
    await world.converge()
    expect(world.deployment('web').status?.deployedHash).not.toBe(hash)
    expect(
      JSON.stringify([world.deployment('web').status, world.get('Variable', 'db-password'), world.events]),
    ).not.toContain(canary)
  })

  it('that are missing are named with the field that uses them; it goes on when they appear', async () => {
    world.put(deployment('web', { environment: 'A=[[MISSING]]' }))
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('VariableNotFound')
    expect(world.condition('Deployment', 'web', 'InputsReady')?.message).toMatch(/environment.*\[\[MISSING\]\]/)
    expect(world.host().engine.names).toEqual([])
    world.put(variable('MISSING', 'x'))
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
  })

  it('cannot add a line, a comment or a key', async () => {
    world.put(variable('TRICKY', 'a # b=c'))
    world.put(deployment('web', { labels: 'x: [[TRICKY]]' }))
    await world.converge()
    expect(await labelsOf('web')).toMatchObject({ x: 'a # b=c' })
  })

  it('K#644: a secret that equals the name of the container does not change what is known about it', async () => {
    world.put(secret('s', { v: 'web' }))
    world.put(variable('W', { isSecret: true, valueFrom: { secretKeyRef: { name: 's', key: 'v' } } }))
    world.put(deployment('web', { environment: 'A=[[W]]' }))
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
    expect(world.deployment('web').status).toMatchObject({ containerName: 'web', state: 'running' })
    const before = world.host().commandCount
    await world.advance(11 * 60_000)
    expect(world.host().commandCount).toBe(before)
  })
})

describe('the server of a Deployment', () => {
  it.each([
    { name: 'that is not named stalls it', spec: { server: '' }, reason: 'NoServer' },
    { name: 'that does not exist is waited for', spec: { server: 'nowhere' }, reason: 'ServerNotFound' },
    { name: 'that is disabled is waited for', spec: { server: 'off' }, reason: 'ServerDisabled' },
  ])('$name', async ({ spec, reason }) => {
    world.put(server('off', { enabled: false }), deployment('web', spec))
    await world.converge()
    expect(world.condition('Deployment', 'web', 'ServerReady')).toMatchObject({ status: 'False', reason })
    expect(world.ready('Deployment', 'web')).toBe(reason)
  })

  it('is found as soon as it is declared, by its Komodo name too', async () => {
    world.put(deployment('web', { server: 'Big Box' }))
    await world.converge()
    world.put(server('big-box', {}, { annotations: { [annotation.name]: 'Big Box' } }))
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
    expect(world.host('big-box').engine.names).toEqual(['web'])
  })

  it('that goes away leaves the state unknown, not "not deployed", and heals when it is back', async () => {
    world.put(deployment('web'))
    await world.converge()
    world.host().unreachable = true
    world.host().breakEvents()
    await world.converge()
    expect(world.ready('Server', 'local')).toBe('Unreachable')
    expect(world.condition('Deployment', 'web', 'ServerReady')?.status).toBe('False')
    expect(deployed()?.status).toBe('Unknown')
    await world.host().engine.remove('web')
    world.host().unreachable = false
    await world.advance(60_000)
    expect(world.host().engine.names).toEqual(['web'])
    expect(world.ready('Deployment', 'web')).toBe('True')
  })

  it('that changes: the new container runs before the old one goes', async () => {
    world.put(server('second'), deployment('web'))
    await world.converge()
    world.editSpec('Deployment', 'web', { server: 'second' })
    await world.settle()
    expect(world.host('second').engine.names).toEqual(['web'])
    expect(world.host().engine.names).toEqual(['web'])
    await world.converge()
    expect(world.host().engine.names).toEqual([])
    expect(world.deployment('web').status?.leftovers).toBeUndefined()
    expect(world.ready('Deployment', 'web')).toBe('True')
  })

  it('that changes while the old one is away: the old container goes when that is back', async () => {
    world.put(server('second'), deployment('web'))
    await world.converge()
    world.host().unreachable = true
    world.host().breakEvents()
    await world.converge()
    world.editSpec('Deployment', 'web', { server: 'second' })
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('True')
    expect(world.deployment('web').status?.leftovers).toEqual([{ server: 'local', name: 'web' }])
    expect(deployed()?.message).toContain('local')
    world.host().unreachable = false
    await world.advance(10 * 60_000)
    expect(world.host().engine.names).toEqual([])
    expect(world.deployment('web').status?.leftovers).toBeUndefined()
  })

  it('that changes, and back because it cannot run there: the container that never stopped stays', async () => {
    world.put(server('second'), deployment('web'))
    await world.converge()
    const before = (await world.host().engine.inspect('web'))?.id
    world.host('second').engine.missingImages.add('nginx:1.27')
    world.editSpec('Deployment', 'web', { server: 'second' })
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('ImagePullFailed')
    world.editSpec('Deployment', 'web', { server: 'local' })
    await world.converge()
    expect((await world.host().engine.inspect('web'))?.id).toBe(before)
    expect(world.deployment('web').status?.leftovers).toBeUndefined()
  })

  it('that changes while the old one is away, and back once that is there: none runs twice', async () => {
    world.put(server('second'), deployment('web'))
    await world.converge()
    const before = (await world.host().engine.inspect('web'))?.id
    world.host().unreachable = true
    world.host().breakEvents()
    await world.converge()
    world.editSpec('Deployment', 'web', { server: 'second' })
    await world.converge()
    world.host().unreachable = false
    world.editSpec('Deployment', 'web', { server: 'local' })
    await world.advance(10 * 60_000)
    expect((await world.host().engine.inspect('web'))?.id).toBe(before)
    expect(world.host('second').engine.names).toEqual([])
    expect(world.deployment('web').status).toMatchObject({ server: 'local' })
    expect(world.deployment('web').status?.leftovers).toBeUndefined()
  })

  it('K#1392: that hangs does not keep others waiting', async () => {
    world.put(server('second'))
    await world.converge()
    world.host().unreachable = true
    world.put(deployment('stuck'), deployment('fine', { server: 'second' }))
    await world.converge()
    expect(world.ready('Deployment', 'fine')).toBe('True')
    expect(world.ready('Deployment', 'stuck')).not.toBe('True')
  })
})

describe('the name of a container', () => {
  it('that changes takes the old container away', async () => {
    world.put(deployment('web'))
    await world.converge()
    world.editSpec('Deployment', 'web', { customName: 'site' })
    await world.converge()
    expect(world.host().engine.names).toEqual(['site'])
    expect(world.ready('Deployment', 'web')).toBe('True')
  })

  it('that changes with an image that cannot be pulled: the container that serves goes on', async () => {
    world.put(deployment('web'))
    await world.converge()
    const before = await world.host().engine.inspect('web')
    world.host().engine.missingImages.add('gone:1')
    world.editSpec('Deployment', 'web', { customName: 'site', image: { type: 'Image', params: { image: 'gone:1' } } })
    await world.converge()
    expect(world.ready('Deployment', 'web')).toBe('ImagePullFailed')
    const after = await world.host().engine.inspect('site')
    expect([after?.id, after?.state, after?.startedAt]).toEqual([before?.id, 'running', before?.startedAt])
    world.delete('Deployment', 'web')
    await world.converge()
    expect(world.host().engine.names).toEqual([])
  })

  it('that somebody else uses is not taken from them; it goes on once it is free', async () => {
    await world.host().engine.create('web', { Image: 'theirs', Labels: {} })
    world.put(deployment('web'))
    await world.converge()
    expect(deployed()).toMatchObject({ status: 'False', reason: 'NameTaken' })
    expect(await imageOf('web')).toBe('theirs')
    await world.host().engine.remove('web')
    await world.converge()
    expect(await imageOf('web')).toBe('nginx:1.27')
    expect(world.ready('Deployment', 'web')).toBe('True')
  })
})

describe('deleting a Deployment', () => {
  it('removes its container', async () => {
    world.put(deployment('web'))
    await world.converge()
    world.delete('Deployment', 'web')
    await world.converge()
    expect(world.host().engine.names).toEqual([])
    expect(world.get('Deployment', 'web')).toBeUndefined()
  })

  it('leaves it with deletionPolicy = Orphan', async () => {
    world.put(deployment('web', { operator: { deletionPolicy: 'Orphan' } }))
    await world.converge()
    world.delete('Deployment', 'web')
    await world.converge()
    expect(world.host().engine.names).toEqual(['web'])
    expect(world.get('Deployment', 'web')).toBeUndefined()
  })

  it("leaves somebody else's container of that name", async () => {
    await world.host().engine.create('web', { Image: 'theirs', Labels: {} })
    world.put(deployment('web'))
    await world.converge()
    world.delete('Deployment', 'web')
    await world.converge()
    expect(world.host().engine.names).toEqual(['web'])
    expect(world.get('Deployment', 'web')).toBeUndefined()
  })

  it('removes what can be removed while another host is away', async () => {
    world.put(server('second'), deployment('web'))
    await world.converge()
    world.host().unreachable = true
    world.host().breakEvents()
    await world.converge()
    world.editSpec('Deployment', 'web', { server: 'second' })
    await world.converge()
    expect(world.host('second').engine.names).toEqual(['web'])
    world.delete('Deployment', 'web')
    await world.converge()
    expect(world.host('second').engine.names).toEqual([])
    expect(deployed()).toMatchObject({ reason: 'ServerUnreachable', message: expect.stringContaining('"local"') })
    world.host().unreachable = false
    await world.advance(10 * 60_000)
    expect(world.host().engine.names).toEqual([])
    expect(world.get('Deployment', 'web')).toBeUndefined()
  })

  it('waits for an unreachable host, says so and how to force it, and is not lost', async () => {
    world.put(deployment('web'))
    await world.converge()
    world.host().unreachable = true
    world.host().breakEvents()
    await world.converge()
    world.delete('Deployment', 'web')
    await world.converge()
    expect(deployed()).toMatchObject({ status: 'False', reason: 'ServerUnreachable' })
    expect(deployed()?.message).toContain(
      'kubectl annotate -n default deployment.komodo.dev web komodo.dev/force-delete=true',
    )
    world.host().unreachable = false
    await world.advance(60_000)
    expect(world.get('Deployment', 'web')).toBeUndefined()
    expect(world.host().engine.names).toEqual([])
  })

  it('goes through when forced, and says what was left', async () => {
    world.put(deployment('web'))
    await world.converge()
    world.host().unreachable = true
    world.delete('Deployment', 'web')
    world.annotate('Deployment', 'web', { [annotation.forceDelete]: 'true' })
    await world.converge()
    expect(world.get('Deployment', 'web')).toBeUndefined()
    expect(reasons('Deployment/web')).toContain('LeftBehind')
  })

  it('waits when its Server is not declared any more, until forced', async () => {
    world.put(deployment('web'))
    await world.converge()
    world.stores.Server.remove(world.stores.Server.get({ namespace: 'default', name: 'local' })!)
    world.delete('Deployment', 'web')
    await world.converge()
    expect(deployed()?.reason).toBe('ServerNotFound')
    world.annotate('Deployment', 'web', { [annotation.forceDelete]: 'true' })
    await world.converge()
    expect(world.get('Deployment', 'web')).toBeUndefined()
  })

  it('that was never deployed anywhere waits for nothing', async () => {
    world.put(deployment('web', { server: 'nowhere' }))
    await world.converge()
    world.delete('Deployment', 'web')
    await world.settle()
    expect(world.get('Deployment', 'web')).toBeUndefined()
  })
})
