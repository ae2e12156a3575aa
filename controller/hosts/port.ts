import type { FoundContainer } from '../api/found-container.ts'
import type { Server } from '../api/v1alpha1/server.ts'
import type { SourceTree } from '../git/tree.ts'

export type { ComposeOrigin, FoundContainer } from '../api/found-container.ts'

/**
 * The hosts port: what reconcilers ask of a machine that runs Docker, whatever the way to its agent. One conformance suite
 * (`test/conformance/hosts.ts`) runs against every implementation.
 *
 * Contract of every call
 * - It ends: each has its own deadline besides `signal`, and a host that hangs, floods or lies never slows another.
 * - `HostUnreachableError` when no agent or no Docker Engine answers: nothing is known then, above all not "nothing is there".
 * - `HostRejectedError` when the engine or compose refused: the message is theirs, secrets scrubbed, with what to do if known.
 * - Observations are facts of this moment. Commands are idempotent: asked again after a crash they go on where they stopped.
 */
export interface Hosts {
  /** The way to a server's agent. Throws `StalledError` when its address names a way that is not supported (yet). */
  for(server: Server): Host
}

export interface Host {
  /** Versions and resources. */
  status(signal: AbortSignal): Promise<HostStatus>

  /** The container of this name, and what a replacement left beside it; `undefined` when none is there. */
  observeContainer(name: string, signal: AbortSignal): Promise<ContainerObservation | undefined>
  /** Containers that no Deployment made, each with all that `docker run` would need to make it again. */
  inventory(signal: AbortSignal): Promise<readonly FoundContainer[]>
  /** In which fields the container of this name is not what `desired` asks for; `undefined` when none is there. */
  compareContainer(desired: ContainerRequest, signal: AbortSignal): Promise<readonly string[] | undefined>
  /**
   * Goes as far as can be gone now towards `desired` running alone under its name, and says what is there then: pulls before the
   * old container is touched, keeps the old one (stopped, renamed) until the new one is healthy or `healthDeadlineMs` passed since
   * it started, and brings the old one back in that case. Does not wait for health: call again when woken.
   */
  deployContainer(desired: ContainerRequest, signal: AbortSignal): Promise<ContainerRollout>
  /** Stops and removes the container (its volumes stay) if `owner` made it (label), and what replacements left. Gone counts as removed. */
  removeContainer(name: string, owner: Owner, stop: StopOptions, signal: AbortSignal): Promise<void>
  startContainer(name: string, owner: Owner, signal: AbortSignal): Promise<void>

  /** What runs under a compose project, by Docker's labels; empty `containers` when nothing does. */
  observeProject(project: string, signal: AbortSignal): Promise<ProjectObservation>
  /** Writes the files, then config, build, pull, down, up as Komodo does (behaviour §8.4), stage by stage; rejects with `DeployFailedError` at the first that fails. */
  composeUp(request: ComposeRequest, signal: AbortSignal): Promise<ComposeReport>
  /** What `composeUp` would change, by compose's own dry run: nothing on the host is touched. Only for files that are on the host. */
  checkProject(request: ComposeRequest, signal: AbortSignal): Promise<ProjectCheck>
  /** `compose down` (volumes kept) by project name alone; works without the files. */
  composeDown(
    project: string,
    options: { removeOrphans: boolean; timeoutSeconds?: number },
    signal: AbortSignal,
  ): Promise<void>

  /** What is pulled into the directory of a Repo; `undefined` when nothing is there, or a pull did not come to its end. */
  observeRepo(place: RepoPlace, signal: AbortSignal): Promise<RepoObservation | undefined>
  /**
   * Makes the directory equal to the tree, writes the env file, runs `onClone` (until it went through once) and `onPull`. Files that
   * somebody else made there stay. Rejects with `DeployFailedError` at the first stage that fails; asked again, it begins anew.
   */
  pullRepo(request: RepoRequest, signal: AbortSignal): Promise<RepoReport>
  /** Removes what was written, if it is this owner's. What commands or people made there stays, and is told. Gone counts as removed. */
  removeRepo(place: RepoPlace, signal: AbortSignal): Promise<{ left: readonly string[] }>

