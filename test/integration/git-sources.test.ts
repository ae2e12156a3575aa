import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openDirectory } from '../../controller/git/directory-tree.ts'
import { SourceError } from '../../controller/git/errors.ts'
import { GitCache } from '../../controller/git/git-cache.ts'
import { gitEnvironment } from '../../controller/git/git-environment.ts'
import { GitProcess } from '../../controller/git/git-process.ts'
import { defaultLimits, type SourceLimits } from '../../controller/git/limits.ts'
import type { GitRemote } from '../../controller/git/remote.ts'
import { readDeclarationFiles } from '../../controller/sync/files.ts'
import { createRepository, type GitRepository, type GitServer, startGitServer } from '../harness/git-server.ts'

const login = { username: 'ann', password: 'canary-7c1b9e+/=%40' }
const signal = new AbortController().signal

let server: GitServer
let data: string
let repository: GitRepository
let counter = 0

beforeAll(async () => {
  server = await startGitServer(login)
})
afterAll(() => server.close())
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'komodo-data-'))
  repository = await server.create(`r${counter++}.git`)
})
afterEach(() => {
  server.intercept = undefined
  rmSync(data, { recursive: true, force: true })
})

const cache = (limits: Partial<SourceLimits> = {}): GitCache =>
  new GitCache({
    directory: join(data, 'git'),
    git: new GitProcess({ home: join(data, 'home'), environment: gitEnvironment(process.env) }),
    allowLocal: true,
    limits: { ...defaultLimits, ...limits },
  })

const remote = (changes: Partial<GitRemote> = {}): GitRemote => ({
  url: repository.url,
  branch: 'main',
  commit: '',
  credentials: { basic: login },
  ...changes,
})

const text = async (tree: { read: GitCacheRead }, path: string): Promise<string | undefined> => {
  const bytes = await tree.read(path, signal)
  return bytes && Buffer.from(bytes).toString()
}
type GitCacheRead = (path: string, signal: AbortSignal) => Promise<Uint8Array | undefined>

const failure = async (promise: Promise<unknown>): Promise<SourceError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(SourceError)
  return error as SourceError
}

