/**
 * A look at 1,000 blocks that are all applied already, with the start of the process, against a bare start of Node: `komodo plan SYNC`, for
 * which the controller has compared them, and `komodo plan DIR --live`, which compares them itself.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { resourceSyncKind } from '../../controller/api/v1alpha1/resource-sync.ts'
import { createHttpsTransport } from '../../controller/kube/https-transport.ts'
import { loadKubeconfig } from '../../controller/kube/kubeconfig.ts'
import { createKubeClient } from '../../controller/kube/rest-client.ts'
import { TestOperator } from '../harness/operator.ts'
import { stackFiles } from './corpus.ts'
import { median, report } from './report.ts'

const ROUNDS = 11
const root = path.resolve(import.meta.dirname, '../..')

const dir = mkdtempSync(path.join(tmpdir(), 'komodo-live-plan-'))
const operator = await TestOperator.start(dir)
try {
  const folder = path.join(dir, 'toml')
  mkdirSync(folder)
  // Disabled servers: this is about the plan.
  for (const { path: name, text } of stackFiles(950, 50, 20)) {
    writeFileSync(path.join(folder, name), text.replaceAll('enabled = true', 'enabled = false'))
  }
  const komodo = (...args: string[]): string =>
    execFileSync(path.join(root, 'cli/bin/komodo'), ['--kubeconfig', operator.kubeconfig, ...args], {
      encoding: 'utf8',
    })
  const fileContents = stackFiles(950, 50, 1_000)
    .map(({ text }) => text.replaceAll('enabled = true', 'enabled = false'))
    .join('\n')
  const transport = createHttpsTransport(await loadKubeconfig(operator.kubeconfig))
  await createKubeClient({ transport, userAgent: 'bench' }).create(resourceSyncKind, {
    apiVersion: 'komodo.dev/v1alpha1',
    kind: 'ResourceSync',
    metadata: { name: 'bench', namespace: 'default' },
    spec: { fileContents },
  })
  await transport.close()
  await operator.ready('resourcesyncs.komodo.dev', 'bench')
  const timed = (work: () => unknown): number => {
    const started = performance.now()
    work()
    return performance.now() - started
  }
  const bare: number[] = []
  const ofSync: number[] = []
  const plans: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(timed(() => execFileSync(process.execPath, ['--eval', ''])))
    ofSync.push(timed(() => komodo('plan', 'bench')))
    // Any change would end it with exit code 2, and throw.
    plans.push(timed(() => komodo('plan', folder, '--live')))
  }
  const [start, sync, plan] = [median(bare.slice(1)), median(ofSync.slice(1)), median(plans.slice(1))]
  report('a bare start of Node', `${start.toFixed(0)} ms`)
  report('komodo plan of a sync of 1,000 applied blocks', `${sync.toFixed(0)} ms`, sync / start)
  report('komodo plan --live of a folder with the same blocks', `${plan.toFixed(0)} ms`, plan / start)
} finally {
  await operator.stop()
  rmSync(dir, { recursive: true, force: true })
}
