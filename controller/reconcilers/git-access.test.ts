import { describe, expect, it } from 'vitest'
import { keyText, type ObjectKey } from '../api/meta.ts'
import { type GitProvider, gitProviderKind } from '../api/v1alpha1/git-provider.ts'
import { type Server, serverKind } from '../api/v1alpha1/server.ts'
import { type Stack, stackKind } from '../api/v1alpha1/stack.ts'
import { fitting } from '../engine/fit.ts'
import { ObjectStore } from '../engine/object-store.ts'
import type { GitRepositorySpec } from '../git/remote.ts'
import type { Secret } from '../kube/builtin-types.ts'
import { gitAccess } from './git-access.ts'
import { secretsOf } from './secrets.ts'

const { signal } = new AbortController()

/** GitProviders, Secrets and Servers of a namespace. */
class Place {
  readonly providers = new ObjectStore<GitProvider>(fitting(gitProviderKind))
  readonly servers = new ObjectStore<Server>(fitting(serverKind))
  readonly secrets = new ObjectStore<Secret>()
  readonly stacks = new ObjectStore<Stack>(fitting(stackKind))
  readonly access = gitAccess({ ...this, secrets: secretsOf(this.secrets) })
  #version = 0

  #metadata(name: string, annotations: Record<string, string> = {}) {
    this.#version += 1
    return {
      name,
      namespace: 'default',
      uid: name,
      generation: this.#version,
      resourceVersion: `${this.#version}`,
      annotations,
    }
  }

  /** An account at a provider; its token is in a Secret of its own. */
  provider(name: string, domain: string, token: string, options: { https?: boolean; servers?: string[] } = {}): void {
    const { https = true, servers = [] } = options
    const accounts = [{ username: 'u', tokenFrom: { secretKeyRef: { name, key: 'token' } } }]
    this.providers.upsert({
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'GitProvider',
      metadata: this.#metadata(name),
      spec: { domain, https, accounts, operator: { suspend: false, servers } },
    })
    if (token !== '') this.secret(name, { token })
  }

  secret(name: string, data: Record<string, string>, type = 'Opaque'): void {
    const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
    this.secrets.upsert({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: this.#metadata(name),
      type,
      data: Object.fromEntries(encoded),
    } as unknown as Secret)
  }

  account(name: string, domain: string, token: string, more: Record<string, string> = {}): void {
    this.secret(name, { domain, username: 'u', token, ...more }, 'komodo.dev/git-account')
  }

  server(name: string, komodoName: string): void {
    this.servers.upsert({
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'Server',
      metadata: this.#metadata(name, { 'komodo.dev/name': komodoName }),
      spec: {},
    } as unknown as Server)
  }

  async used(changes: Partial<GitRepositorySpec>, server?: string): Promise<string> {
    const { url, credentials } = await this.remote(changes, server)
    const basic = credentials?.basic
    return basic === undefined ? `anonymous ${url}` : `${basic.username}:${basic.password} ${url}`
  }

  remote(changes: Partial<GitRepositorySpec>, server?: string) {
    const spec = {
      gitProvider: 'gh',
      gitHttps: true,
      gitAccount: '',
      repo: 'a/b',
      branch: 'main',
      commit: '',
      operator: {},
    }
    const user = { namespace: 'default', ...(server === undefined ? {} : { server }) }
    return this.access.remoteOf({ ...spec, ...changes }, user, signal)
  }
}

