import { createHash } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { branchNotFound, classify, commitNotFound, isDamage } from './classify.ts'
import { CommitTree } from './commit-tree.ts'
import { SourceError } from './errors.ts'
import { GitExit, type GitProcess } from './git-process.ts'
import { defaultLimits, formatBytes, type SourceLimits } from './limits.ts'
import { checkRemote, type GitRemote, placeOf } from './remote.ts'
import { RepairingTree } from './repairing-tree.ts'
import { SingleFlight } from './single-flight.ts'
import type { BrowsableTree } from './tree.ts'

/** Where reconcilers get repositories from. */
export interface GitSources {
  /** The wanted revision of `remote`, as it is now. Rejects with `SourceError`. Many callers at a time cost one exchange with the remote. */
  open(remote: GitRemote, signal: AbortSignal): Promise<BrowsableTree>
}

export interface GitCacheOptions {
  /** Holds one bare repository per remote. */
  directory: string
  git: GitProcess
  /** Whether paths on this machine may be repositories. */
  allowLocal: boolean
  limits?: SourceLimits
}

/** Packs that may gather before they are joined. Each fetch leaves one. */
const MAX_PACKS = 30
/** Trees that are kept open, so that an unchanged commit costs no process. */
const MAX_TREES = 32

/**
 * Bare repositories, one per remote, shared by all who use the remote. A look at the remote (`ls-remote`) comes first and always
 * goes with the caller's own credentials: who may not read the remote gets nothing from the cache either. Only what changed is
 * fetched, without history. A damaged repository is thrown away and fetched anew.
 */
export class GitCache implements GitSources {
  readonly #options: Required<GitCacheOptions>
  readonly #heads = new SingleFlight<string>()
  readonly #fetches = new SingleFlight<string>()
  readonly #locks = new Map<string, Promise<unknown>>()
  readonly #trees = new Map<string, CommitTree>()

  constructor(options: GitCacheOptions) {
    this.#options = { limits: defaultLimits, ...options }
  }

  async open(remote: GitRemote, signal: AbortSignal): Promise<BrowsableTree> {
    checkRemote(remote, this.#options.allowLocal)
    const head = await this.#heads.run(identity(remote, true), () => this.#head(remote), signal)
    const tree = await this.#openAt(remote, head, signal)
    return new RepairingTree(tree, async (again) => {
      const directory = this.#directory(remote)
      await this.#exclusive(directory, () => this.#discard(directory))
      const { revision } = tree
      return this.#openAt({ ...remote, commit: revision }, revision, again)
    })
  }

  /** A repository that is damaged so much that git cannot even list it is thrown away, once. */
  async #openAt(remote: GitRemote, head: string, signal: AbortSignal): Promise<CommitTree> {
    const directory = this.#directory(remote)
    // Known in full and open already: not even a look at the disk.
    if (this.#trees.has(`${directory} ${head}`)) return this.#tree(directory, head, signal)
    const key = `${identity(remote, false)} ${head}`
    const open = (): Promise<CommitTree> =>
      this.#fetches
        .run(key, () => this.#exclusive(directory, () => this.#fetched(remote, head, directory)), signal)
        .then((commit) => this.#tree(directory, commit, signal))
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

  /** What the remote says the wanted branch is at; for a pinned commit only that the remote may be read. */
  async #head(remote: GitRemote): Promise<string> {
    await mkdir(this.#options.directory, { recursive: true, mode: 0o700 })
    const pinned = remote.commit !== ''
    const ref = pinned ? 'HEAD' : `refs/heads/${remote.branch}`
    const output = await this.#atRemote(remote, this.#options.directory, ['ls-remote', '--', remote.url, ref])
    const head = output
      .split('\n')
      .map((line) => line.split('\t'))
      .find(([, name]) => name === ref)?.[0]
    if (pinned) return remote.commit.toLowerCase()
    if (head !== undefined) return head
    const any = await this.#atRemote(remote, this.#options.directory, ['ls-remote', '--heads', '--', remote.url])
    if (any.trim() !== '') throw new SourceError('BranchNotFound', branchNotFound(remote))
    throw new SourceError(
      'EmptyRepository',
      `${remote.url} is an empty repository; push a first commit to "${remote.branch}"`,
    )
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
    const whole = `${ref}-history`
    await this.#fetch(remote, directory, [`+refs/heads/${remote.branch}:${whole}`], 2_147_483_647)
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

  /** One exchange with the remote, within its time. What git complains about is left to the caller when it may be our own damage. */
  async #atRemote(remote: GitRemote, directory: string, args: readonly string[], full?: AbortSignal): Promise<string> {
    const { git, limits } = this.#options
    const late = AbortSignal.timeout(limits.timeoutMs)
    try {
      return await git.run(directory, args, full === undefined ? late : AbortSignal.any([late, full]), remote)
    } catch (error) {
      if (late.aborted) {
        const seconds = Math.round(limits.timeoutMs / 1000)
        throw new SourceError('Timeout', `${placeOf(remote.url)} did not answer within ${seconds} s`)
      }
      if (error instanceof GitExit && args[0] === 'ls-remote') throw classify(error.message, remote)
      throw error
    }
  }

  async #tree(directory: string, commit: string, signal: AbortSignal): Promise<CommitTree> {
    const key = `${directory} ${commit}`
    const known = this.#trees.get(key)
    this.#trees.delete(key)
    const { git, limits } = this.#options
    const tree = known ?? (await CommitTree.open({ git, directory, limits }, commit, signal))
    this.#trees.set(key, tree)
    const [oldest] = this.#trees.keys()
    if (this.#trees.size > MAX_TREES && oldest !== undefined) this.#trees.delete(oldest)
    return tree
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
    for (const key of this.#trees.keys()) if (key.startsWith(`${directory} `)) this.#trees.delete(key)
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

function identity({ url, branch, commit, credentials }: GitRemote, withCredentials: boolean): string {
  const wanted = [url, commit === '' ? branch : '', commit]
  return digest(JSON.stringify(withCredentials ? [...wanted, credentials] : wanted))
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
