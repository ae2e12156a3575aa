import { constants, existsSync } from 'node:fs'
import { mkdir, open, realpath } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  type ComposeRequest,
  type ContainerRequest,
  type Host,
  HostRejectedError,
  type HostStatus,
  HostUnreachableError,
  type Owner,
  type RepoPlace,
  type RepoRequest,
  type StopOptions,
} from '../controller/hosts/port.ts'
import { differences } from './compare-container.ts'
import { checkProject, downArguments } from './compose-arguments.ts'
import { type ComposeTools, composeCheck, composeUp } from './compose-deploy.ts'
import { configHashes, observeProject } from './compose-observe.ts'
import { confinedPath, toFileError } from './confined-path.ts'
import { belongsTo, deployContainer, observeContainer, removeContainer } from './deploy-container.ts'
import { dockerConnection } from './docker-connection.ts'
import { type Deadlines, DockerEngine } from './docker-engine.ts'
import { noCompose, reasonOf, saysNoCompose, saysUnreachable } from './docker-errors.ts'
import type { ContainerEngine } from './engine.ts'
import { dockerEvents } from './events.ts'
import { MachineStats } from './host-stats.ts'
import { findContainer, inventory } from './inventory.ts'
import { observeRepo, pullRepo, type RepoRoots, removeRepo } from './repo-directory.ts'
import { type Command, CommandDeadlineError, runCommand } from './run-command.ts'
import { forgetProject, resolveRunDirectory, stackDirectory } from './stack-directory.ts'

export interface AgentOptions {
  /** Where stacks get their directories; made when missing. */
  stacksDirectory: string
  /** Where Repos get their directories; made when missing. */
  reposDirectory: string
  /** Other directories that `files_on_host` stacks and Repos may use by an absolute path. */
  allowedDirectories?: readonly string[]
  /**
   * Of the process: `DOCKER_HOST` and `DOCKER_CONFIG` say where Docker is; `PATH`, `HOME`, the locale and proxies go on to
   * commands, nothing else does.
   */
  environment: Readonly<Record<string, string | undefined>>
  version: string
  /** Milliseconds since the epoch. */
  now?: () => number
  /** How long Docker may take to answer; the defaults are generous. */
  deadlines?: Partial<Deadlines>
  /** For tests: stands between rollouts and Docker. */
  wrapEngine?: (engine: ContainerEngine) => ContainerEngine
}

/** What commands on the host get of the agent's own environment. */
const passedOn =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_.*|TZ|TMPDIR|DOCKER_(HOST|CERT_PATH|TLS_VERIFY|BUILDKIT|CONTEXT|DEFAULT_PLATFORM)|BUILDKIT_.*|(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy|SSL_CERT_(FILE|DIR)|SSH_AUTH_SOCK|XDG_RUNTIME_DIR)$/

const maxFileBytes = 1024 * 1024
const composeVersionForMs = 10 * 60_000

/** The agent of this host: Docker's API for containers, the Docker Compose CLI for projects, `/proc` for the machine. */
export const createAgent = (options: AgentOptions): Host => new Agent(options)

class Agent implements Host {
  readonly #engine: DockerEngine
  readonly #containers: ContainerEngine
  readonly #compose: ComposeTools
  readonly #repos: RepoRoots
  readonly #stats = new MachineStats()
  readonly #reportedFailures = new Set<string>()
  readonly #now: () => number
  readonly #version: string
  #composeVersion: { text: string | undefined; readMs: number } | undefined

