import type { CommitTree } from './commit-tree.ts'

/** Trees that are kept open, and files in all of them. */
const MAX_TREES = 1_000
const MAX_FILES = 300_000

/** Trees that were opened, so that an unchanged commit costs no process. The least used go first. */
export class OpenTrees {
  /** In the order of their last use. */
  readonly #trees = new Map<string, CommitTree>()
  #files = 0

  has(directory: string, revision: string): boolean {
    return this.#trees.has(keyOf(directory, revision))
  }

  async get(directory: string, revision: string, open: () => Promise<CommitTree>): Promise<CommitTree> {
    const key = keyOf(directory, revision)
    const tree = this.#trees.get(key) ?? (await open())
    this.#remove(key)
    this.#trees.set(key, tree)
    this.#files += tree.size
    for (const oldest of this.#trees.keys()) {
      if (oldest === key || (this.#trees.size <= MAX_TREES && this.#files <= MAX_FILES)) break
      this.#remove(oldest)
    }
    return tree
  }

  /** All of a repository. */
  forget(directory: string): void {
    for (const key of this.#trees.keys()) if (key.startsWith(`${directory} `)) this.#remove(key)
  }

  #remove(key: string): void {
    this.#files -= this.#trees.get(key)?.size ?? 0
    this.#trees.delete(key)
  }
}

const keyOf = (directory: string, revision: string): string => `${directory} ${revision}`
