import { randomBytes } from 'node:crypto'
import type { KubeObject, ResourceType } from '../api/meta.ts'
import type { KubeClient } from '../kube/client.ts'
import { isNotFound } from '../kube/client.ts'
import { kubeTime } from '../status/conditions.ts'
import type { Clock } from './clock.ts'
import { messageOf } from './errors.ts'
import type { Logger } from './logger.ts'
import { TokenBuckets } from './token-buckets.ts'

/** Where events go. Never throws, never waits. */
export interface EventSink {
  record(object: Readonly<KubeObject>, type: 'Normal' | 'Warning', reason: string, message: string): void
}

const EVENT: ResourceType = { group: '', version: 'v1', kind: 'Event', plural: 'events', namespaced: true }

/** Repeats within this time raise the count of the first; later ones are a new event, since the API forgets events after an hour. */
const SERIES_MS = 45 * 60_000
/** A repeat is written at most so often. */
const REPEAT_INTERVAL_MS = 30_000
/** An object may tell so much at once, and then one thing a minute. */
const BURST = 25
const REFILL_MS = 60_000
/** Events remembered for counting, and events waiting to be written: beyond, the oldest memory and the newest event are dropped. */
const MOST_REMEMBERED = 4_096
const MOST_WAITING = 4_096
const WRITERS = 4
const LONGEST_MESSAGE = 1_024

export interface EventRecorderOptions {
  client: KubeClient
  clock: Clock
  logger: Logger
  /** Shown by `kubectl describe` as the source. */
  component: string
  /** For objects without a namespace. */
  clusterNamespace?: string
}

/**
 * Writes core/v1 events, off the hot path: equal ones are counted instead of repeated, a chatty object is cut off, and a failing
 * write is dropped, for events are told to people and no part of any decision.
 */
export class EventRecorder implements EventSink {
  readonly #options: EventRecorderOptions
  readonly #series = new Map<string, Series>()
  readonly #waiting = new Set<Series>()
  readonly #buckets: TokenBuckets
  #writers = 0
  #dropped = 0
  #cancelTimer: (() => void) | undefined
  #drained: (() => void)[] = []

  constructor(options: EventRecorderOptions) {
    this.#options = options
    this.#buckets = new TokenBuckets({ clock: options.clock, burst: BURST, refillMs: REFILL_MS, most: MOST_REMEMBERED })
  }

  /** Events that were not told. */
  get dropped(): number {
    return this.#dropped
  }

  record(object: Readonly<KubeObject>, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const now = this.#options.clock.now()
    const text = message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE - 1)}…`
    const uid = object.metadata.uid ?? ''
    const key = `${uid}\n${type}\n${reason}\n${text}`
    const known = this.#series.get(key)
    if (known !== undefined && now - known.firstAt < SERIES_MS) {
      known.count++
      known.lastAt = now
      this.#waiting.add(known)
      // A timer is set for those that repeat.
      if (this.#cancelTimer === undefined) this.#write()
      return
    }
    if (this.#waiting.size >= MOST_WAITING || !this.#buckets.take(uid)) {
      this.#dropped++
      return
    }
    const series = this.#newSeries(object, type, reason, text, now)
    this.#series.delete(key)
    this.#series.set(key, series)
    if (this.#series.size > MOST_REMEMBERED) {
      const oldest = this.#series.keys().next()
      if (oldest.done === false) this.#series.delete(oldest.value)
    }
    this.#waiting.add(series)
    this.#write()
  }

  /** Writes what waits, repeats included, and resolves when nothing is left (or `signal` aborts). */
  async flush(signal: AbortSignal): Promise<void> {
    for (const series of this.#waiting) series.writtenAt = Number.NEGATIVE_INFINITY
    if (this.#waiting.size === 0 && this.#writers === 0) return
    await new Promise<void>((resolve) => {
      this.#drained.push(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
      if (signal.aborted) resolve()
      this.#write()
    })
    this.#cancelTimer?.()
  }

  #newSeries(object: Readonly<KubeObject>, type: string, reason: string, message: string, now: number): Series {
    const { namespace = this.#options.clusterNamespace ?? 'default', name, uid, resourceVersion } = object.metadata
    const { apiVersion, kind } = object
    const involvedObject = { apiVersion, kind, namespace: object.metadata.namespace, name, uid, resourceVersion }
    return {
      namespace,
      // As client-go names them: the object's name and something unique.
      name: `${name.slice(0, 230)}.${randomBytes(8).toString('hex')}`,
      body: { involvedObject, type, reason, message },
      count: 1,
      firstAt: now,
      lastAt: now,
      created: false,
      writtenAt: Number.NEGATIVE_INFINITY,
    }
  }

  /** Starts as many writers as there is work for; arms a timer for repeats that must wait. */
  #write(): void {
    const now = this.#options.clock.now()
    let soonest = Number.POSITIVE_INFINITY
    for (const series of this.#waiting) {
      if (this.#writers >= WRITERS) return
      const due = series.writtenAt + REPEAT_INTERVAL_MS
      if (due > now) {
        soonest = Math.min(soonest, due)
        continue
      }
      this.#waiting.delete(series)
      this.#writers++
      void this.#writeOne(series).finally(() => {
        this.#writers--
        this.#write()
      })
    }
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (soonest !== Number.POSITIVE_INFINITY) {
      this.#cancelTimer = this.#options.clock.setTimer(() => this.#write(), soonest - now)
    }
    if (this.#writers === 0 && this.#waiting.size === 0) {
      const drained = this.#drained
      this.#drained = []
      for (const resolve of drained) resolve()
    }
  }

  async #writeOne(series: Series): Promise<void> {
    const { client, clock, component, logger } = this.#options
    const { namespace, name } = series
    series.writtenAt = clock.now()
    const times = { count: series.count, lastTimestamp: kubeTime(new Date(series.lastAt)) }
    try {
      if (series.created) {
        await client.patch(EVENT, { namespace, name }, { type: 'merge', body: times })
        return
      }
      await client.create(EVENT, {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { namespace, name },
        ...series.body,
        ...times,
        firstTimestamp: kubeTime(new Date(series.firstAt)),
        source: { component },
        reportingComponent: component,
        reportingInstance: component,
      } as unknown as KubeObject)
      series.created = true
    } catch (error) {
      // Expired meanwhile: the next repeat begins anew.
      if (series.created && isNotFound(error)) series.firstAt = Number.NEGATIVE_INFINITY
      else this.#dropped++
      const message = messageOf(error)
      logger.debug({ namespace, event: name, error: message }, 'an event could not be written')
    }
  }
}

interface Series {
  namespace: string
  name: string
  body: Record<string, unknown>
  count: number
  firstAt: number
  lastAt: number
  created: boolean
  writtenAt: number
}
