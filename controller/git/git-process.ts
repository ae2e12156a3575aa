import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { simpleGit } from 'simple-git'
import { SourceError } from './errors.ts'
import { environmentOf, filesFor, homeFiles, loginEnvironment } from './git-environment.ts'
import { formatBytes } from './limits.ts'
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

/** Runs git with nothing of its surroundings: own configuration, no prompt, no shell, credentials only by environment and private files. */
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

  /** Everything git printed on stdout. With a `remote`, git may speak to that one. Rejects with `GitExit`, or with the reason of `signal`. */
  async run(directory: string, args: readonly string[], signal: AbortSignal, remote?: GitRemote): Promise<string> {
    signal.throwIfAborted()
    return this.#within(remote, async (environment) => {
      const git = simpleGit({
        baseDir: directory,
        abort: signal,
        // simple-git guards against what users could slip in; these are all ours.
        allowEnvironment: Object.keys(environment),
        unsafe: {
          allowUnsafeAskPass: true,
          allowUnsafeConfigPaths: true,
          allowUnsafeConfigEnvCount: true,
          allowUnsafeSshCommand: true,
        },
      }).env(environment)
      try {
        return await git.raw([...args])
      } catch (error) {
        signal.throwIfAborted()
        throw new GitExit(error instanceof Error ? error.message : String(error))
      }
    })
  }

  /**
   * For answers that are binary or may be large (simple-git keeps neither apart): the bytes of stdout, at most `maxBytes`.
   */
  async bytes(
    directory: string,
    args: readonly string[],
    options: { input?: string; maxBytes: number; signal: AbortSignal; remote?: GitRemote },
  ): Promise<Buffer> {
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

function spawnGit(
  directory: string,
  args: readonly string[],
  options: { input?: string; maxBytes: number; signal: AbortSignal; environment: Record<string, string> },
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const child = spawn('git', [...args], {
    cwd: directory,
    env: options.environment,
    signal: options.signal,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const chunks: Buffer[] = []
  let bytes = 0
  let complaint = ''
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= options.maxBytes) chunks.push(chunk)
    else {
      child.kill()
      reject(
        new SourceError(
          'TooLarge',
          `the repository holds more than ${formatBytes(options.maxBytes)} to read at a time`,
        ),
      )
    }
  })
  child.stderr.on('data', (chunk: Buffer) => {
    if (complaint.length < 4_096) complaint += chunk.toString()
  })
  // A git that ends early closes its stdin; its exit code tells more than the broken pipe.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  child.on('error', (error) => reject(options.signal.aborted ? options.signal.reason : error))
  child.on('close', (code) => {
    if (code === 0) resolve(Buffer.concat(chunks))
    else reject(new GitExit(complaint || `git ${args[0]} ended with ${code}`))
  })
  return promise
}
