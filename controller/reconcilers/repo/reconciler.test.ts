import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeFile, repo, secret, server, stack, variable } from '../../../test/build/objects.ts'
import { World } from '../../../test/build/world.ts'
import { annotation } from '../../api/names.ts'
import { DeployFailedError } from '../../hosts/port.ts'

const url = 'https://github.com/acme/infra'
let world: World
beforeEach(() => {
  world = new World()
  world.put(server('local'), server('other'))
  push('c1')
})
afterEach(() => world.close())

const push = (revision: string, message = `Change to ${revision}`) =>
  world.repositories.set(url, {
    revision,
    message,
    read: async () => Buffer.from(composeFile({ a: {} })),
    writeTo: async () => {},
  })
const pulls = (host = 'local') => world.host(host).counts.get('pullRepo') ?? 0
const pulled = (host = 'local', directory = '/repos/infra') => world.host(host).repos.get(directory)
const condition = (type: string) => world.condition('Repo', 'infra', type)
const status = () => world.get('Repo', 'infra')?.status as Record<string, unknown>
const command = (text: string) => ({ path: '', command: text, shellMode: false })

describe('a Repo without a server', () => {
  it('is Ready when it can be read, with commit and message, and nothing is cloned', async () => {
    world.put(repo('infra'))
    await world.converge()
    expect(world.ready('Repo', 'infra')).toBe('True')
    expect(status()).toMatchObject({ revision: 'c1', message: 'Change to c1', source: `${url} main` })
    expect(pulls()).toBe(0)
  })

  it.each([
    { provider: 'github.com', https: true, expected: 'https://github.com/a/b' },
    { provider: 'localhost:3000', https: false, expected: 'http://localhost:3000/a/b' },
  ])('reads $expected, as Komodo clones it', async ({ provider, https, expected }) => {
    world.put(repo('infra', { gitProvider: provider, gitHttps: https, repo: 'a/b' }))
    await world.settle()
    expect(world.opened).toEqual([{ url: expected, branch: 'main', commit: '' }])
  })

  it('stays at its commit, and asks for it', async () => {
    world.put(repo('infra', { commit: 'abcdef0' }))
    await world.settle()
    expect(world.opened).toEqual([{ url, branch: 'main', commit: 'abcdef0' }])
  })

  it('that names no repository waits for somebody to name one', async () => {
    world.put(repo('infra', { repo: '' }))
    await world.settle()
    expect(condition('SourceReady')).toMatchObject({ status: 'False', reason: 'NoSource' })
  })

  it('that is a template is never looked at', async () => {
    world.put(repo('infra', { template: true, server: 'local' }))
    await world.converge()
    expect([world.ready('Repo', 'infra'), world.fetches, pulls()]).toEqual(['True', 0, 0])
  })
})

