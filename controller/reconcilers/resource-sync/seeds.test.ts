import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type SyncOperator, startSyncOperator, typeOf } from '../../../test/harness/sync-operator.ts'
import { SyncScene } from '../../../test/harness/sync-scene.ts'
import { waitUntil } from '../../../test/harness/wait-until.ts'

/** What the documentation of Komodo promises about syncs, and nothing else shows here; docs/seeds.md says where the rest is. */

let operator: SyncOperator
let scene: SyncScene
beforeAll(async () => {
  operator = await startSyncOperator()
  scene = new SyncScene(operator)
})
afterAll(() => operator.close())
afterEach(() => scene.clear())

const folderOf = (sync: string) => path.join(operator.directory, 'syncs', sync)

/** Writes what a sync with `filesOnHost` reads. */
const write = (sync: string, files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folderOf(sync), name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

const server = (name: string, more = '') => `[[server]]\nname = "${name}"\n${more}\n`
const servers = async (): Promise<string> =>
  (await operator.client.list(typeOf('Server'), { namespace: 'default' })).items
    .map(({ metadata }) => metadata.name)
    .sort()
    .join()

it('files are polled: what is changed, added or removed is applied by itself after the interval', async () => {
  write('polled', { 'a.toml': server('h1') })
  await scene.create({ filesOnHost: true, resourcePath: ['.'], delete: true, operator: { interval: '1s' } }, 'polled')
  await scene.reaches('Ready', 'True')
  write('polled', { 'a.toml': server('h1', 'description = "new"'), 'deep/er/b.toml': server('h2') })
  await waitUntil('the second server', async () => (await servers()) === 'h1,h2')
  expect((await scene.get('Server', 'h1'))?.spec).toMatchObject({ description: 'new' })
  rmSync(path.join(folderOf('polled'), 'deep'), { recursive: true })
  await waitUntil('it is gone again', async () => (await servers()) === 'h1')
})

it('declarations add up over any number of files, in folders as deep as one likes', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [`${'x/'.repeat(i)}${i}.toml`, server(`h${String(i).padStart(2, '0')}`)]),
  )
  write('deep', files)
  await scene.create({ filesOnHost: true, resourcePath: ['.'] }, 'deep')
  await scene.reaches('Ready', 'True')
  expect((await servers()).split(',')).toHaveLength(30)
})

it('several syncs on the same files, each with its match_tags, apply and delete only what is theirs', async () => {
  const both = server('h1', 'tags = ["one"]') + server('h2', 'tags = ["two"]') + server('h3', 'tags = ["one"]')
  const options = { fileContents: both, delete: true }
  await scene.create({ ...options, matchTags: ['one'] })
  await scene.reaches('Ready', 'True')
  const one = scene.name
  expect(await servers()).toBe('h1,h3')
  await scene.create({ ...options, matchTags: ['two'] })
  await scene.reaches('Ready', 'True')
  expect(await servers()).toBe('h1,h2,h3')
  scene.name = one
  await scene.change({ fileContents: server('h1', 'tags = ["one"]') })
  await waitUntil('h3 is gone', async () => (await servers()) === 'h1,h2')
  await scene.reaches('Ready', 'True')
})
