import type { Config } from './config.ts'
import type { Clock } from './engine/clock.ts'
import type { Logger } from './engine/logger.ts'
import type { EngineMetrics } from './engine/metrics.ts'
import { definitionsOfKinds, installCrds } from './install-crds.ts'
import { namespaceType } from './kube/builtin-types.ts'
import type { KubeClient } from './kube/client.ts'
import { getOrUndefined, isAlreadyExists, isForbidden } from './kube/client.ts'
import { createKubeClient } from './kube/rest-client.ts'
import type { Transport } from './kube/transport.ts'

/** The Kubernetes API this process works with, wherever it is. */
export interface ApiHome {
  client: KubeClient
  /** Where what belongs to the installation itself is kept: its key, its lease. */
  namespace: string
  /** Lets the API answer what is under way, then ends it (standalone) or the connections to it. */
  close(): Promise<void>
}

export interface HomeOptions {
  config: Config
  logger: Logger
  clock: Clock
  metrics: EngineMetrics
  signal: AbortSignal
}

const USER_AGENT = 'komodo-controller'
const STANDALONE_NAMESPACE = 'komodo-system'
/** Annotation of that namespace, by which another controller learns that this API brings its own, and for which namespace; `*`: all. */
const STANDALONE = 'komodo.dev/standalone'
const EVERYWHERE = '*'

export const openHome = (options: HomeOptions): Promise<ApiHome> =>
  options.config.home.kind === 'standalone' ? openStandalone(options) : openCluster(options)

const openStandalone = async ({ config, logger, clock, metrics, signal }: HomeOptions): Promise<ApiHome> => {
  if (config.home.kind !== 'standalone') throw new TypeError('not standalone')
  const { startApiServer } = await import('../standalone/server.ts')
  const { createInProcessTransport } = await import('./kube/in-process-transport.ts')
  const server = await startApiServer({
    dataDir: config.dataDir,
    listen: config.home.listen,
    logger,
    clock: () => new Date(clock.now()),
  })
  const transport = createInProcessTransport(server.handler, server.adminUser)
  const client = clientOver(transport, 'in-process', metrics)
  try {
    await ensureNamespace(client, 'default', signal)
    await ensureNamespace(client, STANDALONE_NAMESPACE, signal)
    await markStandalone(client, config.namespace ?? EVERYWHERE, signal)
    await installCrds(client, definitionsOfKinds(), { clock, logger, signal })
  } catch (error) {
    await server.close()
    throw error
  }
  logger.info({ url: server.url }, `serving the Kubernetes API; use it: export KUBECONFIG=${server.kubeconfigPath}`)
  return {
    client,
    namespace: STANDALONE_NAMESPACE,
    close: async () => {
      await transport.close()
      await server.close()
    },
  }
}

const openCluster = async ({ config: { home, namespace }, logger, metrics, signal }: HomeOptions): Promise<ApiHome> => {
  if (home.kind === 'standalone') throw new TypeError('not a cluster')
  const { inClusterAccess, loadKubeconfig } = await import('./kube/kubeconfig.ts')
  const { createHttpsTransport } = await import('./kube/https-transport.ts')
  const access =
    home.kind === 'in-cluster'
      ? await inClusterAccess(home.host, home.port)
      : await loadKubeconfig(home.kubeconfig, home.context)
  const transport = createHttpsTransport(access)
  const client = clientOver(transport, new URL(access.server).host, metrics)
  try {
    await refuseStandalone(client, access.server, namespace ?? EVERYWHERE, signal)
  } catch (error) {
    await transport.close()
    throw error
  }
  logger.info({ server: access.server }, 'using the Kubernetes API of a cluster')
  return {
    client,
    namespace: access.namespace ?? 'default',
    close: () => transport.close(),
  }
}

const markStandalone = async (client: KubeClient, reconciled: string, signal: AbortSignal): Promise<void> => {
  const key = { name: STANDALONE_NAMESPACE }
  const { metadata } = await client.get(namespaceType, key, { signal })
  if (metadata.annotations?.[STANDALONE] === reconciled) return
  const body = { metadata: { annotations: { [STANDALONE]: reconciled } } }
  await client.patch(namespaceType, key, { type: 'merge', body }, { signal })
}

/** Two controllers on one API would undo each other's work for ever. */
const refuseStandalone = async (
  client: KubeClient,
  server: string,
  wanted: string,
  signal: AbortSignal,
): Promise<void> => {
  const namespace = await getOrUndefined(client, namespaceType, { name: STANDALONE_NAMESPACE }, signal).catch(
    (error: unknown) => {
      // On a cluster the controller need not be allowed to look at namespaces.
      if (isForbidden(error)) return undefined
      throw error
    },
  )
  const reconciled = namespace?.metadata.annotations?.[STANDALONE]
  const apart = reconciled !== wanted && reconciled !== EVERYWHERE && wanted !== EVERYWHERE
  if (reconciled === undefined || apart) return
  throw new Error(
    `the API at ${server} is served by a standalone controller, which reconciles its objects itself: use it with kubectl or komodo, and start no second controller on it`,
  )
}

const clientOver = (transport: Transport, host: string, metrics: EngineMetrics): KubeClient =>
  createKubeClient({ transport, userAgent: USER_AGENT, onRequest: metrics.requestObserver(host) })

const ensureNamespace = async (client: KubeClient, name: string, signal: AbortSignal): Promise<void> => {
  try {
    await client.create(
      namespaceType,
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} },
      { signal },
    )
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
}
