import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type SyncOperator, startSyncOperator, typeOf } from '../../../test/harness/sync-operator.ts'
import { SyncScene } from '../../../test/harness/sync-scene.ts'
import { waitUntil } from '../../../test/harness/wait-until.ts'
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

it('what a sync leaves behind that is removed is taken over at once, untouched', async () => {
  await overlapping()
  const before = await scene.get('Server', 'shared')
  await operator.client.delete(typeOf('ResourceSync'), { namespace: 'default', name: 'keeper' })
  await waitUntil('the heir to have it', async () => (await ownerOf('shared')) === 'default/heir')
  expect((await scene.get('Server', 'shared'))?.metadata.uid).toBe(before?.metadata.uid)
})
