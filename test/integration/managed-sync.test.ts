import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { conditionOf, type KubeObject } from '../../controller/api/meta.ts'
import { annotation } from '../../controller/api/names.ts'
import type { ResourceSync } from '../../controller/api/v1alpha1/resource-sync.ts'
import type { Transport } from '../../controller/kube/transport.ts'
import { type GitRepository, type GitServer, startGitServer } from '../harness/git-server.ts'
import { type SyncOperator, startSyncOperator, typeOf } from '../harness/sync-operator.ts'
import { waitUntil } from '../harness/wait-until.ts'

// Managed mode against a real git server: what people change on objects goes back into the files it came from.

let server: GitServer
let operator: SyncOperator
let repository: GitRepository
let counter = 0
let name: string

/** Writes that still get through; after that the process is as good as dead. */
let writesLeft = Number.POSITIVE_INFINITY
/** Somebody is faster than the next apply of this Stack. */
let beforeApply: (() => Promise<unknown>) | undefined
const mortal = (transport: Transport): Transport => ({
  ...transport,
  request: async (request) => {
    if (request.path.includes('/stacks/web?') && request.path.includes('komodo-sync')) {
      const first = beforeApply
      beforeApply = undefined
      await first?.()
    }
    if (request.method === 'GET' || request.path.includes('/events')) return transport.request(request)
    writesLeft -= 1
    return writesLeft < 0 ? Promise.reject(new Error('killed')) : transport.request(request)
  },
})

beforeAll(async () => {
  server = await startGitServer()
  operator = await startSyncOperator({ wrap: mortal })
})
afterAll(async () => {
  await operator.close()
  await server.close()
})
beforeEach(async () => {
  name = `managed-${counter++}`
  repository = await server.create(`${name}.git`)
})
afterEach(async () => {
  server.intercept = undefined
  writesLeft = Number.POSITIVE_INFINITY
  for (const kind of [
    'ResourceSync',
    'PlanApproval',
    'Plan',
    'Deployment',
    'Stack',
    'Server',
    'Variable',
    'Procedure',
  ]) {
    for (const { metadata } of (await operator.client.list(typeOf(kind), { namespace: 'default' })).items) {
      await operator.client.delete(typeOf(kind), metadata).catch(() => {})
    }
  }
})

const createSync = (spec: Record<string, unknown>, settings: Record<string, unknown> = {}): Promise<KubeObject> =>
  operator.client.create(typeOf('ResourceSync'), {
    apiVersion: 'komodo.dev/v1alpha1',
    kind: 'ResourceSync',
    metadata: { name, namespace: 'default' },
    spec: { managed: true, includeVariables: true, ...spec, operator: { interval: '1h', ...settings } },
  })

const fromGit = (spec: Record<string, unknown> = {}, writeBack: Record<string, unknown> = {}) =>
  createSync(spec, { url: repository.url, writeBack })

const sync = (): Promise<ResourceSync> =>
  operator.client.get<ResourceSync>(typeOf('ResourceSync'), { namespace: 'default', name })

const said = async (type: string): Promise<string> => {
  const found = conditionOf(await sync(), type)
  return `${found?.status} ${found?.reason} ${found?.message}`
}

/** Waits until the sync has applied what it read, and noted that on each object. */
const inForce = () =>
  waitUntil(
    `${name} to be applied`,
    async () => {
      const now = await sync()
      return conditionOf(now, 'Ready')?.status === 'True' && now.status?.lastAppliedRevision === now.status?.revision
    },
    { timeoutMs: 8_000 },
  )

const poke = async (): Promise<void> => {
  const at = `${counter++}`
  const body = { metadata: { annotations: { [annotation.requestedAt]: at } } }
  await operator.client.patch(typeOf('ResourceSync'), { namespace: 'default', name }, { type: 'merge', body })
  await waitUntil('the pass asked for', async () => (await sync()).status?.lastHandledReconcileAt === at, {
    timeoutMs: 8_000,
  })
}

/** As kubectl does it. */
const patch = (kind: string, object: string, spec: object): Promise<KubeObject> =>
  operator.client.patch(
    typeOf(kind),
    { namespace: 'default', name: object },
    { type: 'merge', body: { spec } },
    { fieldManager: 'kubectl-patch' },
  )

