import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import path from 'node:path'
import { kubeconfigText } from './kubeconfig.ts'
import { type Daemon, freePort, startDaemon } from './process.ts'
import { waitUntil } from './wait-until.ts'

/** A Kubernetes API that runs for tests; the user of its kubeconfig is in `system:masters`. */
export interface TestApi {
  readonly kubeconfig: string
  /** Ends all that was started. Data stays in the directory. */
  stop(): Promise<void>
}

const binaries = path.resolve(import.meta.dirname, '../../.cache/kube')

/** Whether `scripts/setup/kube-apiserver.sh` has brought the real components. */
export const haveKubeApiserver = (): boolean =>
  ['etcd', 'kube-apiserver', 'kube-controller-manager'].every((name) => existsSync(path.join(binaries, name)))

/**
 * Starts etcd, kube-apiserver (RBAC, anonymous requests allowed as by default) and the controllers that make namespaces, garbage
 * collection, ServiceAccounts and aggregated ClusterRoles work. There is no scheduler and no kubelet. `dir` must be empty.
 */
export const startKubeApiserver = async (dir: string): Promise<TestApi> => {
  const certs = path.join(dir, 'certs')
  mkdirSync(certs, { recursive: true })
  const [etcdPort, peerPort, apiPort, managerPort] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const server = `https://127.0.0.1:${apiPort}`
  const token = randomBytes(24).toString('hex')
  const at = (name: string) => path.join(dir, name)

  writeFileSync(at('tokens.csv'), `${token},admin,admin-uid,"system:masters"\n`, { mode: 0o600 })
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(at('sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 })
  writeFileSync(at('sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
  const kubeconfig = at('kubeconfig')
  writeFileSync(kubeconfig, kubeconfigText(server, path.join(certs, 'apiserver.crt'), token), { mode: 0o600 })

  const daemons: Daemon[] = []
  const start = (name: string, args: readonly string[]) => {
    const daemon = startDaemon(name, [path.join(binaries, name), ...args], at(`${name}.log`))
    daemons.unshift(daemon)
    return daemon
  }
  const stop = async () => {
    for (const daemon of daemons) await daemon.stop()
  }
  try {
    start('etcd', [
      `--data-dir=${at('etcd')}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      '--unsafe-no-fsync',
      '--log-level=error',
    ])
    const apiserver = start('kube-apiserver', [
      `--etcd-servers=${etcdUrl}`,
      `--secure-port=${apiPort}`,
      '--bind-address=127.0.0.1',
      `--cert-dir=${certs}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${at('sa.pub')}`,
      `--service-account-signing-key-file=${at('sa.key')}`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${at('tokens.csv')}`,
      '--service-cluster-ip-range=10.0.0.0/24',
    ])
    const ca = path.join(certs, 'apiserver.crt')
    await waitUntil('/readyz of kube-apiserver', async () => ((await ready(server, ca, token)) ? true : undefined), {
      timeoutMs: 90_000,
      daemon: apiserver,
    })
    start('kube-controller-manager', [
      `--kubeconfig=${kubeconfig}`,
      `--service-account-private-key-file=${at('sa.key')}`,
      '--use-service-account-credentials=true',
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${managerPort}`,
      `--cert-dir=${certs}`,
      '--controllers=garbage-collector-controller,namespace-controller,serviceaccount-controller,clusterrole-aggregation-controller',
    ])
    return { kubeconfig, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const ready = (server: string, caFile: string, token: string): Promise<boolean> =>
  new Promise((resolve) => {
    if (!existsSync(caFile)) return resolve(false)
    const headers = { authorization: `Bearer ${token}` }
    const probe = request(`${server}/readyz`, { ca: readFileSync(caFile), headers, timeout: 2_000 }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    probe.once('timeout', () => probe.destroy())
    probe.once('error', () => resolve(false))
    probe.end()
  })
