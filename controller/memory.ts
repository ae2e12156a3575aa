import path from 'node:path'
import v8 from 'node:v8'
import vm from 'node:vm'
import type { Clock } from './engine/clock.ts'
import type { Logger } from './engine/logger.ts'

/**
 * A controller works in bursts and is quiet for most of its life. V8 by itself lets the heap grow to several times of what is in
 * use and keeps it, so that one busy minute would cost memory for weeks.
 */

/**
 * Flags of Node. The young generation (MiB) takes three times its size and fills it however little is in use; the old one may grow
 * by a share (percent) of what is in use before it is collected, where V8's own choice is up to fourfold.
 */
export const nodeFlags = ['--max-semi-space-size=4', '--heap-growing-percent=40'] as const

/**
 * Starts the process anew, under the same id, with the flags above: V8 reads the first of them only at its own start. Run from
 * source it also gets a folder for what Node makes of TypeScript, so that the next start needs no compiler (20 MiB, 0.3 s). To be
 * called before anything is loaded. Where a process cannot be replaced, or somebody chose other flags, it goes on as it is.
 */
export const keepHeapSmall = (self: NodeJS.Process): void => {
  const given = [...self.execArgv, self.env.NODE_OPTIONS ?? ''].join(' ')
  if (given.includes('--max-semi-space-size') || self.execve === undefined || self.platform === 'win32') return
  const flags = [...nodeFlags, '--disable-warning=ExperimentalWarning', ...self.execArgv]
  self.execve(self.execPath, [self.execPath, ...flags, ...self.argv.slice(1)], { ...nodeEnvironment, ...self.env })
}

/** Settings that only count at the start of a process; those that are given already win. */
export const nodeEnvironment: Readonly<Record<string, string>> = {
  // glibc's malloc gives each of Node's threads a heap of its own otherwise.
  MALLOC_ARENA_MAX: '2',
  // Fixed, it gives back what a burst took; by itself glibc raises both as it sees larger blocks, and keeps them.
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_MMAP_THRESHOLD_: '131072',
  ...(import.meta.filename.endsWith('.ts')
    ? { NODE_COMPILE_CACHE: path.join(import.meta.dirname, '../.cache/compiled') }
    : {}),
}

const LOOK_EVERY_MS = 10_000
/** Less of a core than this, over one interval, is quiet. */
const QUIET_SHARE = 0.05
/** Giving back takes up to half a second, so it must be worth it. */
const WORTH_BYTES = 24 * 1024 * 1024
/** Of the time since the last one: a process that always does a little makes as much garbage again within a minute. */
const MOST_SHARE = 0.002

/** Compacts the heap when a burst is over. Ends when `signal` aborts. */
export const giveBackWhenQuiet = ({ clock, logger }: { clock: Clock; logger: Logger }, signal: AbortSignal): void => {
  const collect = fullCollection()
  let before = process.cpuUsage()
  let lookedAt = clock.now()
  /** After the last compaction: what could not be given back then will not be now. */
  let floor = 0
  let notBefore = 0
  const look = (): void => {
    if (signal.aborted) return
    const { user, system } = process.cpuUsage(before)
    const elapsedMs = clock.now() - lookedAt
    before = process.cpuUsage()
    lookedAt = clock.now()
    const quiet = (user + system) / 1000 < elapsedMs * QUIET_SHARE
    const { heapTotal, heapUsed } = process.memoryUsage()
    if (quiet && lookedAt >= notBefore && heapTotal - floor > WORTH_BYTES) {
      const startedAt = performance.now()
      collect()
      floor = process.memoryUsage().heapTotal
      const freedMiB = Math.round((heapTotal - floor) / 2 ** 20)
      const pauseMs = Math.round(performance.now() - startedAt)
      notBefore = lookedAt + pauseMs / MOST_SHARE
      logger.debug({ freedMiB, usedMiB: Math.round(heapUsed / 2 ** 20), pauseMs }, 'gave memory back')
      before = process.cpuUsage()
    }
    clock.setTimer(look, LOOK_EVERY_MS)
  }
  clock.setTimer(look, LOOK_EVERY_MS)
}

/** V8's most thorough collection, which also compacts. Node offers it only by way of a flag. */
const fullCollection = (): (() => void) => {
  v8.setFlagsFromString('--expose-gc')
  const collect: unknown = vm.runInNewContext('gc')
  v8.setFlagsFromString('--no-expose-gc')
  if (typeof collect !== 'function') return () => {}
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