describe('a branch', () => {
  it('is read at its head, and again after a push', async () => {
    const sources = cache()
    const first = repository.commit({ 'a.toml': 'one', 'sub/b.toml': 'two' }, { message: 'First\n\nmore' })
    const tree = await sources.open(remote(), signal)
    expect(tree).toMatchObject({ revision: first, message: 'First' })
    expect(await text(tree, 'sub/b.toml')).toBe('two')
    expect(await text(tree, 'nope')).toBeUndefined()
    const second = repository.commit({ 'a.toml': 'three' })
    expect((await sources.open(remote(), signal)).revision).toBe(second)
    expect(await text(tree, 'a.toml')).toBe('one')
  })

  it('that did not move costs one look and no fetch', async () => {
    const sources = cache()
    repository.commit({ a: '1' })
    await sources.open(remote(), signal)
    server.requests.length = 0
    await sources.open(remote(), signal)
    expect(server.requests).toEqual([`POST ${new URL(repository.url).pathname}/git-upload-pack`])
  })

  it('is one of many that cost one look together, for who may wait; who asks for news gets them', async () => {
    const sources = cache()
    repository.commit({ a: '1' })
    repository.commit({ a: '2' }, { branch: 'dev' })
    const [main, dev] = [remote(), remote({ branch: 'dev' })]
    for (const one of [main, dev]) await sources.open(one, signal)
    server.requests.length = 0
    for (let i = 0; i < 10; i += 1) {
      for (const one of [main, dev, remote({ commit: repository.git('rev-parse', 'main').trim() })]) {
        await sources.open(one, signal, { maxAgeMs: 60_000 })
      }
    }
    expect(server.requests.length).toBeLessThanOrEqual(2) // the pinned commit is fetched once
    const pushed = repository.commit({ a: '3' }, { branch: 'dev' })
    expect((await sources.open(dev, signal, { maxAgeMs: 60_000 })).revision).not.toBe(pushed)
    expect((await sources.open(dev, signal)).revision).toBe(pushed)
    expect((await sources.open(dev, signal, { maxAgeMs: 60_000 })).revision).toBe(pushed)
  })

  it('at a host that knows only the old protocol, or redirects, is looked at by git itself', async () => {
    const sources = cache()
    const commit = repository.commit({ a: '1' })
    server.intercept = (request, response) => {
      if (request.method !== 'POST' || request.headers['user-agent']?.startsWith('git/2')) return false
      response.writeHead(400).end()
      return true
    }
    for (let i = 0; i < 3; i += 1) expect((await sources.open(remote(), signal)).revision).toBe(commit)
    // Once is enough to know.
    expect(server.requests.filter((one) => one.startsWith('GET')).length).toBeGreaterThanOrEqual(3)
  })

  it('whose default is renamed is said to be gone, and what is there instead', async () => {
    const sources = cache()
    repository.commit({ a: '1' })
    await sources.open(remote(), signal)
    repository.git('branch', '-m', 'main', 'trunk')
    repository.git('symbolic-ref', 'HEAD', 'refs/heads/trunk')
    const error = await failure(sources.open(remote(), signal))
    expect(error.reason).toBe('BranchNotFound')
    expect(error.message).toContain(`${repository.url} has no branch "main"`)
    expect(error.message).toContain('its default branch is "trunk"')
  })

  it('of a repository that is emptied, or goes away, is said so', async () => {
    const sources = cache()
    repository.commit({ a: '1' })
    await sources.open(remote(), signal)
    repository.git('update-ref', '-d', 'refs/heads/main')
    expect((await failure(sources.open(remote(), signal))).reason).toBe('EmptyRepository')
    rmSync(repository.path, { recursive: true })
    const error = await failure(sources.open(remote(), signal))
    expect(error.reason).toBe('RepositoryNotFound')
    expect(error.message).toContain(repository.url)
  })

  it('wanted by many at once is fetched once', async () => {
    const sources = cache()
    const commit = repository.commit({ a: '1' })
    server.requests.length = 0
    const trees = await Promise.all(Array.from({ length: 50 }, () => sources.open(remote(), signal)))
    expect(new Set(trees.map((tree) => tree.revision))).toEqual(new Set([commit]))
    expect(server.requests.length).toBeLessThan(10)
  })

  it('may be force-pushed to a history that has nothing in common', async () => {
    const sources = cache()
    repository.commit({ a: '1' })
    await sources.open(remote(), signal)
    const commit = repository.commit({ b: '2' }, { orphan: true })
    const tree = await sources.open(remote(), signal)
    expect(tree.revision).toBe(commit)
    expect(await text(tree, 'a')).toBeUndefined()
  })

  it('may take the name of a folder of branches', async () => {
    const sources = cache()
    repository.commit({ a: '1' }, { branch: 'x' })
    await sources.open(remote({ branch: 'x' }), signal)
    repository.git('branch', '-D', 'x')
    const commit = repository.commit({ a: '2' }, { branch: 'x/y' })
    expect((await sources.open(remote({ branch: 'x/y' }), signal)).revision).toBe(commit)
  })

  it('can be a path or a file URL', async () => {
    const commit = repository.commit({ a: '1' })
    for (const url of [repository.path, `file://${repository.path}`]) {
      const tree = await cache().open({ url, branch: 'main', commit: '' }, signal)
      expect(tree.revision).toBe(commit)
    }
  })
})

describe('a pinned commit', () => {
  it('stays, whatever happens to the branch; also by the first digits of its hash', async () => {
    const first = repository.commit({ a: '1' })
    repository.commit({ a: '2' })
    for (const commit of [first, first.slice(0, 8)]) {
      const tree = await cache().open(remote({ commit }), signal)
      expect(tree.revision).toBe(first)
      expect(await text(tree, 'a')).toBe('1')
    }
  })

  it('that does not exist is said to be missing', async () => {
    repository.commit({ a: '1' })
    for (const commit of ['1'.repeat(40), 'deadbeef']) {
      const error = await failure(cache().open(remote({ commit }), signal))
      expect(error.reason).toBe('CommitNotFound')
      expect(error.message).toContain(commit)
    }
  })
})

