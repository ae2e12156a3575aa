import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isConditionTrue } from '../../controller/api/meta.ts'
import { type ResourceSync, resourceSyncKind } from '../../controller/api/v1alpha1/resource-sync.ts'
import { serverKind } from '../../controller/api/v1alpha1/server.ts'
import { ApiError } from '../../controller/kube/client.ts'
import { type SyncOperator, startSyncOperator } from '../../test/harness/sync-operator.ts'
import { SyncScene } from '../../test/harness/sync-scene.ts'
import { waitUntil } from '../../test/harness/wait-until.ts'
import type { CommandContext } from '../context.ts'
import { exit } from '../exit.ts'
import { noPaint } from '../terminal.ts'
import { apply } from './apply.ts'
import { approve } from './approve.ts'
import { diff } from './diff.ts'
import { get } from './get.ts'
import { plan } from './plan.ts'
import type { StoredPlan } from './stored-plan.ts'

let operator: SyncOperator
let said: string[]
let folder: string

beforeAll(async () => {
  operator = await startSyncOperator()
  folder = path.join(operator.directory, 'declared')
  await mkdir(folder)
})
afterAll(() => operator.close())

const terminal = {
  print: (text: string) => said.push(text),
  note: (text: string) => said.push(text),
  progress: () => {},
  progressDone: () => {},
  paint: noPaint,
}

const context = (client = operator.client): CommandContext => {
  said = []
  return {
    terminal,
    cwd: operator.directory,
    signal: new AbortController().signal,
    connect: async () => ({ client, namespace: 'default' }),
  }
}

const declare = (value: string) =>
  writeFile(
    path.join(folder, 'variables.toml'),
    `[[variable]]\nname = "TOKEN"\nvalue = "${value}"\nis_secret = true\n\n[[variable]]\nname = "PLAIN"\nvalue = "x"\n`,
  )

const live = { live: true }

describe('komodo plan --live of a folder that was applied', () => {
  it('has nothing to do, secret values included, and shows none of them when they change', async () => {
    await declare('correct-horse')
    expect(await apply('declared', { yes: true, wait: true, timeout: 30 }, context())).toBe(exit.ok)
    expect(await plan('declared', live, context())).toBe(exit.ok)
    expect(said.join('\n')).toBe('Plan: nothing to do.')

    await declare('battery-staple')
    expect(await plan('declared', live, context())).toBe(exit.changes)
    expect(said.join('\n')).toContain('Variable TOKEN')
    expect(said.join('\n')).toContain('Plan: 1 to update')
    expect(said.join('\n')).not.toMatch(/correct-horse|battery-staple/)
  })

  it('says so when it cannot know secret values, and still plans the rest', async () => {
    await declare('correct-horse')
    await apply('declared', { yes: true, wait: true, timeout: 30 }, context())
    const client: typeof operator.client = {
      ...operator.client,
      list: async (type, options) => {
        if (type.kind === 'Secret') throw new ApiError({ code: 403, reason: 'Forbidden', message: 'no' })
        return operator.client.list(type, options)
      },
    }
    expect(await plan('declared', live, context(client))).toBe(exit.changes)
    expect(said[0]).toBe('warning: you may not list Secrets in namespace default: secret values count as changed')
    expect(said.at(-1)).toContain('Plan: 1 to update')
  })
})

