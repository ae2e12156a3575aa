import { createHash } from 'node:crypto'
import type { GitRemote } from '../../git/remote.ts'
import type { SourceTree } from '../../git/tree.ts'

/** Where Repos and Stacks get their repositories from; `controller/git`'s `GitSources` is one. */
export interface TreeSources {
  /** As it was at most `maxAgeMs` ago. Rejects with `SourceError`. */
  open(remote: GitRemote, signal: AbortSignal, freshness: { maxAgeMs: number }): Promise<SourceTree>
}

const MAX_REMOTES = 2_000

interface Seen {
  revision: string
  /** What was told of the remote before this look. */
  news: string
}

/** Trees that are as new as what was told of their remote elsewhere. How often that is asked is the business of the sources. */
export class FreshTrees {
  readonly #sources: TreeSources
  /** In the order of their last use. */
  readonly #seen = new Map<string, Seen>()

  constructor(sources: TreeSources) {
    this.#sources = sources
  }

  /** The tree as it was at most `maxAgeMs` ago, and since the last news of the remote (a commit that it was seen at elsewhere). */
  async open(
    remote: GitRemote,
    { maxAgeMs, news = '' }: { maxAgeMs: number; news?: string | undefined },
    signal: AbortSignal,
  ): Promise<SourceTree> {
    const key = createHash('sha256').update(JSON.stringify(remote)).digest('base64')
    const seen = this.#seen.get(key)
    const isNews = news !== '' && seen !== undefined && seen.news !== news && seen.revision !== news
    const tree = await this.#sources.open(remote, signal, { maxAgeMs: isNews ? 0 : maxAgeMs })
    this.#seen.delete(key)
    this.#seen.set(key, { revision: tree.revision, news })
    const [oldest] = this.#seen.keys()
    if (this.#seen.size > MAX_REMOTES && oldest !== undefined) this.#seen.delete(oldest)
    return tree
  }
}