const file = (path: string, branch = 'main'): string => repository.git('show', `${branch}:${path}`)
const commits = (branch = 'main'): string[] => repository.git('log', '--format=%an|%s', branch).trim().split('\n')
const holds = (path: string, text: string) =>
  waitUntil(`${path} to hold ${text}`, () => file(path).includes(text) || undefined, { timeoutMs: 8_000 })

const servers = '# hosts\n[[server]]\nname = "h1" # the first\nconfig.address = "a"\n'
const web = '[[stack]]\nname = "web"\n[stack.config]\nserver_id = "h1" # where\nenvironment = """\nA = 1\n"""\n'
const files = { 'servers.toml': servers, 'apps/web.toml': web }

describe('a change by kubectl', () => {
  it('is committed to the file and line it came from, and then all is in step', async () => {
    repository.commit(files)
    await fromGit()
    await inForce()
    await patch('Stack', 'web', { server: 'h2', environment: 'A = 2\n' })
    await holds('apps/web.toml', '"h2"')
    expect(file('apps/web.toml')).toBe(web.replace('"h1"', '"h2"').replace('A = 1', 'A = 2'))
    expect(file('servers.toml')).toBe(servers)
    expect(commits()[0]).toBe('Komodo Operator|Write back Stack web')
    expect(repository.git('log', '-1', '--format=%b', 'main').trim()).toBe(
      '- Stack web: server, environment (apps/web.toml:1, by kubectl-patch)',
    )
    await waitUntil('the condition', async () =>
      /^True WrittenBack Stack web: .*: in commit [0-9a-f]{10}$/.test(await said('WrittenBack')),
    )
    const head = repository.git('rev-parse', 'main').trim()
    await waitUntil('the commit to be read', async () => (await sync()).status?.lastAppliedRevision === head)
    await poke()
    const before = operator.writes.length
    await poke()
    expect(operator.writes.slice(before).map(({ method, path }) => `${method} ${path}`)).toEqual([
      expect.stringMatching(/^PATCH .*\/resourcesyncs\/[^/]+\/status/),
    ])
    expect(repository.git('rev-parse', 'main').trim()).toBe(head)
  })

  it('survives a push of somebody else that comes first, and so does that', async () => {
    repository.commit(files)
    await fromGit()
    await inForce()
    let pushes = 0
    server.intercept = (request) => {
      // Between our look at the branch and our push.
      if (request.method === 'POST' && request.url?.includes('git-receive-pack') && pushes++ === 0) {
        repository.commit({
          'servers.toml': servers.replace('"a"', '"b"'),
          'apps/web.toml': web.replace('A = 1', 'A = 9'),
        })
      }
      return false
    }
    await patch('Stack', 'web', { server: 'h2' })
    await holds('apps/web.toml', '"h2"')
    expect(pushes).toBeGreaterThan(1)
    expect(file('apps/web.toml')).toBe(web.replace('"h1"', '"h2"').replace('A = 1', 'A = 9'))
    expect(file('servers.toml')).toBe(servers.replace('"a"', '"b"'))
    expect(commits()).toHaveLength(3)
    const stack = () => operator.client.get<KubeObject>(typeOf('Stack'), { namespace: 'default', name: 'web' })
    await waitUntil('both on the object', async () => {
      const { server: host, environment } = (await stack()).spec as Record<string, unknown>
      return host === 'h2' && environment === 'A = 9\n'
    })
  })

  it('survives the apply of another change of the file that was planned before it', async () => {
    repository.commit(files)
    await fromGit()
    await inForce()
    let applies = 0
    beforeApply = async () => {
      applies++
      await patch('Stack', 'web', { server: 'h2' })
    }
    repository.commit({ ...files, 'apps/web.toml': web.replace('A = 1', 'A = 9') })
    await poke()
    await holds('apps/web.toml', '"h2"')
    expect(applies).toBe(1)
    expect(file('apps/web.toml')).toBe(web.replace('"h1"', '"h2"').replace('A = 1', 'A = 9'))
    await waitUntil('both on the object', async () => {
      const { spec } = await operator.client.get(typeOf('Stack'), { namespace: 'default', name: 'web' })
      const { server: host, environment } = spec as Record<string, unknown>
      return host === 'h2' && environment === 'A = 9\n'
    })
  })

  it('waits on a branch for review when the sync says so, and is not taken back meanwhile', async () => {
    repository.commit(files)
    await fromGit(
      {},
      { branch: 'komodo/changes', author: 'Ops', email: 'ops@example.com', message: 'chore: {objects} of {sync}' },
    )
    await inForce()
    await patch('Stack', 'web', { server: 'h2' })
    await waitUntil('the branch', async () => (await said('WrittenBack')).startsWith('False WaitsForReview'))
    expect(commits('komodo/changes')[0]).toBe(`Ops|chore: Stack web of ${name}`)
    expect(file('apps/web.toml')).toBe(web)
    const pushed = repository.git('rev-parse', 'komodo/changes').trim()
    await poke()
    await patch('Server', 'h1', { region: 'eu' })
    await waitUntil('both there', () => repository.git('rev-parse', 'komodo/changes').trim() !== pushed || undefined)
    expect(file('servers.toml', 'komodo/changes')).toBe(`${servers}config.region = "eu"\n`)
    expect(file('apps/web.toml', 'komodo/changes')).toBe(web.replace('"h1"', '"h2"'))
    expect((await operator.client.get(typeOf('Stack'), { namespace: 'default', name: 'web' })).spec).toMatchObject({
      server: 'h2',
    })
    repository.git('update-ref', 'refs/heads/main', repository.git('rev-parse', 'komodo/changes').trim())
    await poke()
    await inForce()
    expect(await said('WrittenBack')).toMatch(/^True InStep/)
  })

  it('that cannot be pushed stays on the object, and it is said why', async () => {
    repository.commit(files)
    await fromGit()
    await inForce()
    writeFileSync(join(repository.path, 'hooks/pre-receive'), '#!/bin/sh\necho protected; exit 1\n')
    chmodSync(join(repository.path, 'hooks/pre-receive'), 0o755)
    await patch('Stack', 'web', { server: 'h2' })
    await waitUntil('the refusal', async () => (await said('WrittenBack')).startsWith('False PushRefused'))
    expect(await said('Ready')).toMatch(/refuses a push to "main": pre-receive hook declined; protected/)
    expect((await operator.client.get(typeOf('Stack'), { namespace: 'default', name: 'web' })).spec).toMatchObject({
      server: 'h2',
    })
    writeFileSync(join(repository.path, 'hooks/pre-receive'), '#!/bin/sh\nexit 0\n')
    await holds('apps/web.toml', '"h2"')
    await inForce()
  })

  it('waits for approval with all others, where plans need one', async () => {
    repository.commit(files)
    await createSync({}, { url: repository.url, approval: 'Manual' })
    const approve = async () => {
      const digest = await waitUntil('a plan', async () => {
        const now = await sync()
        return conditionOf(now, 'Approved')?.status === 'False' && now.status?.plan?.digest
      })
      await operator.client.create(typeOf('PlanApproval'), {
        apiVersion: 'komodo.dev/v1alpha1',
        kind: 'PlanApproval',
        metadata: { name: `approval-${counter++}`, namespace: 'default' },
        spec: { sync: name, digest, approvedBy: 'admin' },
      })
    }
    await approve()
    await inForce()
    await patch('Stack', 'web', { server: 'h2' })
    await waitUntil('the plan to wait', async () => conditionOf(await sync(), 'Approved')?.status === 'False')
    expect(file('apps/web.toml')).toBe(web)
    expect((await sync()).status?.plan?.summary).toMatchObject({ writeBack: 1, update: 0 })
    await approve()
    await holds('apps/web.toml', '"h2"')
    await inForce()
  })
})

