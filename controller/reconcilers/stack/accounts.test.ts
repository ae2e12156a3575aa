import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeFile, server, stack } from '../../../test/build/objects.ts'
import { World } from '../../../test/build/world.ts'
import type { KubeObject } from '../../api/meta.ts'

let world: World
beforeEach(() => {
  world = new World()
  world.put(server('local'), server('nas'))
  world.repositories.set('http://git.lan:3000/acme/app', {
    revision: 'c1',
    read: async () => Buffer.from(composeFile({ a: {} })),
    writeTo: async () => {},
  })
})
afterEach(() => world.close())

const account = (kind: string, domain: string, servers: string[]): KubeObject => ({
  apiVersion: 'komodo.dev/v1alpha1',
  kind,
  metadata: { name: kind.toLowerCase(), namespace: 'default', generation: 1 },
  spec: {
    domain,
    https: false,
    accounts: [{ username: 'bot', tokenFrom: { secretKeyRef: { name: 'tokens', key: 'bot' } } }],
    operator: { servers },
  },
})
const token = (text: string): void =>
  world.put({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'tokens', namespace: 'default' },
    data: { bot: Buffer.from(text).toString('base64') },
  } as never)

describe('a Stack with accounts that are declared', () => {
  const spec = { fileContents: '', gitProvider: 'git.lan:3000', gitAccount: 'bot', repo: 'acme/app' }

  it('waits for them, says which, and goes on by itself; an account of one Server is for its Stacks alone', async () => {
    world.put(stack('app', { ...spec, server: 'nas' }), stack('other', spec))
    await world.converge()
    expect(world.condition('Stack', 'app', 'SourceReady')).toMatchObject({
      status: 'False',
      reason: 'CredentialsMissing',
      message: expect.stringContaining('there is no account "bot" at git.lan:3000; declare it in a GitProvider'),
    })
    world.gitProviders.upsert(account('GitProvider', 'git.lan:3000', ['nas']) as never)
    await world.settle()
    expect(world.condition('Stack', 'app', 'SourceReady')?.message).toContain(
      'key "bot" of Secret "tokens" is not there',
    )
    token('t1')
    await world.advance(5_000)
    expect(world.ready('Stack', 'app')).toBe('True')
    expect(world.opened.at(-1)).toMatchObject({
      url: 'http://git.lan:3000/acme/app',
      credentials: { basic: { username: 'bot', password: 't1' } },
    })
    expect(world.condition('Stack', 'other', 'SourceReady')?.reason).toBe('CredentialsMissing')
  })

  it('pulls its images with the account of the registry that it names, and waits for that', async () => {
    world.put(stack('app', { registryProvider: 'http://registry.lan:5000', registryAccount: 'bot' }))
    await world.converge()
    expect(world.condition('Stack', 'app', 'SourceReady')).toMatchObject({
      status: 'False',
      reason: 'RegistryAccountNotFound',
      message: expect.stringContaining('there is no account "bot" for registry registry.lan:5000'),
    })
    token('t2')
    world.imageRegistries.upsert(account('ImageRegistry', 'registry.lan:5000', []) as never)
    await world.advance(5_000)
    expect(world.ready('Stack', 'app')).toBe('True')
  })
})
