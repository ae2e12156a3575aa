import { describe, expect, it } from 'vitest'
import { credentialsOf, type FoundLogin, remoteWith, secretsOf } from './credentials.ts'
import { checkRemote, type GitRepositorySpec } from './remote.ts'

const data = (values: Record<string, string>): ReadonlyMap<string, string> => new Map(Object.entries(values))

describe('a login', () => {
  const basic = (username: string, password: string) => ({ basic: { username, password } })
  it.each([
    ['username and password', { username: 'u', password: 'p:q' }, basic('u', 'p:q')],
    ['a deploy token', { username: 'gitlab+deploy-token-1', password: 't' }, basic('gitlab+deploy-token-1', 't')],
    ['a token alone', { token: 'abc' }, basic('token', 'abc')],
    ["Komodo's user:token", { token: 'me:abc' }, basic('me', 'abc')],
    ['a token with a username', { username: 'u', token: 'abc' }, basic('u', 'abc')],
    ['white space around it', { token: ' abc\n' }, basic('token', 'abc')],
    ['a bearer token', { bearer: 'abc\n' }, { bearer: 'abc' }],
    ['a bearer token as Flux names it', { bearerToken: 'abc' }, { bearer: 'abc' }],
    [
      'a key for ssh',
      { identity: 'KEY', known_hosts: 'host ssh-ed25519 A' },
      { ssh: { privateKey: 'KEY\n', knownHosts: 'host ssh-ed25519 A\n' } },
    ],
    [
      "a key for ssh in Kubernetes' own type, with a user and the line ends of another system",
      { 'ssh-privatekey': 'K\r\nEY\r\n', known_hosts: 'h', username: 'deploy' },
      { ssh: { privateKey: 'K\nEY\n', knownHosts: 'h\n', user: 'deploy' } },
    ],
    ['an authority beside it', { token: 'abc', 'ca.crt': 'PEM' }, { ...basic('token', 'abc'), ca: 'PEM\n' }],
    ['an authority alone', { caFile: 'PEM' }, { ca: 'PEM\n' }],
    ['a certificate', { 'tls.crt': 'C', 'tls.key': 'K' }, { client: { certificate: 'C\n', key: 'K\n' } }],
    ['half a certificate', { 'tls.crt': 'C' }, undefined],
    ['nothing of use', { user: 'x' }, undefined],
    ['empty values', { token: ' ', identity: '\n' }, undefined],
  ])('%s', (_, values, expected) => {
    expect(credentialsOf(data(values as Record<string, string>))).toEqual(expected)
  })

  it('names all of its secrets, to be kept out of messages', () => {
    const credentials = credentialsOf(
      data({
        password: 'a',
        bearer: 'b',
        identity: 'c',
        known_hosts: 'd',
        'tls.crt': 'e',
        'tls.key': 'f',
        'ca.crt': 'g',
      }),
    )
    expect(secretsOf(credentials === undefined ? {} : { credentials })).toEqual(['a', 'b', 'c', 'f'])
  })
})

const spec = (changes: Partial<GitRepositorySpec> = {}): GitRepositorySpec => ({
  gitProvider: 'git.example.com',
  gitHttps: true,
  gitAccount: '',
  repo: 'a/b',
  branch: 'main',
  commit: '',
  operator: {},
  ...changes,
})
const key = { ssh: { privateKey: 'KEY\n', knownHosts: 'h\n' } }
const password = { basic: { username: 'u', password: 'p' } }
const found = (changes: Partial<FoundLogin>): FoundLogin => ({
  credentials: password,
  where: 'Secret "login"',
  ...changes,
})

describe('the remote of an object', () => {
  it.each<[string, Partial<GitRepositorySpec>, FoundLogin | undefined, string]>([
    ['without a login', {}, undefined, 'https://git.example.com/a/b'],
    ['over http', { gitHttps: false }, undefined, 'http://git.example.com/a/b'],
    ['over what the account says: http', {}, found({ https: false }), 'http://git.example.com/a/b'],
    ['over what the account says: https', { gitHttps: false }, found({ https: true }), 'https://git.example.com/a/b'],
    ['with a key is reached by ssh', {}, found({ credentials: key }), 'ssh://git@git.example.com/a/b'],
    [
      'with a key, and the port of http in its provider',
      { gitProvider: 'git.example.com:3000' },
      found({ credentials: key, domain: 'git.example.com:3000' }),
      'ssh://git@git.example.com/a/b',
    ],
    [
      'with a key and a password goes on over https',
      {},
      found({ credentials: { ...key, ...password } }),
      'https://git.example.com/a/b',
    ],
    [
      'is the URL, where there is one',
      { operator: { url: 'git@git.example.com:a/b.git' } },
      found({ credentials: key }),
      'git@git.example.com:a/b.git',
    ],
    ['on this machine needs no login', { operator: { url: '/srv/r.git' } }, found({}), '/srv/r.git'],
  ])('%s', (_, changes, login, url) => {
    expect(remoteWith(spec(changes), login).url).toBe(url)
  })

  it.each<[string, Partial<GitRepositorySpec>, FoundLogin | undefined, string]>([
    ['ssh without a key', { operator: { url: 'ssh://git@h/a' } }, undefined, 'there is no key for it'],
    ['ssh with a password', { operator: { url: 'ssh://git@h/a' } }, found({}), 'holds no key for it'],
    [
      'ssh with a key that trusts anybody',
      { operator: { url: 'ssh://git@h.example:2222/a' } },
      found({ credentials: { ssh: { privateKey: 'k', knownHosts: '\n' } } }),
      '`ssh-keyscan -p 2222 h.example`',
    ],
    ['https with a key', { operator: { url: 'https://h/a' } }, found({ credentials: key }), 'write ssh://git@h/...'],
  ])('%s says what is missing', (_, changes, login, message) => {
    expect(() => remoteWith(spec(changes), login)).toThrow(message)
  })

  it('attack: a user in a Secret that looks like a host does not become one', () => {
    const login = found({ credentials: { ssh: { ...key.ssh, user: 'x@evil.example/' } } })
    const remote = remoteWith(spec(), login)
    expect(remote.credentials).toBeUndefined()
    expect(() => checkRemote(remote, true)).toThrow('is not the URL of a repository')
  })

  it.each<[string, Partial<GitRepositorySpec>]>([
    ['by operator.url', { operator: { url: 'https://git.example.com.evil.example/a' } }],
    ['by another port', { operator: { url: 'https://git.example.com:8443/a' } }],
    ['by gitProvider', { gitProvider: 'evil.example' }],
  ])('attack: a login that names its domain is not sent to another host, asked for %s', (_, changes) => {
    const login = found({ domain: 'git.example.com' })
    expect(() => remoteWith(spec(changes), login)).toThrow('the login is for git.example.com, and is not sent to')
  })
})
