import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { ApiHandler, UserInfo } from './api.ts'
import { createAuthenticator } from './auth/authenticate.ts'
import { RbacAuthorizer } from './auth/rbac.ts'
import { ServiceAccountTokens } from './auth/tokens.ts'
import { builtinTypes } from './builtin/types.ts'
import type { Backend } from './call.ts'
import { healthRoute } from './discovery/health.ts'
import { openApiRoute } from './discovery/openapi-routes.ts'
import { discoveryRoute } from './discovery/routes.ts'
import { createHandler } from './http/handler.ts'
import { Listener } from './http/listener.ts'
import { builtinResource } from './registry/builtins.ts'
import { Registry } from './registry/registry.ts'
import { Store } from './store/store.ts'
import { writeKubeconfig } from './tls/kubeconfig.ts'
import { openPki, openTokenKey } from './tls/pki.ts'
import { bootstrap } from './upkeep/bootstrap.ts'
import { startUpkeep } from './upkeep/upkeep.ts'
import { Pulse } from './watch/pulse.ts'

export interface ApiServerOptions {
  /** Holds the database, the keys and the kubeconfig; made when it is not there, with mode 0700. */
  dataDir: string
  /**
   * Where to listen with TLS; undefined: in process only. Port 0 takes a free one. `recheckMs` is how often it is asked again whether
   * who watches is still who it was.
   */
  listen?: { host: string; port: number; recheckMs?: number } | undefined
  /** Told of what the server does by itself, and of its own faults. Never of contents. */
  logger?: ApiLogger
  clock?: () => Date
}

export interface ApiLogger {
  info(fields: Record<string, unknown>, message: string): void
  error(fields: Record<string, unknown>, message: string): void
}

export interface ApiServer {
  /** The API in this process; the caller says who asks. */
  handler: ApiHandler
  /** Present when it listens. */
  url?: string
  kubeconfigPath?: string
  /** The user that the kubeconfig is for: may do everything. */
  adminUser: UserInfo
  /** Ends watches, finishes what is under way and closes the database. */
  close(): Promise<void>
}

const ADMIN: UserInfo = { username: 'admin', groups: ['system:masters', 'system:authenticated'] }
/** As in Kubernetes: no vowels, so that no words come out. */
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789'
const RENEWAL_CHECK_MS = 12 * 3_600_000

export const startApiServer = async ({
  dataDir,
  listen,
  logger,
  clock = () => new Date(),
}: ApiServerOptions): Promise<ApiServer> => {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const pkiDir = join(dataDir, 'pki')
  const store = new Store({ file: join(dataDir, 'api.db') })
  const onFault = (error: unknown): void => logger?.error({ err: error }, 'the API server failed to do something')
  try {
    const registry = new Registry()
    for (const type of builtinTypes) registry.put(builtinResource(type))
    const rbac = new RbacAuthorizer(store)
    const backend: Backend = {
      store,
      registry,
      authorizer: rbac,
      rbac,
      tokens: new ServiceAccountTokens(await openTokenKey(pkiDir), store, clock),
      pulse: new Pulse(),
      clock,
      newUid: randomUUID,
      random: Math.random,
      randomSuffix,
    }
    await bootstrap(backend)
    const upkeep = await startUpkeep(backend, onFault)
    let serverAddress = ''
    const handler = createHandler({
      backend,
      routes: [healthRoute, discoveryRoute({ registry, serverAddress: () => serverAddress }), openApiRoute(registry)],
      onFault: (error, { method, url }) =>
        logger?.error({ err: error, method, path: url.split('?')[0] }, 'the API server failed to answer'),
    })
    const server = { handler, adminUser: ADMIN }
    if (!listen) {
      return {
        ...server,
        close: async () => {
          await upkeep.stop()
          store.close()
        },
      }
    }

    const hosts = hostsOf(listen.host)
    const readPki = () => openPki({ dir: pkiDir, hosts, admin: ADMIN, now: clock() })
    const pki = await readPki()
    const listener = await Listener.open({
      ...listen,
      pki,
      handler,
      authenticate: createAuthenticator(backend.tokens),
      onFault,
    })
    const url = urlOf(listen.host, listener.port)
    serverAddress = new URL(url).host
    const kubeconfigPath = join(dataDir, 'kubeconfig')
    await writeKubeconfig(kubeconfigPath, url, pki)
    const renew = async (): Promise<void> => {
      const renewed = await readPki()
      listener.renew(renewed)
      await writeKubeconfig(kubeconfigPath, url, renewed)
    }
    const renewal = setInterval(() => void renew().catch(onFault), RENEWAL_CHECK_MS).unref()
    return {
      ...server,
      url,
      kubeconfigPath,
      close: async () => {
        clearInterval(renewal)
        await listener.close()
        await upkeep.stop()
        store.close()
      },
    }
  } catch (error) {
    store.close()
    throw error
  }
}

const randomSuffix = (length: number): string =>
  [...randomBytes(length)].map((byte) => SUFFIX_LETTERS[byte % SUFFIX_LETTERS.length]).join('')

const ANY_HOST = new Set(['0.0.0.0', '::', ''])

/** What the certificate is for: the loopback, this machine's name, and what it listens on. */
const hostsOf = (host: string): string[] => {
  const own = ANY_HOST.has(host)
    ? Object.values(networkInterfaces()).flatMap((addresses) =>
        (addresses ?? []).filter(({ scopeid }) => !scopeid).map(({ address }) => address),
      )
    : [host]
  return [...new Set(['localhost', hostname(), '127.0.0.1', '::1', ...own])]
}

const urlOf = (host: string, port: number): string => {
  const reachable = ANY_HOST.has(host) ? '127.0.0.1' : host
  return `https://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
