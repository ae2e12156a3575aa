import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SourceError } from '../../controller/git/errors.ts'
import { GitCache } from '../../controller/git/git-cache.ts'
import { gitEnvironment } from '../../controller/git/git-environment.ts'
import { GitProcess } from '../../controller/git/git-process.ts'
import type { GitRemote } from '../../controller/git/remote.ts'
import type { BrowsableTree } from '../../controller/git/tree.ts'
import { readDeclarationFiles } from '../../controller/sync/files.ts'
import { type GitRepository, type GitServer, startGitServer } from '../harness/git-server.ts'

const { signal } = new AbortController()
const login = { username: 'ann', password: 'canary-sub-44f1' }

let server: GitServer
let other: GitServer
let data: string
let counter = 0
beforeAll(async () => {
  server = await startGitServer(login)
  other = await startGitServer()
})
afterAll(async () => {
  await server.close()
  await other.close()
})
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'komodo-submodules-'))
})
afterEach(() => {
  other.intercept = undefined
  rmSync(data, { recursive: true, force: true })
})

const repository = (at = server): Promise<GitRepository> => at.create(`s${counter++}.git`)
const cache = (): GitCache =>
  new GitCache({
    directory: join(data, 'git'),
    git: new GitProcess({ home: join(data, 'home'), environment: gitEnvironment(process.env) }),
    allowLocal: true,
  })

