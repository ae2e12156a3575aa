import { mkdir, readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContext } from 'node:tls'
import { classify } from './classify.ts'
import { SourceError } from './errors.ts'
import { readHeads } from './file-heads.ts'
import { GitExit, type GitProcess } from './git-process.ts'
import { type Heads, parseListing } from './heads.ts'
import { askOverHttp } from './http-heads.ts'
import type { SourceLimits } from './limits.ts'
import { addressOf, type GitRemote, placeOf } from './remote.ts'

/** After the short way failed where git's own did not. */
const LONG_WAY_MS = 60 * 60_000

/** Looks where the branches of a remote are: the short way, without a process, and where that leads nowhere with `git ls-remote`. */
export class RemoteLook {
  readonly #git: GitProcess
  readonly #directory: string
  readonly #limits: SourceLimits
  readonly #now: () => number
  /** Remotes for which only git's own way works, and until when that is believed. */
  readonly #longWay = new Map<string, number>()
  /** The machine's own authorities, where it names some. */
  #trusted: Promise<SecureContext | undefined> | undefined

  constructor(git: GitProcess, directory: string, limits: SourceLimits, now: () => number) {
    this.#git = git
    this.#directory = directory
    this.#limits = limits
    this.#now = now
  }

  /** Rejects with `SourceError`. */
  async heads(remote: GitRemote): Promise<Heads> {
    const isLong = (this.#longWay.get(remote.url) ?? 0) > this.#now()
    const heads = isLong ? undefined : await this.#shortWay(remote)
    if (heads !== undefined) return heads
    const listed = await this.#lsRemote(remote)
    // It is git that says what is wrong; only where nothing is, the short way was at fault.
    if (!isLong && addressOf(remote.url)?.transport !== 'ssh') {
      this.#longWay.set(remote.url, this.#now() + LONG_WAY_MS)
      const [oldest] = this.#longWay.keys()
      if (this.#longWay.size > 10_000 && oldest !== undefined) this.#longWay.delete(oldest)
    }
    return listed
  }

  async #shortWay(remote: GitRemote): Promise<Heads | undefined> {
    const transport = addressOf(remote.url)?.transport
    if (transport === 'file') return readHeads(remote.url)
    const { proxy, authorities } = this.#git.surroundings
    if (transport === 'ssh' || proxy || remote.credentials?.client !== undefined) return undefined
    const limits = { maxBytes: maxListing(this.#limits), timeoutMs: this.#limits.timeoutMs }
    if (transport === 'http' || authorities === undefined) return askOverHttp(remote, limits)
    this.#trusted ??= readFile(authorities, 'utf8').then(
      (ca) => createSecureContext({ ca }),
      () => undefined,
    )
    const trusted = await this.#trusted
    return trusted && askOverHttp(remote, limits, trusted)
  }

  async #lsRemote(remote: GitRemote): Promise<Heads> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const args = ['ls-remote', '--symref', '--', remote.url, 'HEAD', 'refs/heads/*']
    try {
      const listing = await withinTime(remote, this.#limits, (signal) =>
        this.#git.bytes(this.#directory, args, { maxBytes: maxListing(this.#limits), signal, remote }),
      )
      return parseListing(listing.toString())
    } catch (error) {
      // Without git itself, too.
      const said = error instanceof GitExit || (error instanceof Error && 'code' in error)
      throw said ? classify(error.message, remote) : error
    }
  }
}

const maxListing = ({ entries }: SourceLimits): number => entries * 300

/** One exchange with a remote, within its time. */
export async function withinTime<T>(
  { url }: GitRemote,
  { timeoutMs }: SourceLimits,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = AbortSignal.timeout(timeoutMs)
  try {
    return await work(late)
  } catch (error) {
    if (!late.aborted) throw error
    throw new SourceError('Timeout', `${placeOf(url)} did not answer within ${Math.round(timeoutMs / 1000)} s`)
  }
}
