import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { remoteWith } from '../../controller/git/credentials.ts'
import { SourceError } from '../../controller/git/errors.ts'
import { GitCache } from '../../controller/git/git-cache.ts'
import { gitEnvironment } from '../../controller/git/git-environment.ts'
import { GitProcess } from '../../controller/git/git-process.ts'
import { PrivateFiles } from '../../controller/git/private-files.ts'
import type { GitCredentials } from '../../controller/git/remote.ts'
import { issueAuthority, issueClient, issueServing, type Pair } from '../../standalone/tls/issue.ts'
import { type GitRepository, type GitServer, startGitServer } from '../harness/git-server.ts'
import { haveSsh, makeKey, type SshServer, startSshServer } from '../harness/ssh-server.ts'

const { signal } = new AbortController()
let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'komodo-access-'))
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

const git = (): GitProcess => new GitProcess({ home: join(data, 'home'), environment: gitEnvironment(process.env) })
const cache = (environment = gitEnvironment(process.env)): GitCache =>
  new GitCache({
    directory: join(data, 'git'),
    git: new GitProcess({ home: join(data, 'home'), environment }),
    allowLocal: true,
  })

const read = async (url: string, credentials?: GitCredentials, sources = cache()): Promise<string> => {
  const remote = { url, branch: 'main', commit: '', ...(credentials === undefined ? {} : { credentials }) }
  const bytes = await (await sources.open(remote, signal)).read('a.toml', signal)
  return Buffer.from(bytes ?? '').toString()
}

const failure = async (promise: Promise<unknown>): Promise<{ reason: string; message: string }> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(SourceError)
  const { reason, message } = error as SourceError
  expect(message).not.toMatch(/canary/)
  return { reason, message }
}

/** Everything that any process shows of itself now. */
const shown = (): string => {
  const read = (file: string): string => {
    try {
      return readFileSync(file, 'utf8').replaceAll('\0', ' ')
    } catch {
      return ''
    }
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => read(`/proc/${pid}/cmdline`))
    .join('\n')
}

const filesWith = (text: string, ...places: string[]): string[] =>
  spawnSync('grep', ['-rlaF', '-e', text, ...places], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line !== '')

