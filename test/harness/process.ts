import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/** A port that was free a moment ago. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

export interface Daemon {
  readonly name: string
  readonly child: ChildProcess
  /** The end of what it printed, for error messages. */
  logTail(): string
  /** SIGTERM, and SIGKILL when it has not ended after `graceMs`. */
  stop(graceMs?: number): Promise<void>
}

/** Starts a long-running program with its output in `logFile`. */
export const startDaemon = (name: string, argv: readonly [string, ...string[]], logFile: string): Daemon => {
  const log = openSync(logFile, 'w')
  const [command, ...args] = argv
  const child = spawn(command, args, { stdio: ['ignore', log, log] })
  closeSync(log)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  return {
    name,
    child,
    logTail: () => readFileSync(logFile, 'utf8').split('\n').slice(-15).join('\n'),
    async stop(graceMs = 10_000) {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const hard = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await ended
      clearTimeout(hard)
    },
  }
}
