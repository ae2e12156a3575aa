import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CredentialSpec, credentialsOf, findCredentials } from './credentials.ts'
import { checkRemote, isBranchName, remoteUrl } from './remote.ts'

describe('the URL of a repository', () => {
  it.each([
    [
      'https by default',
      { gitProvider: 'github.com', gitHttps: true, repo: 'a/b', operator: {} },
      'https://github.com/a/b',
    ],
    [
      'http on demand',
      { gitProvider: 'localhost:3000', gitHttps: false, repo: 'a/b', operator: {} },
      'http://localhost:3000/a/b',
    ],
    [
      'operator.url before all',
      { gitProvider: 'x', gitHttps: true, repo: 'a/b', operator: { url: '/srv/r.git' } },
      '/srv/r.git',
    ],
  ])('%s', (_, spec, url) => {
    expect(remoteUrl(spec)).toBe(url)
  })
})

describe('names of branches', () => {
  it.each(['main', 'feat/x', 'release-1.2', 'ünï', 'a.b', 'user@host'])('%s is one', (name) => {
    expect(isBranchName(name)).toBe(true)
  })
  it.each([
    '',
    '-x',
    '--upload-pack=x',
    'a..b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[',
    'a\\b',
    'a/',
    '/a',
    'a//b',
    '.a',
    'a/.b',
    'a.lock',
    'a.',
    '@',
    'a@{1}',
    'a\n',
  ])('%j is none', (name) => {
    expect(isBranchName(name)).toBe(false)
  })
  it('is never an option or a refspec, whatever is tried', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        if (isBranchName(name)) expect(name).toMatch(/^[^-\s:][^\s:]*$/)
      }),
    )
  })
})

it('anything that is not http, https, file or a path is refused', () => {
  const scheme = fc.constantFrom(
    'ssh://',
    'git://',
    'ext::',
    'ftp://',
    'javascript:',
    'git@host:',
    '-',
    '--upload-pack=',
    '',
  )
  fc.assert(
    fc.property(scheme, fc.string(), (prefix, rest) => {
      const url = `${prefix}${rest}`
      fc.pre(!/^(https?:|file:\/\/|\/)/i.test(url))
      expect(() => checkRemote({ url, branch: 'main', commit: '' }, true)).toThrow()
    }),
  )
})

describe('a login', () => {
  it.each([
    ['username and password', { username: 'u', password: 'p:q' }, { username: 'u', password: 'p:q' }],
    ['a token alone', { token: 'abc' }, { username: 'token', password: 'abc' }],
    ["Komodo's user:token", { token: 'me:abc' }, { username: 'me', password: 'abc' }],
    ['a token with a username', { username: 'u', token: 'abc' }, { username: 'u', password: 'abc' }],
    ['white space around it', { token: ' abc\n' }, { username: 'token', password: 'abc' }],
    ['nothing of use', { user: 'x' }, undefined],
  ])('%s', (_, data, expected) => {
    expect(credentialsOf(new Map(Object.entries(data) as [string, string][]))).toEqual(expected)
  })
})

describe('a login that names its domain', () => {
  const data = new Map([
    ['domain', 'github.com'],
    ['username', 'bot'],
    ['token', 'secret'],
  ])
  const find = (changes: Partial<CredentialSpec>) =>
    findCredentials(
      { gitProvider: 'github.com', gitAccount: '', operator: {}, ...changes },
      'default',
      { read: async () => data, ofType: async () => [data] },
      new AbortController().signal,
    )
  it.each<[string, Partial<CredentialSpec>]>([
    ['as an account', { gitAccount: 'bot' }],
    ['by the name of its Secret', { operator: { credentials: 'login' } }],
    ['for a URL at that host', { gitAccount: 'bot', operator: { url: 'https://github.com/a/b' } }],
  ])('is found %s', async (_, spec) => {
    expect(await find(spec)).toEqual({ username: 'bot', password: 'secret' })
  })
  it.each<[string, Partial<CredentialSpec>]>([
    ['by operator.url beside gitAccount', { gitAccount: 'bot', operator: { url: 'https://evil.example/a' } }],
    ['by operator.url', { operator: { credentials: 'login', url: 'https://github.com.evil.example/a' } }],
    ['by another port', { operator: { credentials: 'login', url: 'https://github.com:8443/a' } }],
    ['by gitProvider', { gitProvider: 'evil.example', operator: { credentials: 'login' } }],
  ])('attack: is not sent to another host, asked for %s', async (_, spec) => {
    await expect(find(spec)).rejects.toThrow('the login is for github.com, and is not sent to')
  })
})
