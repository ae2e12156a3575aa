import { describe, expect, it } from 'vitest'
import type { ImageRegistry } from '../api/v1alpha1/image-registry.ts'
import type { Server } from '../api/v1alpha1/server.ts'
import { WaitingError } from '../engine/errors.ts'
import { ObjectStore } from '../engine/object-store.ts'
import { REGISTRY_ACCOUNT_TYPE, type RegistryLogin, registriesOf, registryDomain, registryOf } from './registry-auth.ts'
import type { SecretData, SecretReader } from './secrets.ts'

describe('registryOf', () => {
  it.each([
    ['nginx', 'docker.io'],
    ['library/nginx:1', 'docker.io'],
    ['docker.io/library/nginx', 'docker.io'],
    ['index.docker.io/library/nginx', 'docker.io'],
    ['ghcr.io/a/b:1', 'ghcr.io'],
    ['localhost:5000/x', 'localhost:5000'],
    ['localhost/x', 'localhost'],
    ['registry:5000/x', 'registry:5000'],
    ['nginx:1.27', 'docker.io'],
    ['nginx@sha256:abc', 'docker.io'],
  ])('%s is at %s', (image, registry) => {
    expect(registryOf(image)).toBe(registry)
  })
})

const reader = (
  secrets: Readonly<Record<string, { type?: string; data: Readonly<Record<string, string>> }>>,
): SecretReader => {
  const dataOf = (name: string): SecretData | undefined =>
    secrets[name] === undefined ? undefined : new Map(Object.entries(secrets[name].data))
  return {
    read: async (_namespace, name) => dataOf(name),
    ofType: async (_namespace, type) =>
      Object.keys(secrets).flatMap((name) => (secrets[name]?.type === type ? (dataOf(name) ?? []) : [])),
    onChange: () => {},
  }
}

const login = { namespace: 'default', registry: 'ghcr.io', account: '', server: 'nas', condition: 'InputsReady' }
const { signal } = new AbortController()

const registryAuth = (
  wanted: RegistryLogin,
  secrets: SecretReader,
  signal: AbortSignal,
  providers: readonly ImageRegistry[] = [],
) => {
  const store = new ObjectStore<ImageRegistry>()
  for (const provider of providers) store.upsert(provider)
  return registriesOf({ providers: store, servers: new ObjectStore<Server>(), secrets }).authFor(wanted, signal)
}

const registry = (name: string, domain: string, servers: string[] = []): ImageRegistry => ({
  apiVersion: 'komodo.dev/v1alpha1',
  kind: 'ImageRegistry',
  metadata: { name, namespace: 'default' },
  spec: {
    domain,
    accounts: [{ username: 'me', tokenFrom: { secretKeyRef: { name, key: 'token' } } }],
    organizations: ['acme'],
    operator: { suspend: false, servers },
  },
})

describe('registryDomain', () => {
  it.each([
    ['', 'docker.io'],
    ['docker.io', 'docker.io'],
    ['https://index.docker.io/v1/', 'docker.io'],
    ['http://localhost:5000', 'localhost:5000'],
    ['http://registry', 'docker.io'],
    ['registry.example.com', 'registry.example.com'],
  ])('%s is %s', (domain, registry) => {
    expect(registryDomain(domain)).toBe(registry)
  })
})

describe('an account', () => {
  const token = { data: { token: 'of-provider' } }
  it.each<[string, Partial<RegistryLogin>, ImageRegistry[], string | RegExp]>([
    ['of a registry that is declared', {}, [registry('r', 'ghcr.io')], 'of-provider'],
    ['of one without TLS', { registry: 'localhost:5000' }, [registry('r', 'http://localhost:5000')], 'of-provider'],
    [
      'of Docker Hub, which has many names',
      { registry: 'docker.io' },
      [registry('r', 'index.docker.io')],
      'of-provider',
    ],
    ['for this Server', {}, [registry('r', 'ghcr.io', ['nas'])], 'of-provider'],
    [
      'for another Server',
      {},
      [registry('r', 'ghcr.io', ['other'])],
      /there is no account "me" for registry ghcr.io: declare it/,
    ],
    [
      'whose Secret is missing',
      {},
      [registry('gone', 'ghcr.io')],
      /ImageRegistry "gone" has that account, but key "token" of Secret "gone" is not there/,
    ],
  ])('%s', async (_, changes, providers, expected) => {
    const auth = await registryAuth(
      { ...login, account: 'me', ...changes },
      reader({ r: token }),
      signal,
      providers,
    ).then(
      (found) => found?.password,
      (error: Error) => error.message,
    )
    if (typeof expected === 'string') expect(auth).toBe(expected)
    else expect(auth).toMatch(expected)
  })

  it('of a registry that is declared goes before a Secret, and a Secret before a registry of one Server', async () => {
    const mine = { type: REGISTRY_ACCOUNT_TYPE, data: { domain: 'ghcr.io', username: 'me', password: 'of-secret' } }
    const found = async (provider: ImageRegistry) =>
      (await registryAuth({ ...login, account: 'me' }, reader({ r: token, mine }), signal, [provider]))?.password
    expect(await found(registry('r', 'ghcr.io'))).toBe('of-provider')
    expect(await found(registry('r', 'ghcr.io', ['nas']))).toBe('of-secret')
  })
})

describe('registryAuth', () => {
  it('asks for none when none is named', async () => {
    expect(await registryAuth(login, reader({}), signal)).toBeUndefined()
  })

  it('finds the account of that registry among several', async () => {
    const data = (domain: string, password: string) => ({
      type: REGISTRY_ACCOUNT_TYPE,
      data: { domain, username: 'me', password },
    })
    const secrets = reader({ a: data('docker.io', '1'), b: data('ghcr.io', '2') })
    expect(await registryAuth({ ...login, account: 'me' }, secrets, signal)).toEqual({
      serverAddress: 'ghcr.io',
      username: 'me',
      password: '2',
    })
  })

  it('reads a docker config', async () => {
    const auths = { 'https://ghcr.io/v1/': { auth: Buffer.from('me:p:w').toString('base64') } }
    const secrets = reader({ c: { data: { '.dockerconfigjson': JSON.stringify({ auths }) } } })
    expect(await registryAuth({ ...login, credentials: 'c' }, secrets, signal)).toMatchObject({
      username: 'me',
      password: 'p:w',
    })
  })

  it.each([
    ['an unknown account', { account: 'nobody' }, /no account "nobody" for registry ghcr.io/],
    ['a missing Secret', { credentials: 'nowhere' }, /"nowhere" is not there/],
    ['a Secret without that registry', { credentials: 'c' }, /no login for ghcr.io/],
    ['a Secret that is no JSON', { credentials: 'bad' }, /no login for ghcr.io/],
  ])('waits for %s and says what to do', async (_name, named, message) => {
    const secrets = reader({
      c: { data: { '.dockerconfigjson': '{"auths":{"docker.io":{"auth":"bWU6cA=="}}}' } },
      bad: { data: { '.dockerconfigjson': '{' } },
    })
    const error = await registryAuth({ ...login, ...named }, secrets, signal).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(WaitingError)
    expect((error as Error).message).toMatch(message)
  })
})
