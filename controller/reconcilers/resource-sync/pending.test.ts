import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type SyncOperator, startSyncOperator } from '../../../test/harness/sync-operator.ts'
import { SyncScene, type SyncSpecInput } from '../../../test/harness/sync-scene.ts'
import { waitUntil } from '../../../test/harness/wait-until.ts'
import { conditionOf, type KubeObject } from '../../api/meta.ts'

let operator: SyncOperator
let scene: SyncScene
beforeAll(async () => {
  operator = await startSyncOperator()
  scene = new SyncScene(operator)
})
afterAll(() => operator.close())
afterEach(() => scene.clear())

const server = (name: string, address = 'local') => `[[server]]\nname = "${name}"\nconfig.address = "${address}"\n`
const manual = { approval: 'Manual' } as const

interface Event extends KubeObject {
  regarding?: { name: string }
  involvedObject?: { name: string }
  reason: string
  count?: number
}
const eventType = { group: '', version: 'v1', kind: 'Event', plural: 'events', namespaced: true }
const told = async (reason: string): Promise<number> =>
  (await operator.client.list<Event>(eventType, { namespace: 'default' })).items
    .filter((event) => event.reason === reason && (event.involvedObject ?? event.regarding)?.name === scene.name)
    .reduce((sum, { count = 1 }) => sum + count, 0)

describe('a sync with something that is not applied', () => {
  const cases: { why: string; first?: SyncSpecInput; next: SyncSpecInput; mended: SyncSpecInput; reason: string }[] = [
    {
      why: 'waits for approval',
      next: { fileContents: server('h1'), operator: manual },
      mended: { operator: { approval: 'Auto' } },
      reason: 'PendingApproval',
    },
    {
      why: 'withholds deletions',
      first: { fileContents: server('h1') + server('h2') + server('h3'), delete: true },
      next: { fileContents: server('h1'), operator: { deletionBudget: 1 } },
      mended: { operator: { deletionBudget: 5 } },
      reason: 'OverBudget',
    },
    {
      why: 'refuses its revision',
      next: { fileContents: '[[server' },
      mended: { fileContents: server('h1') },
      reason: 'RevisionRefused',
    },
  ]

  it.each(cases)(
    '$why: says so in Pending and tells once; it resolves by itself',
    async ({ first, next, mended, reason }) => {
      await scene.create({ fileContents: server('h1'), ...first })
      await scene.reaches('Ready', 'True')
      await scene.change(next.fileContents === server('h1') ? { ...next, fileContents: server('h1', 'new') } : next)
      await scene.reaches('Pending', 'True', reason)
      await scene.poke()
      await scene.poke()
      await waitUntil('the event', async () => (await told(reason)) > 0)
      expect(await told(reason)).toBe(1)
      await scene.change(mended)
      await scene.reaches('Pending', 'False', 'NothingPending')
      await scene.reaches('Ready', 'True')
    },
  )

  it.each(cases)('$why: with `pending_alert=false` it only says so', async ({ first, next, reason }) => {
    await scene.create({ fileContents: server('h1'), ...first, pendingAlert: false })
    await scene.reaches('Ready', 'True')
    await scene.change(next.fileContents === server('h1') ? { ...next, fileContents: server('h1', 'new') } : next)
    await scene.reaches('Pending', 'True', reason)
    await scene.poke()
    // An event that was recorded before would be there by the time that a later one is.
    await scene.change({ fileContents: server('h9'), delete: false, operator: { approval: 'Auto' } })
    await waitUntil('what is told next', async () => (await told('Applied')) > 1)
    expect(await told(reason)).toBe(0)
  })

  it('tells of each new plan', async () => {
    await scene.create({ fileContents: server('h1'), operator: manual })
    await scene.reaches('Pending', 'True', 'PendingApproval')
    const digest = (await scene.sync()).status?.plan?.digest
    await scene.change({ fileContents: server('h2') })
    await waitUntil('another plan', async () => (await scene.sync()).status?.plan?.digest !== digest)
    await waitUntil('both events', async () => (await told('PendingApproval')) === 2)
  })

  it('that never had anything pending does not speak of it', async () => {
    await scene.create({ fileContents: server('h1') })
    await scene.reaches('Ready', 'True')
    expect(conditionOf(await scene.poke(), 'Pending')).toBeUndefined()
  })
})

describe('several syncs', () => {
  it('that declare each other, and themselves, come to rest', async () => {
    const block = (name: string, description: string) =>
      `[[resource_sync]]\nname = "${name}"\ndescription = "${description}"\n`
    await scene.create({ fileContents: server('h2') }, 'two')
    await scene.reaches('Ready', 'True')
    await scene.create({ fileContents: `${block('one', 'a')}${block('two', 'b')}${server('h1')}` }, 'one')
    await waitUntil('one has changed itself', async () => (await scene.sync()).spec.description === 'a')
    await scene.reaches('Ready', 'True')
    scene.name = 'two'
    await scene.change({ fileContents: `${block('one', 'x')}${block('two', 'y')}${server('h2')}` })
    // Whoever came first keeps what both declare, and the other is told.
    const said = await scene.reaches('Applied', 'False', 'OwnedByOther')
    expect(conditionOf(said, 'Applied')?.message).toContain('default/one')
    scene.name = 'one'
    expect((await scene.poke()).status?.warnings).toContainEqual(
      expect.stringContaining('also declared by the ResourceSync two'),
    )
    scene.name = 'two'
    await scene.poke()
    await scene.poke()
    const before = operator.writes.length
    await scene.poke()
    scene.name = 'one'
    await scene.poke()
    expect(operator.writes.slice(before).map(({ path }) => path.replace(/\?.*/, ''))).toEqual([
      expect.stringMatching(/two\/status$/),
      expect.stringMatching(/one\/status$/),
    ])
  })

  it('include_resources = false applies no resource, variables alone, and plans no deploy', async () => {
    const text = `${server('h1')}[[stack]]\nname = "web"\ndeploy = true\n[[variable]]\nname = "A"\nvalue = "1"\n`
    await scene.create({ fileContents: text, includeResources: false, includeVariables: true })
    const done = await scene.reaches('Ready', 'True')
    expect(done.status?.plan?.summary).toMatchObject({ create: 1, deploy: 0 })
    expect([await scene.get('Server', 'h1'), await scene.get('Stack', 'web')]).toEqual([undefined, undefined])
    expect(await scene.get('Variable', 'a')).toBeDefined()
  })

  it('include_user_groups decides on user groups alone', async () => {
    const text = `${server('h1')}[[user_group]]\nname = "g"\n`
    await scene.create({ fileContents: text })
    await scene.reaches('Ready', 'True')
    expect(await scene.get('UserGroup', 'g')).toBeUndefined()
    await scene.change({ includeUserGroups: true, includeResources: false })
    await waitUntil('the group', async () => (await scene.get('UserGroup', 'g')) !== undefined)
  })
})
