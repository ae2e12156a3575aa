import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { conditionOf, type KubeObject } from '../../controller/api/meta.ts'
import { annotation } from '../../controller/api/names.ts'
import type { Plan } from '../../controller/api/v1alpha1/plan.ts'
import type { ResourceSync } from '../../controller/api/v1alpha1/resource-sync.ts'
import type { Transport } from '../../controller/kube/transport.ts'
import { type GitRepository, type GitServer, startGitServer } from '../harness/git-server.ts'
import { type SyncOperator, startSyncOperator, typeOf } from '../harness/sync-operator.ts'
import { waitUntil } from '../harness/wait-until.ts'

const token = 'canary-git-5e0d/+='
const login = { username: 'ann', password: token }
interface Secret extends KubeObject {
  data: { value: string }
}
const secretType = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true }

let server: GitServer
let operator: SyncOperator
/** Writes that still get through; the next one never answers, as if the process had died before it. */
let writesLeft = Number.POSITIVE_INFINITY
let repository: GitRepository
let counter = 0
let name: string

const mortal = (transport: Transport): Transport => ({
  ...transport,
  request: (request) => {
    if (request.method === 'GET' || request.path.includes('/events')) return transport.request(request)
    writesLeft -= 1
    return writesLeft < 0 ? Promise.reject(new Error('killed')) : transport.request(request)
  },
})

beforeAll(async () => {
  server = await startGitServer(login)
  operator = await startSyncOperator({ wrap: mortal })
})
afterAll(async () => {
  await operator.close()
  await server.close()
})
beforeEach(async () => {
  name = `git-${counter++}`
  repository = await server.create(`${name}.git`)
})
afterEach(async () => {
  writesLeft = Number.POSITIVE_INFINITY
  server.intercept = undefined
  for (const kind of ['ResourceSync', 'PlanApproval', 'Plan', 'Deployment', 'Stack', 'Repo', 'Server', 'Variable']) {
    for (const { metadata } of (await operator.client.list(typeOf(kind), { namespace: 'default' })).items) {
      await operator.client.delete(typeOf(kind), metadata).catch(() => {})
    }
  }
})

const createSync = (spec: object): Promise<KubeObject> =>
  operator.client.create(typeOf('ResourceSync'), {
    apiVersion: 'komodo.dev/v1alpha1',
    kind: 'ResourceSync',
    metadata: { name, namespace: 'default' },
    spec,
  })

const createSecret = (secret: string, data: Record<string, string>, type = 'Opaque'): Promise<KubeObject> =>
  operator.client.create(secretType, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secret, namespace: 'default' },
    spec: undefined,
    type,
    stringData: data,
  } as KubeObject)

const sync = (): Promise<ResourceSync> =>
  operator.client.get<ResourceSync>(typeOf('ResourceSync'), { namespace: 'default', name })

const reaches = (type: string, status: string, reason?: string, also: (sync: ResourceSync) => boolean = () => true) =>
  waitUntil(
    `${name} ${type}=${status} ${reason ?? ''}`,
    async () => {
      const now = await sync()
      const said = conditionOf(now, type)
      return said?.status === status && (reason === undefined || said.reason === reason) && also(now) && now
    },
    { timeoutMs: 20_000 },
  )

const poke = (): Promise<KubeObject> =>
  operator.client.patch(
    typeOf('ResourceSync'),
    { namespace: 'default', name },
    { type: 'merge', body: { metadata: { annotations: { [annotation.requestedAt]: `${counter++}` } } } },
  )

const servers = async (): Promise<string[]> =>
  (await operator.client.list(typeOf('Server'), { namespace: 'default' })).items.map((one) => one.metadata.name).sort()

const block = (server: string, address = 'local'): string =>
  `[[server]]\nname = "${server}"\nconfig.address = "${address}"\n`
const source = () => ({ operator: { url: repository.url, credentials: `${name}-login`, interval: '1h' } })

