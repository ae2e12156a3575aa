import { conditionOf, keyOf, type ObjectKey } from '../api/meta.ts'
import { type Server, serverCondition } from '../api/v1alpha1/server.ts'
import { type Clock, pause } from '../engine/clock.ts'
import { messageOf } from '../engine/errors.ts'
import type { Lister } from '../engine/lister.ts'
import type { Logger } from '../engine/logger.ts'
import type { Wake } from '../engine/reconciler.ts'
import type { HostEvent, Hosts } from '../hosts/port.ts'
import { ownerOf } from './references.ts'

/** Finds the objects of one kind that an event of a host concerns. */
export type Route = (server: Readonly<Server>, event: HostEvent) => Iterable<ObjectKey>

/** All objects of one kind on a server: they are looked at again after events may have been missed. */
export type OnServer = (server: Readonly<Server>) => Iterable<ObjectKey>

export interface HostEventsDeps {
  servers: Lister<Server>
  hosts: Hosts
  clock: Clock
  log: Logger
  /** 0 up to 1. */
  random: () => number
}

/**
 * One subscription to Docker's events per usable host, handed on to whoever they concern. Where it breaks it is started again with
 * backoff, and both the break and the return wake the Server; after a return everything on that host is looked at again, since
 * nobody knows what happened meanwhile. Polling is the safety net for what is missed all the same.
 */
export class HostEvents {
  readonly #deps: HostEventsDeps
  readonly #listeners = new Set<{ route: Route; onServer: OnServer; enqueue: (key: ObjectKey) => void }>()
  readonly #serverWakes = new Set<(key: ObjectKey) => void>()
  readonly #running = new Map<string, { fingerprint: string; stop: AbortController; retryNow: () => void }>()
  /** Servers that will soon be woken for what they count. */
  readonly #counting = new Set<string>()

  constructor(deps: HostEventsDeps) {
    this.#deps = deps
  }

  /** Follows the servers until `signal` aborts. */
  start(signal: AbortSignal): void {
    const { servers } = this.#deps
    for (const server of servers.list()) this.#follow(server, signal)
    servers.onChange(({ before, after }) => {
      if (after !== undefined) this.#follow(after, signal)
      else if (before !== undefined) this.#unfollow(before)
    }, signal)
    signal.addEventListener('abort', () => {
      for (const { stop } of this.#running.values()) stop.abort()
      this.#running.clear()
    })
  }

  /** Wakes objects on hosts. */
  wake(route: Route, onServer: OnServer): Wake {
    return (enqueue, signal) => {
      const listener = { route, onServer, enqueue }
      this.#listeners.add(listener)
      signal.addEventListener('abort', () => this.#listeners.delete(listener))
    }
  }

  /** Wakes servers whose subscription broke or came back, and a moment after something moved on them. */
  wakeServers(): Wake {
    return (enqueue, signal) => {
      this.#serverWakes.add(enqueue)
      signal.addEventListener('abort', () => this.#serverWakes.delete(enqueue))
    }
  }

  #follow(server: Readonly<Server>, signal: AbortSignal): void {
    const id = ownerOf(server)
    const running = this.#running.get(id)
    if (!server.spec.enabled || server.metadata.deletionTimestamp !== undefined || signal.aborted) {
      this.#unfollow(server)
      return
    }
    const fingerprint = fingerprintOf(server)
    if (running?.fingerprint === fingerprint) {
      if (conditionOf(server, serverCondition.reachable)?.status === 'True') running.retryNow()
      return
    }
    running?.stop.abort()
    const stop = new AbortController()
    const entry = { fingerprint, stop, retryNow: () => {} }
    this.#running.set(id, entry)
    void this.#keepSubscribed(server, entry)
  }

  #unfollow(server: Readonly<Server>): void {
    const id = ownerOf(server)
    this.#running.get(id)?.stop.abort()
    this.#running.delete(id)
  }

  /** Never rejects. */
  async #keepSubscribed(
    server: Readonly<Server>,
    entry: { stop: AbortController; retryNow: () => void },
  ): Promise<void> {
    const { clock, random, log } = this.#deps
    const { signal } = entry.stop
    for (let failures = 0; !signal.aborted; failures++) {
      const startedAt = clock.now()
      const settled = clock.setTimer(() => {
        if (!signal.aborted && failures > 0) this.#wakeAll(server)
      }, SETTLED_AFTER_MS)
      try {
        for await (const event of this.#deps.hosts.for(server).events(signal)) this.#dispatch(server, event)
      } catch (error) {
        if (!signal.aborted) log.debug({ server: ownerOf(server), err: messageOf(error) }, 'the event stream broke')
      }
      settled()
      if (signal.aborted) return
      if (clock.now() - startedAt > SETTLED_AFTER_MS) {
        failures = 0
        this.#wakeServer(server)
      } else if (failures === 0) {
        this.#wakeServer(server)
      }
      const delayMs = Math.min(RETRY_FIRST_MS * 2 ** Math.min(failures, 10), RETRY_MAX_MS) * (0.75 + random() / 2)
      const early = new AbortController()
      entry.retryNow = () => early.abort()
      await pause(clock, delayMs, AbortSignal.any([signal, early.signal]))
      entry.retryNow = () => {}
    }
  }

  #dispatch(server: Readonly<Server>, event: HostEvent): void {
    if (!isNews(event)) return
    for (const { route, enqueue } of this.#listeners) for (const key of route(server, event)) enqueue(key)
    this.#countSoon(server)
  }

  /** A server tells how many containers run: one look for a whole deploy. */
  #countSoon(server: Readonly<Server>): void {
    const id = ownerOf(server)
    if (this.#counting.has(id)) return
    this.#counting.add(id)
    this.#deps.clock.setTimer(() => {
      this.#counting.delete(id)
      if (this.#running.has(id)) this.#wakeServer(server)
    }, COUNT_AFTER_MS)
  }

  #wakeAll(server: Readonly<Server>): void {
    this.#wakeServer(server)
    for (const { onServer, enqueue } of this.#listeners) for (const key of onServer(server)) enqueue(key)
  }

  #wakeServer(server: Readonly<Server>): void {
    for (const enqueue of this.#serverWakes) enqueue(keyOf(server))
  }
}

const COUNT_AFTER_MS = 3_000
/** A subscription that lived so long counts as having worked. */
const SETTLED_AFTER_MS = 1_000
const RETRY_FIRST_MS = 500
const RETRY_MAX_MS = 15_000

/** Of all that decides how the host is reached. */
const fingerprintOf = ({ metadata, spec }: Readonly<Server>): string =>
  JSON.stringify([metadata.uid, spec.address, spec.insecureTls, spec.passkeyFrom])

/** Health checks run as `exec`s every few seconds and say nothing by themselves. */
const isNews = ({ action }: HostEvent): boolean =>
  !action.startsWith('exec_') && action !== 'top' && action !== 'attach'
