import { SourceError } from './errors.ts'
import { GitExit } from './git-process.ts'
import type { BrowsableTree, TreeWalk } from './tree.ts'

/**
 * A tree that outlives its repository on disk: when that turns out to be damaged, or was thrown away since, the revision is
 * fetched anew and the read goes on. Rejects with `SourceError` when that does not help either.
 */
export class RepairingTree implements BrowsableTree {
  #tree: BrowsableTree
  readonly #reopen: (signal: AbortSignal) => Promise<BrowsableTree>

  constructor(tree: BrowsableTree, reopen: (signal: AbortSignal) => Promise<BrowsableTree>) {
    this.#tree = tree
    this.#reopen = reopen
  }

  get revision(): string {
    return this.#tree.revision
  }

  get message(): string {
    return this.#tree.message
  }

  get author(): string | undefined {
    return this.#tree.author
  }

  get leftOut(): readonly string[] {
    return this.#tree.leftOut ?? []
  }

  get submodules(): readonly string[] {
    return this.#tree.submodules ?? []
  }

  walk(path: string): TreeWalk | undefined {
    return this.#tree.walk(path)
  }

  read(path: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#repaired((tree) => tree.read(path, signal), signal)
  }

  readAll(paths: readonly string[], signal: AbortSignal): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#repaired((tree) => tree.readAll(paths, signal), signal)
  }

  writeTo(directory: string, signal: AbortSignal): Promise<void> {
    return this.#repaired((tree) => tree.writeTo(directory, signal), signal)
  }

  async #repaired<T>(work: (tree: BrowsableTree) => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await work(this.#tree)
    } catch (error) {
      signal.throwIfAborted()
      if (!isUnreadable(error)) throw error
      this.#tree = await this.#reopen(signal)
    }
    try {
      return await work(this.#tree)
    } catch (error) {
      signal.throwIfAborted()
      if (!isUnreadable(error)) throw error
      throw new SourceError('GitFailed', `revision ${this.revision} cannot be read, not even when it is fetched anew`, {
        cause: error,
      })
    }
  }
}

/** Not what the files are (too large, a link out), but that git could not hand them out. */
const isUnreadable = (error: unknown): boolean =>
  error instanceof GitExit ||
  (error instanceof SourceError && error.reason === 'GitFailed') ||
  // The folder that git is to run in is gone.
  (error instanceof Error && 'code' in error && error.code === 'ENOENT')
