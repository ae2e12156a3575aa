import type { BackoffPolicy } from './backoff.ts'
import { backoffDelay } from './backoff.ts'
import type { Clock } from './clock.ts'
import { DelayHeap } from './delay-heap.ts'
import { Fifo } from './fifo.ts'

/** What a pass over a key concludes for the queue. `settled` forgets earlier failures; `failed` comes back after a backoff. */
export type PassResult = { outcome: 'settled'; afterMs?: number } | { outcome: 'failed' }

/** Why a key is added: the object itself changed, or something that concerns it did. */
export type AddReason = 'changed' | 'woken'

export interface WorkQueueOptions {
  clock: Clock
  /** [0, 1) */
  random: () => number
  /** Passes at a time. */
  workers: number
  backoff: BackoffPolicy
  /** See `Reconciler.lane`. */
  laneOf?: (key: string) => string | undefined
  laneWorkers?: number
  process: (key: string) => Promise<PassResult>
  observer?: QueueObserver
}

/** For metrics. */
export interface QueueObserver {
  added(): void
  depthChanged(depth: number): void
  started(waitedMs: number): void
  finished(workedMs: number): void
  retried(): void
}

/**
 * A failing object that its surroundings wake is not tried again sooner than this (or its backoff, if shorter): its own failed
 * attempts make events too, and must not keep it spinning. A change of the object itself always counts at once.
 */
const WOKEN_WHILE_FAILING_MS = 5_000

/**
 * Delays of at least this end together with others, at the next full second: a thousand objects that are looked at each minute then wake
 * the process once a second, not a thousand times a minute.
 */
const LONG_DELAY_MS = 30_000
const TOGETHER_MS = 1_000

