/** Running programs and saying what happens, for the scripts a person starts. */
import { spawn, spawnSync } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

export const say = (text: string): void => console.log(`\u25b8 ${text}`)

/** Ends the script with a message for a person. */
export class SetupError extends Error {}

/** stdout of a command that must succeed. */
export const output = (
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): string => {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20, ...options })
  if (result.error) throw new SetupError(`${command} could not be started: ${result.error.message}`)
  if (result.status !== 0) {
    throw new SetupError(`${command} ${args.join(' ')} failed (${result.status}):\n${result.stderr || result.stdout}`)
  }
  return result.stdout
}

export const startInBackground = (
  command: string,
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; log: string },
): number => {
  const log = openSync(options.log, 'a')
  const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log], env: options.env })
  child.unref()
  if (child.pid === undefined) throw new SetupError(`${command} could not be started`)
  return child.pid
}

/** Whether the process runs; a zombie that nobody has reaped yet does not. */
export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return true
  }
}

/** The pid in the file if that process still runs. */
export const runningPid = (pidFile: string): number | undefined => {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'))
    return Number.isInteger(pid) && pid > 1 && isRunning(pid) ? pid : undefined
  } catch {
    return undefined
  }
}

export const waitUntil = async (
  what: string,
  probe: () => Promise<boolean> | boolean,
  { timeoutMs, hint = '' }: { timeoutMs: number; hint?: string },
): Promise<void> => {
  const deadline = Date.now() + timeoutMs
  while (!(await probe())) {
    if (Date.now() > deadline) throw new SetupError(`${what} took longer than ${timeoutMs / 1000} s. ${hint}`)
    await delay(100)
  }
}

export const runScript = async (main: () => Promise<void>): Promise<void> => {
  try {
    await main()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    console.error(`\u2717 ${error.message}`)
    process.exitCode = 1
  }
}
