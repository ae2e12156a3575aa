import { createHash } from 'node:crypto'
import type { Heads } from './heads.ts'
import type { GitRemote } from './remote.ts'
import { abandonable, SingleFlight } from './single-flight.ts'

/** Remotes whose heads are remembered. */
const MAX_REMOTES = 2_000
/** The first failure is told for so long without another try, each further one twice as long. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 300_000

interface Look {
  /** When it began: what it tells is at least as new. */
  at: number
  heads: Promise<Heads>
  /** Failures in a row. */
  failures: number
}

/**
 * Where the branches of remotes are, asked once for all who want to know. Callers say how old the answer may be; 0: it must be of
 * after the call. A remote that fails is left alone for a while, longer and longer, but by those who must know. Whoever has another
 * login asks for itself.
 */
export class RemoteHeads {
  readonly #look: (remote: GitRemote) => Promise<Heads>
  readonly #now: () => number
  readonly #flights = new SingleFlight<Heads>()
  /** In the order of the looks. */
  readonly #looks = new Map<string, Look>()

  constructor(look: (remote: GitRemote) => Promise<Heads>, now: () => number) {
    this.#look = look
    this.#now = now
  }

  get(remote: GitRemote, maxAgeMs: number, signal: AbortSignal): Promise<Heads> {
    const key = keyOf(remote)
    const last = this.#looks.get(key)
    if (last !== undefined) {
      const pause = last.failures === 0 ? maxAgeMs : Math.min(maxAgeMs, pauseAfter(last.failures))
      if (this.#now() - last.at < pause) return abandonable(last.heads, signal)
    }
    return this.#flights.run(key, () => this.#start(key, remote), signal)
  }

  /** What is known of the remote turned out to be old. */
  forget(remote: GitRemote): void {
    this.#looks.delete(keyOf(remote))
  }

  #start(key: string, remote: GitRemote): Promise<Heads> {
    const failures = this.#looks.get(key)?.failures ?? 0
    const look: Look = { at: this.#now(), heads: this.#look(remote), failures: 0 }
    look.heads.catch(() => {
      look.failures = failures + 1
    })
    this.#looks.delete(key)
    this.#looks.set(key, look)
    const [oldest] = this.#looks.keys()
    if (this.#looks.size > MAX_REMOTES && oldest !== undefined) this.#looks.delete(oldest)
    return look.heads
  }
}

const pauseAfter = (failures: number): number => Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1))

/** Nothing of a login stays readable in memory for the sake of a name. */
const keyOf = ({ url, credentials }: GitRemote): string =>
  createHash('sha256')
    .update(JSON.stringify([url, credentials]))
    .digest('base64')
