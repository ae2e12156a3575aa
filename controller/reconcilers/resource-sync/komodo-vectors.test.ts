import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type SyncOperator, startSyncOperator, typeOf } from '../../../test/harness/sync-operator.ts'
import { SyncScene } from '../../../test/harness/sync-scene.ts'
import { waitUntil } from '../../../test/harness/wait-until.ts'
import { conditionOf, type KubeObject } from '../../api/meta.ts'

/** Rows of Komodo's behaviour that a sync tells or does over time; docs/komodo-vectors.md says where the others are. */

let operator: SyncOperator
let scene: SyncScene
beforeAll(async () => {
  operator = await startSyncOperator()
  scene = new SyncScene(operator)
})
afterAll(() => operator.close())
afterEach(() => scene.clear())

const eventType = { group: '', version: 'v1', kind: 'Event', plural: 'events', namespaced: true }
interface Event extends KubeObject {
  reason: string
  count?: number
  involvedObject: { name: string }
}

/** How often the sync said this. */
const told = async (reason: string): Promise<number> => {
  const { items } = await operator.client.list<Event>(eventType, { namespace: 'default' })
  return items
    .filter((event) => event.involvedObject.name === scene.name && event.reason === reason)
    .reduce((sum, { count = 1 }) => sum + count, 0)
}

const server = (name: string, address = 'local') => `[[server]]\nname = "${name}"\nconfig.address = "${address}"\n`
const manual = { approval: 'Manual' } as const

describe('V 2.8 pending', () => {
  it('one undeclared-before server in TOML; refresh again without change; after a successful RunSync: told once, quiet once it is done', async () => {
    await scene.create({ fileContents: server('h1'), operator: manual })
    const waiting = await scene.reaches('Approved', 'False', 'PendingApproval')
    const [plan] = await scene.plans()
    expect(plan?.spec.changes.map(({ action, kind, name }) => `${action} ${kind} ${name}`)).toEqual([
      'create Server h1',
    ])
    await scene.poke()
    await scene.poke()
    await waitUntil('the event', async () => (await told('PendingApproval')) > 0)
    expect(await told('PendingApproval')).toBe(1)
    await scene.approve(waiting.status?.plan?.digest ?? '')
    await scene.reaches('Ready', 'True')
    expect(conditionOf(await scene.poke(), 'Approved')?.reason).toBe('NothingPending')
    expect(await told('PendingApproval')).toBe(1)
  })

  it('file with a syntax error: nothing is planned, the state says which line; what was shown before does not vanish silently', async () => {
    await scene.create({ fileContents: server('h1'), operator: manual })
    await scene.reaches('Approved', 'False', 'PendingApproval')
    await scene.change({ fileContents: `${server('h1')}[[server` })
    const said = await scene.reaches('Valid', 'False', 'RevisionRefused')
    expect(conditionOf(said, 'Valid')?.message).toContain('fileContents:4')
    expect(conditionOf(said, 'Ready')?.status).toBe('False')
    await waitUntil('the event', async () => (await told('RevisionRefused')) === 1)
  })

  it('invalid regex in one user group: ours: the other objects go on', async () => {
    const group =
      '[[user_group]]\nname = "g"\npermissions = [{ target.type = "Server", target.id = "\\\\[\\\\", level = "Read" }]\n'
    await scene.create({ fileContents: `${server('h1')}${group}`, includeUserGroups: true })
    await waitUntil('the server', async () => (await scene.get('Server', 'h1')) !== undefined)
  })
})