describe('what can go wrong is told apart, with host and ref', () => {
  it.each<{ name: string; reason: string; says: string; remote: () => Partial<GitRemote>; prepare?: () => void }>([
    {
      name: 'wrong password',
      reason: 'AuthFailed',
      says: 'refuses the login of ann',
      remote: () => ({ credentials: { basic: { username: 'ann', password: 'wrong-canary' } } }),
    },
    {
      name: 'no login',
      reason: 'AuthFailed',
      says: 'operator.credentials',
      remote: () => ({ credentials: undefined }),
    },
    {
      name: 'no such repository',
      reason: 'RepositoryNotFound',
      says: '/nope.git',
      remote: () => ({ url: `${server.url}/nope.git` }),
    },
    {
      name: 'vanished branch',
      reason: 'BranchNotFound',
      says: '"gone"',
      remote: () => ({ branch: 'gone' }),
      prepare: () => repository.commit({ a: '1' }),
    },
    { name: 'empty repository', reason: 'EmptyRepository', says: 'push a first commit', remote: () => ({}) },
    {
      name: 'unknown host',
      reason: 'HostNotFound',
      says: 'no-such-host.invalid',
      remote: () => ({ url: 'https://no-such-host.invalid/a/b' }),
    },
    {
      name: 'nobody listens',
      reason: 'ConnectionFailed',
      says: '127.0.0.1:1',
      remote: () => ({ url: 'http://127.0.0.1:1/a' }),
    },
    {
      name: 'no TLS there',
      reason: 'TlsFailed',
      says: '127.0.0.1',
      remote: () => ({ url: `${server.url.replace('http:', 'https:')}/a` }),
    },
    {
      name: 'missing path',
      reason: 'RepositoryNotFound',
      says: '/nowhere',
      remote: () => ({ url: '/nowhere', credentials: undefined }),
    },
    {
      name: 'server error',
      reason: 'ConnectionFailed',
      says: '500',
      remote: () => ({}),
      prepare: () => {
        server.intercept = (_, response) => {
          response.writeHead(500).end()
          return true
        }
      },
    },
  ])('$name', async ({ reason, says, remote: changes, prepare }) => {
    prepare?.()
    const error = await failure(cache().open(remote(changes() as Partial<GitRemote>), signal))
    expect(error.reason).toBe(reason)
    expect(error.message).toContain(says)
    expect(error.message).not.toMatch(/canary/)
  })

  it('a server that hangs', async () => {
    server.intercept = () => true
    const error = await failure(cache({ timeoutMs: 500 }).open(remote(), signal))
    expect(error).toMatchObject({ reason: 'Timeout', message: expect.stringContaining('127.0.0.1') })
  })

  it('a caller that gives up does not wait', async () => {
    server.intercept = () => true
    const gone = AbortSignal.timeout(100)
    const error = await cache({ timeoutMs: 2_000 })
      .open(remote(), gone)
      .catch((reason: unknown) => reason)
    expect(error).toBe(gone.reason)
  })

  it.each([
    ['an option as URL', { url: '--upload-pack=touch /tmp/pwned' }],
    ['another transport', { url: 'ext::sh -c "touch /tmp/pwned"' }],
    ['an option as host of ssh', { url: 'ssh://-oProxyCommand=x/a' }],
    ['an option as branch', { branch: '--upload-pack=x' }],
    ['a branch that is a range', { branch: 'a..b' }],
    ['a refspec as branch', { branch: 'a:b' }],
    ['an option as commit', { commit: '--help' }],
    ['credentials in the URL', { url: 'https://ann:canary@host/a' }],
    ['a new line', { url: 'https://host/a\nb' }],
  ])('%s is refused before git runs', async (_, changes) => {
    const error = await failure(cache().open(remote(changes), signal))
    expect(error.reason).toBe('InvalidSource')
    expect(error.message).not.toContain('canary')
    expect(existsSync(join(data, 'home'))).toBe(false)
  })

  it('a path is refused where paths are not allowed', async () => {
    const sources = new GitCache({
      directory: join(data, 'git'),
      git: new GitProcess({ home: join(data, 'home'), environment: gitEnvironment(process.env) }),
      allowLocal: false,
    })
    for (const url of ['/etc', 'file:///etc'])
      expect((await failure(sources.open(remote({ url }), signal))).reason).toBe('Refused')
  })
})