describe('a Repo with a server', () => {
  it('is pulled there, and again for each commit, and not while nothing changes: no command, no write', async () => {
    world.put(repo('infra', { server: 'local' }))
    await world.converge()
    expect(world.ready('Repo', 'infra')).toBe('True')
    expect(status()).toMatchObject({ server: 'local', directory: '/repos/infra', pulledRevision: 'c1' })
    const [writes, commands] = [world.writes, world.hosts.commandCount]
    await world.advance(20 * 60_000)
    expect([world.writes, world.hosts.commandCount]).toEqual([writes, commands])
    push('c2')
    await world.advance(6 * 60_000)
    expect(pulls()).toBe(2)
    expect(status()).toMatchObject({ revision: 'c2', pulledRevision: 'c2' })
  })

  it('gets its environment and commands with variables replaced, and is pulled again when one of them changes', async () => {
    world.put(
      secret('s', { value: 'canary-1' }),
      variable('TOKEN', { isSecret: true, valueFrom: { secretKeyRef: { name: 's', key: 'value' } } }),
    )
    world.put(repo('infra', { server: 'local', environment: 'A = [[TOKEN]]', onPull: command('make [[TARGET]]') }))
    await world.converge()
    expect(condition('SourceReady')?.message).toContain('[[TARGET]]')
    world.put(variable('TARGET', 'all'))
    await world.converge()
    expect(pulled()).toMatchObject({
      environment: [{ key: 'A', value: 'canary-1' }],
      onPull: { command: 'make all' },
      secrets: ['canary-1'],
    })
    world.put(secret('s', { value: 'canary-2' }))
    await world.converge()
    expect(pulled()?.environment).toEqual([{ key: 'A', value: 'canary-2' }])
    expect(pulls()).toBe(2)
    expect(JSON.stringify([world.get('Repo', 'infra'), world.events])).not.toContain('canary')
  })

  it('is pulled again after a failure, more and more slowly, and the condition shows what the command said', async () => {
    const failure = new DeployFailedError('OnPullFailed', 'On Pull failed: make: *** no rule', [])
    world.host().failNext('pullRepo', failure, failure, failure)
    world.put(repo('infra', { server: 'local', onPull: command('make') }))
    await world.advance(2_000)
    expect(condition('Pulled')).toMatchObject({
      status: 'False',
      reason: 'OnPullFailed',
      message: 'on Server "local": On Pull failed: make: *** no rule',
    })
    expect(pulls()).toBe(1)
    await world.advance(60_000)
    expect(world.ready('Repo', 'infra')).toBe('True')
    expect(pulls()).toBe(4)
  })

  it('is pulled at once when somebody asks, once, although nothing changed', async () => {
    world.put(repo('infra', { server: 'local' }))
    await world.converge()
    world.annotate('Repo', 'infra', { [annotation.deployRequestedAt]: 'now' })
    await world.converge()
    expect(pulls()).toBe(2)
    expect(status()).toMatchObject({ lastHandledDeployAt: 'now' })
    await world.advance(20 * 60_000)
    expect(pulls()).toBe(2)
  })

  it('comes back when somebody removed the files', async () => {
    world.put(repo('infra', { server: 'local' }))
    await world.converge()
    world.host().repos.clear()
    await world.advance(6 * 60_000)
    expect(pulled()).toBeDefined()
  })

  it('moves to another server: pulled there first, then removed here', async () => {
    world.put(repo('infra', { server: 'local' }))
    await world.converge()
    world.host('other').failNext('pullRepo', new DeployFailedError('OnCloneFailed', 'no', []))
    world.editSpec('Repo', 'infra', { server: 'other' })
    await world.settle()
    expect(pulled()).toBeDefined()
    await world.converge()
    expect([pulled(), pulled('other')]).toEqual([undefined, expect.anything()])
    world.editSpec('Repo', 'infra', { server: '' })
    await world.converge()
    expect(pulled('other')).toBeUndefined()
    expect(world.ready('Repo', 'infra')).toBe('True')
  })

  it('moves while the old server is away, and back once that is there: the files stay', async () => {
    world.put(repo('infra', { server: 'local' }))
    await world.converge()
    world.host().unreachable = true
    world.host().breakEvents()
    await world.converge()
    world.editSpec('Repo', 'infra', { server: 'other' })
    await world.converge()
    world.host().unreachable = false
    world.editSpec('Repo', 'infra', { server: 'local' })
    await world.converge()
    expect([pulled(), pulled('other')]).toEqual([expect.anything(), undefined])
    expect(world.host().counts.get('removeRepo')).toBeUndefined()
    expect(status().leftovers).toBeUndefined()
  })

  it.each([
    { path: '', directory: '/repos/infra' },
    { path: 'sub', directory: '/repos/infra/sub' },
    { path: '/srv/infra', directory: '/srv/infra' },
  ])('with path "$path" goes to $directory', async ({ path, directory }) => {
    world.put(repo('infra', { server: 'local', path }))
    await world.converge()
    expect(status()).toMatchObject({ directory })
  })

  it('attack: does not leave its directory by a relative path', async () => {
    world.put(repo('infra', { server: 'local', path: '../other' }))
    await world.converge()
    expect(condition('Pulled')).toMatchObject({ status: 'False', reason: 'OutsideRoot' })
    expect(pulls()).toBe(0)
  })

  it('waits for a server that is not there, and goes on when it is', async () => {
    world.put(repo('infra', { server: 'late' }))
    await world.converge()
    expect(condition('ServerReady')).toMatchObject({ status: 'False', reason: 'ServerNotFound' })
    world.put(server('late'))
    await world.converge()
    expect(world.ready('Repo', 'infra')).toBe('True')
  })

  it('is not pulled twice by a process that died before it wrote that down', async () => {
    world.put(repo('infra', { server: 'local' }))
    await world.advance(1_000)
    const before = pulls()
    const fresh = new World(world)
    fresh.repositories.set(url, world.repositories.get(url) as never)
    world = fresh
    await world.converge()
    expect(pulls()).toBe(before)
  })
})

describe('deleting a Repo', () => {
  it('removes the clone, and leaves it with deletionPolicy = Orphan', async () => {
    world.put(repo('infra', { server: 'local' }))
    await world.converge()
    world.delete('Repo', 'infra')
    await world.settle()
    expect(pulled()).toBeUndefined()
    world.put(repo('kept', { repo: 'acme/infra', server: 'local', operator: { deletionPolicy: 'Orphan' } }))
    await world.converge()
    world.delete('Repo', 'kept')
    await world.settle()
    expect(pulled('local', '/repos/kept')).toBeDefined()
  })

  it('waits for an unreachable host and is not lost', async () => {
    world.put(repo('infra', { server: 'local' }))
    await world.converge()
    world.host().unreachable = true
    world.delete('Repo', 'infra')
    await world.settle()
    expect(world.condition('Repo', 'infra')?.message).toContain('deletion waits')
    world.host().unreachable = false
    await world.converge()
    expect(pulled()).toBeUndefined()
  })
})

describe('what a Repo does after a pull', () => {
  it('is done for a Stack that links it, too, where the Stack is, and a change of the environment deploys it again', async () => {
    world.put(repo('infra', { environment: 'TAG = 1', onClone: command('make'), onPull: command('sops -d x > .env') }))
    world.put(stack('web', { linkedRepo: 'infra', fileContents: '' }))
    await world.converge()
    const last = () => world.host().composed.at(-1)?.source
    expect(last()).toMatchObject({
      type: 'tree',
      afterPull: {
        environment: [{ key: 'TAG', value: '1' }],
        onClone: { command: 'make' },
        onPull: { command: 'sops -d x > .env' },
      },
    })
    world.editSpec('Repo', 'infra', { environment: 'TAG = 2' })
    await world.converge()
    expect(world.host().composed).toHaveLength(2)
    world.host().engine.exit('web-a-1', 1)
    await world.converge()
    expect(last()).toMatchObject({ afterPull: { environment: [{ key: 'TAG', value: '2' }] } })
    expect(last()).not.toMatchObject({ afterPull: { onPull: expect.anything() } })
  })
})
