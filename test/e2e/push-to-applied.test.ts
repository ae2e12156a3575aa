import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GitRepository, startGitServer } from '../harness/git-server.ts'
import { haveKubectl } from '../harness/kubectl.ts'
import { TestOperator } from '../harness/operator.ts'
import { Developer, deliverPushes } from '../harness/push-hook.ts'
import { haveSsh, startSshServer } from '../harness/ssh-server.ts'
import { waitUntil } from '../harness/wait-until.ts'

// Nothing here but the push makes the sync look: its interval is an hour, and nobody annotates anything.

const variable = (value: string) => `[[variable]]\nname = "A"\nvalue = "${value}"\n`
const login = { username: 'ann', password: 'canary-git-5e0d' }
const secret = 'canary-hook-77aa'

interface Remote {
  repository: GitRepository
  /** What the developer clones, and what git needs for that. */
  clone: string
  environment: Readonly<Record<string, string>>
  /** How the sync names the repository, and what it logs in with. */
  spec: Record<string, unknown>
  objects: object[]
  /** Must show nowhere. */
  canary: string
  close(): Promise<void>
}

const object = (apiVersion: string, kind: string, name: string, rest: object) => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'default' },
  ...rest,
})

async function overHttp(): Promise<Remote> {
  const git = await startGitServer(login)
  const repository = await git.create('acme/infra.git')
  const domain = new URL(git.url).host
  const accounts = [{ username: login.username, tokenFrom: { secretKeyRef: { name: 'token', key: 'token' } } }]
  return {
    repository,
    clone: repository.url.replace('//', `//${login.username}:${login.password}@`),
    environment: {},
    spec: { gitProvider: domain, gitHttps: false, gitAccount: login.username, repo: 'acme/infra.git' },
    objects: [
      object('v1', 'Secret', 'token', { stringData: { token: login.password } }),
      object('komodo.dev/v1alpha1', 'GitProvider', 'git', { spec: { domain, https: false, accounts } }),
    ],
    canary: login.password,
    close: () => git.close(),
  }
}

async function overSsh(dir: string): Promise<Remote> {
  const ssh = await startSshServer()
  const repository = ssh.create('infra.git')
  const [identity, known] = [path.join(dir, 'identity'), path.join(dir, 'known_hosts')]
  writeFileSync(identity, ssh.privateKey, { mode: 0o600 })
  writeFileSync(known, ssh.knownHosts)
  const options = `-i ${identity} -o IdentitiesOnly=yes -o UserKnownHostsFile=${known} -o StrictHostKeyChecking=yes`
  return {
    repository,
    clone: repository.url,
    environment: { GIT_SSH_COMMAND: `ssh -F /dev/null ${options}` },
    spec: { operator: { url: repository.url, credentials: 'key' } },
    objects: [object('v1', 'Secret', 'key', { stringData: { identity: ssh.privateKey, known_hosts: ssh.knownHosts } })],
    canary: ssh.privateKey.split('\n')[2] ?? '',
    close: () => ssh.close(),
  }
}

describe.each([
  ['over HTTP with an account', haveKubectl(), overHttp],
  ['over SSH with a key and known hosts', haveKubectl() && haveSsh(), overSsh],
] as const)('a push %s', (_, isPossible, open) => {
  if (!isPossible) return it.skip('needs kubectl and OpenSSH', () => {})
  let dir: string
  let operator: TestOperator
  let remote: Remote
  let ann: Developer
  beforeAll(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'komodo-push-'))
    remote = await open(dir)
    ann = new Developer(path.join(dir, 'ann'), remote.environment)
    await ann.clone(remote.clone)
    await ann.push({ 'all.toml': '# Nothing yet\n' })
    operator = await TestOperator.start(path.join(dir, 'operator'))
    const url = `${operator.webhookUrl}/listener/gitea/sync/infra/sync`
    deliverPushes(remote.repository, { url, secret, repository: 'acme/infra' })
    const create = ['-n', 'komodo-system', 'create', 'secret', 'generic', 'komodo-webhook']
    expect(await operator.kubectl(...create, `--from-literal=secret=${secret}`)).toMatchObject({ code: 0 })
    const settings = { interval: '1h', approval: 'Manual', ...(remote.spec.operator as object) }
    const spec = { includeVariables: true, ...remote.spec, operator: settings }
    await operator.apply(...remote.objects, object('komodo.dev/v1alpha1', 'ResourceSync', 'infra', { spec }))
    await operator.condition('resourcesyncs', 'infra', 'SourceReady', 'True')
  })
  afterAll(async () => {
    await operator?.stop()
    await remote?.close()
    rmSync(dir, { recursive: true, force: true })
  })

  const plan = (text: string) =>
    waitUntil(`a plan with ${text}`, async () => {
      const { code, stdout } = await operator.komodo('plan', 'infra')
      return code === 2 && stdout.includes(text) ? stdout : undefined
    })

  it('is answered with 202 and the delivery id, which status and events then show', async () => {
    const { commit, said } = await ann.push({ 'all.toml': variable('1') })
    expect(said).toContain('HTTP 202')
    expect(said).toContain(`"deliveryId":"push-${commit}"`)
    await operator.until(
      'resourcesyncs',
      'infra',
      ({ status }) => (status?.lastWebhook as { deliveryId?: string } | undefined)?.deliveryId === `push-${commit}`,
    )
    const sync = await operator.get('resourcesyncs', 'infra')
    expect(sync?.status?.lastWebhook).toMatchObject({ provider: 'gitea', branch: 'main', commit })
    const described = await waitUntil('the event', async () => {
      const { stdout } = await operator.kubectl('describe', 'resourcesync', 'infra')
      return stdout.includes('WebhookReceived') ? stdout : undefined
    })
    expect(described).toContain(`gitea delivered push-${commit}: push to main`)
  })

  it('becomes a plan, which waits for approval and then is applied', async () => {
    await plan('+ create Variable A')
    expect(await operator.get('variables', 'a')).toBeUndefined()
    expect((await operator.komodo('approve', 'infra', '--timeout', '30')).code).toBe(0)
    await operator.condition('resourcesyncs', 'infra', 'Applied')
    expect((await operator.get('variables', 'a'))?.spec).toMatchObject({ value: '1' })
  })

  it('goes on: the next push is the next plan', async () => {
    const { commit } = await ann.push({ 'all.toml': variable('2') })
    await plan('~ update Variable A')
    expect((await operator.komodo('approve', 'infra', '--timeout', '30')).code).toBe(0)
    await operator.until('resourcesyncs', 'infra', ({ status }) => status?.lastAppliedRevision === commit)
    expect((await operator.get('variables', 'a'))?.spec).toMatchObject({ value: '2' })
  })

  it('to another branch is answered with the reason why nothing happens', async () => {
    const { said } = await ann.push({ 'all.toml': variable('3') }, 'dev')
    expect(said).toContain('HTTP 202')
    expect(said).toContain('ResourceSync infra follows main, and the push was to dev')
  })

  it('leaves no secret in logs, objects or metrics', async () => {
    const logs = readFileSync(operator.logFile, 'utf8')
    const objects = (await operator.kubectl('get', 'komodo,events', '-A', '-o', 'json')).stdout
    const metrics = await (await fetch(`${operator.healthUrl}/metrics`)).text()
    for (const text of [logs, objects, metrics]) {
      expect(text).not.toBe('')
      for (const canary of [secret, remote.canary]) expect(text).not.toContain(canary)
    }
    expect(metrics).toMatch(/komodo_webhook_deliveries_total\{provider="gitea",result="accepted"\} 2/)
  })
})
