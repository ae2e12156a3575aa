import { setTimeout as delay } from 'node:timers/promises'
import type { Daemon } from './process.ts'

export interface Patience {
  /** Below the limit of a unit test, so that the message says what was waited for. */
  timeoutMs?: number
  everyMs?: number
  /** Waiting ends at once when it has ended. */
  daemon?: Daemon
}

/** Asks again until `probe` answers something other than `undefined` or `false`. Rejects after `timeoutMs` with what was waited for. */
export const waitUntil = async <T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 25_000, everyMs = 20, daemon }: Patience = {},
): Promise<T> => {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const answer = await probe()
    if (answer !== undefined && answer !== false) return answer
    if (daemon !== undefined && (daemon.child.exitCode !== null || daemon.child.signalCode !== null)) {
      throw new Error(`${daemon.name} ended while waiting for ${what}:\n${daemon.logTail()}`)
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms for ${what}${daemon === undefined ? '' : `:\n${daemon.logTail()}`}`)
    }
    await delay(everyMs)
  }
}
