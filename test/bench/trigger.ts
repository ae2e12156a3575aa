/**
 * From the trigger to the container's `start` event, against `docker run` of the same by hand: for a container that is new, as with
 * `docker run`, and for a running one that is replaced, which has to be stopped besides. A real Komodo Core adds about 110 ms to
 * `docker run` when it replaces one.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { annotation } from '../../controller/api/names.ts'
import { deploymentKind } from '../../controller/api/v1alpha1/deployment.ts'
import { createHttpsTransport } from '../../controller/kube/https-transport.ts'
import { loadKubeconfig } from '../../controller/kube/kubeconfig.ts'
import { createKubeClient } from '../../controller/kube/rest-client.ts'
import { dockerEnvironment } from '../../scripts/up/workspace.ts'
import { TestOperator } from '../harness/operator.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { median, report, sized } from './report.ts'

/** A start takes 150 to 200 ms, now more, now less: fewer rounds would not tell 40 ms from 60. */
const ROUNDS = sized(30, 4)
const image = 'komodo-operator/busybox:test'
const name = `bench-trigger-${process.pid}`
const env = dockerEnvironment()
const docker = (...args: string[]): string => execFileSync('docker', args, { env, encoding: 'utf8' }).trim()

const events = spawn(
  'docker',
  ['events', '--filter', 'event=start', '--format', '{{.Actor.Attributes.name}} {{.TimeNano}}'],
  { env },
)
const starts: { name: string; at: number }[] = []
createInterface(events.stdout).on('line', (line) => {
  const [container = '', nanoseconds = '0'] = line.split(' ')
  starts.push({ name: container, at: Number(BigInt(nanoseconds) / 1000n) / 1000 })
})
/** Milliseconds from `from` (Date.now() clock) to the next start event whose container name begins so. */
const started = (prefix: string, from: number): Promise<number> =>
  waitUntil(`a start of ${prefix}`, () => starts.find(({ name, at }) => name.startsWith(prefix) && at > from), {
    everyMs: 5,
  }).then(({ at }) => at - from)

/** Until Docker has tidied up what was removed just before: each of the three is measured on an idle host, as Core was. */
const quiet = (): Promise<void> => setTimeout(600)

const dir = mkdtempSync(path.join(tmpdir(), 'komodo-bench-'))
const { PATH, DOCKER_HOST, DOCKER_CONFIG } = env
const operator = await TestOperator.start(dir, { PATH, DOCKER_HOST, DOCKER_CONFIG })
try {
  const access = await loadKubeconfig(operator.kubeconfig)
  const client = createKubeClient({ transport: createHttpsTransport(access), userAgent: 'bench' })
  const object = (kind: string, objectName: string, spec: object) => ({
    apiVersion: 'komodo.dev/v1alpha1',
    kind,
    metadata: { name: objectName, namespace: 'default' },
    spec,
  })
  const deployment = (objectName: string) =>
    object('Deployment', objectName, {
      deploy: true,
      server: 'local',
      image: { type: 'Image', params: { image } },
      network: 'none',
      extraArgs: ['--init'],
      command: 'sleep 1000',
    })
  await operator.apply(object('Server', 'local', { address: 'local', enabled: true }), deployment(name))
  await operator.ready('deployments.komodo.dev', name)

  const replaced: number[] = []
  const made: number[] = []
  const byHand: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const handName = `${name}-hand`
    await quiet()
    let from = Date.now()
    docker('run', '--detach', '--name', handName, '--network', 'none', '--init', image, 'sleep', '1000')
    byHand.push(await started(handName, from))
    docker('rm', '--force', handName)

    const newName = `${name}-new`
    await quiet()
    from = Date.now()
    await client.create(deploymentKind, deployment(newName))
    made.push(await started(newName, from))
    await operator.ready('deployments.komodo.dev', newName)
    await client.delete(deploymentKind, { namespace: 'default', name: newName })
    await waitUntil('the new one to be gone', async () =>
      (await operator.get('deployments.komodo.dev', newName)) === undefined ? true : undefined,
    )

    const requestedAt = new Date().toISOString()
    await quiet()
    from = Date.now()
    const body = { metadata: { annotations: { [annotation.deployRequestedAt]: requestedAt } } }
    await client.patch(deploymentKind, { namespace: 'default', name }, { type: 'merge', body })
    replaced.push(await started(name, from))
    await waitUntil('the deploy to be settled', async () =>
      (await operator.get('deployments.komodo.dev', name))?.status?.lastHandledDeployAt === requestedAt
        ? true
        : undefined,
    )
    await operator.ready('deployments.komodo.dev', name)
  }
  const run = median(byHand.slice(2))
  report('docker run by hand, until the start event (median)', `${run.toFixed(0)} ms`)
  for (const [what, times] of [
    ['a new Deployment', made],
    ['a running one that is replaced (Komodo Core: about +110 ms)', replaced],
  ] as const) {
    const time = median(times.slice(2))
    const difference = `${time < run ? '' : '+'}${(time - run).toFixed(0)} ms`
    report(`${what}, until the start event`, `${time.toFixed(0)} ms, ${difference}`, time / run)
  }
} finally {
  events.kill()
  await operator.stop()
  const left = docker('ps', '--all', '--quiet', '--filter', `name=${name}`)
  if (left !== '') docker('rm', '--force', ...left.split('\n'))
  rmSync(dir, { recursive: true, force: true })
}
