import { spawn } from 'node:child_process'
import { StringDecoder } from 'node:string_decoder'
import { HostUnreachableError } from '../controller/hosts/port.ts'
import { lastLines } from '../controller/text/whole-lines.ts'

/** A program to run: its words go to the system as they are, never through a shell. */
export interface Command {
  argv: readonly [string, ...string[]]
  directory: string
  environment: Readonly<Record<string, string>>
  /** Given on standard input: the way for scripts and passwords, which must not show in a process list. */
  input?: string
  deadlineMs: number
  /** For messages, for example `docker compose pull`. */
  title: string
}

export interface CommandResult {
  exitCode: number
  /** Standard output alone, for those who parse it; at most `maxParsedBytes`. */
  stdout: string
  /** Both streams as they came; the end is kept, from the beginning of a line: a part of a secret would not be known as one. */
  output: string
  durationMs: number
}

/** The command did not end in time and was stopped. */
export class CommandDeadlineError extends Error {
  override readonly name = 'CommandDeadlineError'
}

/** What is kept of the output for people. */
const maxOutputCharacters = 16 * 1024
/** What is kept for parsers; more than any sensible `compose config`. */
const maxParsedBytes = 16 * 1024 * 1024
const termGraceMs = 3_000
/** A grandchild that keeps the pipes open after the command ended is not waited for any longer. */
const pipeGraceMs = 1_000

/**
 * Runs a command to its end. It has a process group of its own: at the deadline, or when `signal` is aborted, the whole group is
 * terminated, then killed. Rejects with `CommandDeadlineError` at the deadline, and with `HostUnreachableError` when the program is not
 * there.
 */
export const runCommand = (command: Command, signal: AbortSignal): Promise<CommandResult> => {
  signal.throwIfAborted()
  const { argv, directory, environment, input, deadlineMs, title } = command
  const started = performance.now()
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>()

  const child = spawn(argv[0], argv.slice(1), {
    cwd: directory,
    env: { ...environment },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const parsed: Buffer[] = []
  let parsedBytes = 0
  let output = ''
  const keep = () => {
    const decoder = new StringDecoder('utf8')
    return (chunk: Buffer) => {
      output += decoder.write(chunk)
      if (output.length > 4 * maxOutputCharacters) output = output.slice(-2 * maxOutputCharacters)
    }
  }
  const keepOutput = keep()
  child.stdout.on('data', (chunk: Buffer) => {
    keepOutput(chunk)
    parsedBytes += chunk.length
    if (parsedBytes <= maxParsedBytes) parsed.push(chunk)
  })
  child.stderr.on('data', keep())
  // A command that ends without reading its input is no error.
  child.stdin.on('error', () => {})
  child.stdin.end(input ?? '')

  let stopped: unknown
  let forced: NodeJS.Timeout | undefined
  const stop = (reason: unknown) => {
    if (stopped !== undefined) return
    stopped = reason
    killGroup(child.pid, 'SIGTERM')
    forced = setTimeout(() => killGroup(child.pid, 'SIGKILL'), termGraceMs)
  }
  const abort = () => stop(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  const deadline = setTimeout(
    () => stop(new CommandDeadlineError(`${title} did not end within ${deadlineMs / 1000} s and was stopped`)),
    deadlineMs,
  )

  const settle = (exitCode: number) => {
    clearTimeout(deadline)
    clearTimeout(forced)
    signal.removeEventListener('abort', abort)
    if (stopped !== undefined) {
      // Whatever of the group outlived its leader goes too.
      killGroup(child.pid, 'SIGKILL')
      reject(stopped)
      return
    }
    const stdout = Buffer.concat(parsed).toString('utf8')
    resolve({
      exitCode,
      stdout,
      output: lastLines(output, maxOutputCharacters),
      durationMs: performance.now() - started,
    })
  }
  child.on('error', (error: NodeJS.ErrnoException) => {
    stopped = new HostUnreachableError(
      error.code === 'ENOENT'
        ? `could not run ${title}: there is no program ${argv[0]} in PATH, or no directory ${directory}`
        : `could not run ${title}: ${error.message}`,
    )
    settle(-1)
  })
  child.on('exit', (code, killedBy) => {
    const grace = setTimeout(() => {
      child.stdout.destroy()
      child.stderr.destroy()
    }, pipeGraceMs)
    child.on('close', () => {
      clearTimeout(grace)
      settle(code ?? (killedBy ? 128 : -1))
    })
  })
  return promise
}

const killGroup = (pid: number | undefined, signal: NodeJS.Signals): void => {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // Gone already.
  }
}