describe('a push', () => {
  it('is applied when asked for, with the commit in status, and the token is nowhere', async () => {
    const first = repository.commit({ 'a.toml': block('h1') }, { message: 'Add a server' })
    await createSync(source())
    await reaches('SourceReady', 'False', 'CredentialsMissing')
    await createSecret(`${name}-login`, { username: 'ann', password: token })
    const done = await reaches('Ready', 'True')
    expect(done.status).toMatchObject({ revision: first, lastAppliedRevision: first, message: 'Add a server' })
    const second = repository.commit({ 'a.toml': block('h1', 'other'), 'b.toml': block('h2') })
    await poke()
    await reaches('Ready', 'True', undefined, (now) => now.status?.lastAppliedRevision === second)
    expect(await servers()).toEqual(['h1', 'h2'])
    const found = spawnSync('grep', ['-rlaF', '-e', token, '-e', encodeURIComponent(token), operator.directory], {
      encoding: 'utf8',
    })
    // The API's own database holds the Secret, and nothing else does.
    for (const file of found.stdout.split('\n').filter((line) => line !== '')) expect(file).toContain('/api/')
    expect(operator.lines.join('\n')).not.toContain(token)
    for (const kind of ['ResourceSync', 'Plan']) {
      expect(JSON.stringify(await operator.client.list(typeOf(kind), { namespace: 'default' }))).not.toContain(token)
    }
  })

  it('of a broken file is refused whole, and a removed branch changes nothing', async () => {
    const good = repository.commit({ 'a.toml': block('h1'), 'b.toml': block('h2') })
    await createSecret(`${name}-login`, { token: `ann:${token}` })
    await createSync({ ...source(), delete: true })
    await reaches('Ready', 'True')
    repository.commit({ 'a.toml': block('h3'), 'b.toml': '[[server' })
    await poke()
    const refused = await reaches('Valid', 'False', 'RevisionRefused')
    expect(conditionOf(refused, 'Valid')?.message).toContain(`commit ${good.slice(0, 10)} stays in force: b.toml:1`)
    repository.git('update-ref', '-d', 'refs/heads/main')
    repository.commit({ x: '' }, { branch: 'other' })
    await poke()
    await reaches('SourceReady', 'False', 'BranchNotFound')
    expect(await servers()).toEqual(['h1', 'h2'])
  })

  it('is read with the account that git_provider and git_account name', async () => {
    repository.commit({ 'a.toml': block('h1') })
    const { host } = new URL(repository.url)
    await createSecret(`${name}-account`, { domain: host, username: 'ann', token }, 'komodo.dev/git-account')
    await createSync({ gitProvider: host, gitHttps: false, repo: `${name}.git`, gitAccount: 'ann' })
    await reaches('Ready', 'True')
  })

  it('with a refused login says so, without the token', async () => {
    repository.commit({ 'a.toml': block('h1') })
    await createSecret(`${name}-login`, { username: 'ann', password: 'canary-wrong' })
    await createSync(source())
    const said = await reaches('SourceReady', 'False', 'AuthFailed')
    expect(conditionOf(said, 'SourceReady')?.message).toMatch(/refuses the login of ann/)
    expect(JSON.stringify(said)).not.toContain('canary')
  })
})

describe('a sync with linked_repo', () => {
  const createRepo = (repo: string, spec: object): Promise<KubeObject> =>
    operator.client.create(typeOf('Repo'), {
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'Repo',
      metadata: { name: repo, namespace: 'default' },
      spec,
    })

  it('waits for the Repo, then reads what the Repo names, with its login, whatever the sync itself says', async () => {
    const head = repository.commit({ 'infra/a.toml': block('h1') }, { branch: 'live' })
    await createSecret(`${name}-login`, { username: 'ann', password: token })
    await createSync({ linkedRepo: `${name}-repo`, repo: 'somebody/else', branch: 'other', resourcePath: ['infra'] })
    const waiting = await reaches('SourceReady', 'False', 'RepoNotFound')
    expect(conditionOf(waiting, 'SourceReady')?.message).toContain(`there is no Repo "${name}-repo"`)
    // Its commands and path are for servers.
    const onServers = { server: 'nowhere', path: '/x', onClone: { command: 'false' }, environment: 'A=1' }
    await createRepo(`${name}-repo`, { ...source(), branch: 'live', ...onServers })
    const done = await reaches('Ready', 'True')
    expect(done.status).toMatchObject({ source: `${repository.url} live`, lastAppliedRevision: head })
    expect(await servers()).toEqual(['h1'])
  })

  it('follows the Repo to another branch at once, and says when the Repo is gone', async () => {
    repository.commit({ 'a.toml': block('h1') })
    repository.commit({ 'a.toml': block('h2') }, { branch: 'next' })
    await createSecret(`${name}-login`, { username: 'ann', password: token })
    await createRepo(`${name}-repo`, source())
    await createSync({ linkedRepo: `${name}-repo`, operator: { interval: '1h' } })
    await reaches('Ready', 'True')
    const key = { namespace: 'default', name: `${name}-repo` }
    await operator.client.patch(typeOf('Repo'), key, { type: 'merge', body: { spec: { branch: 'next' } } })
    await waitUntil('the other branch', async () => (await servers()).includes('h2'))
    await operator.client.delete(typeOf('Repo'), key)
    await reaches('SourceReady', 'False', 'RepoNotFound')
    expect(await servers()).toEqual(['h1', 'h2'])
  })
})

