import { setTimeout as delay } from 'node:timers/promises'
import type { Server } from '../../controller/api/v1alpha1/server.ts'
import { composeLabel, containerLabel } from '../../controller/hosts/labels.ts'
import {
  type ComposeReport,
  type ComposeRequest,
  type ComposeService,
  type ContainerRequest,
  DeployFailedError,
  type FoundContainer,
  type Host,
  type HostEvent,
  HostRejectedError,
  type HostStatus,
  type Hosts,
  HostUnreachableError,
  type Owner,
  type ProjectObservation,
  type RepoPlace,
  type RepoRequest,
  type StageLog,
  type StopOptions,
} from '../../controller/hosts/port.ts'
import { checkNames, checkProject } from '../../periphery/compose-arguments.ts'
import {
  belongsTo,
  deployContainer,
  observeContainer,
  removeContainer,
  toObservation,
} from '../../periphery/deploy-container.ts'
import { interpolate, parseServices } from './simulated-compose.ts'
import { SimulatedEngine } from './simulated-engine.ts'

export type HostCall = Exclude<keyof Host, 'events'>

/** Calls that change something on the host. */
const commands: ReadonlySet<HostCall> = new Set([
  'deployContainer',
  'removeContainer',
  'startContainer',
  'composeUp',
  'composeDown',
  'pullRepo',
  'removeRepo',
])

/**
 * A host in memory: rollouts are the agent's own over an engine in memory, compose is a small imitation (services, images, replicas,
 * `${NAME}` from the environment). What it should do wrong is scripted; what was asked of it is counted.
 */
export class SimulatedHost implements Host {
  readonly engine: SimulatedEngine
  /** How often each call came. */
  readonly counts = new Map<HostCall, number>()
  /** How long every call takes. */
  latencyMs = 0
  /** Nobody answers. */
  unreachable = false
  /** Calls that never return (until their signal is aborted). */
  readonly hanging = new Set<HostCall>()
  /** What was brought up, in order. */
  readonly composed: ComposeRequest[] = []
  /** What was pulled last, by directory. */
  readonly repos = new Map<string, RepoRequest>()
  readonly #name: string
  readonly #now: () => number
  readonly #failures = new Map<HostCall, Error[]>()
  readonly #watchers = new Set<(event: HostEvent) => void>()
  readonly #broken = new Set<() => void>()
  readonly #services = new Map<string, readonly string[]>()
  readonly #files = new Map<string, Uint8Array>()
  #reported = new Set<string>()