  /** Files on the host, relative to the stack directory of `stack` (or absolute under a root that the agent allows). Missing ones are `undefined`. */
  readFiles(
    stack: string,
    directory: string,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Uint8Array | undefined>>

  /** Docker's events, from now on, until the connection breaks. */
  events(signal: AbortSignal): AsyncIterable<HostEvent>
}

export interface HostStatus {
  agentVersion: string
  dockerVersion: string
  dockerApiVersion: string
  composeVersion?: string
  /** Docker's engine id: the same for two addresses of one machine. */
  engineId: string
  hostName: string
  os: string
  kernel: string
  architecture: string
  cpuCount: number
  /** 0..100, over all cores, since the last call (or a short sample). */
  cpuPercent: number
  loadAverage: readonly [number, number, number]
  memory: { usedBytes: number; totalBytes: number }
  disks: readonly { mount: string; fileSystem: string; usedBytes: number; totalBytes: number }[]
  containers: { total: number; running: number; unhealthy: number }
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'
export type ContainerHealth = 'none' | 'starting' | 'healthy' | 'unhealthy'

export interface ContainerFacts {
  id: string
  name: string
  state: ContainerState
  health: ContainerHealth
  exitCode?: number
  oomKilled?: boolean
  restartCount: number
  /** As given at creation. */
  image: string
  imageId: string
  /** Digests of the registry (`name@sha256:...`), empty for images made locally. */
  imageDigests: readonly string[]
  createdAt: string
  startedAt?: string
  labels: Readonly<Record<string, string>>
}

export interface ContainerObservation extends ContainerFacts {
  /** `namespace/name` of the Deployment that made it; `undefined` when somebody else did. */
  owner?: string
  /** Hash of the desired state it was made from. */
  hash?: string
  /** A replacement under way left these: `previous` waits to come back. */
  previous?: ContainerFacts
}

/** A Deployment with everything resolved: no `[[VAR]]` is left. */
export interface ContainerRequest {
  name: string
  /** `namespace/name` of the Deployment. */
  owner: string
  /** Id of a container of this name that somebody else made, and that is the Deployment's own now. */
  adopted?: string
  /** Names that the container may still have: it is given its new one, or removed when that is taken already. */
  formerNames: readonly string[]
  /** Of all that follows (digests of secrets included, not their values); computed by the caller, stored as a label. */
  hash: string
  image: string
  pull: 'always' | 'missing' | 'never'
  registryAuth?: RegistryAuth
  network: string
  restart: 'no' | 'on-failure' | 'always' | 'unless-stopped'
  /** Appended to the image, split like a shell would, nothing expanded. */
  command: string
  /** In order, as the program shall see them: quotes around a value in Komodo's text are taken off by the caller. */
  environment: readonly KeyValue[]
  labels: readonly KeyValue[]
  /** `local:container` as `docker run -p` and `-v` take them. */
  ports: readonly string[]
  volumes: readonly string[]
  /** `docker run` flags, one or more words each. Unknown flags are a `HostRejectedError` that names them. */
  extraArgs: readonly string[]
  stop: StopOptions
  /** How long the new one may take to become healthy (without HEALTHCHECK: to stay running for `minReadyMs`). */
  healthDeadlineMs: number
  minReadyMs: number
}

/** `namespace/name` of the Deployment; with the id of a container that it took over, which has no label to say so. */
export type Owner = string | { owner: string; adopted: string }

export interface StopOptions {
  /** `undefined`: the one that the image asks for (`STOPSIGNAL`). */
  signal?: string
  timeoutSeconds: number
}

export interface KeyValue {
  key: string
  value: string
}

export interface RegistryAuth {
  serverAddress: string
  username: string
  password: string
}

/** Where a replacement stands. */
export type ContainerRollout =
  /** The desired one runs, healthy if it has a HEALTHCHECK, alone. */
  | { state: 'settled'; container: ContainerObservation }
  /** Started, not proven yet. */
  | { state: 'progressing'; container: ContainerObservation; message: string }
  /**
   * Did not become healthy: the old one is back. Without an old one, the failed one stays, for its log; its `hash` is the desired
   * one then, and the next call starts it again. `message` is a clause: "exited (exit code 3) 0.1 s after its start".
   */
  | { state: 'rolled-back'; container?: ContainerObservation; message: string; lastLogLines: readonly string[] }

export interface ComposeRequest {
  /** Name of the Stack: names its directory on the host. */
  stack: string
  owner: string
  project: string
  /** Names of the projects that it was deployed as before: taken down once everything for the new one is there. */
  formerProjects: readonly string[]
  source:
    | { type: 'inline'; contents: string }
    | { type: 'tree'; tree: SourceTree; clonePath: string; afterPull?: AfterPull }
    | { type: 'host' }
  runDirectory: string
  filePaths: readonly string[]
  /** Resolved, quotes around values taken off; written to `envFilePath` when not empty, so that Compose reads exactly these values. */
  environment: readonly KeyValue[]
  envFilePath: string
  /** One with `contents` is not read on the host: it is decrypted, and is there for the time of the deploy alone. */
  additionalEnvFiles: readonly { path: string; track: boolean; contents?: string }[]
  profiles: readonly string[]
  preDeploy?: HostCommand
  postDeploy?: HostCommand
  wrapper: string
  wrapperInclude: readonly string[]
  registryAuth: readonly RegistryAuth[]
  runBuild: boolean
  buildExtraArgs: readonly string[]
  pull: boolean
  destroyBeforeDeploy: boolean
  removeOrphans: boolean
  extraArgs: readonly string[]
  /** Only these services; empty: all. */
  services: readonly string[]
  /** Values to scrub from everything that is reported. */
  secrets: readonly string[]
}

/** What belongs to the files of a repository besides themselves, and runs each time they were written. Paths are relative to its root. */
export interface AfterPull {
  /** Resolved; written to `envFilePath` when not empty. */
  environment: readonly KeyValue[]
  envFilePath: string
  /** Runs until it went through once. */
  onClone?: HostCommand
  /** Runs after `onClone`, each time. */
  onPull?: HostCommand
}

export interface RepoPlace {
  /** `namespace/name` of the Repo. */
  owner: string
  /** Relative to the agent's directory for repositories, or absolute below a root that the agent allows. */
  directory: string
}

export interface RepoRequest extends RepoPlace, AfterPull {
  tree: SourceTree
  /** Of all that the pull is made from; kept on the host, so that a look tells what was pulled. */
  hash: string
  /** Values to scrub from everything that is reported. */
  secrets: readonly string[]
}

export interface RepoObservation {
  /** Absolute, on the host. */
  directory: string
  revision: string
  hash: string
}

export interface RepoReport {
  /** Absolute, on the host. */
  directory: string
  log: readonly StageLog[]
}

export interface HostCommand {
  /** Directory, relative to the run directory. */
  path: string
  command: string
  shellMode: boolean
}

/** What `compose config` said will run; the caller keeps it in status to know what to expect. */
export interface ComposeReport {
  services: readonly ComposeService[]
  log: readonly StageLog[]
}

export interface ComposeService {
  name: string
  image: string
  /** Containers expected: `deploy.replicas` or `scale`, default 1. */
  replicas: number
  /** Compose's own hash of the service, as its containers carry it (`com.docker.compose.config-hash`); empty when it has none. */
  configHash: string
  containerName?: string
  /** `no` when not given. Tells a service that was stopped from one that ran once and is done. */
  restart?: string
}

export interface ProjectCheck {
  services: readonly ComposeService[]
  /** What would be made or made anew, as compose names it: `Container web-app-1`, `Network web_default`. */
  changes: readonly string[]
}

export interface StageLog {
  stage: string
  success: boolean
  /** stdout and stderr as they came, scrubbed, at most a few kB (the end is kept). */
  output: string
  durationMs: number
}

export interface ProjectObservation {
  project: string
  containers: readonly ProjectContainer[]
}

export interface ProjectContainer extends ContainerFacts {
  service: string
  configHash: string
  /** Made by `compose run`. */
  oneOff: boolean
}

export type HostEvent =
  /** Something about a container changed: state, health, removal. */
  { type: 'container'; action: string; name: string; labels: Readonly<Record<string, string>> }

/** Nobody answers, or not in time. Says which address, what was tried, and what to check. */
export class HostUnreachableError extends Error {
  override readonly name = 'HostUnreachableError'
}

/** The host answered and refused. */
export class HostRejectedError extends Error {
  override readonly name = 'HostRejectedError'
  /** CamelCase, for conditions: `ImagePullFailed`, `NameTaken`, `InvalidArgument`, `PortInUse`, `NoSpace`, ... */
  readonly reason: string

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** A stage of a deploy failed; what ran before it is in `log`. */
export class DeployFailedError extends HostRejectedError {
  readonly log: readonly StageLog[]

  constructor(reason: string, message: string, log: readonly StageLog[]) {
    super(reason, message)
    this.log = log
  }
}