describe('a crash', () => {
  it('before any write to the API loses no change and commits it once', async () => {
    repository.commit(files)
    await fromGit()
    await inForce()
    for (let writes = 0; writes < 6; writes++) {
      const before = commits().length
      writesLeft = writes
      await patch('Stack', 'web', { server: `h-${writes}` })
      await waitUntil(
        'the end',
        async () => writesLeft < 0 || (await said('WrittenBack')).includes(`h-${writes}`) || undefined,
        {
          timeoutMs: 3_000,
        },
      ).catch(() => undefined)
      writesLeft = Number.POSITIVE_INFINITY
      await operator.restart()
      await holds('apps/web.toml', `"h-${writes}"`)
      await waitUntil('all in step', async () => {
        const { metadata } = await operator.client.get(typeOf('Stack'), { namespace: 'default', name: 'web' })
        const now = await sync()
        const isRead = now.status?.lastAppliedRevision === repository.git('rev-parse', 'main').trim()
        return isRead && conditionOf(now, 'Ready')?.status === 'True' && metadata.annotations?.[annotation.declared]
      })
      expect(commits()).toHaveLength(before + 1)
    }
  })
})

describe('objects that come and go', () => {
  const make = (kind: string, object: string, annotations: Record<string, string>, spec: object) =>
    operator.client.create(
      typeOf(kind),
      {
        apiVersion: 'komodo.dev/v1alpha1',
        kind,
        metadata: { name: object, namespace: 'default', annotations: { [annotation.sync]: name, ...annotations } },
        spec,
      },
      { fieldManager: 'kubectl-create' },
    )

  it('K#978, K#88: a new one goes into a file of a folder', async () => {
    repository.commit(files)
    await fromGit({ resourcePath: ['apps'] }, { newObjects: 'apps/{kind}s.toml' })
    await inForce()
    await make('Server', 'h9', {}, { address: 'z' })
    await waitUntil(
      'the new file',
      () => repository.git('ls-tree', '-r', '--name-only', 'main').includes('apps/servers.toml') || undefined,
    )
    expect(file('apps/servers.toml')).toBe('[[server]]\nname = "h9"\n[server.config]\naddress = "z"\n')
    await waitUntil('the object to be adopted', async () => {
      const { metadata } = await operator.client.get(typeOf('Server'), { namespace: 'default', name: 'h9' })
      return metadata.annotations?.[annotation.sync] === `default/${name}`
    })
  })

  it('a new one that cannot be pushed was taken for one that is no longer declared, and deleted', async () => {
    repository.commit(files)
    await fromGit({ delete: true }, { newObjects: 'servers.toml' })
    await inForce()
    const hook = join(repository.path, 'hooks/pre-receive')
    writeFileSync(hook, '#!/bin/sh\necho protected; exit 1\n', { mode: 0o755 })
    await make('Server', 'h9', {}, { address: 'z' })
    await waitUntil('the refusal', async () => (await said('WrittenBack')).startsWith('False PushRefused'))
    await poke()
    writeFileSync(hook, '#!/bin/sh\nexit 0\n')
    await holds('servers.toml', 'name = "h9"')
    await inForce()
    expect(await operator.client.get(typeOf('Server'), { namespace: 'default', name: 'h9' })).toBeDefined()
  })

  it('a new one that waits for review was taken for one that is no longer declared, and deleted', async () => {
    repository.commit(files)
    await fromGit({ delete: true }, { newObjects: 'servers.toml', branch: 'komodo/changes' })
    await inForce()
    await make('Server', 'h9', {}, { address: 'z' })
    await waitUntil('the branch', async () => (await said('WrittenBack')).startsWith('False WaitsForReview'))
    await poke()
    expect(await said('WrittenBack')).toMatch(/^False WaitsForReview Server h9: new/)
    repository.git('update-ref', 'refs/heads/main', repository.git('rev-parse', 'komodo/changes').trim())
    await poke()
    await inForce()
    const { metadata } = await operator.client.get(typeOf('Server'), { namespace: 'default', name: 'h9' })
    expect(metadata.annotations?.[annotation.sync]).toBe(`default/${name}`)
  })

  it('a deleted one goes from its file when the sync deletes, and comes back otherwise', async () => {
    repository.commit(files)
    await fromGit()
    await inForce()
    await operator.client.delete(typeOf('Stack'), { namespace: 'default', name: 'web' })
    await waitUntil('it is back', () =>
      operator.client.get(typeOf('Stack'), { namespace: 'default', name: 'web' }).then(
        () => true,
        () => undefined,
      ),
    )
    await inForce()
    const body = { spec: { delete: true } }
    await operator.client.patch(typeOf('ResourceSync'), { namespace: 'default', name }, { type: 'merge', body })
    await inForce()
    await operator.client.delete(typeOf('Stack'), { namespace: 'default', name: 'web' })
    await waitUntil('its block is gone', () => file('apps/web.toml') === '' || undefined, { timeoutMs: 8_000 })
    await inForce()
    expect(commits()[0]).toBe('Komodo Operator|Write back Stack web')
  })
})

