import path from 'node:path'
import { parseArgs } from 'node:util'

/** What the process was told to be, read once. Nothing else reads flags or the environment. */
export interface Config {
  readonly home: Home
  /** Only objects of this namespace are reconciled; all when not given. */
  readonly namespace: string | undefined
  /** Git caches and what agents in this process keep; standalone also the database, certificates and the kubeconfig. */
  readonly dataDir: string
  /** Where Stacks with files on this host may have them, beside the data directory. */
  readonly hostDirectories: readonly string[]
  readonly log: { readonly level: LogLevel; readonly format: LogFormat }
  /** `/healthz`, `/readyz` and `/metrics`; `undefined` when switched off. */
  readonly health: ListenAddress | undefined
  /** Where pushes are told to this process; `undefined` when switched off. */
  readonly webhooks: ListenAddress | undefined
  readonly leaderElection: {
    readonly enabled: boolean
    readonly identity: string
    readonly namespace: string | undefined
  }
  /** For tools this process runs (git, docker compose) and for finding Docker: the environment as it was. */
  readonly environment: Readonly<NodeJS.ProcessEnv>
}

/** Where the Kubernetes API is. */
export type Home =
  | { readonly kind: 'standalone'; readonly listen: ListenAddress }
  | { readonly kind: 'cluster'; readonly kubeconfig: string; readonly context: string | undefined }
  | { readonly kind: 'in-cluster'; readonly host: string; readonly port: string }

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]
const logFormats = ['json', 'text'] as const
export type LogFormat = (typeof logFormats)[number]

/** The command line or the environment cannot be meant so; the message says what to write instead. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export const USAGE = `Komodo Operator: GitOps for Docker hosts, the Kubernetes way.

Usage: komodo-operator [--standalone] [flags]

Where the Kubernetes API is
  --standalone               serve an embedded one from this process (SQLite in the data directory)
  --listen HOST:PORT         where to serve it (default 127.0.0.1:6443)
  --kubeconfig FILE          use that cluster (default: $KUBECONFIG, else the cluster this pod runs in)
  --context NAME             context of the kubeconfig (default: its current one)

What to do
  --namespace NAME           reconcile only this namespace (default: all)
  --leader-elect             be one of several replicas (clusters only)
  --leader-elect-namespace NAME
                             where the Lease lives (default: the namespace this pod runs in)

How
  --data-dir DIR             where to keep state (default: $KOMODO_DATA_DIR, else ./data)
  --host-directories DIRS    where Stacks with \`files_on_host\` may have their files by an absolute path,
                             separated by colons (default: / , anywhere)
  --health-listen HOST:PORT  health and metrics, "off" for none (default 127.0.0.1:8081; in a pod 0.0.0.0:8081)
  --webhook-listen HOST:PORT where git servers deliver webhooks, "off" for nowhere (default 127.0.0.1:9121; in a pod
                             0.0.0.0:9121)
  --log-level LEVEL          ${logLevels.join(', ')} (default info)
  --log-format FORMAT        ${logFormats.join(', ')} (default text on a terminal, json elsewhere)
  --version, --help

Every flag can be given by the environment too: --data-dir as KOMODO_DATA_DIR, and so on.
`

export interface ConfigSurroundings {
  env: Readonly<NodeJS.ProcessEnv>
  cwd: string
  isTerminal: boolean
  hostName: string
}

/** `help` and `version` ask for a text instead of a start. */
export const loadConfig = (args: readonly string[], surroundings: ConfigSurroundings): Config | 'help' | 'version' => {
  const { env, cwd, isTerminal, hostName } = surroundings
  const flags = parseFlags(args)
  if (flags.help === true) return 'help'
  if (flags.version === true) return 'version'
  const text = (name: TextFlag): string | undefined => nonEmpty(flags[name]) ?? nonEmpty(env[variableOf(name)])
  const on = (name: SwitchFlag): boolean => flags[name] === true || switchedOn(variableOf(name), env[variableOf(name)])

  const home = homeOf(text, on('standalone'), surroundings)
  const health = text('health-listen') ?? (home.kind === 'in-cluster' ? '0.0.0.0:8081' : '127.0.0.1:8081')
  const webhooks = text('webhook-listen') ?? (home.kind === 'in-cluster' ? '0.0.0.0:9121' : '127.0.0.1:9121')
  return deepFreeze({
    home,
    namespace: text('namespace'),
    dataDir: path.resolve(cwd, text('data-dir') ?? 'data'),
    hostDirectories: (text('host-directories') ?? '/')
      .split(path.delimiter)
      .map((directory) => path.resolve(cwd, directory)),
    log: {
      level: oneOf(logLevels, '--log-level', text('log-level') ?? 'info'),
      format: oneOf(logFormats, '--log-format', text('log-format') ?? (isTerminal ? 'text' : 'json')),
    },
    health: health === 'off' ? undefined : parseListenAddress('--health-listen', health),
    webhooks: webhooks === 'off' ? undefined : parseListenAddress('--webhook-listen', webhooks),
    leaderElection: {
      enabled: on('leader-elect') && home.kind !== 'standalone',
      identity: hostName,
      namespace: text('leader-elect-namespace'),
    },
    environment: { ...env },
  })
}