describe.runIf(haveSsh())('over ssh', () => {
  let server: SshServer
  let repository: GitRepository
  let counter = 0
  const login = (changes: Partial<NonNullable<GitCredentials['ssh']>> = {}): GitCredentials => ({
    ssh: { privateKey: server.privateKey, knownHosts: server.knownHosts, ...changes },
  })
  beforeAll(async () => {
    server = await startSshServer()
  })
  afterAll(() => server?.close())
  beforeEach(() => {
    repository = server.create(`r${counter++}.git`)
    repository.commit({ 'a.toml': 'one' })
  })

  it('a repository is read with a key, at its branch and at a commit, and again after a push', async () => {
    const sources = cache()
    expect(await read(repository.url, login(), sources)).toBe('one')
    const commit = repository.commit({ 'a.toml': 'two' })
    expect(await read(repository.url, login(), sources)).toBe('two')
    repository.commit({ 'a.toml': 'three' })
    const tree = await sources.open({ url: repository.url, branch: 'main', commit, credentials: login() }, signal)
    expect(tree.revision).toBe(commit)
  })

  it('a user that the URL does not name comes from the Secret', async () => {
    const user = repository.url.replace(/^ssh:\/\/(.*)@.*$/, '$1')
    const url = repository.url.replace(`${user}@`, '')
    expect(await read(url, login({ user }))).toBe('one')
  })

  it('a push goes the same way', async () => {
    const work = join(data, 'work')
    const remote = { url: repository.url, branch: 'main', commit: '', credentials: login() }
    await git().exchange(data, ['clone', '--quiet', '--', repository.url, work], signal, remote)
    await git().exchange(work, ['push', '--quiet', '--', repository.url, 'HEAD:refs/heads/pushed'], signal, remote)
    expect(repository.git('rev-parse', 'pushed')).toBe(repository.git('rev-parse', 'main'))
  })

  it.each<[string, string, string, () => [GitCredentials, string?]]>([
    [
      'a host that is not known',
      'HostKeyUnknown',
      '`ssh-keyscan -p',
      () => [login({ knownHosts: 'other.example ssh-ed25519 AAAA\n' })],
    ],
    [
      'a host with another key',
      'HostKeyChanged',
      'or somebody else answers',
      () => [login({ knownHosts: `[127.0.0.1]:${server.port} ${makeKey(data, 'x').publicKey}\n` })],
    ],
    [
      'a key that is not let in',
      'AuthFailed',
      'refuses the key',
      () => [login({ privateKey: makeKey(data, 'y').privateKey })],
    ],
    ['a key that is none', 'AuthFailed', 'cannot be read', () => [login({ privateKey: 'canary\n' })]],
    [
      'a repository that is not there',
      'RepositoryNotFound',
      '/nowhere.git',
      () => [login(), `${server.url}/nowhere.git`],
    ],
    [
      'a host that nobody knows',
      'HostNotFound',
      'no-such-host.invalid',
      () => [login(), 'ssh://git@no-such-host.invalid/a'],
    ],
    ['a port where nobody listens', 'ConnectionFailed', '127.0.0.1:1', () => [login(), 'ssh://git@127.0.0.1:1/a']],
  ])('%s is told apart', async (_, reason, says, prepare) => {
    const [credentials, url = repository.url] = prepare()
    const error = await failure(read(url, credentials))
    expect(error.reason).toBe(reason)
    expect(error.message).toContain(says)
  })

  it('a key with a passphrase is said to have one, one without is used', () => {
    const spec = {
      ...{ gitProvider: '', gitHttps: true, gitAccount: '', repo: '', branch: 'main', commit: '' },
      operator: { url: repository.url },
    }
    const remote = (privateKey: string) =>
      remoteWith(spec, { credentials: login({ privateKey }), where: 'Secret "key"' })
    expect(() => remote(makeKey(data, 'z', 'canary-pass').privateKey)).toThrow(
      'the key in Secret "key" has a passphrase',
    )
    expect(remote(makeKey(data, 'z').privateKey).url).toBe(repository.url)
  })

  it('a host whose key changes fails closed, until the new key is known', async () => {
    const sources = cache()
    const before = login()
    await read(repository.url, before, sources)
    await server.changeHostKey()
    expect((await failure(read(repository.url, before, sources))).reason).toBe('HostKeyChanged')
    expect(await read(repository.url, login(), sources)).toBe('one')
  })

  it('ssh missing on the machine is said so', async () => {
    const bin = join(data, 'bin')
    mkdirSync(bin)
    for (const name of ['git', 'sh'])
      symlinkSync(spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim(), join(bin, name))
    const error = await failure(read(repository.url, login(), cache({ PATH: bin })))
    expect(error.message).toContain('ssh is not installed on the machine of the controller')
  })

  it('attack: the configuration and the keys of who runs the controller play no part', async () => {
    const home = join(data, 'home')
    mkdirSync(join(home, '.ssh'), { recursive: true })
    writeFileSync(join(home, '.ssh', 'config'), `Host *\n  ProxyCommand touch ${join(data, 'pwned')}\n`)
    writeFileSync(join(home, '.ssh', 'known_hosts'), server.knownHosts)
    expect((await failure(read(repository.url, login({ knownHosts: 'x ssh-ed25519 AAAA\n' })))).reason).toBe(
      'HostKeyUnknown',
    )
    expect(filesWith('', data).some((file) => file.endsWith('pwned'))).toBe(false)
  })

  it('the key is in no argument, and in no file once git has ended', async () => {
    const secret = server.privateKey.split('\n')[2] ?? ''
    expect(secret).toHaveLength(70)
    const seen: string[] = []
    const timer = setInterval(() => seen.push(shown()), 1)
    await read(repository.url, login())
    clearInterval(timer)
    expect(seen.some((one) => one.includes('ssh -F /dev/null'))).toBe(true)
    for (const one of seen) expect(one).not.toContain(secret)
    expect(filesWith(secret, data, '/dev/shm')).toEqual([])
  })
})

describe('keys as files', () => {
  it('are for the owner alone, and gone when the command has ended, also when it failed', async () => {
    const files = new PrivateFiles(join(data, 'home'))
    let place = ''
    const use = files.lend({ identity: 'canary' }, async (directory) => {
      place = directory
      expect(statSync(directory).mode & 0o777).toBe(0o700)
      expect(statSync(join(directory, 'identity')).mode & 0o777).toBe(0o600)
      expect(readFileSync(join(directory, 'identity'), 'utf8')).toBe('canary')
      throw new Error('it failed')
    })
    await expect(use).rejects.toThrow('it failed')
    expect(statSync(place, { throwIfNoEntry: false })).toBeUndefined()
  })

  it('that a crash left behind are gone with the next start; those in use stay', async () => {
    const home = join(data, 'home')
    await new PrivateFiles(home).lend({ identity: 'canary' }, async (directory) => {
      const left = join(directory, '..', 'left-behind')
      mkdirSync(left)
      writeFileSync(join(left, 'identity'), 'canary')
      new PrivateFiles(home)
      expect(statSync(left, { throwIfNoEntry: false })).toBeUndefined()
      expect(readFileSync(join(directory, 'identity'), 'utf8')).toBe('canary')
    })
  })

  it('attack: do not go into a folder that somebody else has ready for them', async () => {
    const home = join(data, 'home')
    let place = ''
    await new PrivateFiles(home).lend({ a: '1' }, async (directory) => {
      place = join(directory, '..')
    })
    chmodSync(place, 0o777)
    mkdirSync(home)
    try {
      await new PrivateFiles(home).lend({ identity: 'canary' }, async (directory) => {
        expect(directory.startsWith(join(home, 'private'))).toBe(true)
      })
    } finally {
      rmSync(place, { recursive: true })
    }
  })
})