describe('a crash between any two writes', () => {
  const variable = (value: string): string => `[[variable]]\nname = "V"\nvalue = "${value}"\nis_secret = true\n`
  const before = `${block('h1')}${block('h2')}${variable('s3cret-one')}`
  const after = `${block('h1', 'new')}${block('h3')}${variable('s3cret-two')}${variable('s3cret-new').replace('"V"', '"W"')}`
  const revisionOf = (contents: string): string => `sha256:${createHash('sha256').update(contents).digest('hex')}`
  const applied = (contents: string) => (now: ResourceSync) => now.status?.lastAppliedRevision === revisionOf(contents)
  const declare = (fileContents: string): Promise<KubeObject> =>
    operator.client.patch(
      typeOf('ResourceSync'),
      { namespace: 'default', name },
      { type: 'merge', body: { spec: { fileContents } } },
    )

  /** Approves what waits, if anything does. */
  const approveWaiting = async (): Promise<boolean> => {
    const now = await sync()
    const waits =
      conditionOf(now, 'Approved')?.reason === 'PendingApproval' && now.status?.plan?.revision === now.status?.revision
    if (!waits || now.status?.observedGeneration !== now.metadata.generation) return false
    await operator.client.create(typeOf('PlanApproval'), {
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'PlanApproval',
      metadata: { name: `approval-${counter++}`, namespace: 'default' },
      spec: { sync: name, digest: now.status?.plan?.digest },
    })
    return true
  }

  it.each(['Auto', 'Manual'])(
    'with approval: %s converges after the restart, with nothing twice, left over or asked again',
    async (approval) => {
      const manual = approval === 'Manual'
      await createSync({
        fileContents: before,
        delete: true,
        includeVariables: true,
        operator: { approval, interval: '1h' },
      })
      let crashes = 0
      for (let survives = 0; ; survives += 1) {
        if (survives > 0) await declare(before)
        if (manual) await waitUntil('the first state is approved', approveWaiting)
        await reaches('Ready', 'True', undefined, applied(before))

        if (manual) {
          await declare(after)
          await reaches(
            'Approved',
            'False',
            'PendingApproval',
            (now) => now.status?.plan?.revision === revisionOf(after),
          )
          writesLeft = survives
          await approveWaiting()
        } else {
          writesLeft = survives
          await declare(after)
        }
        await waitUntil('it is killed, or through', async () => writesLeft < 0 || applied(after)(await sync()), {
          timeoutMs: 20_000,
        })
        const killed = writesLeft < 0
        writesLeft = Number.POSITIVE_INFINITY
        if (killed) {
          crashes += 1
          await operator.restart()
        }
        const done = await reaches('Ready', 'True', undefined, applied(after))
        expect(await servers()).toEqual(['h1', 'h3'])
        expect(done.status?.inventory?.count).toBe(4)
        const secret = await operator.client.get<Secret>(secretType, { namespace: 'default', name: 'variable-v' })
        expect(Buffer.from(secret.data.value, 'base64').toString()).toBe('s3cret-two')
        const fresh = await operator.client.get<Secret>(secretType, { namespace: 'default', name: 'variable-w' })
        expect(fresh.metadata.ownerReferences).toMatchObject([{ kind: 'Variable', name: 'w' }])
        const plans = (await operator.client.list<Plan>(typeOf('Plan'), { namespace: 'default' })).items
        const open = plans.filter(
          (plan) => conditionOf(plan, 'Approved') && !conditionOf(plan, 'Applied') && !conditionOf(plan, 'Superseded'),
        )
        expect(open).toEqual([])
        if (!killed) break
      }
      expect(crashes).toBeGreaterThan(5)
    },
  )
})
