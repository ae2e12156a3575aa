import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SourceError } from '../../controller/git/errors.ts'
import { GitCache } from '../../controller/git/git-cache.ts'
import { gitEnvironment } from '../../controller/git/git-environment.ts'
import { GitProcess } from '../../controller/git/git-process.ts'
import type { NewCommit } from '../../controller/git/new-commit.ts'
import type { GitRemote } from '../../controller/git/remote.ts'
import { type GitRepository, type GitServer, startGitServer } from '../harness/git-server.ts'
import { haveSsh, startSshServer } from '../harness/ssh-server.ts'

const token = 'canary-push-77aa'
let server: GitServer
let repository: GitRepository
let directory: string
let sources: GitCache
let counter = 0
const signal = new AbortController().signal

beforeAll(async () => {
  server = await startGitServer({ username: 'ann', password: token })
})
afterAll(() => server.close())
beforeEach(async () => {
  repository = await server.create(`push-${counter++}.git`)
  directory = mkdtempSync(join(tmpdir(), 'komodo-push-'))
  sources = new GitCache({
    directory: join(directory, 'git'),
    git: new GitProcess({ home: join(directory, 'home'), environment: gitEnvironment(process.env) }),
    allowLocal: true,
  })
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const remote = (): GitRemote => ({
  url: repository.url,
  branch: 'main',
  commit: '',
  credentials: { basic: { username: 'ann', password: token } },
})

const commitOf = (base: string, files: Record<string, string>, changes: Partial<NewCommit> = {}): NewCommit => ({
  base,
  files: new Map(Object.entries(files)),
  author: { name: 'Komodo', email: 'komodo@example.com' },
  message: 'Write back\n\nStack web\n',
  at: 1_700_000_000_000,
  branch: 'main',
  expected: base,
  ...changes,
})

const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'pushed',
    (error: unknown) => (error instanceof SourceError ? error.reason : error),
  )

describe('a commit', () => {
  it('changes the files meant, keeps all others, and says who, when and why', async () => {
    const base = repository.commit({ 'a.toml': 'one\n', 'sub dir/b "q".toml': 'two', 'c.sh': 'x' })
    await sources.open(remote(), signal)
    const hash = await sources.push(
      remote(),
      commitOf(base, { 'a.toml': 'ä 1\n', 'sub dir/b "q".toml': '', 'new/d.toml': 'd' }),
      signal,
    )
    expect(repository.git('rev-parse', 'main').trim()).toBe(hash)
    expect(repository.git('log', '-1', '--format=%an <%ae> %ct %s|%b', 'main')).toBe(
      'Komodo <komodo@example.com> 1700000000 Write back|Stack web\n\n',
    )
    expect(repository.git('rev-parse', 'main^').trim()).toBe(base)
    expect(repository.git('show', 'main:a.toml')).toBe('ä 1\n')
    expect(repository.git('show', 'main:sub dir/b "q".toml')).toBe('')
    expect(repository.git('show', 'main:new/d.toml')).toBe('d')
    expect(repository.git('show', 'main:c.sh')).toBe('x')
    server.requests.length = 0
    const tree = await sources.open(remote(), signal)
    expect(tree).toMatchObject({ revision: hash, author: 'komodo@example.com' })
    expect(
      server.requests.filter((one) => one.includes('git-upload-pack') && one.startsWith('POST')).length,
    ).toBeLessThanOrEqual(1)
  })

  it('is not pushed when somebody else was first, and theirs stays', async () => {
    const base = repository.commit({ 'a.toml': 'one' })
    await sources.open(remote(), signal)
    const theirs = repository.commit({ 'a.toml': 'theirs' })
    expect(await reasonOf(sources.push(remote(), commitOf(base, { 'a.toml': 'ours' }), signal))).toBe('BranchMoved')
    expect(repository.git('rev-parse', 'main').trim()).toBe(theirs)
    await sources.open(remote(), signal)
    await sources.push(remote(), commitOf(theirs, { 'a.toml': 'ours' }), signal)
    expect(repository.git('log', '--format=%s', 'main').trim().split('\n')).toHaveLength(3)
  })

  it('goes to a branch of its own, and replaces what it knows to be there', async () => {
    const base = repository.commit({ 'a.toml': 'one' })
    await sources.open(remote(), signal)
    const review = { branch: 'review/komodo', expected: '' }
    const first = await sources.push(remote(), commitOf(base, { 'a.toml': 'two' }, review), signal)
    expect(await reasonOf(sources.push(remote(), commitOf(base, { 'a.toml': 'x' }, review), signal))).toBe(
      'BranchMoved',
    )
    const second = await sources.push(
      remote(),
      commitOf(base, { 'a.toml': 'three' }, { ...review, expected: first }),
      signal,
    )
    expect(repository.git('rev-parse', 'review/komodo').trim()).toBe(second)
    expect(repository.git('rev-parse', 'main').trim()).toBe(base)
  })

  it('that the remote does not want says what the remote says', async () => {
    const base = repository.commit({ 'a.toml': 'one' })
    await sources.open(remote(), signal)
    const hook = join(repository.path, 'hooks/pre-receive')
    writeFileSync(hook, '#!/bin/sh\necho "GH006: Protected branch"; exit 1\n')
    chmodSync(hook, 0o755)
    const error = await sources.push(remote(), commitOf(base, { 'a.toml': 'two' }), signal).catch((one: unknown) => one)
    expect(error).toMatchObject({ reason: 'PushRefused' })
    expect(String(error)).toMatch(/refuses a push to "main": pre-receive hook declined; GH006: Protected branch/)
    expect(String(error)).not.toContain(token)
  })

  it('goes through no link and into no submodule', async () => {
    const base = repository.commit({ 'real/a.toml': 'one', link: { link: 'real' } })
    await sources.open(remote(), signal)
    for (const path of ['link/a.toml', 'link']) {
      expect(await reasonOf(sources.push(remote(), commitOf(base, { [path]: 'x' }), signal))).toBe('NotWritable')
    }
  })

  it('goes beside a link, and beside other files', async () => {
    const base = repository.commit({ 'apps/a.toml': 'one', 'apps/link': { link: 'a.toml' } })
    await sources.open(remote(), signal)
    await sources.push(remote(), commitOf(base, { 'apps/b.toml': 'x' }), signal)
    expect(repository.git('show', 'main:apps/b.toml')).toBe('x')
  })

  it('puts no folder in the place of a file', async () => {
    const base = repository.commit({ 'a.toml': 'one' })
    await sources.open(remote(), signal)
    const commit = commitOf(base, { 'a.toml/b.toml': 'x' })
    expect(await reasonOf(sources.push(remote(), commit, signal))).toBe('NotWritable')
  })

  it.each([
    ['../x', {}],
    ['.git/config', {}],
    ['/etc/x', {}],
    ['a', { branch: '--mirror' }],
    ['a', { author: { name: 'x\ncommitter evil', email: 'e' } }],
  ])('attack: %s %j is refused before git sees it', async (path, changes) => {
    const base = repository.commit({ 'a.toml': 'one' })
    await sources.open(remote(), signal)
    expect(await reasonOf(sources.push(remote(), commitOf(base, { [path]: 'x' }, changes), signal))).toBe(
      'InvalidSource',
    )
  })
})

describe.runIf(haveSsh())('over ssh', () => {
  it('a commit is pushed with the key that the branch was read with', async () => {
    const ssh = await startSshServer()
    try {
      const there = ssh.create('push.git')
      const base = there.commit({ 'a.toml': 'one' })
      const credentials = { ssh: { privateKey: ssh.privateKey, knownHosts: ssh.knownHosts } }
      const withKey: GitRemote = { url: there.url, branch: 'main', commit: '', credentials }
      await sources.open(withKey, signal)
      const hash = await sources.push(withKey, commitOf(base, { 'a.toml': 'two' }), signal)
      expect(there.git('rev-parse', 'main').trim()).toBe(hash)
      expect(there.git('show', 'main:a.toml')).toBe('two')
    } finally {
      await ssh.close()
    }
  })
})