  constructor(name = 'simulated', now: () => number = Date.now) {
    this.#name = name
    this.#now = now
    this.engine = new SimulatedEngine(now, (event) => {
      for (const tell of this.#watchers) tell(event)
    })
  }

  /** The next calls of this name fail, one after the other, with these errors. */
  failNext(call: HostCall, ...errors: Error[]): void {
    this.#failures.set(call, [...(this.#failures.get(call) ?? []), ...errors])
  }

  /** How many commands were run; looks do not count. */
  get commandCount(): number {
    let sum = 0
    for (const [call, count] of this.counts) if (commands.has(call)) sum += count
    return sum
  }

  /** Ends all event streams, as a restart of Docker does. */
  breakEvents(): void {
    for (const end of this.#broken) end()
  }

  /** A process that starts anew has forgotten which failures it told. */
  restartAgent(): void {
    this.#reported = new Set()
  }

  writeFile(stack: string, path: string, contents: string): void {
    this.#files.set(`${stack}/${path}`, Buffer.from(contents))
  }

  async status(signal: AbortSignal): Promise<HostStatus> {
    await this.#enter('status', signal)
    const containers = this.engine.labelled({})
    return {
      agentVersion: '0.0.0-simulated',
      dockerVersion: '26.1.5',
      dockerApiVersion: '1.45',
      composeVersion: '2.26.1',
      engineId: `engine-of-${this.#name}`,
      hostName: this.#name,
      os: 'Simulated Linux',
      kernel: '6.0',
      architecture: 'x64',
      cpuCount: 2,
      cpuPercent: 1,
      loadAverage: [0, 0, 0],
      memory: { usedBytes: 1e9, totalBytes: 8e9 },
      disks: [{ mount: '/', fileSystem: 'ext4', usedBytes: 1e10, totalBytes: 1e11 }],
      containers: {
        total: containers.length,
        running: containers.filter(({ state }) => state === 'running').length,
        unhealthy: containers.filter(({ health }) => health === 'unhealthy').length,
      },
    }
  }

  async observeContainer(name: string, signal: AbortSignal) {
    await this.#enter('observeContainer', signal)
    return observeContainer(this.engine, name, signal)
  }

  async inventory(signal: AbortSignal): Promise<readonly FoundContainer[]> {
    await this.#enter('inventory', signal)
    return this.engine
      .labelled({})
      .filter(({ labels }) => labels[containerLabel.owner] === undefined)
      .map(({ id, name, state, image }) => ({ ...bareContainer, id, name, state, image }))
  }

  /** Of a container in memory nothing but its image can differ. */
  async compareContainer(desired: ContainerRequest, signal: AbortSignal) {
    await this.#enter('compareContainer', signal)
    const container = await this.engine.inspect(desired.name)
    return container && (container.image === desired.image ? [] : ['image'])
  }

  async deployContainer(desired: ContainerRequest, signal: AbortSignal) {
    await this.#enter('deployContainer', signal)
    return deployContainer(this.engine, desired, { now: this.#now, reportedFailures: this.#reported }, signal)
  }

  async removeContainer(name: string, owner: Owner, stop: StopOptions, signal: AbortSignal) {
    await this.#enter('removeContainer', signal)
    return removeContainer(this.engine, name, owner, stop, signal)
  }

  async startContainer(name: string, owner: Owner, signal: AbortSignal) {
    await this.#enter('startContainer', signal)
    const container = await this.engine.inspect(name)
    if (!container) throw new HostRejectedError('NotFound', `there is no container ${name}`)
    if (!belongsTo(container, owner)) {
      throw new HostRejectedError('NameTaken', `container ${name} was not made by ${JSON.stringify(owner)}`)
    }
    await this.engine.start(name)
  }

  async observeProject(project: string, signal: AbortSignal): Promise<ProjectObservation> {
    await this.#enter('observeProject', signal)
    const names = this.#services.get(project) ?? []
    const containers = await Promise.all(names.map((name) => this.#projectContainer(name)))
    return { project, containers: containers.flat() }
  }

  async composeUp(request: ComposeRequest, signal: AbortSignal): Promise<ComposeReport> {
    await this.#enter('composeUp', signal)
    this.composed.push(request)
    checkNames(request)
    const log: StageLog[] = []
    const services = await this.#config(request, log, signal)
    for (const former of request.formerProjects) await this.#down(former)
    const names: string[] = []
    for (const service of services) {
      if (this.engine.missingImages.has(service.image)) {
        log.push({ stage: 'Compose Pull', success: false, output: 'manifest unknown', durationMs: 0 })
        throw new DeployFailedError('ImagePullFailed', `Compose Pull failed: ${service.image}: manifest unknown`, log)
      }
      for (let i = 1; i <= service.replicas; i++) {
        const name = service.containerName ?? `${request.project}-${service.name}-${i}`
        names.push(name)
        await this.#ensure(request.project, name, service)
      }
    }
    const before = this.#services.get(request.project) ?? []
    const orphans = request.removeOrphans ? before.filter((name) => !names.includes(name)) : []
    for (const name of orphans) await this.engine.remove(name)
    this.#services.set(
      request.project,
      [...new Set([...before, ...names])].filter((name) => !orphans.includes(name)),
    )
    log.push({ stage: 'Compose Up', success: true, output: '', durationMs: 0 })
    return { services, log }
  }

  async checkProject(request: ComposeRequest, signal: AbortSignal) {
    await this.#enter('checkProject', signal)
    const services = await this.#config(request, [], signal)
    const containers = (await this.observeProject(request.project, signal)).containers
    const changes = services
      .filter(({ name, configHash }) => !containers.some((c) => c.service === name && c.configHash === configHash))
      .map(({ name }) => `Container ${request.project}-${name}-1`)
    return { services, changes }
  }

  async composeDown(project: string, _options: { removeOrphans: boolean }, signal: AbortSignal): Promise<void> {
    await this.#enter('composeDown', signal)
    checkProject(project)
    await this.#down(project)
  }

  async readFiles(stack: string, _directory: string, paths: readonly string[], signal: AbortSignal) {
    await this.#enter('readFiles', signal)
    return new Map(paths.map((path) => [path, this.#files.get(`${stack}/${path}`)]))
  }

  async observeRepo({ owner, directory }: RepoPlace, signal: AbortSignal) {
    await this.#enter('observeRepo', signal)
    const pulled = this.repos.get(absolute(directory))
    return pulled?.owner === owner
      ? { directory: absolute(directory), revision: pulled.tree.revision, hash: pulled.hash }
      : undefined
  }

  async pullRepo(request: RepoRequest, signal: AbortSignal) {
    await this.#enter('pullRepo', signal)
    const { directory, owner } = request
    const other = this.repos.get(absolute(directory))?.owner
    if (other !== undefined && other !== owner)
      throw new DeployFailedError('DirectoryTaken', `${directory} belongs to the Repo ${other}`, [])
    this.repos.set(absolute(directory), request)
    return { directory: absolute(directory), log: [] }
  }

  async removeRepo({ directory, owner }: RepoPlace, signal: AbortSignal) {
    await this.#enter('removeRepo', signal)
    if (this.repos.get(absolute(directory))?.owner === owner) this.repos.delete(absolute(directory))
    return { left: [] }
  }

  async *events(signal: AbortSignal): AsyncGenerator<HostEvent> {
    if (this.unreachable) throw new HostUnreachableError(`no Docker Engine answers on ${this.#name}`)
    const queue: HostEvent[] = []
    let broken = false
    let wake = () => {}
    const tell = (event: HostEvent) => {
      queue.push(event)
      wake()
    }
    const end = () => {
      broken = true
      wake()
    }
    this.#watchers.add(tell)
    this.#broken.add(end)
    signal.addEventListener('abort', end)
    try {
      while (!signal.aborted) {
        for (let event = queue.shift(); event; event = queue.shift()) yield event
        if (signal.aborted) return
        if (broken) throw new HostUnreachableError(`the event stream of ${this.#name} broke`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      this.#watchers.delete(tell)
      this.#broken.delete(end)
      signal.removeEventListener('abort', end)
    }
  }

  async #enter(call: HostCall, signal: AbortSignal): Promise<void> {
    this.counts.set(call, (this.counts.get(call) ?? 0) + 1)
    signal.throwIfAborted()
    if (this.hanging.has(call)) await delay(2 ** 30, undefined, { signal })
    if (this.latencyMs > 0) await delay(this.latencyMs, undefined, { signal })
    if (this.unreachable) throw new HostUnreachableError(`no Docker Engine answers on ${this.#name}`)
    const failure = this.#failures.get(call)?.shift()
    if (failure) throw failure
  }

  async #config(request: ComposeRequest, log: StageLog[], signal: AbortSignal): Promise<ComposeService[]> {
    const fail = (reason: string, message: string): never => {
      log.push({ stage: 'Compose Config', success: false, output: message, durationMs: 0 })
      throw new DeployFailedError(reason, message, log)
    }
    const services = new Map<string, ComposeService>()
    for (const path of request.filePaths.length > 0 ? request.filePaths : ['compose.yaml']) {
      const text = await this.#read(request, path, signal)
      if (text === undefined) return fail('MissingFiles', `Missing files: ${path}`)
      const found = parseServices(interpolate(text, request))
      if (!found) return fail('InvalidCompose', 'Compose Config failed: services must be a mapping')
      for (const service of found) services.set(service.name, service)
    }
    log.push({ stage: 'Compose Config', success: true, output: `${services.size} services`, durationMs: 0 })
    return [...services.values()].filter(({ name }) => request.services.length === 0 || request.services.includes(name))
  }

  async #read(request: ComposeRequest, path: string, signal: AbortSignal): Promise<string | undefined> {
    const { source, stack, runDirectory } = request
    if (source.type === 'inline') return source.contents
    const file =
      source.type === 'tree'
        ? await source.tree.read(runDirectory === '' ? path : `${runDirectory}/${path}`, signal)
        : this.#files.get(`${stack}/${path}`)
    return file && Buffer.from(file).toString('utf8')
  }

  async #ensure(project: string, name: string, service: ComposeService): Promise<void> {
    const current = await this.engine.inspect(name)
    if (current?.labels[composeLabel.configHash] !== service.configHash) {
      await this.engine.remove(name)
      const Labels = {
        [composeLabel.project]: project,
        [composeLabel.service]: service.name,
        [composeLabel.configHash]: service.configHash,
      }
      await this.engine.create(name, { Image: service.image, Labels })
    }
    await this.engine.start(name)
  }

  async #projectContainer(name: string) {
    const container = await this.engine.inspect(name)
    if (!container) return []
    const { owner: _, hash: __, previous: ___, ...facts } = toObservation(container)
    const { labels } = container
    const service = labels[composeLabel.service] ?? ''
    return [{ ...facts, service, configHash: labels[composeLabel.configHash] ?? '', oneOff: false }]
  }

  async #down(project: string): Promise<void> {
    for (const name of this.#services.get(project) ?? []) await this.engine.remove(name)
    this.#services.delete(project)
  }
}

const bareContainer: Omit<FoundContainer, 'id' | 'name' | 'state' | 'image'> = {
  network: 'bridge',
  restart: 'no',
  command: '',
  environment: [],
  labels: [],
  ports: [],
  volumes: [],
  extraArgs: [],
  beyond: [],
}

/** One simulated host for each server name. */
export class SimulatedHosts implements Hosts {
  readonly #hosts = new Map<string, SimulatedHost>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  for(server: Server): SimulatedHost {
    return this.named(server.metadata.name)
  }

  named(name: string): SimulatedHost {
    let host = this.#hosts.get(name)
    if (!host) {
      host = new SimulatedHost(name, this.#now)
      this.#hosts.set(name, host)
    }
    return host
  }

  /** How many commands were run on all hosts. */
  get commandCount(): number {
    let sum = 0
    for (const host of this.#hosts.values()) sum += host.commandCount
    return sum
  }
}

const absolute = (directory: string): string => (directory.startsWith('/') ? directory : `/repos/${directory}`)
