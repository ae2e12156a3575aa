import type { Change } from '../store/change.ts'
import type { Store } from '../store/store.ts'
import type { Pulse } from './pulse.ts'

/** Changes that may wait for a slow watcher before it is sent back to the log. */
const BUFFER = 1000
/** Changes read from the log at a time. */
const REPLAY = 200

/**
 * The changes of one resource after a revision: each once, in order, without a gap. Live changes wait in a bounded buffer; a
 * watcher that lags behind it catches up from the log, and ends when compaction overtakes it. Memory is bounded either way.
 */
export class Feed implements Disposable {
  readonly #store: Store
  readonly #resource: string
  readonly #pulse: Pulse
  readonly #unsubscribe: () => void
  #cursor: number
  #buffer: Change[] = []
  /** The buffer does not lead up to the newest change: the log must be read. */
  #behind: boolean
  #wake: (() => void) | undefined

  constructor(store: Store, pulse: Pulse, resource: string, after: number) {
    this.#pulse = pulse
    this.#store = store
    this.#resource = resource
    this.#cursor = after
    this.#behind = after < store.revision
    this.#unsubscribe = store.subscribe((change) => {
      if (change.resource === resource) this.#push(change)
    })
  }

  /** What there is by now, oldest first; empty when nothing happened. @throws FeedExpired */
  take(): Change[] {
    if (!this.#behind) {
      const changes = this.#buffer
      this.#buffer = []
      return this.#advance(changes)
    }
    if (this.#cursor < this.#store.compacted) throw new FeedExpired(this.#cursor, this.#store.compacted)
    const changes = this.#store.changesSince(this.#cursor, this.#resource, REPLAY)
    if (changes.length < REPLAY) {
      // The log's end is now: from here on the buffer goes on without a gap, as nothing commits in between.
      this.#behind = false
      this.#buffer = []
    }
    return this.#advance(changes)
  }

  /** Everything up to this revision has been taken. */
  get caughtUpTo(): number {
    return this.#behind || this.#buffer.length > 0 ? this.#cursor : Math.max(this.#cursor, this.#store.revision)
  }

  /** Calls back once when something may be there to take. */
  onceReady(wake: () => void): void {
    this.#wake = wake
    if (this.#behind || this.#buffer.length > 0) this.#notify()
  }

  [Symbol.dispose](): void {
    this.#unsubscribe()
    this.#buffer = []
    this.#wake = undefined
  }

  #push(change: Change): void {
    if (change.revision <= this.#cursor) return
    if (!this.#behind) {
      this.#buffer.push(change)
      if (this.#buffer.length > BUFFER) {
        this.#buffer = []
        this.#behind = true
      }
    }
    this.#notify()
  }

  #advance(changes: Change[]): Change[] {
    const last = changes.at(-1)
    if (last) this.#cursor = last.revision
    return changes
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = undefined
    if (wake) this.#pulse.request(wake)
  }
}

/** The watcher's revision is compacted: it must list again. */
export class FeedExpired extends Error {
  override readonly name = 'FeedExpired'
  readonly revision: number
  readonly oldest: number

  constructor(revision: number, oldest: number) {
    super(`too old resource version: ${revision} (${oldest})`)
    this.revision = revision
    this.oldest = oldest
  }
}