describe('secrets', () => {
  it('never reach the repository, however they change', async () => {
    repository.commit({ 'v.toml': '[[variable]]\nname = "TOKEN"\nvalue = "in-git-already"\nis_secret = true\n' })
    await fromGit()
    await inForce()
    const secretType = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true }
    const data = { value: Buffer.from('canary-secret-1').toString('base64') }
    await operator.client.patch(
      secretType,
      { namespace: 'default', name: 'variable-token' },
      { type: 'merge', body: { data } },
    )
    await patch('Variable', 'token', { value: 'canary-secret-2', description: 'changed' })
    await holds('v.toml', 'changed')
    await inForce()
    const blobs = repository.git('cat-file', '--batch-all-objects', '--batch-check').split('\n')
    for (const blob of blobs.filter((line) => line.includes(' blob ')))
      expect(repository.git('cat-file', '-p', blob.split(' ')[0] ?? '')).not.toContain('canary-secret')
    expect(repository.git('log', '--all', '--format=%B')).not.toContain('canary-secret')
  })
})

describe('sources that are not git', () => {
  it('files on the host are replaced whole, with their mode', async () => {
    const folder = join(operator.directory, 'syncs', name)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'web.toml'), `\ufeff${web}`)
    chmodSync(join(folder, 'web.toml'), 0o640)
    await createSync({ filesOnHost: true, resourcePath: ['.'] })
    await inForce()
    await patch('Stack', 'web', { server: 'h2' })
    const text = () => readFileSync(join(folder, 'web.toml'), 'utf8')
    await waitUntil('the file', () => text().includes('"h2"') || undefined)
    expect(text()).toBe(`\ufeff${web.replace('"h1"', '"h2"')}`)
    expect(statSync(join(folder, 'web.toml')).mode & 0o777).toBe(0o640)
    await poke()
    await inForce()
  })

  it('contents of the sync itself are changed in place', async () => {
    await createSync({ fileContents: web })
    await inForce()
    await patch('Stack', 'web', { server: 'h2' })
    await waitUntil('the contents', async () => (await sync()).spec.fileContents === web.replace('"h1"', '"h2"'))
    await inForce()
  })
})

