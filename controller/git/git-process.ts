import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { simpleGit } from 'simple-git'
import { SourceError } from './errors.ts'
import { formatBytes } from './limits.ts'
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

/** The variables that concern git of a process' environment; everything else stays out. */
export function gitEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const wanted = /^(PATH|https?_proxy|no_proxy|all_proxy|GIT_SSL_CAINFO|SSL_CERT_FILE|SSL_CERT_DIR|TMPDIR)$/i
  return Object.fromEntries(
    Object.entries(environment).flatMap(([key, value]) =>
      wanted.test(key) && value !== undefined ? [[key, value]] : [],
    ),
  )
}

// No protocol but the ones the environment allows, no hooks, no helpers that keep credentials, no clean-up at random moments.
const config = `[core]
  hooksPath = /dev/null
  fsmonitor = false
[credential]
  helper =
[gc]
  auto = 0
[maintenance]
  auto = false
[http]
  followRedirects = initial
  lowSpeedLimit = 1000
  lowSpeedTime = 30
[safe]
  directory = *
`

// git asks "Username for 'https://host': " and "Password for 'https://user@host': ". A redirect to another host gets no answer. The
// end of the question counts: a redirect chooses the name of the user, and git before 2.48.1 shows it as it is, quotes and all.
const askpass = `#!/bin/sh
case "$1" in
  "Username for '$KOMODO_GIT_SCHEME//$KOMODO_GIT_HOST': ") printf '%s\\n' "$KOMODO_GIT_USERNAME" ;;
  "Password for '$KOMODO_GIT_SCHEME//"*"@$KOMODO_GIT_HOST': ") printf '%s\\n' "$KOMODO_GIT_PASSWORD" ;;
  *) exit 1 ;;
esac
`

/** Runs git with nothing of its surroundings: own configuration, no prompt, no shell, credentials only by environment. */
export class GitProcess {
  readonly #options: GitProcessOptions
  #prepared: Promise<void> | undefined

  constructor(options: GitProcessOptions) {
    this.#options = options
  }

  /** Everything git printed on stdout. Rejects with `GitExit`, or with the reason of `signal`. */
  async run(directory: string, args: readonly string[], signal: AbortSignal, remote?: GitRemote): Promise<string> {
    await this.#prepare()
    signal.throwIfAborted()
    const environment = this.#environment(remote)
    const git = simpleGit({
      baseDir: directory,
      abort: signal,
      // simple-git guards against what users could slip in; these are all ours.
      allowEnvironment: Object.keys(environment),
      unsafe: { allowUnsafeAskPass: true, allowUnsafeConfigPaths: true },
    }).env(environment)
    try {
      return await git.raw([...args])
    } catch (error) {
      signal.throwIfAborted()
      throw new GitExit(error instanceof Error ? error.message : String(error))
    }
  }

  /**
   * For answers that are binary or may be large (simple-git keeps neither apart): the bytes of stdout, at most `maxBytes`.
   */
  async bytes(
    directory: string,
    args: readonly string[],
    options: { input?: string; maxBytes: number; signal: AbortSignal },
  ): Promise<Buffer> {
    await this.#prepare()
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    const child = spawn('git', [...args], {
      cwd: directory,
      env: this.#environment(),
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

  #environment(remote?: GitRemote): Record<string, string> {
    const { home, environment } = this.#options
    const local = remote !== undefined && !/^https?:/.test(remote.url)
    const env: Record<string, string> = {
      ...environment,
      HOME: home,
      XDG_CONFIG_HOME: home,
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: join(home, 'config'),
      GIT_TERMINAL_PROMPT: '0',
      GIT_ALLOW_PROTOCOL: local ? 'file' : 'http:https',
      GIT_OPTIONAL_LOCKS: '0',
    }
    const parsed = remote && URL.parse(remote.url)
    const basic = remote?.credentials?.basic
    if (basic === undefined || !parsed) return env
    env.GIT_ASKPASS = join(home, 'askpass')
    env.KOMODO_GIT_SCHEME = parsed.protocol
    env.KOMODO_GIT_HOST = parsed.host
    env.KOMODO_GIT_USERNAME = basic.username
    env.KOMODO_GIT_PASSWORD = basic.password
    return env
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
    await writeFile(join(home, 'config'), config, { mode: 0o600 })
    await writeFile(join(home, 'askpass'), askpass, { mode: 0o700 })
  }
}