describe('the cache', () => {
  const bare = (): string => {
    const [name = ''] = readdirSync(join(data, 'git'))
    return join(data, 'git', name)
  }

  it.each<[string, (directory: string) => void]>([
    [
      'a truncated object',
      (directory) => {
        const pack = join(directory, 'objects', 'pack')
        for (const name of readdirSync(pack)) {
          chmodSync(join(pack, name), 0o600)
          if (name.endsWith('.pack')) truncateSync(join(pack, name), 20)
        }
        const objects = join(directory, 'objects')
        for (const folder of readdirSync(objects).filter((name) => name.length === 2)) {
          for (const name of readdirSync(join(objects, folder))) {
            chmodSync(join(objects, folder, name), 0o600)
            truncateSync(join(objects, folder, name), 5)
          }
        }
      },
    ],
    ['no HEAD', (directory) => rmSync(join(directory, 'HEAD'))],
    ['rubbish as configuration', (directory) => writeFileSync(join(directory, 'config'), '[[[')],
  ])('with %s is thrown away and made anew', async (_, damage) => {
    repository.commit({ 'a.toml': 'one' })
    await cache().open(remote(), signal)
    damage(bare())
    const commit = repository.commit({ 'a.toml': 'two' })
    const tree = await cache().open(remote(), signal)
    expect(tree.revision).toBe(commit)
    expect(await text(tree, 'a.toml')).toBe('two')
  })

  it('that is damaged or gone while a tree is open is made anew under it', async () => {
    const sources = cache()
    repository.commit({ 'a.toml': 'one', 'b.toml': 'two' })
    const tree = await sources.open(remote(), signal)
    const objects = join(bare(), 'objects')
    for (const folder of readdirSync(objects)) rmSync(join(objects, folder), { recursive: true })
    expect(await text(tree, 'a.toml')).toBe('one')
    rmSync(bare(), { recursive: true })
    expect(await text(tree, 'b.toml')).toBe('two')
    repository.commit({ 'a.toml': 'three' }, { orphan: true })
    rmSync(bare(), { recursive: true })
    await tree.writeTo(join(data, 'work'), signal)
    expect(readFileSync(join(data, 'work', 'a.toml'), 'utf8')).toBe('one')
  })

  it('gives nothing to somebody who may not read the remote', async () => {
    const sources = cache()
    const commit = repository.commit({ a: '1' })
    await sources.open(remote(), signal)
    for (const wanted of [{}, { commit }]) {
      const error = await failure(sources.open(remote({ credentials: undefined, ...wanted }), signal))
      expect(error.reason).toBe('AuthFailed')
    }
  })

  it('does not grow without end', async () => {
    const sources = cache()
    for (let i = 0; i < 40; i += 1) {
      repository.commit({ a: `${i}` })
      await sources.open(remote(), signal)
    }
    const packs = join(bare(), 'objects', 'pack')
    expect(readdirSync(packs).filter((name) => name.endsWith('.pack')).length).toBeLessThanOrEqual(31)
  })

  it('stops at its limit on disk, and leaves nothing there', async () => {
    repository.commit({ a: Array.from({ length: 50_000 }, (_, i) => Math.imul(i, 2654435761).toString(36)).join('') })
    // Packs of 100 objects and more are kept as they come; smaller ones are taken apart.
    repository.commit(Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`f${i}`, `${i}`.repeat(100)])))
    const error = await failure(cache({ cacheBytes: 1_000 }).open(remote(), signal))
    expect(error).toMatchObject({ reason: 'TooLarge', message: expect.stringContaining('1000 B') })
    expect(readdirSync(join(data, 'git'))).toEqual([])
  })
})

describe('a token', () => {
  it('is in no argument, configuration, log or message; only git asks for it, and only for its own host', async () => {
    repository.commit({ a: '1' })
    const seen = new Set<string>()
    server.intercept = (request) => {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        try {
          seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))
        } catch {}
      }
      return request === undefined
    }
    await cache().open(remote(), signal)
    expect([...seen].some((line) => line.includes('git') && line.includes(repository.url))).toBe(true)
    for (const line of seen) expect(line).not.toContain(login.password)
    const patterns = [login.password, encodeURIComponent(login.password)].flatMap((secret) => ['-e', secret])
    const found = spawnSync('grep', ['-rlaF', ...patterns, data], { encoding: 'utf8' })
    expect({ files: found.stdout, status: found.status }).toEqual({ files: '', status: 1 })
  })

  it('is not sent to a host that the repository redirects to', async () => {
    const other = await startGitServer({ username: 'eve', password: 'x' })
    let stolen: string | undefined
    other.intercept = (request, response) => {
      stolen ??= request.headers.authorization
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return true
    }
    server.intercept = (request, response) => {
      response.writeHead(302, { location: `${other.url.replace('127.0.0.1', 'localhost')}${request.url}` }).end()
      return true
    }
    const error = await failure(cache().open(remote(), signal))
    await other.close()
    expect(stolen).toBeUndefined()
    expect(error.reason).toBe('AuthFailed')
  })

  it('attack: is not sent to a redirect whose user name looks like the own host', async () => {
    const other = await startGitServer({ username: 'eve', password: 'x' })
    let stolen: string | undefined
    other.intercept = (request, response) => {
      const { authorization = '' } = request.headers
      const sent = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString()
      if (sent.includes(login.password)) stolen = sent
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return true
    }
    const { host } = new URL(server.url)
    const { port } = new URL(other.url)
    server.intercept = (request, response) => {
      const user = `x%40${host}'`
      response.writeHead(302, { location: `http://${user}@localhost:${port}${request.url}` }).end()
      return true
    }
    const error = await failure(cache().open(remote(), signal))
    await other.close()
    expect(stolen).toBeUndefined()
    expect(error.reason).toBe('AuthFailed')
  })
})

