import { randomUUID } from 'node:crypto'
import { type CommonStatus, type KubeObject, keyText, type ObjectKey, parseKey } from '../api/meta.ts'
import type { KubeClient } from '../kube/client.ts'
import type { BackoffPolicy } from './backoff.ts'
import type { Clock } from './clock.ts'
import type { EventSink } from './events.ts'
import { Frame } from './frame.ts'
import type { Logger } from './logger.ts'
import type { EngineMetrics } from './metrics.ts'
import type { ObjectStore } from './object-store.ts'
import { concernsItself } from './own-changes.ts'
import type { Reconciler } from './reconciler.ts'
import { WorkQueue } from './work-queue.ts'

export interface ControllerOptions<T extends KubeObject<unknown, CommonStatus>> {
  reconciler: Reconciler<T>
  client: KubeClient
  store: ObjectStore<T>
  events: EventSink
  logger: Logger
  clock: Clock
  /** [0, 1) */
  random: () => number
  metrics?: EngineMetrics
  backoff?: BackoffPolicy
}

/** What `main.ts` runs, whatever the kind. */
export interface RunningController {
  readonly name: string
  start(): void
  /** Takes no more work; resolves when the passes under way have ended by themselves. */
  drain(): Promise<void>
  /** Cuts short what is still under way. */
  abort(): void
}

const DEFAULT_WORKERS = 16
const DEFAULT_BACKOFF: BackoffPolicy = { baseMs: 500, maxMs: 5 * 60_000 }

/** One kind's queue, its workers and the frame around its reconciler. */
export const createController = <T extends KubeObject<unknown, CommonStatus>>(
  options: ControllerOptions<T>,
): RunningController => {
  const { reconciler, store, clock, random, metrics, backoff = DEFAULT_BACKOFF } = options
  const name = reconciler.type.kind.toLowerCase()
  const workers = reconciler.workers ?? DEFAULT_WORKERS
  const stopping = new AbortController()
  const observers = metrics?.forController(name, workers)
  const frame = new Frame<T>({ ...options, newReconcileId: randomUUID, observer: observers?.frame })
  const { lane } = reconciler
  const laneOf = (key: string): string | undefined => {
    const object = store.get(parseKey(key))
    return object === undefined ? undefined : lane?.(object)
  }
  const queue = new WorkQueue({
    clock,
    random,
    workers,
    backoff,
    laneOf: lane === undefined ? undefined : laneOf,
    laneWorkers: reconciler.laneWorkers,
    process: (key) => frame.run(key, stopping.signal),
    observer: observers?.queue,
  })
  observers?.watchRunning(() => queue.runningFor())

  return {
    name,
    start() {
      const signal = stopping.signal
      store.onChange((change) => {
        if (change.after !== undefined && concernsItself(change)) queue.add(keyText(change.after.metadata), 'changed')
      }, signal)
      for (const object of store.list()) queue.add(keyText(object.metadata), 'changed')
      const wake = (key: ObjectKey): void => {
        // What does not exist has nobody to wake, and would only cost an entry.
        if (store.get(key) !== undefined) queue.add(keyText(key), 'woken')
      }
      for (const source of reconciler.wakeOn) source(wake, signal)
      queue.start()
    },
    drain: () => queue.stop(),
    abort: () => stopping.abort(new Error('the controller is stopping')),
  }
}
