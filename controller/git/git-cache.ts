import { createHash } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { branchNotFound, classify, commitNotFound, isDamage } from './classify.ts'
import { CommitTree, type SubmoduleOpener } from './commit-tree.ts'
import { SourceError } from './errors.ts'
import { GitExit, type GitProcess } from './git-process.ts'
import type { Heads } from './heads.ts'
import { defaultLimits, formatBytes, type SourceLimits } from './limits.ts'
import { checkCommit, makeCommit, type NewCommit, pushArguments, pushFailure } from './new-commit.ts'
import { OpenTrees } from './open-trees.ts'
import { checkRemote, type GitRemote } from './remote.ts'
import { RemoteHeads } from './remote-heads.ts'
import { RemoteLook, withinTime } from './remote-look.ts'
import { RepairingTree } from './repairing-tree.ts'
import { SingleFlight } from './single-flight.ts'
import { about, MAX_SUBMODULE_DEPTH, submoduleRemote } from './submodules.ts'
import type { BrowsableTree } from './tree.ts'

/** Where reconcilers get repositories from. */
export interface GitSources {
  /**
   * The wanted revision of `remote`, as it was at most `maxAgeMs` ago; without that, as it is now. Rejects with `SourceError`. Many
   * callers, with whatever branches, cost one exchange with the remote.
   */
  open(remote: GitRemote, signal: AbortSignal, freshness?: Freshness): Promise<BrowsableTree>
  /**
   * Makes a commit and pushes it; gives its hash. Rejects with `SourceError`: `BranchMoved` when somebody else was first, then nothing
   * was pushed. Called again after a crash it makes another commit, so ask whether one is needed first.
   */
  push(remote: GitRemote, commit: NewCommit, signal: AbortSignal): Promise<string>
}

export interface Freshness {
  maxAgeMs: number
}

export interface GitCacheOptions {
  /** Holds one bare repository per remote. */
  directory: string
  git: GitProcess
  /** Whether paths on this machine may be repositories. */
  allowLocal: boolean
  limits?: SourceLimits
  /** Milliseconds; for how old an answer is. */
  now?: () => number
}

/** A submodule's commit never changes; this is only how often it is asked whether it may be read. */
const SUBMODULE_AGE_MS = 60_000
/** Packs that may gather before they are joined. Each fetch leaves one. */
const MAX_PACKS = 30
/**
 * Bare repositories, one per remote, shared by all who use the remote. A look at the remote comes first and always
 * goes with the caller's own credentials: who may not read the remote gets nothing from the cache either. Only what changed is
 * fetched, without history. A damaged repository is thrown away and fetched anew.
 */
export class GitCache implements GitSources {
  readonly #options: Required<GitCacheOptions>
  readonly #heads: RemoteHeads
  readonly #fetches = new SingleFlight<string>()
  readonly #locks = new Map<string, Promise<unknown>>()
  readonly #trees = new OpenTrees()

  constructor(options: GitCacheOptions) {
    this.#options = { limits: defaultLimits, now: Date.now, ...options }
    const { git, directory, limits, now } = this.#options
    const look = new RemoteLook(git, directory, limits, now)
    this.#heads = new RemoteHeads((remote) => look.heads(remote), now)
  }

