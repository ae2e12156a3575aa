import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type SyncOperator, startSyncOperator } from '../../../test/harness/sync-operator.ts'
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
