import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { KubeObject } from '../../controller/api/meta.ts'
import { type GitProvider, gitProviderKind } from '../../controller/api/v1alpha1/git-provider.ts'
import { kinds } from '../../controller/api/v1alpha1/kinds.ts'
import { type PlanApproval, planApprovalKind } from '../../controller/api/v1alpha1/plan-approval.ts'
import { type Repo, repoKind } from '../../controller/api/v1alpha1/repo.ts'
import { type ResourceSync, resourceSyncKind } from '../../controller/api/v1alpha1/resource-sync.ts'
import { type Server, serverKind } from '../../controller/api/v1alpha1/server.ts'
import { Caches } from '../../controller/engine/caches.ts'
import { systemClock } from '../../controller/engine/clock.ts'
import { createController } from '../../controller/engine/controller.ts'
import { EventRecorder } from '../../controller/engine/events.ts'
import type { Lister } from '../../controller/engine/lister.ts'
import type { Logger } from '../../controller/engine/logger.ts'
import { EngineMetrics } from '../../controller/engine/metrics.ts'
import { GitCache } from '../../controller/git/git-cache.ts'
import { gitEnvironment } from '../../controller/git/git-environment.ts'
import { GitProcess } from '../../controller/git/git-process.ts'
import { definitionsOfKinds, installCrds } from '../../controller/install-crds.ts'
import { type Secret, secretType } from '../../controller/kube/builtin-types.ts'
import type { KubeClient } from '../../controller/kube/client.ts'
import { createHttpsTransport } from '../../controller/kube/https-transport.ts'
import { createInProcessTransport } from '../../controller/kube/in-process-transport.ts'
import { loadKubeconfig } from '../../controller/kube/kubeconfig.ts'
import { createKubeClient } from '../../controller/kube/rest-client.ts'
import type { Transport, TransportRequest } from '../../controller/kube/transport.ts'
import { gitAccess } from '../../controller/reconcilers/git-access.ts'
import { resourceSyncReconciler } from '../../controller/reconcilers/resource-sync/reconciler.ts'
import { secretsOf } from '../../controller/reconcilers/secrets.ts'
import { syncKinds } from '../../controller/sync/kinds.ts'
import { startApiServer } from '../../standalone/server.ts'
import { recordingWrites } from './thing-api.ts'

/** The real standalone API with nothing but the controller of ResourceSyncs on it. */
export interface SyncOperator {
  /** Of the test: what it writes is not in `writes`. */
  client: KubeClient
  directory: string
  /** What the controller wrote, events left out. */
  writes: TransportRequest[]
  lines: string[]
  /** Ends the controller as a crash would, and starts another one on the same API. */
  restart(): Promise<void>
  close(): Promise<void>
}

const quiet = /\/events(\/|$|\?)/

export interface SyncOperatorOptions {
  /** Around all that the controller asks of the API. */
  wrap?: (transport: Transport) => Transport
  /** Another API than a standalone one of its own. */
  kubeconfig?: string
}

export async function startSyncOperator({
  wrap = (plain) => plain,
  kubeconfig,
}: SyncOperatorOptions = {}): Promise<SyncOperator> {
  const directory = await mkdtemp(path.join(tmpdir(), 'komodo-sync-'))
  const api = kubeconfig === undefined ? await startInProcess(path.join(directory, 'api')) : await connect(kubeconfig)
  const { transport } = api
  const client = createKubeClient({ transport, userAgent: 'komodo-test' })
  const all: TransportRequest[] = []
  const lines: string[] = []
  const log = (fields: object, message: string): void => void lines.push(JSON.stringify({ ...fields, message }))
  const logger: Logger = { debug: log, info: log, warn: log, error: log }
  const namespace = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false }
  await client
    .create(namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' }, spec: {} })
    .catch(() => {})
  const signal = new AbortController().signal
  await installCrds(client, definitionsOfKinds(), { clock: systemClock, logger, signal })

  const start = async (): Promise<() => Promise<void>> => {
    const observed = createKubeClient({ transport: recordingWrites(wrap(transport), all), userAgent: 'komodo-test' })
    const deps = { client: observed, clock: systemClock, random: () => 0.5, logger }
    const caches = new Caches(deps)
    const events = new EventRecorder({ ...deps, component: 'test' })
    const store = caches.store<ResourceSync>(resourceSyncKind)
    const live = new Map<string, Lister<KubeObject>>()
    for (const [kind, { definition }] of syncKinds) live.set(kind, caches.lister(definition))
    const secrets = caches.lister<Secret>(secretType)
    live.set('Secret', secrets)
    const git = new GitCache({
      directory: path.join(directory, 'git'),
      git: new GitProcess({ home: path.join(directory, 'home'), environment: gitEnvironment(process.env) }),
      allowLocal: true,
    })
    const reader = secretsOf(secrets)
    const reconciler = resourceSyncReconciler({
      client: observed,
      git,
      access: gitAccess({
        providers: caches.lister<GitProvider>(gitProviderKind),
        servers: caches.lister<Server>(serverKind),
        secrets: reader,
      }),
      repos: caches.lister<Repo>(repoKind),
      syncDirectory: path.join(directory, 'syncs'),
      approvals: caches.lister<PlanApproval>(planApprovalKind),
      live,
      digestKey: new Uint8Array(32),
      secrets: reader,
      clock: systemClock,
    })
    const backoff = { baseMs: 20, maxMs: 200 }
    const controller = createController({ ...deps, reconciler, store, events, metrics: new EngineMetrics(), backoff })
    const stopping = new AbortController()
    await caches.start(stopping.signal)
    controller.start()
    return async () => {
      controller.abort()
      await controller.drain()
      await events.flush(AbortSignal.timeout(1_000))
      stopping.abort()
      await caches.stopped()
    }
  }
  let stop = await start()
  return {
    client,
    directory,
    get writes() {
      return all.filter((request) => !quiet.test(request.path))
    },
    lines,
    restart: async () => {
      await stop()
      stop = await start()
    },
    close: async () => {
      await stop()
      await transport.close()
      await api.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

interface Api {
  transport: Transport
  close(): Promise<void>
}

async function startInProcess(dataDir: string): Promise<Api> {
  const server = await startApiServer({ dataDir, listen: undefined })
  return { transport: createInProcessTransport(server.handler, server.adminUser), close: () => server.close() }
}

const connect = async (kubeconfig: string): Promise<Api> => ({
  transport: createHttpsTransport(await loadKubeconfig(kubeconfig)),
  close: async () => {},
})

/** By the name of the kind. */
export const typeOf = (kind: string): (typeof kinds)[number] => {
  const found = kinds.find((one) => one.kind === kind)
  if (found === undefined) throw new Error(`no kind ${kind}`)
  return found
}