  async open(
    remote: GitRemote,
    signal: AbortSignal,
    { maxAgeMs }: Freshness = { maxAgeMs: 0 },
  ): Promise<BrowsableTree> {
    checkRemote(remote, this.#options.allowLocal)
    const head = wantedHead(remote, await this.#heads.get(remote, maxAgeMs, signal))
    const tree = await this.#openAt(remote, head, signal)
    // It moved on since it was looked at.
    if (remote.commit === '' && tree.revision !== head) this.#heads.forget(remote)
    return new RepairingTree(tree, async (again) => {
      for (const directory of tree.directories) await this.#exclusive(directory, () => this.#discard(directory))
      const { revision } = tree
      return this.#openAt({ ...remote, commit: revision }, revision, again)
    })
  }

  async push(remote: GitRemote, commit: NewCommit, signal: AbortSignal): Promise<string> {
    checkRemote(remote, this.#options.allowLocal)
    checkCommit(commit)
    signal.throwIfAborted()
    const directory = this.#directory(remote)
    return this.#exclusive(directory, async () => {
      const { git, limits } = this.#options
      try {
        const hash = await makeCommit({ git, directory, limits }, commit, signal)
        await this.#atRemote(remote, directory, pushArguments(remote, commit, hash))
        // What was pushed need not be fetched.
        if (commit.branch === remote.branch) await this.#local(directory, ['update-ref', refOf(remote), hash])
        return hash
      } catch (error) {
        throw error instanceof GitExit ? pushFailure(error, remote, commit) : error
      } finally {
        // Pushed or not, it is elsewhere than was known.
        this.#heads.forget(remote)
      }
    })
  }

  /** A repository that is damaged so much that git cannot even list it is thrown away, once. */
  async #openAt(remote: GitRemote, head: string, signal: AbortSignal): Promise<CommitTree> {
    const directory = this.#directory(remote)
    // Known in full and open already: not even a look at the disk.
    const tree = (commit: string): Promise<CommitTree> => this.#tree(remote, commit, signal)
    if (this.#trees.has(directory, treeName(remote, head))) return tree(head)
    const key = `${identity(remote)} ${head}`
    const open = (): Promise<CommitTree> =>
      this.#fetches
        .run(key, () => this.#exclusive(directory, () => this.#fetched(remote, head, directory)), signal)
        .then(tree)
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof GitExit)) throw error
      if (!isDamage(error.message)) throw classify(error.message, remote)
      await this.#exclusive(directory, () => this.#discard(directory))
      return await open().catch((again: unknown) => {
        throw again instanceof GitExit ? classify(again.message, remote) : again
      })
    }
  }

  #directory({ url }: GitRemote): string {
    return join(this.#options.directory, digest(url))
  }

  /** The full hash of a commit that is in the cache, complete. */
  async #fetched(remote: GitRemote, head: string, directory: string): Promise<string> {
    const ref = refOf(remote)
    const have = await this.#revision(directory, ref)
    if (have?.startsWith(head)) return have
    await mkdir(directory, { recursive: true, mode: 0o700 })
    if (have === undefined) await this.#local(directory, ['init', '--quiet', '--bare'])
    if (remote.commit === '') await this.#fetch(remote, directory, [`+refs/heads/${remote.branch}:${ref}`], 1)
    else await this.#fetchPinned(remote, directory, ref)
    await this.#tidy(directory)
    const commit = await this.#revision(directory, ref)
    if (commit === undefined) throw new GitExit(`missing commit after the fetch of ${ref}`)
    return commit
  }

  /** Most hosts hand out a commit by its full hash; otherwise it is looked for in the history of the branch. */
  async #fetchPinned(remote: GitRemote, directory: string, ref: string): Promise<void> {
    if (/^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(remote.commit)) {
      try {
        return await this.#fetch(remote, directory, [`+${remote.commit}:${ref}`], 1)
      } catch (error) {
        if (!(error instanceof GitExit) || classify(error.message, remote).reason !== 'CommitNotFound') throw error
      }
    }
    const whole =
      remote.branch === '' ? `+refs/heads/*:${ref}-history/*` : `+refs/heads/${remote.branch}:${ref}-history`
    await this.#fetch(remote, directory, [whole], 2_147_483_647)
    const commit = await this.#revision(directory, `${remote.commit}^{commit}`)
    if (commit === undefined) throw new SourceError('CommitNotFound', commitNotFound(remote))
    await this.#local(directory, ['update-ref', ref, commit])
  }

  async #fetch(remote: GitRemote, directory: string, refspecs: readonly string[], depth: number): Promise<void> {
    const { cacheBytes } = this.#options.limits
    const full = new AbortController()
    const look = async (): Promise<void> => {
      if ((await sizeOf(join(directory, 'objects', 'pack'))) <= cacheBytes) return
      full.abort(new SourceError('TooLarge', `${remote.url} has more than ${formatBytes(cacheBytes)} at this revision`))
    }
    const watch = setInterval(look, 250)
    const options = [
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      '--force',
      `--depth=${depth}`,
    ]
    try {
      await this.#atRemote(remote, directory, ['fetch', ...options, '--', remote.url, ...refspecs], full.signal)
      await look()
      full.signal.throwIfAborted()
    } catch (error) {
      if (full.signal.aborted) await this.#discard(directory)
      throw error
    } finally {
      clearInterval(watch)
    }
  }

  #atRemote(remote: GitRemote, directory: string, args: readonly string[], full?: AbortSignal): Promise<void> {
    const { git, limits } = this.#options
    return withinTime(remote, limits, (late) =>
      git.exchange(directory, args, full === undefined ? late : AbortSignal.any([late, full]), remote),
    )
  }

  /** With the trees of its submodules in their places, where they are wanted. */
  #tree(remote: GitRemote, commit: string, signal: AbortSignal, depth = 0): Promise<CommitTree> {
    const { git, limits } = this.#options
    const directory = this.#directory(remote)
    const repository = { git, directory, limits }
    return this.#trees.get(directory, treeName(remote, commit), () =>
      CommitTree.open(
        repository,
        commit,
        signal,
        remote.submodules ? this.#submodules(remote, depth, signal) : undefined,
      ),
    )
  }

  #submodules(remote: GitRemote, depth: number, signal: AbortSignal): SubmoduleOpener {
    return async (link, url) => {
      if (depth >= MAX_SUBMODULE_DEPTH) {
        throw new SourceError('TooLarge', `submodule ${link.path} is more than ${MAX_SUBMODULE_DEPTH} submodules deep`)
      }
      const inner = submoduleRemote(link, url, remote)
      try {
        const directory = this.#directory(inner)
        const fetched = (): Promise<string> =>
          this.#exclusive(directory, () => this.#fetched(inner, link.commit, directory))
        await this.#heads.get(inner, SUBMODULE_AGE_MS, signal)
        const commit = await this.#fetches.run(`${identity(inner)} ${link.commit}`, fetched, signal)
        return await this.#tree(inner, commit, signal, depth + 1)
      } catch (error) {
        const known = error instanceof GitExit ? classify(error.message, inner) : error
        throw known instanceof SourceError ? about(link.path, known) : known
      }
    }
  }

  async #revision(directory: string, revision: string): Promise<string | undefined> {
    const exists = await stat(join(directory, 'objects')).catch(() => undefined)
    if (exists === undefined) return undefined
    const output = await this.#local(directory, ['rev-parse', '--verify', '--quiet', '--end-of-options', revision])
    return output.trim() || undefined
  }

  #local(directory: string, args: readonly string[]): Promise<string> {
    return this.#options.git.run(
      directory,
      ['--git-dir=.', ...args],
      AbortSignal.timeout(this.#options.limits.timeoutMs),
    )
  }

  /** Objects that nothing needs any more stay for an hour: somebody may still be reading them. */
  async #tidy(directory: string): Promise<void> {
    const packs = await readdir(join(directory, 'objects', 'pack')).catch(() => [])
    if (packs.filter((name) => name.endsWith('.pack')).length <= MAX_PACKS) return
    await this.#local(directory, ['gc', '--quiet', '--prune=1.hour.ago'])
  }

  async #discard(directory: string): Promise<void> {
    this.#trees.forget(directory)
    await rm(directory, { recursive: true, force: true })
  }

  /** One writer per repository at a time. */
  #exclusive<T>(directory: string, work: () => Promise<T>): Promise<T> {
    const before = this.#locks.get(directory) ?? Promise.resolve()
    const result = before.then(work)
    const ended = result.then(
      () => undefined,
      () => undefined,
    )
    this.#locks.set(directory, ended)
    ended.then(() => {
      if (this.#locks.get(directory) === ended) this.#locks.delete(directory)
    })
    return result
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

/** A name of our own for what is wanted: names of branches may clash as paths (`a` and `a/b`). */
const refOf = ({ branch, commit }: GitRemote): string =>
  commit === '' ? `refs/komodo/branch-${digest(branch)}` : `refs/komodo/commit-${commit.toLowerCase()}`

/** What a fetch gets; the login only opens the door. */
const identity = ({ url, branch, commit }: GitRemote): string =>
  digest(JSON.stringify([url, commit === '' ? branch : '', commit]))

/** With submodules a tree holds what this login may read elsewhere. */
const treeName = ({ submodules, url, credentials }: GitRemote, commit: string): string =>
  submodules ? `${commit} ${digest(JSON.stringify([url, credentials]))}` : commit

/** The commit to read: that of the branch, or the one that is pinned, which the remote need not list. */
function wantedHead(remote: GitRemote, { branches, main }: Heads): string {
  if (remote.commit !== '') return remote.commit.toLowerCase()
  const head = branches.get(remote.branch)
  if (head !== undefined) return head
  if (branches.size > 0) throw new SourceError('BranchNotFound', branchNotFound(remote, main))
  throw new SourceError(
    'EmptyRepository',
    `${remote.url} is an empty repository, without any branch; push a first commit to "${remote.branch}"`,
  )
}

async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => [])
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(directory, name)).then(
        (one) => one.size,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
