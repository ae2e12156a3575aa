import { type HostEvent, HostRejectedError } from '../../controller/hosts/port.ts'
import {
  type ContainerEngine,
  type ContainerSpec,
  type EngineContainer,
  ImageMissingError,
} from '../../periphery/engine.ts'

/** What containers of an image do once started. */
export interface ImageBehaviour {
  /** Cannot be started, and why. */
  startError?: string
  /** Ends with this code at once. */
  exits?: number
  /** With a health check: what it says, from `afterMs` after the start on (`starting` before). */
  health?: { becomes: 'healthy' | 'unhealthy'; afterMs: number }
  digests?: readonly string[]
  log?: readonly string[]
}

interface Container {
  id: string
  name: string
  state: EngineContainer['state']
  exitCode: number
  image: string
  command?: string
  labels: Readonly<Record<string, string>>
  createdMs: number
  startedMs?: number
  finishedMs?: number
}

/** A Docker Engine in memory: its containers hold no more than their facts, so that one process can be fifty hosts. */
export class SimulatedEngine implements ContainerEngine {
  /** Images that differ from the default: there is every image, and its containers just run. */
  readonly images = new Map<string, ImageBehaviour>()
  /** The same for the first word of a command, which goes before the image. */
  readonly commands = new Map<string, ImageBehaviour>()
  /** Images that no pull brings. */
  readonly missingImages = new Set<string>()
  readonly #containers = new Map<string, Container>()
  readonly #now: () => number
  readonly #emit: (event: HostEvent) => void
  #ids = 0

  constructor(now: () => number, emit: (event: HostEvent) => void) {
    this.#now = now
    this.#emit = emit
  }

  get names(): string[] {
    return [...this.#containers.keys()]
  }

  async inspect(name: string): Promise<EngineContainer | undefined> {
    const container = this.#containers.get(name)
    return container && this.facts(container)
  }

  /** Containers with all of these labels. */
  labelled(labels: Readonly<Record<string, string>>): EngineContainer[] {
    const wanted = Object.entries(labels)
    const found: EngineContainer[] = []
    for (const container of this.#containers.values()) {
      if (wanted.every(([key, value]) => container.labels[key] === value)) found.push(this.facts(container))
    }
    return found
  }

  async create(name: string, spec: ContainerSpec): Promise<void> {
    if (this.missingImages.has(spec.Image)) throw new ImageMissingError(`No such image: ${spec.Image}`)
    if (this.#containers.has(name)) {
      throw new HostRejectedError('NameTaken', `the container name "/${name}" is already in use`)
    }
    this.#ids++
    this.#containers.set(name, {
      id: this.#ids.toString(16).padStart(64, '0'),
      name,
      state: 'created',
      exitCode: 0,
      image: spec.Image,
      ...(spec.Cmd?.[0] !== undefined && { command: spec.Cmd[0] }),
      labels: spec.Labels ?? {},
      createdMs: this.#now(),
    })
    this.#tell('create', name)
  }

  async start(name: string): Promise<void> {
    const container = this.#need(name)
    if (container.state === 'running') return
    const { startError } = this.#behaviour(container)
    if (startError !== undefined) throw new HostRejectedError('CommandNotFound', startError)
    container.state = 'running'
    // Docker counts in nanoseconds: two starts never have the same time.
    container.startedMs = Math.max(this.#now(), (container.startedMs ?? 0) + 1)
    this.#tell('start', name)
    const { exits } = this.#behaviour(container)
    if (exits !== undefined) this.exit(name, exits)
  }

  async stop(name: string): Promise<void> {
    const container = this.#containers.get(name)
    if (container?.state === 'running') this.exit(name, 143)
  }

  /** Ends a container, as its own failure or `docker kill` would. */
  exit(name: string, exitCode: number): void {
    const container = this.#need(name)
    container.state = 'exited'
    container.exitCode = exitCode
    container.finishedMs = this.#now()
    this.#tell('die', name)
  }

  async rename(name: string, to: string): Promise<void> {
    const container = this.#need(name)
    if (this.#containers.has(to)) throw new HostRejectedError('NameTaken', `the name "/${to}" is already in use`)
    this.#containers.delete(name)
    container.name = to
    this.#containers.set(to, container)
    this.#tell('rename', to)
  }

  async remove(name: string): Promise<void> {
    if (!this.#containers.has(name)) return
    this.#tell('destroy', name)
    this.#containers.delete(name)
  }

  async pull(image: string): Promise<void> {
    if (this.missingImages.has(image)) {
      throw new HostRejectedError('ImagePullFailed', `could not pull image ${image}: manifest for ${image} not found`)
    }
  }

  async image(name: string): Promise<{ digests: readonly string[] } | undefined> {
    return this.missingImages.has(name) ? undefined : { digests: this.#digests(name) }
  }

  async lastLogLines(name: string): Promise<readonly string[]> {
    return this.#behaviour(this.#need(name)).log ?? []
  }

  facts(container: Container): EngineContainer {
    const { health } = this.#behaviour(container)
    const { state, startedMs, finishedMs } = container
    const ripe = health && startedMs !== undefined && this.#now() - startedMs >= health.afterMs
    return {
      id: container.id,
      name: container.name,
      state,
      hasHealthCheck: health !== undefined,
      health: !health ? 'none' : state === 'running' && ripe ? health.becomes : 'starting',
      ...(state === 'exited' && { exitCode: container.exitCode, oomKilled: false }),
      restartCount: 0,
      image: container.image,
      imageId: `sha256:${container.image}`,
      imageDigests: this.#digests(container.image),
      createdAt: iso(container.createdMs),
      ...(startedMs !== undefined && { startedAt: iso(startedMs) }),
      ...(finishedMs !== undefined && { finishedAt: iso(finishedMs) }),
      labels: container.labels,
    }
  }

  #behaviour({ image, command }: Container): ImageBehaviour {
    return (command === undefined ? undefined : this.commands.get(command)) ?? this.images.get(image) ?? {}
  }

  #digests(image: string): readonly string[] {
    return this.images.get(image)?.digests ?? []
  }

  #need(name: string): Container {
    const container = this.#containers.get(name)
    if (!container) throw new HostRejectedError('NotFound', `No such container: ${name}`)
    return container
  }

  #tell(action: string, name: string): void {
    this.#emit({ type: 'container', action, name, labels: this.#need(name).labels })
  }
}

const iso = (ms: number): string => new Date(ms).toISOString()