/** Komodo's table of who finds which account (its database, its configuration, the host's): docs of its providers. */
describe('the account of a repository', () => {
  const database = (place: Place) => place.provider('db', 'gh', 't1')
  const core = (place: Place) => place.account('core', 'gh', 't2')
  const host = (place: Place) => place.provider('host', 'gh', 't3', { servers: ['nas'] })

  it.each<[string, ((place: Place) => void)[], Partial<GitRepositorySpec>, string | undefined, string]>([
    ['a provider goes before a Secret', [database, core], { gitAccount: 'u' }, undefined, 'u:t1 https://gh/a/b'],
    ['a Secret goes before a provider of one Server', [core, host], { gitAccount: 'u' }, 'nas', 'u:t2 https://gh/a/b'],
    ['a provider of one Server is used there', [host], { gitAccount: 'u' }, 'nas', 'u:t3 https://gh/a/b'],
    ['no account named: no login', [database], {}, undefined, 'anonymous https://gh/a/b'],
    [
      'https of the provider goes before gitHttps',
      [(place) => place.provider('local', 'localhost:3000', 't', { https: false })],
      { gitProvider: 'localhost:3000', gitAccount: 'u' },
      undefined,
      'u:t http://localhost:3000/a/b',
    ],
    [
      'a domain in capitals is the same one, for the account and for git, which asks for the login by it',
      [(place) => place.provider('caps', 'Git.Example.com', 't')],
      { gitProvider: 'git.example.COM', gitAccount: 'u' },
      undefined,
      'u:t https://git.example.com/a/b',
    ],
    [
      'a domain written as a URL is its host, on both sides',
      [(place) => place.provider('url', 'https://git.example.com/', 't')],
      { gitProvider: 'https://git.example.com', gitAccount: 'u' },
      undefined,
      'u:t https://git.example.com/a/b',
    ],
    [
      'a domain with the port that goes without saying is the same one',
      [(place) => place.account('port', 'git.example.com:80', 't', { https: 'false' })],
      { gitProvider: 'git.example.com:80', gitAccount: 'u' },
      undefined,
      'u:t http://git.example.com/a/b',
    ],
    [
      'https of an account Secret goes before gitHttps',
      [(place) => place.account('local', 'localhost:3000', 't', { https: 'false' })],
      { gitProvider: 'localhost:3000', gitAccount: 'u' },
      undefined,
      'u:t http://localhost:3000/a/b',
    ],
    [
      'an account Secret that says nothing of https leaves it to gitHttps',
      [core],
      { gitHttps: false, gitAccount: 'u' },
      undefined,
      'u:t2 http://gh/a/b',
    ],
    [
      'a URL names the host of the account',
      [database],
      { gitProvider: 'github.com', gitAccount: 'u', operator: { url: 'https://gh/x' } },
      undefined,
      'u:t1 https://gh/x',
    ],
    [
      'a provider whose Secret is not there is passed over',
      [(place) => place.provider('empty', 'gh', ''), core],
      { gitAccount: 'u' },
      undefined,
      'u:t2 https://gh/a/b',
    ],
    [
      'a Secret that is named goes before all',
      [database, (place) => place.secret('mine', { token: 'me:t9' })],
      { gitAccount: 'u', operator: { credentials: 'mine' } },
      undefined,
      'me:t9 https://gh/a/b',
    ],
  ])('%s', async (_, prepare, spec, server, expected) => {
    const place = new Place()
    for (const one of prepare) one(place)
    expect(await place.used(spec, server)).toBe(expected)
  })

  it('of one Server is found by both names of it, and is nothing for others, nor for a sync', async () => {
    const place = new Place()
    place.server('nas-1', 'The NAS')
    place.provider('host', 'gh', 't3', { servers: ['The NAS'] })
    expect(await place.used({ gitAccount: 'u' }, 'nas-1')).toBe('u:t3 https://gh/a/b')
    for (const server of ['other', undefined]) {
      await expect(place.used({ gitAccount: 'u' }, server)).rejects.toThrow('there is no account "u" at gh')
    }
  })

  it.each<[string, (place: Place) => void, RegExp]>([
    ['nowhere', () => {}, /^there is no account "u" at gh; declare it in a GitProvider/],
    [
      'without its Secret',
      (place) => place.provider('db', 'gh', ''),
      /GitProvider "db" has that account, but key "token" of Secret "db" is not there/,
    ],
    ['of another domain', (place) => place.account('core', 'gitlab.com', 't'), /no account "u" at gh/],
  ])('that is %s is said to be missing', async (_, prepare, message) => {
    const place = new Place()
    prepare(place)
    const error = await place.used({ gitAccount: 'u' }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ reason: 'CredentialsMissing', message: expect.stringMatching(message) })
  })

  it('may hold a key for ssh, in the Secret that the provider names', async () => {
    const place = new Place()
    place.provider('db', 'gh', '')
    place.secret('db', { token: 'KEY', identity: 'KEY', known_hosts: 'gh ssh-ed25519 A' })
    const { url, credentials } = await place.remote({ gitAccount: 'u' })
    expect(url).toBe('ssh://git@gh/a/b')
    expect(credentials?.ssh?.privateKey).toBe('KEY\n')
  })

  it('attack: of one host is not found by another that is written as a URL', async () => {
    const place = new Place()
    place.provider('url', 'https://git.example.com', 't')
    const asked = place.used({ gitProvider: 'https://evil.example', gitAccount: 'u' })
    await expect(asked).rejects.toThrow('there is no account "u" at')
  })

  it('attack: of one host is not sent to that of a URL', async () => {
    const place = new Place()
    place.account('core', 'gh', 't')
    const spec = { gitProvider: 'gh', gitAccount: 'u', operator: { url: 'https://evil.example/a' } }
    await expect(place.used(spec)).rejects.toThrow('there is no account "u" at evil.example')
  })
})

describe('who uses an account', () => {
  const stack = (name: string, spec: Partial<GitRepositorySpec>): Stack =>
    ({
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'Stack',
      metadata: { name, namespace: 'default' },
      spec: { operator: {}, ...spec },
    }) as Stack

  it.each<[string, (place: Place) => void, string[]]>([
    ['its provider appears', (place) => place.provider('new', 'gh', ''), ['account']],
    ['its Secret changes', (place) => place.secret('db', { token: 'other' }), ['elsewhere']],
    ['an account Secret appears', (place) => place.account('x', 'gh', 't'), ['account', 'elsewhere']],
    ['the Secret that it names appears', (place) => place.secret('mine', { token: 't' }), ['named']],
    ['a provider of another host appears', (place) => place.provider('y', 'gl', ''), []],
  ])('is woken when %s', (_, change, expected) => {
    const place = new Place()
    place.provider('db', 'elsewhere', 't')
    for (const one of [
      stack('account', { gitProvider: 'gh', gitAccount: 'u' }),
      stack('elsewhere', { gitProvider: 'elsewhere', gitAccount: 'u' }),
      stack('named', { gitProvider: 'gh', gitAccount: '', operator: { credentials: 'mine' } }),
      stack('none', { gitProvider: 'gh', gitAccount: '' }),
    ]) {
      place.stacks.upsert(one)
    }
    const woken = new Set<string>()
    const wake = place.access.wake(place.stacks, ({ spec }) => spec)
    wake((key: ObjectKey) => woken.add(keyText(key).replace('default/', '')), signal)
    change(place)
    expect([...woken].sort()).toEqual(expected)
  })
})
