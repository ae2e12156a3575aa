import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type TestDocker, withDocker } from '../harness/docker.ts'
import { EffectCounter, type EffectProxy, startEffectProxy } from '../harness/effect-proxy.ts'
import { type GitRepository, type GitServer, startGitServer } from '../harness/git-server.ts'
import { TestOperator } from '../harness/operator.ts'
import { busybox, canSetScene, deploymentBlock, localServer, stackBlock } from './scene.ts'

/**
 * Promise 6. The controller is killed (SIGKILL) after its first effect, after its second, and so on: every write to Kubernetes and
 * every change to Docker, through a create, an update and a removal of everything at once. It must always end where it would have
 * ended undisturbed, with nothing twice and nothing left over.
 */
describe.runIf(canSetScene())('a crash after any effect', () => {
  const counter = new EffectCounter()
  let place: TestDocker
  let dir: string
  let git: GitServer
  let repository: GitRepository
  /** Serves the API, and reconciles nothing (it watches a namespace that is not there). */
  let api: TestOperator
  let operator: TestOperator
  const proxies: EffectProxy[] = []
  const name = (what: string) => `${place.prefix}-${what}`

  const sleeper = (seconds: number) => `command = "sleep ${seconds}"\nextra_args = ["--init"]`
  const quick = 'deploy = true\n[deployment.operator]\nmin_ready = "1ms"'
  const stack = (seconds: number) =>
    stackBlock(
      name('stack'),
      `services:\n  app:\n    image: ${busybox}\n    init: true\n    command: ["sleep", "${seconds}"]\n    stop_grace_period: 0s`,
    )
  /** Two states that differ in everything: one object is updated, one is only in the first, one only in the second. */
  const states = [
    () => `${localServer}\n${deploymentBlock(name('web'), busybox, sleeper(1001), quick)}\n${stack(1001)}`,
    () =>
      `${localServer}\n${deploymentBlock(name('web'), busybox, sleeper(1002), quick)}\n${deploymentBlock(name('more'), busybox, sleeper(1002), quick)}`,
  ] as const
  const running = [
    () => [`${name('stack')}-app-1 1001`, `${name('web')} 1001`],
    () => [`${name('more')} 1002`, `${name('web')} 1002`],
  ] as const

  beforeAll(async () => {
    place = withDocker()
    dir = mkdtempSync(path.join(tmpdir(), 'komodo-crash-'))
    git = await startGitServer()
    repository = await git.create('declarations')
    api = await TestOperator.start(path.join(dir, 'api'), place.environment, { flags: ['--namespace=nothing-here'] })

    const { clusters, users } = parse(readFileSync(api.kubeconfig, 'utf8')) as Kubeconfig
    const { server, 'certificate-authority-data': ca } = clusters[0]!.cluster
    const { 'client-certificate-data': cert, 'client-key-data': key, token } = users[0]!.user
    const decoded = (data: string | undefined) => (data === undefined ? undefined : Buffer.from(data, 'base64'))
    const { hostname, port } = new URL(server)
    const kubernetes = await startEffectProxy(
      'kubernetes',
      {
        protocol: 'https:',
        hostname,
        port,
        ca: decoded(ca),
        cert: decoded(cert),
        key: decoded(key),
        ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
      } as Parameters<typeof startEffectProxy>[1],
      (method) => method !== 'GET',
      counter,
    )
    const socketPath = new URL(place.environment.DOCKER_HOST ?? '').pathname
    const docker = await startEffectProxy(
      'docker',
      { socketPath },
      (method, url) => method !== 'GET' && method !== 'HEAD' && !url.includes('/wait'),
      counter,
    )
    proxies.push(kubernetes, docker)
    const kubeconfig = path.join(dir, 'kubeconfig')
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'proxy',
        contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'proxy', namespace: 'default' } }],
        clusters: [{ name: 'proxy', cluster: { server: `http://${kubernetes.address}` } }],
        users: [{ name: 'proxy', user: {} }],
      }),
    )
    operator = await TestOperator.start(
      path.join(dir, 'controller'),
      { ...place.environment, DOCKER_HOST: `tcp://${docker.address}` },
      { kubeconfig, flags: ['--namespace=default'] },
    )
  })
  afterAll(async () => {
    await operator?.stop()
    await api?.stop()
    for (const proxy of proxies) await proxy[Symbol.asyncDispose]()
    await git?.close()
    await place?.[Symbol.asyncDispose]()
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true })
  })

  const settle = async (which: 0 | 1): Promise<void> => {
    const revision = repository.git('rev-parse', 'refs/heads/main').trim()
    await api.until('resourcesyncs', 'e2e', (sync) => sync.status?.lastAppliedRevision === revision)
    await api.ready('deployments.komodo.dev', name('web'))
    if (which === 0) {
      await api.ready('stacks', name('stack'))
      await api.gone('deployments.komodo.dev', name('more'))
    } else {
      await api.ready('deployments.komodo.dev', name('more'))
      await api.gone('stacks', name('stack'))
    }
  }
  const containers = async () => {
    const lines = (
      await place.docker(
        'ps',
        '--all',
        '--no-trunc',
        '--filter',
        `name=${place.prefix}`,
        '--format',
        '{{.Names}} {{.Command}}',
      )
    ).split('\n')
    return lines.map((line) => line.replace(/ "(?:.*?)sleep (\d+)"$/, ' $1')).sort()
  }
  const change = async (which: 0 | 1, round: number): Promise<void> => {
    repository.commit({ 'all.toml': states[which]() }, { message: `State ${which}, round ${round}` })
    await api.kubectl('annotate', '--overwrite', 'resourcesync/e2e', `reconcile.komodo.dev/requestedAt=${round}`)
  }

  it('is harmless', { timeout: 600_000 }, async () => {
    await api.apply({
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'ResourceSync',
      metadata: { name: 'e2e', namespace: 'default' },
      spec: { resourcePath: ['.'], delete: true, operator: { url: repository.url, interval: '1h' } },
    })
    await change(0, 0)
    await settle(0)
    // Undisturbed, to know how many effects there are.
    counter.reset()
    await change(1, 1)
    await settle(1)
    await change(0, 2)
    await settle(0)
    const effects = Math.ceil(counter.seen.length / 2)
    expect(effects).toBeGreaterThan(10)

    let killed = 0
    for (let n = 1, round = 3; n <= effects; n += 1, round += 1) {
      const which = round % 2 === 1 ? 1 : 0
      counter.reset()
      let fatal: string | undefined
      counter.onEffect = (count, { target, request }) => {
        if (count !== n) return
        fatal = `${target} ${request}`
        operator.killNow()
      }
      await change(which, round)
      await operator.ended(20_000)
      counter.onEffect = () => {}
      if (fatal !== undefined) killed += 1
      await operator.restart()
      await settle(which)
      expect(await containers(), `killed after effect ${n}: ${fatal}`).toEqual(running[which]())
    }
    expect(killed).toBeGreaterThan(effects / 2)
  })
})

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data'?: string } }[]
  users: { user: { 'client-certificate-data'?: string; 'client-key-data'?: string; token?: string } }[]
}