describe('faults of Komodo that managed mode must not have', () => {
  it('K#336: of several files, the one that declares the object is changed', async () => {
    repository.commit({
      'a.toml': servers,
      'b.toml': servers.replace('h1', 'h2'),
      'c.toml': servers.replace('h1', 'h3'),
    })
    await fromGit({ resourcePath: ['a.toml', 'b.toml', 'c.toml'] })
    await inForce()
    await patch('Server', 'h2', { address: 'x' })
    await holds('b.toml', '"x"')
    expect([file('a.toml'), file('c.toml')]).toEqual([servers, servers.replace('h1', 'h3')])
  })

  it('K#672, K#855, K#1316: texts full of backslashes and quotes are read back as they are', async () => {
    repository.commit(files)
    await fromGit()
    await inForce()
    const nasty = 'RE = \\^(.+)-(.+)$\\\nQ = """\nB = a \\\n  b\n'
    await patch('Stack', 'web', { environment: nasty, description: '\\d+ "x" \\' })
    await holds('apps/web.toml', 'description')
    await inForce()
    const stack = await operator.client.get(typeOf('Stack'), { namespace: 'default', name: 'web' })
    expect(stack.spec).toMatchObject({ environment: nasty, description: '\\d+ "x" \\' })
  })

  it('mass delete (deploy-gotify-alerter#3): managed alone deletes nothing that is no longer declared', async () => {
    repository.commit(files)
    await fromGit()
    await inForce()
    repository.commit({ 'servers.toml': servers })
    await poke()
    await inForce()
    expect(await operator.client.get(typeOf('Stack'), { namespace: 'default', name: 'web' })).toBeDefined()
  })
})