describe('komodo plan --live of the files that a sync has applied', () => {
  const name = 'watched'
  const key = { namespace: 'default', name }
  const text = '[[server]]\nname = "watched"\nconfig.address = "local"\n'
  const local = () => path.join(operator.directory, 'checkout', 'a.toml')
  const asked: string[] = []
  const counting = (): typeof operator.client => ({
    ...operator.client,
    list: (type, options) => {
      asked.push(type.kind)
      return operator.client.list(type, options)
    },
  })
  const look = async () => {
    asked.length = 0
    return plan('checkout', live, context(counting()))
  }
  const scene = () => {
    const one = new SyncScene(operator)
    one.name = name
    return one
  }

  beforeAll(async () => {
    const folder = path.join(operator.directory, 'syncs', name)
    for (const place of [folder, path.dirname(local())]) {
      await mkdir(place, { recursive: true })
      await writeFile(path.join(place, 'a.toml'), text)
    }
    await scene().create({ filesOnHost: true, resourcePath: ['.'] }, name)
    await scene().reaches('Ready', 'True')
    await scene().poke()
  })
  afterAll(async () => {
    await operator.client.delete(resourceSyncKind, key)
    await operator.client.delete(serverKind, key)
  })

  it('asks nothing but that sync, which has compared them', async () => {
    expect(await look()).toBe(exit.ok)
    const { status } = await scene().sync()
    expect(said).toEqual([
      'Plan: nothing to do.',
      `ResourceSync watched has applied these very files, and found all in order (${status?.lastAppliedRevision})`,
    ])
    expect(asked).toEqual(['ResourceSync'])
  })

  it('compares by itself what differs by a letter', async () => {
    await writeFile(local(), text.replace('"watched"', '"watcher"'))
    expect(await look()).toBe(exit.changes)
    expect(said.join('\n')).toContain('+ create Server watcher')
    await writeFile(local(), text)
  })

  it('compares by itself for who wants to hear more, or asks for the difference', async () => {
    for (const command of [
      () => plan('checkout', { ...live, output: 'json' }, context(counting())),
      () => diff('checkout', {}, context(counting())),
    ]) {
      asked.length = 0
      expect(await command()).toBe(exit.ok)
      expect(asked).toContain('Server')
    }
    const only = plan('checkout', { ...live, only: ['server'] }, context())
    await expect(only).rejects.toThrow('the plan changes nothing of Server')
  })

  it('compares by itself what is not all that stands in the folder', async () => {
    const ignored = path.join(path.dirname(local()), 'more.TOML')
    await writeFile(ignored, '')
    expect(await look()).toBe(exit.ok)
    expect(said[0]).toContain('more.TOML:1:1: warning: the file is not read')
    await rm(ignored)
  })

  /** The client as it is, but for how it answers who asks for syncs. */
  const answering = (answer: () => Promise<ResourceSync[]>): typeof operator.client => ({
    ...operator.client,
    list: async (type, options) => {
      asked.push(type.kind)
      if (type.kind !== 'ResourceSync') return operator.client.list(type, options)
      return { resourceVersion: '1', items: (await answer()) as never[] }
    },
  })

  it.each<[string, (sync: ResourceSync) => object]>([
    ['is not Ready', ({ status }) => ({ status: { ...status, conditions: [] } })],
    ['is being deleted', ({ metadata }) => ({ metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } })],
    ['was changed since it looked', ({ metadata }) => ({ metadata: { ...metadata, generation: 7 } })],
    ['has other files', ({ status }) => ({ status: { ...status, filesDigest: 'sha256:0' } })],
  ])('compares by itself when the sync %s', async (_, altered) => {
    const sync = await scene().poke()
    asked.length = 0
    const client = answering(async () => [{ ...sync, ...altered(sync) }])
    expect(await plan('checkout', live, context(client))).toBe(exit.ok)
    expect(asked).toContain('Server')
  })

  it('asks once of an API that refuses, and tells what it says', async () => {
    const forbidden = new ApiError({ code: 403, reason: 'Forbidden', message: 'you may not list syncs' })
    asked.length = 0
    const refusing = context(answering(() => Promise.reject(forbidden)))
    await expect(plan('checkout', live, refusing)).rejects.toThrow('you may not list syncs')
    expect(asked).toEqual(['ResourceSync'])
  })

  it('tells what is wrong with the files of an API that never answers, or refuses', async () => {
    await writeFile(local(), '[[server')
    const forbidden = new ApiError({ code: 403, reason: 'Forbidden', message: 'no' })
    for (const answer of [() => new Promise<never>(() => {}), () => Promise.reject(forbidden)]) {
      expect(await plan('checkout', live, context(answering(answer)))).toBe(exit.error)
      expect(said.join('\n')).toContain('[InvalidToml]')
    }
    await writeFile(local(), text)
  })

  it('compares by itself when that sync no longer looks', async () => {
    await scene().change({ operator: { suspend: true } })
    await waitUntil('the sync to rest', async () => isConditionTrue(await scene().sync(), 'Suspended'))
    await scene().patch('Server', name, { spec: { address: 'https://evil:8120' } })
    expect(await look()).toBe(exit.changes)
    await scene().change({ operator: { suspend: false } })
  })
})

