import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { conditionOf } from '../../controller/api/meta.ts'
import { annotation } from '../../controller/api/names.ts'
import { createRepository, type GitRepository } from '../harness/git-server.ts'
import { type SyncOperator, startSyncOperator, typeOf } from '../harness/sync-operator.ts'
import { SyncScene } from '../harness/sync-scene.ts'

/**
 * What deleted everything somewhere else (fluxcd/flux2#3949, #1462, #2421, #2660, flux-operator PR 391, FoxxMD/deploy-gotify-alerter#3):
 * each leaves everything here, with `delete` switched on, and says what is wrong.
 */

let operator: SyncOperator
let scene: SyncScene
let repository: GitRepository
let serial = 0

beforeAll(async () => {
  operator = await startSyncOperator()
  scene = new SyncScene(operator, 10_000)
})
afterAll(() => operator.close())
afterEach(() => scene.clear())

const server = (name: string) => `[[server]]\nname = "${name}"\n`
const names = (count: number) => Array.from({ length: count }, (_, i) => `h${String(i).padStart(2, '0')}`)
const servers = async (): Promise<string[]> =>
  (await operator.client.list(typeOf('Server'), { namespace: 'default' })).items.map((one) => one.metadata.name).sort()

/** A sync of the folder `infra` of a repository that declares these. */
const synced = async (declared: readonly string[]): Promise<void> => {
  repository = createRepository(path.join(operator.directory, `repo-${serial++}.git`))
  repository.commit({ 'infra/a.toml': declared.map(server).join(''), 'README.md': '' })
  await scene.create({
    resourcePath: ['infra'],
    delete: true,
    operator: { url: repository.path, interval: '1h' },
  })
  await scene.reaches('Ready', 'True')
  expect(await servers()).toEqual(declared)
}

describe('nothing is deleted', () => {
  const three = names(3)
  beforeEach(() => synced(three))

  it.each<[disaster: string, cause: () => unknown, type: string, reason: string]>([
    [
      'when the repository is emptied',
      () => repository.commit({ 'README.md': '' }, { orphan: true }),
      'Valid',
      'RevisionRefused',
    ],
    [
      'when the folder is there and declares nothing',
      () => repository.commit({ 'infra/a.toml': '' }),
      'Applied',
      'EmptySource',
    ],
    [
      'when the folder holds no declarations any more',
      () => repository.commit({ 'infra/notes.md': '' }),
      'Applied',
      'EmptySource',
    ],
    [
      'when the folder was moved',
      () => repository.commit({ 'hosts/a.toml': three.map(server).join('') }),
      'Valid',
      'RevisionRefused',
    ],
    [
      'when the branch is gone',
      () => {
        repository.commit({ x: '' }, { branch: 'other' })
        repository.git('update-ref', '-d', 'refs/heads/main')
      },
      'SourceReady',
      'BranchNotFound',
    ],
    [
      'when the repository is gone',
      () => rmSync(repository.path, { recursive: true }),
      'SourceReady',
      'RepositoryNotFound',
    ],
    [
      'when one of the files cannot be read',
      () => repository.commit({ 'infra/a.toml': server('h00'), 'infra/b.toml': '[[server' }),
      'Valid',
      'RevisionRefused',
    ],
    [
      'when one of the blocks cannot be understood',
      () => repository.commit({ 'infra/a.toml': `${server('h00')}${server('h01')}config.enabled = "yes"\n` }),
      'Applied',
      'PartialSource',
    ],
  ])('%s', async (_, cause, type, reason) => {
    cause()
    await scene.poke()
    const said = await scene.reaches(type, 'False', reason)
    expect(conditionOf(said, type)?.message).not.toBe('')
    expect(await servers()).toEqual(three)
  })

  it.each<[typo: string, change: object, type: string, reason: string]>([
    ['the path has a typo', { resourcePath: ['infar'] }, 'Valid', 'RevisionRefused'],
    ['the path is that of a file that was renamed', { resourcePath: ['infra/b.toml'] }, 'Valid', 'RevisionRefused'],
    ['the branch has a typo', { branch: 'mian' }, 'SourceReady', 'BranchNotFound'],
    ['match_tags match nothing', { matchTags: ['nothing'] }, 'Ready', 'True'],
    ['resources are no longer included', { includeResources: false }, 'Ready', 'True'],
  ])('when %s', async (_, change, type, reason) => {
    await scene.change(change as never)
    await scene.reaches(type, type === 'Ready' ? 'True' : 'False', type === 'Ready' ? undefined : reason)
    expect(await servers()).toEqual(three)
  })

  it('when the branch is another one, with something else in it, beyond the budget', async () => {
    repository.commit({ 'infra/a.toml': server('other') }, { branch: 'other', orphan: true })
    await scene.change({ branch: 'other', operator: { deletionBudget: 2 } })
    await scene.reaches('Applied', 'False', 'OverBudget')
    expect(await servers()).toEqual([...three, 'other'])
  })

  it('when a declaration moves to another file, or another order', async () => {
    repository.commit({ 'infra/a.toml': server('h02'), 'infra/deep/z.toml': server('h01') + server('h00') })
    const uids = async () =>
      (await operator.client.list(typeOf('Server'), { namespace: 'default' })).items
        .map(({ metadata }) => metadata.uid)
        .sort()
    const before = await uids()
    await scene.poke()
    await scene.reaches('Ready', 'True')
    expect(await uids()).toEqual(before)
  })

  it('when the sync is renamed: the new one takes over what the old one had', async () => {
    const { spec } = await scene.sync()
    await operator.client.delete(typeOf('ResourceSync'), { namespace: 'default', name: scene.name })
    await scene.create(spec as never, 'renamed')
    await scene.reaches('Ready', 'True')
    expect(await servers()).toEqual(three)
    const [first] = (await operator.client.list(typeOf('Server'), { namespace: 'default' })).items
    expect(first?.metadata.annotations?.[annotation.sync]).toBe('default/renamed')
  })
})

