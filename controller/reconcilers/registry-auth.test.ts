import { describe, expect, it } from 'vitest'
import { WaitingError } from '../engine/errors.ts'
import { REGISTRY_ACCOUNT_TYPE, registryAuth, registryOf } from './registry-auth.ts'
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

const login = { namespace: 'default', registry: 'ghcr.io', account: '', condition: 'InputsReady' }
const { signal } = new AbortController()

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
