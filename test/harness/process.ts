import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

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

/**
 * Asks again until `probe` answers something other than `undefined`. Rejects after `timeoutMs` with what was waited for, or at once when
 * `daemon` has ended.
 */
export const waitUntil = async <T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  { timeoutMs = 30_000, everyMs = 50, daemon }: { timeoutMs?: number; everyMs?: number; daemon?: Daemon } = {},
): Promise<T> => {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const answer = await probe()
    if (answer !== undefined) return answer
    if (daemon !== undefined && (daemon.child.exitCode !== null || daemon.child.signalCode !== null)) {
      throw new Error(`${daemon.name} ended while waiting for ${what}:\n${daemon.logTail()}`)
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms for ${what}${daemon === undefined ? '' : `:\n${daemon.logTail()}`}`)
    }
    await delay(everyMs)
  }
}
