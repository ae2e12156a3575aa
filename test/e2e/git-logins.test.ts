import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allObjects, filesBelow, ProcessWatch } from '../harness/canaries.ts'
import { type GitServer, startGitServer } from '../harness/git-server.ts'
import { haveKubectl } from '../harness/kubectl.ts'
import { TestOperator } from '../harness/operator.ts'
import { haveSsh, makeKey, type SshServer, startSshServer } from '../harness/ssh-server.ts'

/** Syncs with every way to log in, right and wrong; then a search for what they logged in with. */
describe.runIf(haveKubectl() && haveSsh())('logins at git hosts', () => {
  const canary = (what: string) => `canary-${what}-${randomBytes(12).toString('hex')}`
  const [password, bearer, wrong] = [canary('account'), canary('bearer'), canary('wrong')]
  const secrets = [password, bearer, wrong]
  const holds = (text: string): string | undefined =>
    secrets
      .flatMap((secret) => [
        secret,
        encodeURIComponent(secret),
        Buffer.from(secret).toString('base64').replace(/=+$/, ''),
      ])
      .find((secret) => text.includes(secret))

  let dir: string
  let operator: TestOperator
  let watch: ProcessWatch
  let byAccount: GitServer
  let byBearer: GitServer
  let bySsh: SshServer

  const toml = (name: string): Record<string, string> => ({
    'all.toml': `[[server]]\nname = "${name}"\nconfig.address = "local"\nconfig.enabled = false\n`,
  })
  const object = (kind: string, name: string, spec: object) => ({
    apiVersion: 'komodo.dev/v1alpha1',
    kind,
    metadata: { name, namespace: 'default' },
    spec,
  })
  const secret = (name: string, stringData: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'default' },
    stringData,
  })
  const sync = (name: string, url: string, credentials: string) =>
    object('ResourceSync', name, { resourcePath: ['.'], operator: { url, credentials, interval: '2s' } })

  beforeAll(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'komodo-logins-'))
    byAccount = await startGitServer({ username: 'bot', password })
    byBearer = await startGitServer({ bearer })
    bySsh = await startSshServer()
    const stranger = makeKey(dir, 'stranger').privateKey
    // One line out of the middle of each key.
    secrets.push(...[bySsh.privateKey, stranger].map((key) => key.split('\n')[2] ?? ''))
    const [a, b, c] = [await byAccount.create('a.git'), await byBearer.create('b.git'), bySsh.create('c.git')]
    a.commit(toml('by-account'))
    b.commit(toml('by-bearer'))
    c.commit(toml('by-ssh'))

    operator = await TestOperator.start(path.join(dir, 'operator'))
    watch = new ProcessWatch(secrets)
    const { host } = new URL(byAccount.url)
    const account = (token: string, key: string) => ({
      domain: host,
      https: false,
      accounts: [{ username: token, tokenFrom: { secretKeyRef: { name: 'tokens', key } } }],
    })
    await operator.apply(
      secret('tokens', { bot: password, other: wrong }),
      secret('bearer', { bearer }),
      secret('wrong-bearer', { bearer: wrong }),
      secret('key', { identity: bySsh.privateKey, known_hosts: bySsh.knownHosts }),
      secret('wrong-key', { identity: stranger, known_hosts: bySsh.knownHosts }),
      secret('unknown-host', { identity: bySsh.privateKey, known_hosts: 'other.example ssh-ed25519 AAAA' }),
      object('GitProvider', 'git', account('bot', 'bot')),
      object('GitProvider', 'git-wrong', account('eve', 'other')),
      ...[
        ['account', 'bot'],
        ['wrong-account', 'eve'],
        ['no-account', 'nobody'],
      ].map(([name = '', gitAccount]) =>
        object('ResourceSync', name, { gitProvider: host, repo: 'a.git', gitAccount, operator: { interval: '2s' } }),
      ),
      sync('bearer', b.url, 'bearer'),
      sync('wrong-bearer', b.url, 'wrong-bearer'),
      sync('ssh', c.url, 'key'),
      sync('wrong-key', c.url, 'wrong-key'),
      sync('unknown-host', c.url, 'unknown-host'),
    )
    await Promise.all(['account', 'bearer', 'ssh'].map((name) => operator.ready('resourcesyncs', name)))
    await Promise.all(
      ['wrong-account', 'no-account', 'wrong-bearer', 'wrong-key', 'unknown-host'].map((name) =>
        operator.condition('resourcesyncs', name, 'SourceReady', 'False'),
      ),
    )
    // Looks and fetches once more, with everything warm.
    for (const [repository, name] of [
      [a, 'account'],
      [b, 'bearer'],
      [c, 'ssh'],
    ] as const) {
      const commit = repository.commit({ ...toml(`by-${name}`), 'more.toml': '' })
      await operator.until('resourcesyncs', name, ({ status }) => status?.lastAppliedRevision === commit)
    }
  })
  afterAll(async () => {
    watch?.stop()
    await operator?.stop()
    await Promise.all([byAccount?.close(), byBearer?.close(), bySsh?.close()])
    rmSync(dir, { recursive: true, force: true })
  })

  it.each([
    ['wrong-account', 'AuthFailed', /a\.git refuses the login of eve/],
    ['no-account', 'CredentialsMissing', /there is no account "nobody" at 127\.0\.0\.1:\d+; declare it/],
    ['wrong-bearer', 'AuthFailed', /b\.git refuses the login/],
    ['wrong-key', 'AuthFailed', /c\.git refuses the key/],
    [
      'unknown-host',
      'HostKeyUnknown',
      /has no key for 127\.0\.0\.1:\d+; get its line with `ssh-keyscan -p \d+ 127\.0\.0\.1`/,
    ],
  ])('that do not work say why: %s', async (name, reason, message) => {
    expect(await operator.condition('resourcesyncs', name, 'SourceReady', 'False', { reason })).toMatch(message)
  })

  it('are in no object but Secrets, no event, status or plan', async () => {
    for (const [kind, text] of await allObjects((...args) => operator.kubectl(...args)))
      expect(holds(text), kind).toBeUndefined()
  })

  it('are in no process arguments, and in the environment of git alone; keys in none', () => {
    expect([...watch.seen].some((line) => line.startsWith('ssh -F /dev/null'))).toBe(true)
    expect([...watch.seen].filter((line) => holds(line) !== undefined)).toEqual([])
    const git = /^(git|git-remote-http|git-remote-https|askpass|sh)$/
    expect([...watch.holders].filter((name) => !git.test(name))).toEqual([])
    expect(watch.holders.size).toBeGreaterThan(0)
  })

  it('are on no disk but in the database, in Secrets, and in no log', async () => {
    await operator.stop()
    const files = filesBelow(path.join(dir, 'operator'))
    expect(files.filter((file) => path.basename(file) === 'config').length).toBeGreaterThan(2)
    for (const file of files.filter((name) => !/\.(db|sqlite3?)(-wal|-shm)?$/.test(name))) {
      expect(holds(readFileSync(file, 'latin1')), file).toBeUndefined()
    }
    const inMemory = readdirSync('/dev/shm').filter((name) => name.startsWith('komodo-git-'))
    for (const name of inMemory) {
      for (const file of filesBelow(path.join('/dev/shm', name)))
        expect(holds(readFileSync(file, 'latin1'))).toBeUndefined()
    }
  })
})
