import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApiHandler, UserInfo } from './api.ts'
import { RbacAuthorizer } from './auth/rbac.ts'
import type { Backend } from './call.ts'
import { createHandler } from './http/handler.ts'
import { builtinResource } from './registry/builtins.ts'
import { Registry } from './registry/registry.ts'
import { builtinTypes } from './rooms.ts'
import { Store } from './store/store.ts'
import { bootstrap } from './upkeep/bootstrap.ts'
import { Definitions } from './upkeep/definitions.ts'

export interface ApiServerOptions {
  /** Holds the database, the keys and the kubeconfig; made when it is not there, with mode 0700. */
  dataDir: string
  /** Where to listen with TLS; undefined: in process only. Port 0 takes a free one. */
  listen?: { host: string; port: number } | undefined
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
  close(): Promise<void>
}

const ADMIN: UserInfo = { username: 'admin', groups: ['system:masters', 'system:authenticated'] }
const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789'

export const startApiServer = async ({
  dataDir,
  logger,
  clock = () => new Date(),
}: ApiServerOptions): Promise<ApiServer> => {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const store = new Store({ file: join(dataDir, 'api.db') })
  const registry = new Registry()
  for (const type of builtinTypes) registry.put(builtinResource(type))
  const backend: Backend = {
    store,
    registry,
    authorizer: new RbacAuthorizer(),
    clock,
    newUid: randomUUID,
    randomSuffix: (length) => [...randomBytes(length)].map((byte) => SUFFIX[byte % SUFFIX.length]).join(''),
  }
  await bootstrap(backend)
  const stopDefinitions = await new Definitions(backend).start()
  const handler = createHandler({
    backend,
    routes: [],
    onFault: (error, { method, url }) =>
      logger?.error({ err: error, method, path: url.split('?')[0] }, 'request failed'),
  })
  return {
    handler,
    adminUser: ADMIN,
    close: async () => {
      stopDefinitions()
      store.close()
    },
  }
}
