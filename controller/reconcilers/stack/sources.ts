import type { StackSpec } from '../../api/v1alpha1/stack.ts'
import { stackCondition } from '../../api/v1alpha1/stack.ts'
import type { Clock } from '../../engine/clock.ts'
import { StalledError, WaitingError } from '../../engine/errors.ts'
import { findCredentials } from '../../git/credentials.ts'
import { SourceError } from '../../git/errors.ts'
import { type GitRemote, remoteUrl } from '../../git/remote.ts'
import type { SourceTree } from '../../git/tree.ts'
import type { SecretReader } from '../secrets.ts'

const { sourceReady } = stackCondition

/** Where Stacks get their repositories from; `controller/git`'s `GitSources` is one. */
export interface StackSources {
  /** Rejects with `SourceError`. */
  open(remote: GitRemote, signal: AbortSignal): Promise<SourceTree>
}

const MAX_TREES = 64

/**
 * Looks at a remote at most once in a while, however many Stacks use it and however often Docker's events wake them: a container
 * that restarts is no reason to ask the git host.
 */
export class FreshTrees {
  readonly #sources: StackSources
  readonly #clock: Clock
  /** In the order of their last use. */
  readonly #trees = new Map<string, { tree: SourceTree; at: number }>()

  constructor(sources: StackSources, clock: Clock) {
    this.#sources = sources
    this.#clock = clock
  }

  /** The tree as it was at most `maxAgeMs` ago. Credentials are part of what is remembered: who has none gets nothing. */
  async open(remote: GitRemote, maxAgeMs: number, signal: AbortSignal): Promise<SourceTree> {
    const key = JSON.stringify([remote.url, remote.branch, remote.commit, remote.credentials])
    const known = this.#trees.get(key)
    if (known !== undefined && this.#clock.now() - known.at < maxAgeMs) {
      this.#keep(key, known)
      return known.tree
    }
    const tree = await this.#sources.open(remote, signal)
    this.#keep(key, { tree, at: this.#clock.now() })
    return tree
  }

  #keep(key: string, entry: { tree: SourceTree; at: number }): void {
    this.#trees.delete(key)
    this.#trees.set(key, entry)
    const [oldest] = this.#trees.keys()
    if (this.#trees.size > MAX_TREES && oldest !== undefined) this.#trees.delete(oldest)
  }
}

/** The repository that a Stack names, with the credentials it asks for. Throws `WaitingError` while those are missing. */
export async function remoteOf(
  namespace: string,
  spec: StackSpec,
  secrets: SecretReader,
  signal: AbortSignal,
): Promise<GitRemote> {
  const credentials = await findCredentials(spec, namespace, secrets, signal).catch((error: unknown) => {
    // A Secret that appears wakes the Stack.
    if (error instanceof SourceError) throw new WaitingError(sourceReady, error.reason, error.message, 60_000)
    throw error
  })
  return {
    url: remoteUrl({ ...spec, operator: spec.operator.url === undefined ? {} : { url: spec.operator.url } }),
    branch: spec.branch,
    commit: spec.commit,
    ...(credentials === undefined ? {} : { credentials }),
  }
}

/** What an unreadable source means for the Stack: tried again with the next look, since only the remote can change. */
export function sourceFailure(error: unknown, retryAfterMs: number): unknown {
  if (!(error instanceof SourceError)) return error
  return error.permanent
    ? new StalledError(sourceReady, error.reason, error.message, { cause: error })
    : new WaitingError(sourceReady, error.reason, error.message, retryAfterMs)
}