describe('over https, with an authority of their own', () => {
  let authority: Pair
  let server: GitServer
  let strict: GitServer
  let repository: GitRepository
  beforeAll(async () => {
    authority = await issueAuthority('home', new Date(), 10)
    const { cert, key } = await issueServing(authority, ['127.0.0.1'], new Date(), 10)
    server = await startGitServer(undefined, { cert, key })
    strict = await startGitServer(undefined, { cert, key, ca: authority.cert })
    repository = await server.create('r.git')
    repository.commit({ 'a.toml': 'one' })
    ;(await strict.create('r.git')).commit({ 'a.toml': 'two' })
  })
  afterAll(async () => {
    await server?.close()
    await strict?.close()
  })

  it('a repository is read when the Secret holds it', async () => {
    expect(await read(repository.url, { ca: authority.cert })).toBe('one')
  })

  it.each<[string, () => Promise<GitCredentials | undefined>, (url: string) => string]>([
    ['that nobody named', async () => undefined, (url) => url],
    ['of somebody else', async () => ({ ca: (await issueAuthority('other', new Date(), 10)).cert }), (url) => url],
    ['for another name', async () => ({ ca: authority.cert }), (url) => url.replace('127.0.0.1', 'localhost')],
  ])('a certificate %s is not trusted', async (_, credentials, at) => {
    const error = await failure(read(at(repository.url), await credentials()))
    expect(error.reason).toBe('TlsFailed')
    expect(error.message).toMatch(/certificate of (127\.0\.0\.1|localhost):\d+ is not trusted.*ca\.crt/)
  })

  it('a certificate that has ended is not trusted', async () => {
    const past = new Date(Date.now() - 20 * 86_400_000)
    const { cert, key } = await issueServing(authority, ['127.0.0.1'], past, 10)
    const old = await startGitServer(undefined, { cert, key })
    const error = await failure(read(`${old.url}/r.git`, { ca: authority.cert }))
    await old.close()
    expect(error.reason).toBe('TlsFailed')
  })

  it('a host that asks for a certificate gets that of the Secret', async () => {
    const { cert, key } = await issueClient(authority, { username: 'ann', groups: [] }, new Date(), 10)
    const url = `${strict.url}/r.git`
    expect(await read(url, { ca: authority.cert, client: { certificate: cert, key } })).toBe('two')
    await failure(read(url, { ca: authority.cert }))
    expect(filesWith(key.split('\n')[1] ?? '', data, '/dev/shm')).toEqual([])
  })
})

describe('with a bearer token', () => {
  const bearer = 'canary-bearer-91ac0d'
  let server: GitServer
  let repository: GitRepository
  beforeAll(async () => {
    server = await startGitServer({ bearer })
    repository = await server.create('r.git')
    repository.commit({ 'a.toml': 'one' })
  })
  afterEach(() => {
    server.intercept = undefined
  })
  afterAll(() => server?.close())

  it('a repository is read; the token is in no argument and in no file', async () => {
    const seen: string[] = []
    server.intercept = () => {
      seen.push(shown())
      return false
    }
    expect(await read(repository.url, { bearer })).toBe('one')
    expect(seen.length).toBeGreaterThan(0)
    for (const one of seen) expect(one).not.toContain(bearer)
    expect(filesWith(bearer, data, '/dev/shm')).toEqual([])
  })

  it('another one is refused', async () => {
    expect((await failure(read(repository.url, { bearer: 'canary-wrong' }))).reason).toBe('AuthFailed')
  })

  it('attack: it is not sent to where the host redirects', async () => {
    const other = await startGitServer()
    let stolen: string | undefined
    other.intercept = (request) => {
      stolen ??= request.headers.authorization
      return false
    }
    ;(await other.create('r.git')).commit({ 'a.toml': 'evil' })
    server.intercept = (request, response) => {
      response.writeHead(302, { location: `${other.url.replace('127.0.0.1', 'localhost')}${request.url}` }).end()
      return true
    }
    const error = await failure(read(repository.url, { bearer }))
    await other.close()
    expect(stolen).toBeUndefined()
    expect(error.reason).toBe('Redirected')
  })
})
