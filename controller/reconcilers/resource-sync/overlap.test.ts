import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type SyncOperator, startSyncOperator, typeOf } from '../../../test/harness/sync-operator.ts'
import { SyncScene } from '../../../test/harness/sync-scene.ts'
import { waitUntil } from '../../../test/harness/wait-until.ts'
import { conditionOf } from '../../api/meta.ts'
import { annotation } from '../../api/names.ts'

/** Two syncs that declare the same object: one keeps it, and the other one has it as soon as that gives it up. */

let operator: SyncOperator
let scene: SyncScene
beforeAll(async () => {
  operator = await startSyncOperator()
  scene = new SyncScene(operator)
})
afterAll(() => operator.close())
afterEach(() => scene.clear())

const servers = (...names: string[]) => names.map((name) => `[[server]]\nname = "${name}"\n`).join('')
const interval = '1h'
const ownerOf = async (name: string) => (await scene.get('Server', name))?.metadata.annotations?.[annotation.sync]

/** The sync `keeper` has the Server `shared`, and `heir` declares it too. */
const overlapping = async (): Promise<void> => {
  const operatorSpec = { interval, deletionBudget: 5 }
  await scene.create({ fileContents: servers('shared', 'own'), delete: true, operator: operatorSpec }, 'keeper')
  await scene.reaches('Ready', 'True')
  await scene.create({ fileContents: servers('shared'), operator: operatorSpec }, 'heir')
  await scene.reaches('Applied', 'False', 'OwnedByOther')
  expect(await ownerOf('shared')).toBe('default/keeper')
}

it('what one sync deletes is made by the other one at once, not after its interval', async () => {
  await overlapping()
  scene.name = 'keeper'
  await scene.change({ fileContents: servers('own') })
  await waitUntil('the heir to have it', async () => (await ownerOf('shared')) === 'default/heir')
  scene.name = 'heir'
  await scene.reaches('Ready', 'True')
})

it('of many, of which the status does not list all, each is had as soon as it is given up', async () => {
  const names = Array.from({ length: 23 }, (_, n) => `s${n}`)
  await scene.create({ fileContents: servers(...names), delete: true, operator: { interval } }, 'keeper')
  await scene.reaches('Ready', 'True')
  await scene.create({ fileContents: servers(...names), operator: { interval } }, 'heir')
  const heir = await scene.reaches('Applied', 'False', 'OwnedByOther')
  expect(conditionOf(heir, 'Applied')?.message).toMatch(/; and 20 more$/)
  const conflicts = heir.status?.conflicts ?? []
  expect([conflicts.length, conflicts.at(-1)]).toEqual([21, '... and 3 more'])
  const unlisted = names.find((name) => !conflicts.includes(`Server/${name}`)) ?? ''
  scene.name = 'keeper'
  await scene.change({ fileContents: servers(...names.filter((name) => name !== unlisted)) })
  await waitUntil('the heir to have it', async () => (await ownerOf(unlisted)) === 'default/heir')
})

it('what a sync leaves behind that is removed is taken over at once, untouched', async () => {
  await overlapping()
  const before = await scene.get('Server', 'shared')
  await operator.client.delete(typeOf('ResourceSync'), { namespace: 'default', name: 'keeper' })
  await waitUntil('the heir to have it', async () => (await ownerOf('shared')) === 'default/heir')
  expect((await scene.get('Server', 'shared'))?.metadata.uid).toBe(before?.metadata.uid)
})
