import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FoundContainer, INVENTORY_KEY, INVENTORY_TYPE } from '../../controller/api/found-container.ts'
import { annotation } from '../../controller/api/names.ts'
import { type Server, serverKind } from '../../controller/api/v1alpha1/server.ts'
import { variableKind } from '../../controller/api/v1alpha1/variable.ts'
import { secretType } from '../../controller/kube/builtin-types.ts'
import { type SyncOperator, startSyncOperator } from '../../test/harness/sync-operator.ts'
import { waitUntil } from '../../test/harness/wait-until.ts'
import type { CommandContext } from '../context.ts'
import { exit } from '../exit.ts'
import { noPaint } from '../terminal.ts'
import { type ImportServerOptions, importServer, importToml } from './import.ts'

let operator: SyncOperator
let printed: string[]
let noted: string[]

beforeAll(async () => {
  operator = await startSyncOperator()
  await mkdir(path.join(operator.directory, 'komodo'))
})
afterAll(() => operator.close())

const context = (): CommandContext => {
  printed = []
  noted = []
  return {
    terminal: {
      print: (text) => printed.push(text),
      note: (text) => noted.push(text),
      progress: () => {},
      progressDone: () => {},
      paint: noPaint,
    },
    cwd: operator.directory,
    signal: new AbortController().signal,
    connect: async () => ({ client: operator.client, namespace: 'default' }),
  }
}

describe('komodo import toml', () => {
  it('applies the folder, and says of what nothing acts on yet', async () => {
    const text = '[[variable]]\nname = "A"\nvalue = "1"\n\n[[alerter]]\nname = "chat"\n'
    await writeFile(path.join(operator.directory, 'komodo/all.toml'), text)
    expect(await importToml('komodo', { yes: true, wait: false, timeout: 1 }, context())).toBe(exit.ok)
    expect(noted).toEqual(['1 Variable', '1 Alerter: kept, but no alerts are sent yet'])
    expect(printed.join('\n')).toContain('2 objects created')
  })
})

describe('komodo import server', () => {
  const key = { namespace: 'default', name: 'nas' }
  const found: FoundContainer = {
    id: 'c0ffee',
    name: 'web',
    state: 'running',
    image: 'nginx:1.27',
    network: 'bridge',
    restart: 'always',
    command: '',
    environment: [{ key: 'DB_PASSWORD', value: 'hunter2' }],
    labels: [],
    ports: [],
    volumes: [],
    extraArgs: [],
    beyond: [],
  }
  const setStatus = (status: object) =>
    operator.client.patch(serverKind, key, { type: 'merge', body: { status } }, { subresource: 'status' })
  const ready = { type: 'Ready', reason: 'Ready', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }

  beforeAll(async () => {
    const server = { apiVersion: 'komodo.dev/v1alpha1', kind: 'Server', metadata: key, spec: {} }
    await operator.client.create(serverKind, server as unknown as Server)
  })

  /** What the controller of Servers does, once. */
  const answer = async (containers: readonly FoundContainer[]): Promise<void> => {
    const asked = async () => (await operator.client.get<Server>(serverKind, key)).metadata.annotations
    const before = (await asked())?.[annotation.inventoryRequestedAt]
    const requestedAt = await waitUntil('the question', async () => {
      const now = (await asked())?.[annotation.inventoryRequestedAt]
      return now !== before && now
    })
    await operator.client.create(secretType, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...key, name: 'nas-inventory' },
      spec: undefined,
      type: INVENTORY_TYPE,
      data: { [INVENTORY_KEY]: gzipSync(JSON.stringify(containers)).toString('base64') },
    } as never)
    await setStatus({ inventory: { requestedAt } })
  }
  const run = async (options: Partial<ImportServerOptions>, containers = [found]) => {
    const answered = answer(containers)
    const code = importServer('nas', { secrets: 'leave', timeout: 30, ...options }, context())
    const [result] = await Promise.allSettled([code, answered])
    if (result.status === 'rejected') throw result.reason
    return result.value
  }

  it('does not wait for a server that cannot be asked', async () => {
    await setStatus({ conditions: [{ ...ready, status: 'False', reason: 'Unreachable', message: 'nobody answers' }] })
    await expect(importServer('nas', { secrets: 'leave', timeout: 30 }, context())).rejects.toThrow('nobody answers')
    await setStatus({ conditions: [{ ...ready, status: 'True' }] })
  })

  it('prints what it found, keeps secret values to itself, and leaves no copy of them', async () => {
    expect(await run({})).toBe(exit.ok)
    expect(printed.join()).toContain('adopt = "c0ffee"')
    expect([...printed, ...noted].join('\n')).not.toContain('hunter2')
    const { items } = await operator.client.list(secretType, { namespace: 'default' })
    expect(items.map(({ metadata }) => metadata.name)).not.toContain('nas-inventory')
  })

  it('makes secret variables in the API when asked to, and writes a file once', async () => {
    const options = { secrets: 'variables', file: 'nas.toml' } as const
    expect(await run(options)).toBe(exit.ok)
    const text = await readFile(path.join(operator.directory, 'nas.toml'), 'utf8')
    expect(text).toContain('[[WEB_DB_PASSWORD]]')
    expect(text).not.toContain('hunter2')
    const { items } = await operator.client.list(variableKind, { namespace: 'default' })
    expect(items).toContainEqual(
      expect.objectContaining({ spec: expect.objectContaining({ isSecret: true, value: '' }) }),
    )
    await expect(importServer('nas', { ...options, timeout: 30 }, context())).rejects.toThrow('exists already')
  })

  it('says what there is when a name is none of it', async () => {
    await expect(run({ only: ['wbe'] })).rejects.toThrow('wbe is not there: one of web')
  })
})
