import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { waitUntil } from '../test/harness/wait-until.ts'
import { crdType, secretType } from './kube/builtin-types.ts'
import { createHttpsTransport } from './kube/https-transport.ts'
import { loadKubeconfig } from './kube/kubeconfig.ts'
import { createKubeClient } from './kube/rest-client.ts'

// The process as users start it.

let dir: string
const children: ChildProcess[] = []
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'komodo-main-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(dir, { recursive: true, force: true })
})

const start = (...args: string[]) => {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'main.ts'), ...args], {
    env: { PATH: process.env.PATH, HOME: dir },
  })
  children.push(child)
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk.toString()
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return { child, said, ended }
}

const startStandalone = async () => {
  const operator = start(
    '--standalone',
    '--data-dir',
    dir,
    '--listen',
    '127.0.0.1:0',
    '--health-listen',
    '127.0.0.1:0',
    '--webhook-listen',
    '127.0.0.1:0',
  )
  await waitUntil('the API to be served', async () => operator.said.out.includes('serving the Kubernetes API'), {
    timeoutMs: 30_000,
  })
  const transport = createHttpsTransport(await loadKubeconfig(path.join(dir, 'kubeconfig')))
  const client = createKubeClient({ transport, userAgent: 'test' })
  return { ...operator, client, close: () => transport.close() }
}

describe('the process', () => {
  it('says its version and its flags', async () => {
    const version = start('--version')
    expect([await version.ended, version.said.out]).toEqual([
      0,
      expect.stringMatching(/^komodo-operator \d+\.\d+\.\d+ /),
    ])
    const help = start('--help')
    expect([await help.ended, help.said.out]).toEqual([0, expect.stringContaining('--standalone')])
  })

  it('ends with 2 and one line when the command line is wrong', async () => {
    const { ended, said } = start('--standalne')
    expect([await ended, said.err.trim()]).toEqual([2, "Unknown option '--standalne'. See --help for all flags."])
  })

  it('ends with 1 and says why when it cannot start', async () => {
    const { ended, said } = start('--kubeconfig', path.join(dir, 'none'), '--log-format', 'text')
    expect([await ended, said.out]).toEqual([
      1,
      expect.stringMatching(/cannot start: the kubeconfig .*none cannot be read: ENOENT/),
    ])
  })

  it('starts no second controller on the API of a standalone one, where both would reconcile the same objects', async () => {
    const first = await startStandalone()
    await first.close()
    const second = start('--kubeconfig', path.join(dir, 'kubeconfig'), '--health-listen', 'off', '--log-format', 'text')
    expect([await second.ended, second.said.out]).toEqual([
      1,
      expect.stringMatching(/cannot start: .*served by a standalone controller.*start no second controller/),
    ])
  }, 60_000)

  it('serves all kinds, keeps its key and its definitions over a restart, and stops when asked', async () => {
    const first = await startStandalone()
    const key = { namespace: 'komodo-system', name: 'komodo-operator-key' }
    const versions = async (client: typeof first.client) => ({
      crds: (await client.list(crdType)).items.map(({ metadata }) => `${metadata.name} ${metadata.generation}`),
      key: (await client.get(secretType, key)).metadata.resourceVersion,
    })
    const before = await versions(first.client)
    expect(before.crds).toContain('stacks.komodo.dev 1')
    // Whoever can read it is the administrator.
    expect((await stat(path.join(dir, 'kubeconfig'))).mode & 0o777).toBe(0o600)
    await first.close()
    first.child.kill('SIGTERM')
    expect(await first.ended).toBe(0)

    const second = await startStandalone()
    expect(await versions(second.client)).toEqual(before)
    await second.close()
    second.child.kill('SIGINT')
    expect(await second.ended).toBe(0)
    expect(second.said.err).toBe('')
  }, 90_000)
})
