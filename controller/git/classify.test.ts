import { describe, expect, it } from 'vitest'
import { classify, isDamage, scrub } from './classify.ts'
import type { GitRemote } from './remote.ts'

const remote: GitRemote = {
  url: 'https://git.example.com/a/b',
  branch: 'main',
  commit: '1234567',
  credentials: { basic: { username: 'ann', password: 's3cr/t' } },
}

describe('what git says', () => {
  it.each([
    ["fatal: unable to access 'https://git.example.com/a/b/': Could not resolve host: git.example.com", 'HostNotFound'],
    [
      "fatal: unable to access 'https://x/': Failed to connect to x port 443 after 2 ms: Couldn't connect to server",
      'ConnectionFailed',
    ],
    ["fatal: unable to access 'https://x/': SSL certificate problem: self-signed certificate", 'TlsFailed'],
    [
      "fatal: unable to access 'https://x/': server certificate verification failed. CAfile: none CRLfile: none",
      'TlsFailed',
    ],
    ["fatal: Authentication failed for 'https://git.example.com/a/b/'", 'AuthFailed'],
    ["fatal: could not read Username for 'https://git.example.com': terminal prompts disabled", 'AuthFailed'],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 403", 'AuthFailed'],
    ["remote: Repository not found.\nfatal: repository 'https://git.example.com/a/b/' not found", 'RepositoryNotFound'],
    ["fatal: '/x' does not appear to be a git repository", 'RepositoryNotFound'],
    ["fatal: couldn't find remote ref refs/heads/main", 'BranchNotFound'],
    ['fatal: remote error: upload-pack: not our ref 1111111111111111111111111111111111111111', 'CommitNotFound'],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 502", 'ConnectionFailed'],
    [
      "fatal: unable to access 'https://x/': Operation too slow. Less than 1000 bytes/sec transferred the last 30 seconds",
      'Timeout',
    ],
    ["fatal: transport 'ext' not allowed", 'Refused'],
    ['spawn git ENOENT', 'GitFailed'],
    ['git: 1: exec: git: not found', 'GitFailed'],
    ['git: line 0: exec: git: not found', 'GitFailed'],
    ['fatal: Out of memory, realloc failed', 'TooLarge'],
    ['fatal: Out of memory, malloc failed (tried to allocate 1073741824 bytes)', 'TooLarge'],
    ['fatal: something new', 'GitFailed'],
  ])('%s', (output, reason) => {
    const error = classify(output, remote)
    expect(error.reason).toBe(reason)
    expect(error.message).not.toContain('s3cr')
  })

  it('is kept for people, without the credentials in any of their forms', () => {
    const basic = Buffer.from('ann:s3cr/t').toString('base64')
    expect(scrub(`x s3cr/t y ${encodeURIComponent('s3cr/t')} z ${basic}`, remote)).toBe('x *** y *** z ***')
    expect(classify('fatal: bad token s3cr/t', remote).message).toBe(
      'git failed for https://git.example.com/a/b: bad token ***',
    )
  })

  it('is cut only after that: half of a credential would not be found', () => {
    for (let length = 490; length <= 500; length++)
      expect(classify(`fatal: ${'x'.repeat(length)}s3cr/t`, remote).message).not.toContain('xs')
  })

  it.each<[string, GitRemote['credentials'], string]>([
    ['without a login', undefined, 'asks for a login (or does not exist); name a Secret'],
    ['with nothing but an authority', { ca: 'PEM' }, 'asks for a login (or does not exist); name a Secret'],
    ['with a bearer token', { bearer: 'b' }, 'refuses the login with a bearer token'],
    [
      'with a password, which askpass kept from another host',
      remote.credentials,
      'asked for the login of another host',
    ],
  ])('a question for a login is told by how one logs in: %s', (_, credentials, says) => {
    const said = "fatal: could not read Username for 'https://git.example.com': terminal prompts disabled"
    const { credentials: _own, ...plain } = remote
    expect(classify(said, credentials === undefined ? plain : { ...plain, credentials }).message).toContain(says)
  })

  it.each([
    ['error: object file ./objects/ab/cd is empty', true],
    ['fatal: not a git repository (or any of the parent directories): .git', true],
    ['fatal: bad object refs/komodo/branch-x', true],
    ["fatal: '/x' does not appear to be a git repository", false],
    ['fatal: remote error: upload-pack: not our ref 1111', false],
  ])('%s: our own damage %s', (output, damage) => {
    expect(isDamage(output)).toBe(damage)
  })
})
