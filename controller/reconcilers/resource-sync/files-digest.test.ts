import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type SyncOperator, startSyncOperator, typeOf } from '../../../test/harness/sync-operator.ts'
import { SyncScene, type SyncSpecInput } from '../../../test/harness/sync-scene.ts'
import { waitUntil } from '../../../test/harness/wait-until.ts'
import { filesDigest } from '../../sync/files-digest.ts'
import { digestOfAll } from './declared.ts'

let operator: SyncOperator
let scene: SyncScene
beforeAll(async () => {
  operator = await startSyncOperator()
  scene = new SyncScene(operator)
})
afterAll(() => operator.close())

let name = ''
const folder = (): string => join(operator.directory, 'syncs', name)
const write = (file: string, text: string): void => {
  mkdirSync(folder(), { recursive: true })
  writeFileSync(join(folder(), file), text)
}
const server = '[[server]]\nname = "h1"\nconfig.address = "local"\n'
const variable = '[[variable]]\nname = "V"\nvalue = "1"\n'

/** What the sync says of its files once it has looked twice: the first look made the objects. */
const said = async (): Promise<string | undefined> => {
  await scene.poke()
  return (await scene.poke()).status?.filesDigest
}
const applied = async (spec: SyncSpecInput = {}): Promise<string | undefined> => {
  await scene.create({ filesOnHost: true, resourcePath: ['.'], ...spec }, name)
  await scene.reaches('SourceReady', 'True')
  return said()
}

beforeEach(async () => {
  await scene.clear()
  name = `digest-${scene.next()}`
})

describe('a sync gives the digest of its files', () => {
  it('when all that they declare is so, by their texts in order, wherever they stand', async () => {
    write('a.toml', server)
    write('b.toml', '[[stack]]\nname = "web"\nconfig.server = "h1"\n')
    const texts = ['a.toml', 'b.toml'].map((file) => ({ text: readFileSync(join(folder(), file), 'utf8') }))
    expect(await applied()).toBe(filesDigest(texts))
  })

  it('of the newest comments, too', async () => {
    write('a.toml', server)
    const first = await applied()
    write('a.toml', `${server}# it is in the cellar\n`)
    expect(await said()).toBe(filesDigest([{ text: `${server}# it is in the cellar\n` }]))
    expect(first).toBe(filesDigest([{ text: server }]))
  })

  it('although the sync itself could be said more plainly', async () => {
    write('a.toml', server)
    expect(await applied({ resourcePath: [] })).toBe(filesDigest([{ text: server }]))
  })
})

describe('the digest', () => {
  const scope = { namespace: 'default', name: 'mine', matchTags: [], includeResources: true, includeVariables: true }
  const file = { path: 'a.toml', text: server }
  const declared = {
    declarations: [],
    diagnostics: [],
    partial: false,
    refused: false,
    files: { files: [file], diagnostics: [], kept: new Map() },
    hasSecretFiles: false,
  }

  it('tells where one file ends and the next begins', () => {
    const [one, other] = [
      ['ab', 'c'],
      ['a', 'bc'],
    ].map((texts) => filesDigest(texts.map((text) => ({ text }))))
    expect(one).not.toBe(other)
  })

  it('is not that of all when more is declared in encrypted files', () => {
    const whole = { ...scope, includeUserGroups: true }
    expect(digestOfAll(declared, whole)).toBe(filesDigest([file]))
    expect(digestOfAll({ ...declared, hasSecretFiles: true }, whole)).toBeUndefined()
  })
})

describe('a sync gives no digest of its files', () => {
  it('before it has looked at what it made', async () => {
    write('a.toml', server)
    await scene.create({ filesOnHost: true, resourcePath: ['.'] }, name)
    expect((await scene.reaches('Ready', 'True')).status?.filesDigest).toBeUndefined()
  })

  it.each<[string, string, SyncSpecInput]>([
    ['that hold something odd', `${server}config.adress = "x"\n`, {}],
    ['of which it leaves variables out', server + variable, {}],
    ['of which it leaves out what has not its tags', server, { matchTags: ['production'] }],
    [
      'of which it leaves all but variables out',
      server + variable,
      { includeResources: false, includeVariables: true },
    ],
    ['that it also writes', server, { managed: true }],
    ['that declare what another sync keeps', server, {}],
  ])('%s', async (what, text, spec) => {
    if (what.includes('another sync')) {
      await scene.create({ fileContents: server }, 'other')
      await scene.reaches('Ready', 'True')
    }
    write('a.toml', text)
    expect(await applied(spec)).toBeUndefined()
  })

  it('while what it should delete is withheld', async () => {
    write('a.toml', server)
    write('b.toml', '[[server]]\nname = "h2"\n')
    expect(await applied({ delete: true, operator: { deletionBudget: 0 } })).toBeDefined()
    rmSync(join(folder(), 'b.toml'))
    expect(await said()).toBeUndefined()
  })

  it('while a plan waits for approval', async () => {
    write('a.toml', server)
    expect(await applied({ operator: { approval: 'Manual' } })).toBeUndefined()
    await scene.approve((await scene.sync()).status?.plan?.digest ?? '')
    await scene.reaches('Applied', 'True')
    expect(await said()).toBeDefined()
    write('a.toml', server.replace('local', 'https://elsewhere:8120'))
    expect(await said()).toBeUndefined()
  })

  it('that hold something odd, nor when a comment is added there', async () => {
    write('a.toml', `${server}config.adress = "x"\n`)
    expect(await applied()).toBeUndefined()
    write('a.toml', `${server}config.adress = "x"\n# said below\n`)
    expect(await said()).toBeUndefined()
  })

  it('while its source cannot be read, for who does not look does not know', async () => {
    write('a.toml', server)
    expect(await applied()).toBeDefined()
    renameSync(folder(), `${folder()}-away`)
    expect(await said()).toBeUndefined()
    renameSync(`${folder()}-away`, folder())
    expect(await said()).toBeDefined()
  })

  it('while something of it was seen stopped, which a plan would deploy', async () => {
    write('a.toml', `${server}[[stack]]\nname = "web"\ndeploy = true\nconfig.server = "h1"\n`)
    expect(await applied()).toBeDefined()
    const report = (state: string, status: string) => {
      const condition = {
        type: 'Ready',
        status,
        reason: 'Seen',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      }
      const body = { status: { state, conditions: [condition] } }
      const key = { namespace: 'default', name: 'web' }
      return operator.client.patch(typeOf('Stack'), key, { type: 'merge', body }, { subresource: 'status' })
    }
    await report('down', 'False')
    // Nobody asks it to look.
    const gone = async () => (await scene.sync()).status?.filesDigest === undefined
    await waitUntil('the sync to see that it stopped', gone)
    expect(await said()).toBeUndefined()
    await report('running', 'True')
    expect(await said()).toBeDefined()
  })
})
