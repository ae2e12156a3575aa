import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { KubeClient } from '../controller/kube/client.ts'
import { CommandError } from './exit.ts'
import type { Terminal } from './terminal.ts'

/** What every command gets. */
export interface CommandContext {
  terminal: Terminal
  cwd: string
  /** Aborted by Ctrl-C. */
  signal: AbortSignal
  /** Connects on first use, so that offline commands need no cluster. */
  connect(): Promise<Connection>
}

export interface Connection {
  client: KubeClient
  namespace: string
}

export interface ConnectionOptions {
  kubeconfig?: string
  context?: string
  namespace?: string
}

/** The first existing file of --kubeconfig, KUBECONFIG and ~/.kube/config. */
export const kubeconfigFile = (flag: string | undefined, variable: string | undefined): string => {
  if (flag !== undefined) {
    if (existsSync(flag)) return flag
    throw new CommandError(`there is no kubeconfig at ${flag}: correct --kubeconfig`)
  }
  const candidates = [
    ...(variable ?? '').split(delimiter).filter((file) => file !== ''),
    join(homedir(), '.kube/config'),
  ]
  const found = candidates.find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new CommandError(
    `no kubeconfig at ${candidates.join(', ')}: name one with --kubeconfig or KUBECONFIG (a standalone controller writes its own into its data directory)`,
  )
}

/** The Kubernetes API that a kubeconfig names. Its modules are loaded only here: offline commands start without them. */
export const connector = (options: ConnectionOptions, environment: string | undefined): (() => Promise<Connection>) => {
  let connection: Promise<Connection> | undefined
  const connect = async (): Promise<Connection> => {
    const file = kubeconfigFile(options.kubeconfig, environment)
    const [{ loadKubeconfig }, { createHttpsTransport }, { createKubeClient }] = await Promise.all([
      import('../controller/kube/kubeconfig.ts'),
      import('../controller/kube/https-transport.ts'),
      import('../controller/kube/rest-client.ts'),
    ])
    const access = await loadKubeconfig(file, options.context)
    // A handshake costs more than most answers.
    const client = createKubeClient({
      transport: createHttpsTransport({ ...access, maxSockets: 3 }),
      userAgent: 'komodo-cli',
    })
    return { client, namespace: options.namespace ?? access.namespace ?? 'default' }
  }
  return () => {
    connection ??= connect()
    return connection
  }
}