describe('the files of a sync', () => {
  const declared = async (files: Parameters<GitRepository['commit']>[0], resourcePath: string[]) => {
    repository.commit(files)
    const { files: read, diagnostics } = await readDeclarationFiles(
      await cache().open(remote(), signal),
      resourcePath,
      signal,
    )
    return {
      paths: read.map((file) => file.path),
      errors: diagnostics.filter((one) => one.severity === 'error').map((one) => `${one.code} ${one.message}`),
      warnings: diagnostics.filter((one) => one.severity === 'warning').map((one) => one.code),
    }
  }
  const tree = {
    'a.toml': '',
    'b.txt': '',
    'x/a.toml': '',
    'x/y/b.toml': '',
    'x/c.yaml': '',
    '.github/d.toml': '',
    'T.TOML': '',
  }

  it.each<[string, string[], { paths?: string[]; errors?: RegExp[]; warnings?: string[] }]>([
    ['a file', ['a.toml'], { paths: ['a.toml'] }],
    ['a file of another kind is ignored', ['b.txt'], { paths: [], warnings: ['NothingToRead'] }],
    ['a folder, recursively', ['x'], { paths: ['x/a.toml', 'x/y/b.toml'] }],
    ['the same file twice is read once', ['x/', './x/a.toml'], { paths: ['x/a.toml', 'x/y/b.toml'] }],
    [
      'everything, sorted, hidden folders too',
      ['.'],
      { paths: ['.github/d.toml', 'a.toml', 'x/a.toml', 'x/y/b.toml'], warnings: ['IgnoredExtension'] },
    ],
    [
      'nothing named means everything, with a warning',
      [],
      {
        paths: ['.github/d.toml', 'a.toml', 'x/a.toml', 'x/y/b.toml'],
        warnings: ['EmptyResourcePath', 'IgnoredExtension'],
      },
    ],
    [
      'a missing path is named',
      ['nope.toml', 'a.toml'],
      { paths: ['a.toml'], errors: [/PathNotFound .*"nope.toml" does not exist/] },
    ],
    ['a way out of the root', ['x/../../etc'], { paths: [], errors: [/OutsideRoot/] }],
    ['an absolute path', ['/etc'], { paths: [], errors: [/OutsideRoot/] }],
  ])('%s', async (_, resourcePath, expected) => {
    const found = await declared(tree, resourcePath)
    if (expected.paths) expect(found.paths).toEqual(expected.paths)
    expect(found.errors).toHaveLength(expected.errors?.length ?? 0)
    for (const [i, pattern] of (expected.errors ?? []).entries()) expect(found.errors[i]).toMatch(pattern)
    expect(found.warnings).toEqual(expected.warnings ?? [])
  })

  it('links are followed inside of the root only', async () => {
    const files = {
      'real/a.toml': '',
      'in/link.toml': { link: '../real/a.toml' },
      'in/folder': { link: '../real' },
      'in/up.toml': { link: '../../etc/x.toml' },
    }
    const found = await declared(files, ['in'])
    expect(found.errors).toEqual([expect.stringContaining('OutsideRoot in/up.toml')])
  })

  it('a circle of links is an error, not a hang', async () => {
    const found = await declared(
      { 'x/a.toml': '', 'x/b': { link: 'c' }, 'x/c': { link: 'b' }, 'x/self': { link: '..' } },
      ['x'],
    )
    expect(found.errors.length).toBeGreaterThanOrEqual(2)
    for (const error of found.errors) expect(error).toContain('LinkLoop')
  })
})