describe('komodo apply --only of a folder', () => {
  it('applies what it names and nothing else', async () => {
    await writeFile(path.join(folder, 'only.toml'), '[[server]]\nname = "only1"\n[[server]]\nname = "only2"\n')
    const options = { yes: true, wait: true, timeout: 30, only: ['server/only1'] }
    expect(await apply('declared', options, context())).toBe(exit.ok)
    expect(said.join('\n')).toContain('1 object created, 0 updated')
    const { items } = await operator.client.list(serverKind, { namespace: 'default' })
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['only1'])
  })
})

describe('a ResourceSync that waits for approval', () => {
  const sync = (files: string, approval: string): ResourceSync =>
    ({
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'ResourceSync',
      metadata: { namespace: 'default', name: 'manual' },
      spec: { fileContents: files, includeVariables: true, operator: { approval } },
    }) as unknown as ResourceSync
  const variable = (value: string) => `[[variable]]\nname = "MANUAL"\nvalue = "${value}"\n`
  const key = { namespace: 'default', name: 'manual' }
  const waitingFor = (reason: string) =>
    waitUntil(`the sync to say ${reason}`, async () => {
      const { status } = await operator.client.get<ResourceSync>(resourceSyncKind, key)
      return status?.conditions?.find(({ type }) => type === 'Ready')?.reason === reason
    })
  const write = (value: string) =>
    operator.client.patch(resourceSyncKind, key, { type: 'merge', body: { spec: { fileContents: value } } })
  const options = { wait: true, timeout: 30 }

  it('gives its whole plan to scripts, and is approved by a digest that names it', async () => {
    await operator.client.create(resourceSyncKind, sync(variable('one'), 'Manual'))
    await waitingFor('PendingApproval')
    expect(await plan('manual', { output: 'json' }, context())).toBe(exit.changes)
    const stored = JSON.parse(said.join('\n')) as StoredPlan
    expect(stored.changes).toMatchObject([{ action: 'create', kind: 'Variable', name: 'MANUAL' }])

    for (const digest of ['', 'sha256:', stored.digest.slice(0, 'sha256:'.length + 4), 'sha256:0123456789ab'])
      await expect(approve('manual', { ...options, digest }, context()), `"${digest}"`).rejects.toThrow(
        'the plan that waits is',
      )
    const digest = stored.digest.replace('sha256:', '').slice(0, 12)
    expect(await approve('manual', { ...options, digest }, context())).toBe(exit.ok)
    expect(said.at(-1)).toBe('applied')
  })

  it('shows, approves and applies a part of its plan with --only, and the rest goes on waiting', async () => {
    await write(`${variable('two')}[[server]]\nname = "h1"\n[[server]]\nname = "h2"\n[[stack]]\nname = "web"\n`)
    await waitingFor('PendingApproval')
    expect(await plan('manual', { only: ['server/h1'] }, context())).toBe(exit.changes)
    expect(said.join('\n')).toMatch(/^\+ create Server h1[\s\S]*Plan: 1 to create\.$/)
    await expect(plan('manual', { only: ['Server/h9'] }, context())).rejects.toThrow('changes nothing of Server/h9')
    await expect(approve('manual', { ...options, only: ['nonsense'] }, context())).rejects.toThrow('there is no kind')

    expect(await approve('manual', { ...options, only: ['server/h1'] }, context())).toBe(exit.ok)
    expect(said.join('\n')).toMatch(/approved Server\/h1 of sha256:.*\napplied; what else the plan had goes on waiting/)
    expect(await apply('manual', { ...options, only: ['Stack', 'variables/MANUAL'] }, context())).toBe(exit.ok)
    expect(await plan('manual', {}, context())).toBe(exit.changes)
    expect(said.join('\n')).toMatch(/^\+ create Server h2[\s\S]*Plan: 1 to create\.$/)
    await approve('manual', options, context())
    await get('planapproval', undefined, {}, context())
    expect(said.join('\n')).toMatch(
      /PlanApproval +manual-\S+ +Unknown +PlanIsCurrent +The plan was still the current one/,
    )
  })

  it('is approved when its plan is one again that was approved too late before', async () => {
    const waits = async (value: string): Promise<string> => {
      await write(variable(value))
      const { metadata } = await operator.client.get<ResourceSync>(resourceSyncKind, key)
      return waitUntil(`the plan of ${value}`, async () => {
        const { status } = await operator.client.get<ResourceSync>(resourceSyncKind, key)
        const ready = status?.conditions?.find(({ type }) => type === 'Ready')
        return (
          status?.observedGeneration === metadata.generation &&
          ready?.reason === 'PendingApproval' &&
          status?.plan?.digest
        )
      })
    }
    const digest = (await waits('three')) ?? ''
    await waits('four')
    // Somebody looked at the plan before that.
    const stale: typeof operator.client = {
      ...operator.client,
      get: async (type, name, options) => {
        const found = await operator.client.get(type, name, options)
        if (type.kind === 'ResourceSync') (found as unknown as ResourceSync).status!.plan!.digest = digest
        return found as never
      },
      list: (type, options) => operator.client.list(type, options),
      create: (type, object, options) => operator.client.create(type, object, options),
      watch: (type, options) => operator.client.watch(type, options),
    }
    await expect(approve('manual', options, context(stale))).rejects.toThrow('is not what was approved')
    expect(await waits('three')).toBe(digest)
    expect(await approve('manual', options, context())).toBe(exit.ok)
    expect(said.at(-1)).toBe('applied')
  })

  it('says that nothing waits once all is applied', async () => {
    await expect(approve('manual', options, context())).rejects.toThrow('nothing of ResourceSync manual waits')
    expect(await plan('manual', {}, context())).toBe(exit.ok)
  })

  it('has no plan, rather than nothing to do, while its source is refused', async () => {
    await write('[[variable')
    await waitingFor('RevisionRefused')
    expect(await plan('manual', {}, context())).toBe(exit.error)
    expect(said.join('\n')).toContain('error: there is no plan: ')
    expect(said.join('\n')).not.toContain('nothing to do')
  })
})