describe('a sync and itself', () => {
  it('that no longer declares itself is not deleted by itself', async () => {
    const itself = '[[resource_sync]]\nname = "selfish"\nconfig.delete = true\n'
    await scene.create({ fileContents: `${server('h1')}${itself}`, delete: true }, 'selfish')
    await scene.reaches('Ready', 'True')
    await scene.change({ fileContents: server('h1') })
    await scene.reaches('Ready', 'True')
    await scene.poke()
    expect((await scene.sync()).metadata.deletionTimestamp).toBeUndefined()
  })

  it('two that declare each other, and differently, come to rest', async () => {
    const block = (name: string, by: string) => `[[resource_sync]]\nname = "${name}"\ndescription = "by ${by}"\n`
    await scene.create({ fileContents: block('left', 'left') + block('right', 'left') }, 'left')
    await scene.reaches('Ready', 'True')
    await scene.change({ fileContents: block('left', 'left') + block('right', 'left') })
    await operator.client.patch(
      typeOf('ResourceSync'),
      { namespace: 'default', name: 'right' },
      { type: 'merge', body: { spec: { fileContents: block('left', 'right') } } },
    )
    scene.name = 'right'
    await scene.reaches('Applied', 'False', 'OwnedByOther')
    scene.name = 'left'
    expect((await scene.sync()).spec.description).toBe('by left')
    await scene.poke()
    const before = operator.writes.length
    await scene.poke()
    expect(
      operator.writes
        .slice(before)
        .filter(({ path: at }) => !at.includes('/status?'))
        .map(({ path: at }) => at),
    ).toEqual([])
  })

  it('one that reads itself out of its own folder again and again makes nothing twice', async () => {
    const folder = path.join(operator.directory, 'syncs', 'mirror')
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      path.join(folder, 'a.toml'),
      '[[resource_sync]]\nname = "mirror"\n[resource_sync.config]\nfiles_on_host = true\nresource_path = ["."]\n',
    )
    await scene.create({ filesOnHost: true, resourcePath: ['.'] }, 'mirror')
    await scene.reaches('Ready', 'True')
    await scene.poke()
    const before = operator.writes.length
    await scene.poke()
    expect(operator.writes.slice(before)).toHaveLength(1)
    expect((await operator.client.list(typeOf('ResourceSync'), { namespace: 'default' })).items).toHaveLength(1)
  })
})

it('more than the budget is never deleted at a time, however it came about', async () => {
  await synced(names(30))
  repository.commit({ 'infra/a.toml': names(10).map(server).join('') })
  await scene.poke()
  const said = await scene.reaches('Applied', 'False', 'OverBudget')
  expect(conditionOf(said, 'Applied')?.message).toMatch(/20 objects are no longer declared, but at most 10/)
  expect(await servers()).toHaveLength(30)
})