describe('a folder on the host', () => {
  it('has a revision that changes exactly when what counts changes', async () => {
    const root = join(data, 'host')
    mkdirSync(join(root, 'x'), { recursive: true })
    writeFileSync(join(root, 'x', 'a.toml'), 'one')
    const counts = (path: string): boolean => path.endsWith('.toml')
    const revision = async (): Promise<string> => (await openDirectory(root, signal, { counts })).revision
    const first = await revision()
    writeFileSync(join(root, 'x', 'b.txt'), 'two')
    expect(await revision()).toBe(first)
    writeFileSync(join(root, 'x', 'a.toml'), 'two')
    expect(await revision()).not.toBe(first)
  })

  it('survives a 1 GB file, a link loop and a link to /etc', async () => {
    const root = join(data, 'host')
    mkdirSync(root)
    writeFileSync(join(root, 'ok.toml'), 'x')
    writeFileSync(join(root, 'big.toml'), '')
    truncateSync(join(root, 'big.toml'), 2 ** 30)
    symlinkSync('.', join(root, 'loop'))
    symlinkSync('/etc', join(root, 'etc'))
    symlinkSync(join(root, 'ok.toml'), join(root, 'inside'))
    const tree = await openDirectory(root, signal)
    expect(await text(tree, 'inside')).toBe('x')
    expect((await failure(tree.read('big.toml', signal))).reason).toBe('TooLarge')
    expect((await failure(tree.read('etc/hostname', signal))).reason).toBe('OutsideRoot')
    const { diagnostics } = await readDeclarationFiles(tree, ['.'], signal)
    expect(diagnostics.map(({ severity, code }) => `${severity} ${code}`).sort()).toEqual([
      'error LinkLoop',
      'error TooLarge',
      'warning OutsideRoot',
    ])
  })
})

describe('writing a tree', () => {
  it('makes a folder equal to a revision, leaves what is not of git, and never writes through links', async () => {
    const sources = cache()
    const [work, outside] = [join(data, 'work'), join(data, 'outside')]
    mkdirSync(outside)
    repository.commit({
      'a/b': '1',
      'gone/x': '2',
      link: { link: 'a/b' },
      evil: { link: '../outside' },
      '.git2/x': '3',
    })
    await (await sources.open(remote(), signal)).writeTo(work, signal)
    expect(readFileSync(join(work, 'link'), 'utf8')).toBe('1')
    expect(existsSync(join(work, 'evil'))).toBe(false)
    writeFileSync(join(work, 'mine'), 'data')
    rmSync(join(work, 'a'), { recursive: true })
    symlinkSync(outside, join(work, 'a'))
    repository.commit({ 'a/b': '9' })
    await (await sources.open(remote(), signal)).writeTo(work, signal)
    expect(readFileSync(join(work, 'a', 'b'), 'utf8')).toBe('9')
    expect(readdirSync(outside)).toEqual([])
    expect(readdirSync(work).sort()).toEqual(['.komodo-files', 'a', 'mine'])
  })
})

it('createRepository works without a server', () => {
  const local = createRepository(join(data, 'local'))
  expect(local.commit({ a: '1' })).toMatch(/^[0-9a-f]{40}$/)
})

it('attack: a tree with a folder named ".." writes nothing anywhere', async () => {
  const git = (args: string[], input: string | Buffer) =>
    spawnSync('git', args, { cwd: repository.path, input }).stdout.toString().trim()
  let tree = git(['mktree'], `100644 blob ${git(['hash-object', '-w', '--stdin'], 'pwned')}\tpwned.txt\n`)
  for (const name of ['..', '..', 'sub']) {
    const entry = Buffer.concat([Buffer.from(`40000 ${name}\0`), Buffer.from(tree, 'hex')])
    tree = git(['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'], entry)
  }
  const author = ['-c', 'user.name=Eve', '-c', 'user.email=eve@example.com']
  repository.git('update-ref', 'refs/heads/main', git([...author, 'commit-tree', '-m', 'x', tree], ''))
  const folder = join(data, 'a/b')
  mkdirSync(folder, { recursive: true })
  const writing = cache()
    .open(remote(), signal)
    .then((opened) => opened.writeTo(folder, signal))
  expect((await failure(writing)).reason).toBe('OutsideRoot')
  expect(readdirSync(data, { recursive: true }).filter((name) => String(name).includes('pwned'))).toEqual([])
})