describe('V 2.12 commit', () => {
  const toml = (name: string) => `# mine\n[[server]]\nname = "${name}"\n[server.config]\naddress = "a" # was b\n`
  const addressOf = async (name: string) =>
    ((await scene.get('Server', name))?.spec as { address?: string } | undefined)?.address
  const setAddress = (name: string) => scene.patch('Server', name, { spec: { address: 'changed' } })
  const fileOf = (file: string) => path.join(operator.directory, 'syncs', scene.name, file)
  const write = (sync: string, file: string, text: string) => {
    const place = path.join(operator.directory, 'syncs', sync, file)
    mkdirSync(path.dirname(place), { recursive: true })
    writeFileSync(place, text)
  }

  it('unmanaged, UI contents `[[server]]...`: nothing is written, the object goes back to what is declared', async () => {
    await scene.create({ fileContents: toml('h1') })
    await scene.reaches('Ready', 'True')
    await setAddress('h1')
    await waitUntil('it is taken back', async () => (await addressOf('h1')) === 'a')
    expect((await scene.sync()).spec.fileContents).toBe(toml('h1'))
  })

  it('unmanaged, UI contents `# hi`: ours: nothing is written either, only a managed sync writes', async () => {
    await operator.client.create(typeOf('Server'), {
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'Server',
      metadata: { name: 'h1', namespace: 'default' },
      spec: {},
    })
    await scene.create({ fileContents: '# hi' })
    await scene.poke()
    expect((await scene.sync()).spec.fileContents).toBe('# hi')
  })

  // From git the same: test/integration/managed-sync.test.ts.
  it.each<[row: string, resourcePath: string[], changed: string, untouched: string]>([
    [
      'managed, git, `resource_path=["resources"]`: ours: the file in the folder that declares it',
      ['resources'],
      'resources/b.toml',
      'resources/a.toml',
    ],
    [
      'managed, git, `resource_path=["a.toml","b.toml"]`: ours: the one of them that declares it, and nothing twice',
      ['a.toml', 'b.toml'],
      'b.toml',
      'a.toml',
    ],
    [
      'managed, host, `resource_path=[]`: ours: the file that declares it, for all are read',
      [],
      'deep/b.toml',
      'a.toml',
    ],
  ])('%s', async (_, resourcePath, changed, untouched) => {
    const sync = `managed-${scene.next()}`
    write(sync, untouched, toml('h1'))
    write(sync, changed, toml('h2'))
    await scene.create({ filesOnHost: true, resourcePath, managed: true }, sync)
    await scene.reaches('Ready', 'True')
    await setAddress('h2')
    const wanted = toml('h2').replace('"a"', '"changed"')
    await waitUntil('it is written', () => readFileSync(fileOf(changed), 'utf8') === wanted)
    expect(readFileSync(fileOf(untouched), 'utf8')).toBe(toml('h1'))
    expect(await addressOf('h2')).toBe('changed')
  })
})

describe('weaknesses of Komodo that need a running sync to show', () => {
  it('§27.9 what is shown is what is done: an approved plan is applied change by change as it was stored', async () => {
    await scene.create({ fileContents: `${server('h1', 'a')}${server('h2')}`, operator: manual, delete: true })
    await scene.approve((await scene.reaches('Approved', 'False')).status?.plan?.digest ?? '')
    await scene.reaches('Ready', 'True')
    await scene.change({ fileContents: `${server('h1', 'b').replace('\n', '\ntemplate = true\n')}${server('h3')}` })
    const waiting = await scene.reaches('Approved', 'False', 'PendingApproval')
    const plan = (await scene.plans()).find(({ spec }) => spec.digest === waiting.status?.plan?.digest)
    expect(
      plan?.spec.changes.map(({ action, name, fields }) => [action, name, fields?.map(({ path }) => path).sort()]),
    ).toEqual([
      ['update', 'h1', ['address', 'template']],
      ['create', 'h3', ['address']],
      ['delete', 'h2', undefined],
    ])
    await scene.approve(plan?.spec.digest ?? '')
    await scene.reaches('Ready', 'True')
    expect((await scene.get('Server', 'h1'))?.spec).toMatchObject({ address: 'b', template: true })
    expect(await scene.get('Server', 'h3')).toBeDefined()
    expect(await scene.get('Server', 'h2')).toBeUndefined()
  })

  it('§27.11 sync A declares itself with a changed config: it is changed, and the next pass is quiet', async () => {
    const itself = '[[resource_sync]]\nname = "itself"\ndescription = "mine"\nconfig.include_variables = true\n'
    await scene.create({ fileContents: `${server('h1')}${itself}` }, 'itself')
    await waitUntil('it has changed itself', async () => {
      const { spec } = await scene.sync()
      return spec.description === 'mine' && spec.includeVariables
    })
    await scene.reaches('Ready', 'True')
    await scene.poke()
    const before = operator.writes.length
    await scene.poke()
    expect(operator.writes.slice(before).map(({ path }) => path)).toEqual([expect.stringMatching(/itself\/status/)])
    expect((await scene.sync()).spec.fileContents).toContain('[[resource_sync]]')
  })
})
