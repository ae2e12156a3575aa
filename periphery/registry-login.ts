import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { HostRejectedError, type RegistryAuth, type StageLog } from '../controller/hosts/port.ts'
import { writePrivateFile } from './confined-path.ts'
import type { Command, CommandResult } from './run-command.ts'

interface CliConfig {
  auths?: Record<string, { auth?: string }>
  credsStore?: string
  credHelpers?: Record<string, string>
  cliPluginsExtraDirs?: string[]
  proxies?: unknown
}

export interface LoginOptions {
  /** Below it the private directory is made; has to exist. */
  directory: string
  /** The CLI's own configuration directory, whose plugins and logins stay usable. */
  cliConfigDirectory: string
  environment: Readonly<Record<string, string>>
  deadlineMs: number
  run: (command: Command, signal: AbortSignal) => Promise<CommandResult>
}

/**
 * Logs in to the registries in a `DOCKER_CONFIG` directory of its own (mode 0700), gives its path to `work`, and removes it afterwards,
 * so that credentials of one request never serve another. Passwords go over standard input. Without `auths`, `work` gets the CLI's own.
 */
export const withRegistryLogin = async <T>(
  auths: readonly RegistryAuth[],
  options: LoginOptions,
  log: (stage: StageLog) => void,
  signal: AbortSignal,
  work: (configDirectory: string) => Promise<T>,
): Promise<T> => {
  if (auths.length === 0) return work(options.cliConfigDirectory)
  const directory = await mkdtemp(join(options.directory, '.login-'))
  try {
    const base = await readConfig(options.cliConfigDirectory)
    await writePrivateFile(
      join(directory, 'config.json'),
      JSON.stringify(privateConfig(base, options.cliConfigDirectory, auths)),
    )
    for (const auth of auths) await login(auth, directory, options, log, signal)
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const login = async (
  { serverAddress, username, password }: RegistryAuth,
  configDirectory: string,
  { directory, environment, deadlineMs, run }: LoginOptions,
  log: (stage: StageLog) => void,
  signal: AbortSignal,
): Promise<void> => {
  const result = await run(
    {
      argv: ['docker', 'login', '--username', username, '--password-stdin', '--', serverAddress],
      directory,
      environment: { ...environment, DOCKER_CONFIG: configDirectory },
      input: password,
      deadlineMs,
      title: `docker login ${serverAddress}`,
    },
    signal,
  )
  const success = result.exitCode === 0
  const output = success ? `logged in to ${serverAddress} as ${username}` : result.output
  log({ stage: 'Login to Registry', success, output, durationMs: result.durationMs })
  if (!success) {
    throw new HostRejectedError(
      'RegistryLoginFailed',
      `login to registry ${serverAddress} as ${username} failed: ${result.output.trim()}`,
    )
  }
}

const readConfig = async (directory: string): Promise<CliConfig> => {
  try {
    return JSON.parse(await readFile(join(directory, 'config.json'), 'utf8')) as CliConfig
  } catch {
    return {}
  }
}

/** The CLI's configuration without its credential store, where a login would outlive the request; what is in there stays readable. */
const privateConfig = (base: CliConfig, directory: string, auths: readonly RegistryAuth[]): CliConfig => {
  const stored = base.credsStore
    ? Object.fromEntries(Object.keys(base.auths ?? {}).map((server) => [server, base.credsStore!]))
    : {}
  const credHelpers = { ...stored, ...base.credHelpers }
  for (const { serverAddress } of auths) delete credHelpers[serverAddress]
  return {
    ...(base.auths && { auths: base.auths }),
    credHelpers,
    cliPluginsExtraDirs: [join(directory, 'cli-plugins'), ...(base.cliPluginsExtraDirs ?? [])],
    ...(base.proxies !== undefined && { proxies: base.proxies }),
  }
}
