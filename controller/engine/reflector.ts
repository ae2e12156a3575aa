import type { KubeObject, ResourceType } from '../api/meta.ts'
import type { KubeClient } from '../kube/client.ts'
import { ApiError, isExpired } from '../kube/client.ts'
import type { BackoffPolicy } from './backoff.ts'
import { backoffDelay } from './backoff.ts'
import type { Clock } from './clock.ts'
import { pause } from './clock.ts'
import { messageOf } from './errors.ts'
import { linkedAbort } from './linked-abort.ts'
import type { Logger } from './logger.ts'
import type { ObjectStore } from './object-store.ts'

export interface ReflectorOptions<T extends KubeObject> {
  client: KubeClient
  type: ResourceType
  /** All namespaces when not given. */
  namespace?: string
  labelSelector?: string
  store: ObjectStore<T>
  clock: Clock
  /** [0, 1) */
  random: () => number
  logger: Logger
  /** A watch that says nothing for so long, not even a bookmark, is taken for dead. */
  idleMs?: number
  backoff?: BackoffPolicy
}

const DEFAULT_IDLE_MS = 100_000
const DEFAULT_BACKOFF: BackoffPolicy = { baseMs: 500, maxMs: 30_000 }
/** Servers are asked to end a watch after this long or up to twice as long, so that load spreads over restarted servers. */
const WATCH_SECONDS = 300
/** A watch that could not be resumed so often is given up for a new list, whatever the reason was. */
const RELIST_AFTER_FAILURES = 5

/**
 * Keeps a store equal to the API: lists once, then follows the watch from there. A broken, silent or ended watch goes on from the
 * last version seen; only when the server no longer knows that version is everything listed again. Ends when `signal` aborts.
 */
export const reflect = async <T extends KubeObject>(
  options: ReflectorOptions<T>,
  signal: AbortSignal,
): Promise<void> => {
  const { clock, random, logger, type, backoff = DEFAULT_BACKOFF } = options
  const position: Position = { failures: 0 }
  while (!signal.aborted) {
    try {
      if (position.version === undefined) await list(options, position, signal)
      else await follow(options, position, signal)
    } catch (error) {
      if (signal.aborted) return
      position.failures++
      if (isExpired(error) || position.failures % RELIST_AFTER_FAILURES === 0) position.version = undefined
      const message = messageOf(error)
      const level = position.failures < 3 ? 'debug' : 'warn'
      logger[level]({ resource: type.plural, failures: position.failures, error: message }, 'watching was interrupted')
    }
    // The first interruption is everyday (a server restart, a timeout); only repeated ones wait.
    if (position.failures > 1) await pause(clock, backoffDelay(position.failures - 1, backoff, random), signal)
  }
}

interface Position {
  /** Where to go on; `undefined` means: from a new list. */
  version?: string
  /** In a row, since something was heard. */
  failures: number
}

const list = async <T extends KubeObject>(
  { client, type, namespace, labelSelector, store }: ReflectorOptions<T>,
  position: Position,
  signal: AbortSignal,
): Promise<void> => {
  const { items, resourceVersion } = await client.list<T>(type, { namespace, labelSelector, signal })
  store.replaceAll(items)
  position.version = resourceVersion
}

const follow = async <T extends KubeObject>(
  options: ReflectorOptions<T>,
  position: Position,
  signal: AbortSignal,
): Promise<void> => {
  const { client, type, namespace, labelSelector, store, clock, random } = options
  const idleMs = options.idleMs ?? DEFAULT_IDLE_MS
  const { controller, release } = linkedAbort(signal)
  const startedAt = clock.now()
  let heardAt = startedAt
  let cancelTimer = (): void => {}
  const watchdog = (): void => {
    const silentMs = clock.now() - heardAt
    if (silentMs >= idleMs) controller.abort(new Error(`nothing was heard for ${Math.round(silentMs / 1000)} s`))
    else cancelTimer = clock.setTimer(watchdog, idleMs - silentMs)
  }
  watchdog()
  try {
    const events = client.watch<T>(type, {
      namespace,
      labelSelector,
      resourceVersion: position.version ?? '',
      timeoutSeconds: Math.round(WATCH_SECONDS * (1 + random())),
      signal: controller.signal,
    })
    for await (const event of events) {
      heardAt = clock.now()
      position.failures = 0
      if (event.type === 'BOOKMARK') {
        position.version = event.resourceVersion
        continue
      }
      const version = event.object.metadata.resourceVersion
      if (version === undefined)
        throw new ApiError({ code: 500, message: 'the watch sent an object without a resourceVersion' })
      if (event.type === 'DELETED') store.remove(event.object)
      else store.upsert(event.object)
      position.version = version
    }
    // A server that ends each watch at once, without a word, would otherwise be asked in a tight loop.
    if (heardAt === startedAt && clock.now() - startedAt < 1_000) position.failures++
    else position.failures = 0
  } finally {
    cancelTimer()
    release()
    controller.abort(new Error('the watch ended'))
  }
}
