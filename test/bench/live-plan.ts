/**
 * A look at 1,000 blocks that are all applied already, with the start of the process, against a bare start of Node: `komodo plan SYNC` and
 * `komodo plan DIR --live` of the files that the sync applied, both of which take what the controller found; and of files that differ by a
 * comment, which the command compares itself.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { annotation } from '../../controller/api/names.ts'
import { type ResourceSync, resourceSyncKind } from '../../controller/api/v1alpha1/resource-sync.ts'
import { createHttpsTransport } from '../../controller/kube/https-transport.ts'
import { loadKubeconfig } from '../../controller/kube/kubeconfig.ts'
import { createKubeClient } from '../../controller/kube/rest-client.ts'
import { TestOperator } from '../harness/operator.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { stackFiles } from './corpus.ts'
import { median, report, sized } from './report.ts'

const ROUNDS = sized(11, 3)
const root = path.resolve(import.meta.dirname, '../..')

const dir = mkdtempSync(path.join(tmpdir(), 'komodo-live-plan-'))
const folder = path.join(dir, 'data/syncs/bench')
const edited = path.join(dir, 'edited')
const operator = await TestOperator.start(dir)
try {
  // Disabled servers: this is about the plan.
  for (const { path: name, text } of stackFiles(950, 50, 20)) {
    const disabled = text.replaceAll('enabled = true', 'enabled = false')
    for (const [place, comment] of [
      [folder, ''],
      [edited, '# edited\n'],
    ] as const) {
      mkdirSync(place, { recursive: true })
      writeFileSync(path.join(place, name), comment + disabled)
    }
  }
  const komodo = (...args: string[]): string =>
    execFileSync(path.join(root, 'cli/bin/komodo'), ['--kubeconfig', operator.kubeconfig, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  const transport = createHttpsTransport(await loadKubeconfig(operator.kubeconfig))
  const client = createKubeClient({ transport, userAgent: 'bench' })
  const key = { namespace: 'default', name: 'bench' }
  await client.create(resourceSyncKind, {
    apiVersion: 'komodo.dev/v1alpha1',
    kind: 'ResourceSync',
    metadata: key,
    spec: { filesOnHost: true, resourcePath: ['.'] },
  })
  await operator.ready('resourcesyncs.komodo.dev', 'bench')
  // It looks again at its next interval; nobody here waits for that.
  const annotations = { [annotation.requestedAt]: 'now' }
  await client.patch(resourceSyncKind, key, { type: 'merge', body: { metadata: { annotations } } })
  await waitUntil('the sync to find all in order', async () => {
    const { status } = await client.get<ResourceSync>(resourceSyncKind, key)
    return status?.filesDigest !== undefined
  })
  await transport.close()
  const measured = (work: () => unknown): number => {
    const rounds = Array.from({ length: ROUNDS }, () => {
      const started = performance.now()
      work()
      return performance.now() - started
    })
    return median(rounds.slice(1))
  }
  const start = measured(() => execFileSync(process.execPath, ['--eval', '']))
  const line = (name: string, ms: number): void => report(name, `${ms.toFixed(0)} ms`, ms / start)
  report('a bare start of Node', `${start.toFixed(0)} ms`)
  // Any change would end them with exit code 2, and throw.
  line(
    'komodo plan of a sync of 1,000 applied blocks',
    measured(() => komodo('plan', 'bench')),
  )
  line(
    'komodo plan --live of a folder with the same files',
    measured(() => komodo('plan', folder, '--live')),
  )
  line(
    '  of one with another comment in each file',
    measured(() => komodo('plan', edited, '--live')),
  )
} finally {
  await operator.stop()
  rmSync(dir, { recursive: true, force: true })
}