/** Commits `files`, and `links`: submodules by path, as [commit, URL in .gitmodules]. */
function commit(
  to: GitRepository,
  files: Record<string, string>,
  links: Record<string, readonly [string, string]> = {},
): string {
  const gitmodules = Object.entries(links).map(
    ([path, [, url]]) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`,
  )
  const base = to.commit({ ...files, ...(gitmodules.length === 0 ? {} : { '.gitmodules': gitmodules.join('') }) })
  const env = {
    ...process.env,
    GIT_DIR: to.path,
    GIT_INDEX_FILE: join(data, 'index'),
    GIT_AUTHOR_NAME: 'Ann',
    GIT_AUTHOR_EMAIL: 'ann@example.com',
    GIT_COMMITTER_NAME: 'Ann',
    GIT_COMMITTER_EMAIL: 'ann@example.com',
  }
  const git = (...args: string[]): string => execFileSync('git', args, { env, encoding: 'utf8' }).trim()
  git('read-tree', base)
  for (const [path, [hash]] of Object.entries(links))
    git('update-index', '--add', '--cacheinfo', `160000,${hash},${path}`)
  const made = git('commit-tree', git('write-tree'), '-p', base, '-m', 'With submodules')
  git('update-ref', 'refs/heads/main', made)
  return made
}

const remote = ({ url }: GitRepository, changes: Partial<GitRemote> = {}): GitRemote => ({
  url,
  branch: 'main',
  commit: '',
  submodules: true,
  credentials: { basic: login },
  ...changes,
})
const text = async (tree: BrowsableTree, path: string): Promise<string | undefined> => {
  const bytes = await tree.read(path, signal)
  return bytes && Buffer.from(bytes).toString()
}
const failure = async (promise: Promise<unknown>): Promise<SourceError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(SourceError)
  return error as SourceError
}

describe('submodules', () => {
  it('are read at the commit that is named, with theirs, by relative and full URLs', async () => {
    const [inner, middle, outer] = [await repository(), await repository(), await repository()]
    const old = commit(inner, { 'deep.toml': 'deep' })
    inner.commit({ 'deep.toml': 'newer' })
    const mid = commit(middle, { 'mid.toml': 'mid' }, { inner: [old, `../${inner.url.split('/').at(-1)}`] })
    commit(outer, { 'a.toml': 'top' }, { 'lib/middle': [mid, middle.url] })
    const tree = await cache().open(remote(outer), signal)
    expect(await text(tree, 'lib/middle/mid.toml')).toBe('mid')
    expect(await text(tree, 'lib/middle/inner/deep.toml')).toBe('deep')
    const { files } = await readDeclarationFiles(tree, ['lib'], signal)
    expect(files.map(({ path }) => path)).toEqual(['lib/middle/inner/deep.toml', 'lib/middle/mid.toml'])
    await tree.writeTo(join(data, 'work'), signal)
    expect(readFileSync(join(data, 'work/lib/middle/inner/deep.toml'), 'utf8')).toBe('deep')
  })

  it('that nobody asked for are left out, with a warning that says how to have them', async () => {
    const [inner, outer] = [await repository(), await repository()]
    commit(outer, { 'a.toml': '' }, { lib: [commit(inner, { 'b.toml': '' }), inner.url] })
    const tree = await cache().open(remote(outer, { submodules: false }), signal)
    const { files, diagnostics } = await readDeclarationFiles(tree, ['.'], signal)
    expect(files.map(({ path }) => path)).toEqual(['a.toml'])
    expect(diagnostics).toEqual([expect.objectContaining({ severity: 'warning', code: 'SubmodulesLeftOut' })])
    expect(diagnostics[0]?.message).toContain('(lib); set operator.submodules')
  })

  it('get the login only at the host that it is for', async () => {
    const [inner, outer] = [await repository(other), await repository()]
    const seen: (string | undefined)[] = []
    other.intercept = (request) => {
      seen.push(request.headers.authorization)
      return false
    }
    commit(outer, { 'a.toml': '' }, { lib: [commit(inner, { 'b.toml': 'b' }), inner.url] })
    expect(await text(await cache().open(remote(outer), signal), 'lib/b.toml')).toBe('b')
    expect(seen.length).toBeGreaterThan(0)
    expect(new Set(seen)).toEqual(new Set([undefined]))
  })

  it('attack: what one login may read, another one is not given from the cache', async () => {
    const [secret, outer] = [await repository(), await repository(other)]
    commit(outer, { 'a.toml': '' }, { lib: [commit(secret, { 'b.toml': 'secret' }), secret.url] })
    const sources = cache()
    // The outer repository is open to all; the inner one is at another host, so nobody's login goes there.
    expect((await failure(sources.open(remote(outer), signal))).message).toMatch(/^submodule lib: .*asks for a login/)
    const both = await repository()
    commit(both, { 'a.toml': '' }, { lib: [commit(secret, { 'b.toml': 'secret' }), secret.url] })
    expect(await text(await sources.open(remote(both), signal), 'lib/b.toml')).toBe('secret')
    expect(
      (await failure(sources.open({ url: both.url, branch: 'main', commit: '', submodules: true }, signal))).reason,
    ).toBe('AuthFailed')
  })

  it.each<[string, string, RegExp]>([
    ['a path on the machine', '/etc', /submodule lib: "\/etc" in .gitmodules is not allowed/],
    ['a file URL', 'file:///etc', /submodule lib: .* is not allowed/],
    ['a command', 'ext::sh -c touch% /tmp/pwned', /submodule lib: .* is not the URL of a repository/],
    ['an option', '--upload-pack=touch /tmp/pwned', /submodule lib: .* is not the URL of a repository/],
  ])('attack: with %s for a URL are refused', async (_, url, message) => {
    const outer = await repository()
    commit(outer, { 'a.toml': '' }, { lib: ['1'.repeat(40), url] })
    expect((await failure(cache().open(remote(outer), signal))).message).toMatch(message)
    expect(existsSync('/tmp/pwned')).toBe(false)
  })

  it('that are gone are named, with the URL', async () => {
    const [inner, outer] = [await repository(), await repository()]
    inner.commit({ a: '' })
    commit(outer, { 'a.toml': '' }, { lib: ['1'.repeat(40), inner.url] })
    const error = await failure(cache().open(remote(outer), signal))
    expect(error).toMatchObject({ reason: 'CommitNotFound' })
    expect(error.message).toContain(`submodule lib: ${inner.url} has no commit 1111`)
    const lost = await repository()
    commit(lost, { 'a.toml': '' }, { lib: ['1'.repeat(40), `${server.url}/nowhere.git`] })
    expect((await failure(cache().open(remote(lost), signal))).reason).toBe('RepositoryNotFound')
  })

  it('attack: in circles and without end stop, in depth and in number', async () => {
    const deep = await repository()
    const url = deep.url
    let last = commit(deep, { 'a.toml': '' })
    for (let i = 0; i < 8; i += 1) last = commit(deep, { 'a.toml': `${i}` }, { sub: [last, url] })
    expect((await failure(cache().open(remote(deep), signal))).message).toContain('more than 5 submodules deep')
    const [many, one] = [await repository(), await repository()]
    const hash = commit(one, { 'a.toml': '' })
    const links = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`s${i}`, [hash, one.url] as const]))
    commit(many, { 'a.toml': '' }, links)
    expect((await failure(cache().open(remote(many), signal))).message).toContain('more than 100 submodules')
  })

  it('damaged on disk are fetched anew under a tree that is open', async () => {
    const [inner, outer] = [await repository(), await repository()]
    commit(outer, { 'a.toml': '' }, { lib: [commit(inner, { 'b.toml': 'b' }), inner.url] })
    const tree = await cache().open(remote(outer), signal)
    for (const name of readdirSync(join(data, 'git'))) rmSync(join(data, 'git', name), { recursive: true })
    expect(await text(tree, 'lib/b.toml')).toBe('b')
  })
})
