import type { Clock } from '../../engine/clock.ts'
import type { GitRemote } from '../../git/remote.ts'
import type { SourceTree } from '../../git/tree.ts'

/** Where Repos and Stacks get their repositories from; `controller/git`'s `GitSources` is one. */
export interface TreeSources {
  /** Rejects with `SourceError`. */
  open(remote: GitRemote, signal: AbortSignal): Promise<SourceTree>
}

const MAX_TREES = 64

interface Known {
  tree: SourceTree
  at: number
  /** What was told of the remote before this look. */
  news: string
}

/**
 * Looks at a remote at most once in a while, however many objects use it and however often Docker's events wake them: a container
 * that restarts is no reason to ask the git host.
 */
export class FreshTrees {
  readonly #sources: TreeSources
  readonly #clock: Clock
  /** In the order of their last use. */
  readonly #trees = new Map<string, Known>()

  constructor(sources: TreeSources, clock: Clock) {
    this.#sources = sources
    this.#clock = clock
  }

  /**
   * The tree as it was at most `maxAgeMs` ago, and since the last news of the remote (a commit that it was seen at elsewhere).
   * Credentials are part of what is remembered: who has none gets nothing.
   */
  async open(
    remote: GitRemote,
    { maxAgeMs, news = '' }: { maxAgeMs: number; news?: string | undefined },
    signal: AbortSignal,
  ): Promise<SourceTree> {
    const key = JSON.stringify([remote.url, remote.branch, remote.commit, remote.credentials])
    const known = this.#trees.get(key)
    const isCurrent = known !== undefined && (news === '' || known.news === news || known.tree.revision === news)
    if (isCurrent && this.#clock.now() - known.at < maxAgeMs) {
      this.#keep(key, known)
      return known.tree
    }
    const tree = await this.#sources.open(remote, signal)
    this.#keep(key, { tree, at: this.#clock.now(), news })
    return tree
  }

  #keep(key: string, entry: Known): void {
    this.#trees.delete(key)
    this.#trees.set(key, entry)
    const [oldest] = this.#trees.keys()
    if (this.#trees.size > MAX_TREES && oldest !== undefined) this.#trees.delete(oldest)
  }
}