describe('a folder of which one block cannot be understood', () => {
  const options = { yes: true, wait: true, timeout: 30 }

  it('fails plan, diff and apply, although all the rest is as declared', async () => {
    const broken = path.join(operator.directory, 'broken')
    await mkdir(broken)
    await writeFile(
      path.join(broken, 'a.toml'),
      '[[server]]\nname = "whole"\n[[server]]\nname = "half"\nconfig.enabled = "perhaps"\n',
    )
    expect(await apply('broken', options, context())).toBe(exit.error)
    expect(said.join('\n')).toContain('1 object created')
    for (const again of [
      apply('broken', options, context()),
      plan('broken', live, context()),
      diff('broken', {}, context()),
    ])
      expect(await again).toBe(exit.error)
    expect(await plan('broken', {}, context())).toBe(exit.error)
  })
})

describe('a word that is neither a path nor a sync', () => {
  it('is told to be neither, for who mistyped a path looks for no sync', async () => {
    const options = { yes: true, wait: true, timeout: 30 }
    for (const asked of [
      plan('declard', {}, context()),
      diff('declard', {}, context()),
      apply('declard', options, context()),
    ]) {
      await expect(asked).rejects.toThrow(
        'declard is no file or folder here, so it should be the name of a ResourceSync; there is no ResourceSync "declard"',
      )
    }
  })
})
