import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'

const binaries = path.resolve(import.meta.dirname, '../../.cache/kubectl')

/** Whether `scripts/setup/kubectl.sh` has brought kubectl and helm, so that tests skip; with `CI=true` that is an error. */
export const haveKubectl = (): boolean => {
  const have = ['kubectl', 'helm'].every((name) => existsSync(path.join(binaries, name)))
  if (!have && process.env.CI === 'true') throw new Error('no kubectl or helm: run scripts/setup/kubectl.sh first')
  return have
}

export interface CommandResult {
  code: number
  stdout: string
  stderr: string
}

export interface CommandOptions {
  stdin?: string
  env?: Readonly<Record<string, string>>
  cwd?: string
  /** The command is killed after this time; a killed command has code -1. */
  timeoutMs?: number
}

export interface Kubectl {
  /** Runs one command to its end. A non-zero exit is an answer, not an exception. */
  kubectl(args: readonly string[], options?: CommandOptions): Promise<CommandResult>
  helm(args: readonly string[], options?: CommandOptions): Promise<CommandResult>
}

/**
 * kubectl and helm as a user with this kubeconfig runs them. `home` holds their caches: nothing of the machine's own user is read
 * or written, and commands in different homes cannot see each other's discovery caches.
 */
export const kubectlFor = ({
  kubeconfig,
  home,
  namespace,
}: {
  kubeconfig: string
  home: string
  namespace: string
}): Kubectl => {
  mkdirSync(home, { recursive: true })
  const environment = {
    KUBECONFIG: kubeconfig,
    HOME: home,
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HELM_NAMESPACE: namespace,
    TZ: 'UTC',
  }
  const run =
    (binary: string, first: readonly string[]) =>
    (args: readonly string[], options: CommandOptions = {}) =>
      runCommand(path.join(binaries, binary), [...first, ...args], {
        ...options,
        env: { ...environment, ...options.env },
      })
  return { kubectl: run('kubectl', [`--namespace=${namespace}`]), helm: run('helm', []) }
}

const runCommand = (command: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: options.env, cwd: options.cwd, timeout: options.timeoutMs ?? 60_000 })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }))
    child.stdin.once('error', () => {}) // a command that does not read its input may close it early
    child.stdin.end(options.stdin ?? '')
  })
