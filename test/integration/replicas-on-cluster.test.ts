import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isConditionTrue } from '../../controller/api/meta.ts'
import { type Variable, variableKind } from '../../controller/api/v1alpha1/variable.ts'
import { systemClock } from '../../controller/engine/clock.ts'
import { silentLogger } from '../../controller/engine/logger.ts'
import { definitionsOfKinds, installCrds } from '../../controller/install-crds.ts'
import type { KubeClient } from '../../controller/kube/client.ts'
import { createHttpsTransport } from '../../controller/kube/https-transport.ts'
import { loadKubeconfig } from '../../controller/kube/kubeconfig.ts'
import { createKubeClient } from '../../controller/kube/rest-client.ts'
import type { Transport } from '../../controller/kube/transport.ts'
import { haveKubeApiserver, startKubeApiserver, type TestApi } from '../harness/kube-apiserver.ts'
import { freePort } from '../harness/process.ts'
import { waitUntil } from '../harness/wait-until.ts'

const missing = !haveKubeApiserver()
if (process.env.CI === 'true' && missing)
  throw new Error('no kube-apiserver: run scripts/setup/kube-apiserver.sh first')

const root = path.resolve(import.meta.dirname, '../..')

describe.skipIf(missing)('two replicas on a real kube-apiserver', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'komodo-replicas-'))
  const replicas: ChildProcess[] = []
  let api: TestApi
  let transport: Transport
  let client: KubeClient
  beforeAll(async () => {
    api = await startKubeApiserver(path.join(dir, 'kube'))
    transport = createHttpsTransport(await loadKubeconfig(api.kubeconfig))
    client = createKubeClient({ transport, userAgent: 'test' })
    const signal = new AbortController().signal
    await installCrds(client, definitionsOfKinds(), { clock: systemClock, logger: silentLogger, signal })
  })
  afterAll(async () => {
    for (const replica of replicas) replica.kill('SIGKILL')
    await transport?.close()
    await api?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  const start = async (name: string) => {
    const health = `127.0.0.1:${await freePort()}`
    const flags = [
      '--kubeconfig',
      api.kubeconfig,
      '--leader-elect',
      '--data-dir',
      path.join(dir, name),
      '--health-listen',
      health,
      '--webhook-listen',
      'off',
    ]
    const child = spawn(process.execPath, [path.join(root, 'controller/main.ts'), ...flags], {
      env: { PATH: process.env.PATH, HOME: dir },
      stdio: 'ignore',
    })
    replicas.push(child)
    const leads = async (): Promise<boolean | undefined> => {
      const metrics = await fetch(`http://${health}/metrics`).then(
        (response) => response.text(),
        () => '',
      )
      const value = /^leader_election_master_status\{name="komodo-operator"\} (\d)$/m.exec(metrics)?.[1]
      return value === undefined ? undefined : value === '1'
    }
    return { child, leads }
  }

  const reconciled = async (name: string): Promise<void> => {
    await client.create<Variable>(variableKind, {
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'Variable',
      metadata: { namespace: 'default', name },
      spec: { value: 'hello' } as Variable['spec'],
    })
    const look = async (): Promise<boolean> => {
      const variable = await client.get<Variable>(variableKind, { namespace: 'default', name })
      return isConditionTrue(variable, 'Ready')
    }
    await waitUntil(`${name} to be Ready`, look, { timeoutMs: 20_000 })
  }

  it('let one work, and the other take over within seconds when it is stopped', async () => {
    const first = await start('first')
    await waitUntil('the first to lead', first.leads, { timeoutMs: 30_000 })
    await reconciled('one')
    const second = await start('second')
    await waitUntil('the second to stand by', async () => (await second.leads()) === false, { timeoutMs: 30_000 })
    const ended = new Promise((resolve) => first.child.once('close', resolve))
    first.child.kill('SIGTERM')
    expect(await ended).toBe(0)
    await waitUntil('the second to lead', second.leads, { timeoutMs: 10_000 })
    await reconciled('two')
  })

  it('stop at once while they stand by', async () => {
    const third = await start('third')
    await waitUntil('the third to stand by', async () => (await third.leads()) === false, { timeoutMs: 30_000 })
    const ended = new Promise((resolve) => third.child.once('close', resolve))
    third.child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})