export const parseListenAddress = (flag: string, text: string): ListenAddress => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) {
    throw new ConfigError(`${flag} ${text}: expected HOST:PORT, for example 127.0.0.1:6443 or [::1]:6443`)
  }
  return { host: match[1] ?? (match[2] === '' || match[2] === undefined ? '0.0.0.0' : match[2]), port }
}

const textFlags = [
  'listen',
  'kubeconfig',
  'context',
  'namespace',
  'leader-elect-namespace',
  'data-dir',
  'host-directories',
  'health-listen',
  'webhook-listen',
  'log-level',
  'log-format',
] as const
type TextFlag = (typeof textFlags)[number]
const switchFlags = ['standalone', 'leader-elect', 'help', 'version'] as const
type SwitchFlag = (typeof switchFlags)[number]

type Flags = { [name in TextFlag]?: string } & { [name in SwitchFlag]?: boolean }

const parseFlags = (args: readonly string[]): Flags => {
  const options = Object.fromEntries([
    ...textFlags.map((name) => [name, { type: 'string' }] as const),
    ...switchFlags.map((name) => [name, { type: 'boolean' }] as const),
  ])
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values as Flags
  } catch (error) {
    const said = error instanceof Error ? error.message.split('. To specify')[0] : String(error)
    throw new ConfigError(`${said}. See --help for all flags.`)
  }
}

const homeOf = (
  text: (name: TextFlag) => string | undefined,
  standalone: boolean,
  { env, cwd }: ConfigSurroundings,
): Home => {
  const kubeconfig = text('kubeconfig')
  if (standalone) {
    if (kubeconfig !== undefined)
      throw new ConfigError('--standalone serves its own API: leave out --kubeconfig, or --standalone')
    return { kind: 'standalone', listen: parseListenAddress('--listen', text('listen') ?? '127.0.0.1:6443') }
  }
  if (kubeconfig !== undefined) return cluster(path.resolve(cwd, kubeconfig), text('context'))
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env
  if (host !== undefined && host !== '') return { kind: 'in-cluster', host, port }
  // Like kubectl, but one file only: which of several to write to would be a guess.
  const fromEnvironment = nonEmpty(env.KUBECONFIG)?.split(path.delimiter)[0]
  if (fromEnvironment !== undefined) return cluster(path.resolve(cwd, fromEnvironment), text('context'))
  throw new ConfigError(
    'there is no Kubernetes API to talk to: give --standalone to serve one, or --kubeconfig FILE to use a cluster',
  )
}

const cluster = (kubeconfig: string, context: string | undefined): Home => ({ kind: 'cluster', kubeconfig, context })

const variableOf = (flag: string): string => `KOMODO_${flag.toUpperCase().replaceAll('-', '_')}`

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text)

const switchedOn = (variable: string, value: string | undefined): boolean => {
  if (value === undefined || value === '' || value === 'false') return false
  if (value === 'true') return true
  throw new ConfigError(`${variable}=${value}: expected true or false`)
}

const oneOf = <const V extends string>(allowed: readonly V[], flag: string, value: string): V => {
  const found = allowed.find((candidate) => candidate === value)
  if (found === undefined) throw new ConfigError(`${flag} ${value}: expected one of ${allowed.join(', ')}`)
  return found
}

const deepFreeze = <T extends object>(value: T): T => {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part)
  return Object.freeze(value)
}
