import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { simpleGit } from 'simple-git'
import { lastLines } from '../text/whole-lines.ts'
import { SourceError } from './errors.ts'
import { environmentOf, filesFor, homeFiles, loginEnvironment } from './git-environment.ts'
import { formatBytes, GIT_MEMORY_BYTES } from './limits.ts'
import { PrivateFiles } from './private-files.ts'
import type { GitRemote } from './remote.ts'

/** What git said when it failed; for `classify`. */
export class GitExit extends Error {
  override readonly name = 'GitExit'
}

export interface GitProcessOptions {
  /** Git's own home: its configuration and the script that answers its questions. Nobody else's configuration is read. */
  home: string
  /** `PATH`, and proxy and certificate settings (see `gitEnvironment`). */
  environment: Readonly<Record<string, string>>
}

/**
 * Runs git with nothing of its surroundings: own configuration, no prompt, credentials only by environment and private files. What others
 * have a say in, a remote or the contents of a repository, goes with bounds on memory and on what is said, for which simple-git has no means.
 */
export class GitProcess {
  readonly #options: GitProcessOptions
  readonly #private: PrivateFiles
  #prepared: Promise<void> | undefined

  constructor(options: GitProcessOptions) {
    this.#options = options
    this.#private = new PrivateFiles(options.home)
  }

  /** What of the machine's settings is between git and the world. `authorities` is a file (PEM) in place of those that are trusted. */
  get surroundings(): { proxy: boolean; authorities: string | undefined } {
    const { environment } = this.#options
    return {
      proxy: Object.keys(environment).some((name) => /^(https?|all)_proxy$/i.test(name)),
      authorities: environment.GIT_SSL_CAINFO ?? environment.SSL_CERT_FILE,
    }
  }

  /**
   * For the housekeeping of a repository, which speaks to nobody: what git printed on stdout. Rejects with `GitExit`, or with the reason
   * of `signal`. A command that fails without a word gives an empty text.
   */
  async run(directory: string, args: readonly string[], signal: AbortSignal): Promise<string> {
    signal.throwIfAborted()
    return this.#within(undefined, async (environment) => {
      const git = simpleGit({
        baseDir: directory,
        abort: signal,
        // simple-git guards against what users could slip in; these are all ours.
        allowEnvironment: Object.keys(environment),
        unsafe: { allowUnsafeConfigPaths: true },
      }).env(environment)
      try {
        return await git.raw([...args])
      } catch (error) {
        signal.throwIfAborted()
        throw new GitExit(error instanceof Error ? error.message : String(error))
      }
    })
  }

  /** Exchanges something with a remote. What git says of it is told only when it fails; the rest is as with `bytes`. */
  async exchange(directory: string, args: readonly string[], signal: AbortSignal, remote: GitRemote): Promise<void> {
    signal.throwIfAborted()
    const options = { maxBytes: MOST_SAID, signal, tellsFailures: true }
    await this.#within(remote, (environment) => spawnGit(directory, args, { ...options, environment }))
  }

  /**
   * The bytes of stdout, at most `maxBytes`. With a `remote`, git may speak to that one. Rejects with `GitExit`, with `SourceError` for
   * too much of anything, or with the reason of `signal`.
   */
  async bytes(
    directory: string,
    args: readonly string[],
    options: { input?: string; maxBytes: number; signal: AbortSignal; remote?: GitRemote },
  ): Promise<Buffer> {
    options.signal.throwIfAborted()
    return this.#within(options.remote, (environment) => spawnGit(directory, args, { ...options, environment }))
  }

  /** Lends what the login needs for as long as `work` takes. */
  async #within<T>(
    remote: GitRemote | undefined,
    work: (environment: Record<string, string>) => Promise<T>,
  ): Promise<T> {
    const { home, environment } = this.#options
    await this.#prepare()
    const plain = environmentOf(home, environment, remote)
    if (remote === undefined) return work(plain)
    const files = filesFor(remote)
    const withLogin = (directory: string): Promise<T> =>
      work({ ...plain, ...loginEnvironment(home, remote, directory) })
    return Object.keys(files).length === 0 ? withLogin('') : this.#private.lend(files, withLogin)
  }

  #prepare(): Promise<void> {
    this.#prepared ??= this.#write().catch((error: unknown) => {
      this.#prepared = undefined
      throw error
    })
    return this.#prepared
  }

  async #write(): Promise<void> {
    const { home } = this.#options
    await mkdir(home, { recursive: true, mode: 0o700 })
    for (const { name, contents, mode } of homeFiles) await writeFile(join(home, name), contents, { mode })
  }
}

/** What git says that is no answer: complaints, and whatever a remote wants people to read. */
const MOST_SAID = 4 * 1024 * 1024
/** Of that, the end is what tells why git failed. */
const LAST_WORDS = 16 * 1024

/**
 * The shell only sets a limit and becomes git. It counts what git and each of its helpers ask for themselves, not files that they map; a
 * machine without such a limit goes without.
 */
const bounded = `ulimit -d ${GIT_MEMORY_BYTES / 1024} 2>/dev/null; exec git "$@"`

/**
 * Runs git with its helpers in a process group of their own: they are stopped together. A helper that is left alone goes on reading from
 * whoever it speaks to.
 */
function spawnGit(
  directory: string,
  args: readonly string[],
  options: {
    input?: string
    maxBytes: number
    signal: AbortSignal
    environment: Record<string, string>
    /** Stdout is no file of anybody's, but part of what git says when it fails. */
    tellsFailures?: boolean
  },
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const { input = '', maxBytes, signal, environment, tellsFailures = false } = options
  const child = spawn('sh', ['-c', bounded, 'git', ...args], { cwd: directory, env: environment, detached: true })
  let stopped: { reason: unknown } | undefined
  const stop = (reason: unknown): void => {
    stopped ??= { reason }
    try {
      if (child.pid !== undefined) process.kill(-child.pid)
    } catch {
      // All of them have ended.
    }
  }
  const stopAsked = (): void => stop(signal.reason)
  signal.addEventListener('abort', stopAsked)
  if (signal.aborted) stopAsked()

  const chunks: Buffer[] = []
  let bytes = 0
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= maxBytes) chunks.push(chunk)
    else stop(tooLarge(`the repository holds more than ${formatBytes(maxBytes)} to read at a time`))
  })
  let said = 0
  let lastWords = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.length
    if (said <= MOST_SAID) lastWords = (lastWords + chunk.toString()).slice(-2 * LAST_WORDS)
    else stop(tooLarge(`the host of the repository sends more than ${formatBytes(MOST_SAID)} of messages`))
  })
  // A git that ends early closes its stdin; its exit code tells more than the broken pipe.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  child.on('error', (error) => reject(stopped === undefined ? new GitExit(error.message) : stopped.reason))
  child.on('close', (code) => {
    signal.removeEventListener('abort', stopAsked)
    if (stopped !== undefined) reject(stopped.reason)
    else if (code === 0) resolve(Buffer.concat(chunks))
    else {
      const printed = tellsFailures
        ? lastLines(
            Buffer.concat(chunks)
              .subarray(-2 * LAST_WORDS)
              .toString(),
            LAST_WORDS,
          )
        : ''
      reject(new GitExit(`${printed}${lastLines(lastWords, LAST_WORDS)}`.trim() || `git ${args[0]} ended with ${code}`))
    }
  })
  return promise
}

const tooLarge = (message: string): SourceError => new SourceError('TooLarge', message)