/**
 * Work by key: a key is worked on by one worker at a time, waits at most once however often it is added, and comes back by
 * itself after a delay or, after a failure, a growing one. Waiting keys are taken in the order of their arrival.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions
  readonly #entries = new Map<string, Entry>()
  readonly #ready = new Fifo<string>()
  readonly #delayed = new DelayHeap()
  /** Keys whose lane is full, by lane. */
  readonly #parked = new Map<string, Fifo<string>>()
  readonly #laneLoad = new Map<string, number>()
  #parkedCount = 0
  #running = 0
  #started = false
  #stopped = false
  #cancelTimer: (() => void) | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #whenIdle: (() => void) | undefined

  constructor(options: WorkQueueOptions) {
    this.#options = options
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#ready.size + this.#parkedCount
  }

  get running(): number {
    return this.#running
  }

  /** Milliseconds that each running pass has taken so far. */
  runningFor(): number[] {
    const now = this.#options.clock.now()
    const durations: number[] = []
    for (const entry of this.#entries.values()) if (entry.state === 'running') durations.push(now - entry.since)
    return durations
  }

  add(key: string, reason: AddReason = 'woken'): void {
    if (this.#stopped) return
    this.#options.observer?.added()
    const entry = this.#entry(key)
    if (entry.state === 'waiting') return
    if (entry.state === 'running') {
      if (entry.again !== 'changed') entry.again = reason
      return
    }
    const floor = reason === 'woken' ? entry.notBefore : 0
    if (floor > this.#options.clock.now()) this.#delayUntil(key, entry, Math.min(floor, entry.dueAt))
    else this.#makeReady(key, entry)
  }

  /** Adds the key once the delay is over, unless it is worked on before. The sooner of two delays counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#stopped) return
    const entry = this.#entry(key)
    if (entry.state !== 'idle') return
    this.#delayUntil(key, entry, Math.min(this.#options.clock.now() + delayMs, entry.dueAt))
  }

  /** Until then keys only gather. */
  start(): void {
    this.#started = true
    this.#fillWorkers()
  }

  /** Takes no more keys; resolves when the passes under way have ended. */
  stop(): Promise<void> {
    this.#stopped = true
    this.#cancelTimer?.()
    return new Promise((resolve) => {
      if (this.#running === 0) resolve()
      else this.#whenIdle = resolve
    })
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      entry = { state: 'idle', since: 0, failures: 0, notBefore: 0, dueAt: Number.POSITIVE_INFINITY, again: undefined }
      this.#entries.set(key, entry)
    }
    return entry
  }

  #makeReady(key: string, entry: Entry): void {
    entry.state = 'waiting'
    entry.since = this.#options.clock.now()
    entry.dueAt = Number.POSITIVE_INFINITY
    this.#ready.push(key)
    this.#options.observer?.depthChanged(this.depth)
    this.#fillWorkers()
  }

  #fillWorkers(): void {
    while (this.#started && !this.#stopped && this.#running < this.#options.workers) {
      const key = this.#ready.shift()
      if (key === undefined) return
      const lane = this.#options.laneOf?.(key)
      if (lane !== undefined && (this.#laneLoad.get(lane) ?? 0) >= this.#laneWorkers) {
        this.#park(lane, key)
        continue
      }
      if (lane !== undefined) this.#laneLoad.set(lane, (this.#laneLoad.get(lane) ?? 0) + 1)
      void this.#work(key, lane)
    }
  }

  get #laneWorkers(): number {
    return this.#options.laneWorkers ?? this.#options.workers
  }

  #park(lane: string, key: string): void {
    let parked = this.#parked.get(lane)
    if (parked === undefined) {
      parked = new Fifo()
      this.#parked.set(lane, parked)
    }
    parked.push(key)
    this.#parkedCount++
  }

  #leaveLane(lane: string): void {
    const load = (this.#laneLoad.get(lane) ?? 1) - 1
    if (load === 0) this.#laneLoad.delete(lane)
    else this.#laneLoad.set(lane, load)
    const parked = this.#parked.get(lane)
    const next = parked?.shift()
    if (parked?.size === 0) this.#parked.delete(lane)
    if (next === undefined) return
    this.#parkedCount--
    this.#ready.unshift(next)
  }

  async #work(key: string, lane: string | undefined): Promise<void> {
    const { clock, observer, process } = this.#options
    const entry = this.#entry(key)
    const startedAt = clock.now()
    this.#running++
    observer?.started(startedAt - entry.since)
    observer?.depthChanged(this.depth)
    entry.state = 'running'
    entry.since = startedAt
    let result: PassResult
    try {
      result = await process(key)
    } catch {
      result = { outcome: 'failed' }
    }
    this.#running--
    observer?.finished(clock.now() - startedAt)
    if (lane !== undefined) this.#leaveLane(lane)
    this.#conclude(key, entry, result)
    if (this.#stopped && this.#running === 0) this.#whenIdle?.()
    this.#fillWorkers()
  }

  #conclude(key: string, entry: Entry, result: PassResult): void {
    const { clock, random, backoff, observer } = this.#options
    const again = entry.again
    entry.again = undefined
    entry.state = 'idle'
    if (this.#stopped) return
    const now = clock.now()
    if (result.outcome === 'failed') {
      observer?.retried()
      entry.failures++
      const delay = backoffDelay(entry.failures, backoff, random)
      entry.notBefore = now + Math.min(delay, WOKEN_WHILE_FAILING_MS)
      if (again === 'changed') this.#makeReady(key, entry)
      else this.#delayUntil(key, entry, again === 'woken' ? entry.notBefore : now + delay)
      return
    }
    entry.failures = 0
    entry.notBefore = 0
    if (again !== undefined) this.#makeReady(key, entry)
    else if (result.afterMs !== undefined) this.#delayUntil(key, entry, together(now, result.afterMs))
    else this.#entries.delete(key)
  }

  #delayUntil(key: string, entry: Entry, at: number): void {
    if (entry.dueAt === at) return
    entry.dueAt = at
    this.#delayed.push({ key, at })
    this.#armTimer()
  }

  /** One timer, for the soonest. */
  #armTimer(): void {
    const next = this.#delayed.peek()
    if (next === undefined || next.at >= this.#timerAt) return
    this.#cancelTimer?.()
    this.#timerAt = next.at
    this.#cancelTimer = this.#options.clock.setTimer(() => this.#releaseDue(), next.at - this.#options.clock.now())
  }

  #releaseDue(): void {
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = this.#options.clock.now()
    for (let next = this.#delayed.peek(); next !== undefined && next.at <= now; next = this.#delayed.peek()) {
      this.#delayed.pop()
      const entry = this.#entries.get(next.key)
      // Entries that were overtaken by a sooner or later date, or by work, no longer count.
      if (entry?.state === 'idle' && entry.dueAt === next.at) this.#makeReady(next.key, entry)
    }
    if (!this.#stopped) this.#armTimer()
  }
}

const together = (now: number, delayMs: number): number =>
  delayMs < LONG_DELAY_MS ? now + delayMs : Math.ceil((now + delayMs) / TOGETHER_MS) * TOGETHER_MS

interface Entry {
  state: 'idle' | 'waiting' | 'running'
  /** When it began to wait or to run. */
  since: number
  failures: number
  /** Earliest time at which a wake-up counts after a failure. */
  notBefore: number
  /** When it comes back by itself; infinity when it does not. */
  dueAt: number
  /** It was added while a worker had it. */
  again: AddReason | undefined
}