  constructor({
    environment,
    stacksDirectory,
    reposDirectory,
    allowedDirectories = [],
    version,
    now = Date.now,
    deadlines,
    wrapEngine,
  }: AgentOptions) {
    const connection = dockerConnection(environment)
    this.#engine = new DockerEngine(connection, deadlines)
    this.#containers = wrapEngine ? wrapEngine(this.#engine) : this.#engine
    this.#now = now
    this.#version = version
    const passed = Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && passedOn.test(entry[0]),
    )
    const allowed = allowedDirectories.map((path) => resolve(path))
    this.#repos = { repos: resolve(reposDirectory), allowed }
    this.#compose = {
      roots: { stacks: resolve(stacksDirectory), allowed },
      run: runCommand,
      environment: { ...Object.fromEntries(passed), DOCKER_HOST: connection.address },
      cliConfigDirectory: environment.DOCKER_CONFIG || join(environment.HOME || homedir(), '.docker'),
      shell: ['/bin/bash', '/usr/bin/bash'].find((path) => existsSync(path)) ?? '/bin/sh',
      image: (name, signal) => this.#engine.image(name, signal),
      hashes: (project, signal) => configHashes(this.#engine, project, signal),
    }
  }

  async status(signal: AbortSignal): Promise<HostStatus> {
    const [info, version, unhealthy, composeVersion, machine] = await Promise.all([
      this.#engine.info(signal),
      this.#engine.version(signal),
      this.#engine.ask('list unhealthy containers', 'look', signal, (docker, abortSignal) =>
        docker.listContainers({ filters: { health: ['unhealthy'] }, abortSignal }),
      ),
      this.#readComposeVersion(signal),
      this.#stats.read(),
    ])
    return {
      ...machine,
      agentVersion: this.#version,
      dockerVersion: version.Version,
      dockerApiVersion: version.ApiVersion,
      ...(composeVersion !== undefined && { composeVersion }),
      engineId: info.ID,
      containers: { total: info.Containers, running: info.ContainersRunning, unhealthy: unhealthy.length },
    }
  }

  observeContainer(name: string, signal: AbortSignal) {
    return observeContainer(this.#containers, name, signal)
  }

  inventory(signal: AbortSignal) {
    return inventory(this.#engine, signal)
  }

  async compareContainer(desired: ContainerRequest, signal: AbortSignal) {
    const found = await findContainer(this.#engine, desired.name, signal)
    return found && differences(desired, found)
  }

  deployContainer(desired: ContainerRequest, signal: AbortSignal) {
    const options = { now: this.#now, reportedFailures: this.#reportedFailures }
    return deployContainer(this.#containers, desired, options, signal)
  }

  removeContainer(name: string, owner: Owner, stop: StopOptions, signal: AbortSignal) {
    return removeContainer(this.#containers, name, owner, stop, signal)
  }

  async startContainer(name: string, owner: Owner, signal: AbortSignal): Promise<void> {
    const container = await this.#containers.inspect(name, signal)
    if (!container) throw new HostRejectedError('NotFound', `there is no container ${name}`)
    if (!belongsTo(container, owner)) {
      const shown = typeof owner === 'string' ? owner : owner.owner
      throw new HostRejectedError('NameTaken', `container ${name} was not made by ${shown}`)
    }
    await this.#containers.start(name, signal)
  }

  observeProject(project: string, signal: AbortSignal) {
    return observeProject(this.#engine, project, signal)
  }

  async composeUp(request: ComposeRequest, signal: AbortSignal) {
    await this.#ready()
    try {
      return await composeUp(this.#compose, request, signal)
    } finally {
      this.#engine.forgetImages()
    }
  }

  async checkProject(request: ComposeRequest, signal: AbortSignal) {
    await this.#ready()
    return composeCheck(this.#compose, request, signal)
  }

  async composeDown(
    project: string,
    options: { removeOrphans: boolean; timeoutSeconds?: number },
    signal: AbortSignal,
  ): Promise<void> {
    checkProject(project)
    await this.#ready()
    const deadlineMs = ((options.timeoutSeconds ?? 10) + 600) * 1000
    const { exitCode, output } = await this.#run(
      {
        argv: downArguments(project, options),
        directory: this.#compose.roots.stacks,
        deadlineMs,
        title: 'Compose Down',
      },
      signal,
    )
    if (exitCode !== 0) {
      const message = `compose down of project ${project} failed: ${output.trim().slice(-1000)}`
      if (saysUnreachable(output)) throw new HostUnreachableError(message)
      if (saysNoCompose(output)) throw new HostRejectedError('ComposeMissing', noCompose)
      throw new HostRejectedError(reasonOf(output, 'ComposeDownFailed'), message)
    }
    await forgetProject(this.#compose.roots, project)
  }

  async readFiles(stack: string, directory: string, paths: readonly string[], signal: AbortSignal) {
    await this.#ready()
    const { roots } = this.#compose
    await stackDirectory(roots, stack)
    const { root, runDirectory } = await resolveRunDirectory(roots, stack, directory)
    const files = new Map<string, Uint8Array | undefined>()
    for (const path of paths) {
      signal.throwIfAborted()
      files.set(path, await readBounded(await confinedPath(root, resolve(runDirectory, path)), path))
    }
    return files
  }

  async observeRepo(place: RepoPlace, signal: AbortSignal) {
    signal.throwIfAborted()
    return observeRepo(this.#repos, place)
  }

  async pullRepo(request: RepoRequest, signal: AbortSignal) {
    return pullRepo(this.#compose, this.#repos, request, signal)
  }

  async removeRepo(place: RepoPlace, signal: AbortSignal) {
    signal.throwIfAborted()
    return removeRepo(this.#repos, place)
  }

  events(signal: AbortSignal) {
    return dockerEvents(this.#engine, signal)
  }

  async #readComposeVersion(signal: AbortSignal): Promise<string | undefined> {
    const now = performance.now()
    if (this.#composeVersion && now - this.#composeVersion.readMs < composeVersionForMs)
      return this.#composeVersion.text
    const argv: [string, ...string[]] = ['docker', 'compose', 'version', '--short']
    const result = await this.#run(
      { argv, directory: '/', deadlineMs: 15_000, title: 'docker compose version' },
      signal,
    ).catch(() => undefined)
    signal.throwIfAborted()
    const text = result?.exitCode === 0 ? result.stdout.trim() : undefined
    this.#composeVersion = { text, readMs: now }
    return text
  }

  async #run(command: Omit<Command, 'environment'>, signal: AbortSignal) {
    const environment = { ...this.#compose.environment, DOCKER_CONFIG: this.#compose.cliConfigDirectory }
    try {
      return await runCommand({ ...command, environment }, signal)
    } catch (error) {
      if (error instanceof CommandDeadlineError) throw new HostUnreachableError(error.message)
      throw error
    }
  }

  async #ready(): Promise<void> {
    const { stacks } = this.#compose.roots
    try {
      await mkdir(stacks, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw toFileError(error, `make the directory of stacks ${stacks}`)
    }
  }
}

/** Whatever stands there now: a link that was put there since, a pipe that nobody writes to, a file that grows. */
const readBounded = async (path: string, shown: string): Promise<Uint8Array | undefined> => {
  try {
    const file = await open(await realpath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const info = await file.stat()
      if (!info.isFile()) throw new HostRejectedError('NotAFile', `${shown} is not a file`)
      const { size } = info
      if (size > maxFileBytes) {
        throw new HostRejectedError('FileTooLarge', `${shown} has ${size} bytes; at most ${maxFileBytes} are read`)
      }
      const buffer = Buffer.alloc(size)
      const { bytesRead } = await file.read(buffer, 0, size, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw toFileError(error, `read ${shown}`)
  }
}
