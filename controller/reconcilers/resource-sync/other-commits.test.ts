import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type SyncOperator, startSyncOperator } from '../../../test/harness/sync-operator.ts'
import { SyncScene } from '../../../test/harness/sync-scene.ts'
import type { Transport } from '../../kube/transport.ts'

/** Paths of what the controller asked the API for. */
const asked: string[] = []
const watched = (plain: Transport): Transport => ({
  ...plain,
  request: (request) => {
    if (request.method === 'GET') asked.push(request.path)
    return plain.request(request)
  },
})

let operator: SyncOperator
let scene: SyncScene
beforeAll(async () => {
  operator = await startSyncOperator({ wrap: watched })
  scene = new SyncScene(operator)
})
afterAll(() => operator.close())

const write = (file: string, text: string): void => {
  const path = join(operator.directory, 'syncs/mine', file)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
}
const server = (address: string): string => `[[server]]\nname = "h1"\nconfig.address = "${address}"\n`

it('a revision that concerns other syncs of the repository is applied without a look at any object', async () => {
  write('a/server.toml', server('local'))
  write('b/other.toml', '[[variable]]\nname = "V"\nvalue = "1"\n')
  await scene.create({ filesOnHost: true, resourcePath: ['a'] }, 'mine')
  const first = await scene.reaches('Ready', 'True')
  await scene.poke()

  write('b/other.toml', '[[variable]]\nname = "V"\nvalue = "2"\n')
  const before = asked.length
  const second = await scene.poke()
  expect(second.status?.revision).not.toBe(first.status?.revision)
  expect(second.status?.lastAppliedRevision).toBe(second.status?.revision)
  expect(await scene.reaches('Applied', 'True')).toMatchObject({
    status: { revision: second.status?.revision, ready: 0, declared: 1 },
  })
  expect(asked.slice(before)).toEqual([])

  write('a/server.toml', server('https://elsewhere:8120'))
  await scene.poke()
  expect((await scene.get('Server', 'h1'))?.spec).toMatchObject({ address: 'https://elsewhere:8120' })
})

it('but a revision that puts an object somewhere else is looked at, and so is one after somebody changed an object', async () => {
  write('a/server.toml', `# moved down\n${server('https://elsewhere:8120')}`)
  const before = asked.length
  await scene.poke()
  expect(asked.length).toBeGreaterThan(before)

  await scene.patch('Server', 'h1', { spec: { address: 'https://evil:8120' } })
  write('b/other.toml', '')
  await scene.poke()
  expect((await scene.get('Server', 'h1'))?.spec).toMatchObject({ address: 'https://elsewhere:8120' })
})
