import type Docker from 'dockerode'
import type { ContainerInspectInfo, DockerVersion, ImageInspectInfo, ImageInspectOptions } from 'dockerode'
import {
  type ContainerHealth,
  type ContainerState,
  HostRejectedError,
  type RegistryAuth,
  type StopOptions,
} from '../controller/hosts/port.ts'
import { tooLong } from '../controller/text/whole-lines.ts'
import { withDeadline } from './deadline.ts'
import type { DockerConnection } from './docker-connection.ts'
import { engineMessage, reasonOf, statusOf, toHostError } from './docker-errors.ts'
import { type ContainerEngine, type ContainerSpec, type EngineContainer, ImageMissingError } from './engine.ts'

/** How long Docker may take, in milliseconds. */
export interface Deadlines {
  look: number
  act: number
  pull: number
}

/** Generous where disks and networks decide. */
const defaultDeadlines: Deadlines = { look: 15_000, act: 60_000, pull: 30 * 60_000 }

/** What the agent reads of Docker's `info`. */
interface EngineInfo {
  ID: string
  Containers: number
  ContainersRunning: number
}

/** Calls that take an abort signal though dockerode's types do not say so. */
interface Abortable {
  info(options: { abortSignal: AbortSignal }): Promise<EngineInfo>
  version(options: { abortSignal: AbortSignal }): Promise<DockerVersion>
}

/** Characters of a line of a log. Who shows it knows which secrets to take out of it, and how much of the rest to show. */
const LONGEST_LINE = 16_384

/** The Docker Engine behind `ContainerEngine`, and the other questions that the agent asks it. */
export class DockerEngine implements ContainerEngine {
  readonly #docker: Docker
  readonly #address: string
  readonly #deadlines: Deadlines
  readonly #images = new Map<string, { digests: readonly string[]; readMs: number }>()

  constructor({ docker, address }: DockerConnection, deadlines: Partial<Deadlines> = {}) {
    this.#docker = docker
    this.#address = address
    this.#deadlines = { ...defaultDeadlines, ...deadlines }
  }

  /** Runs one request with a deadline; failures come out as the port's errors. */
  async ask<T>(
    what: string,
    deadline: keyof Deadlines | number,
    signal: AbortSignal,
    request: (docker: Docker, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const deadlineMs = typeof deadline === 'number' ? deadline : this.#deadlines[deadline]
    try {
      return await withDeadline(`${what} (Docker at ${this.#address})`, deadlineMs, signal, (abortSignal) =>
        request(this.#docker, abortSignal),
      )
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw error instanceof ImageMissingError ? error : toHostError(error, what, this.#address)
    }
  }

  async inspect(name: string, signal: AbortSignal): Promise<EngineContainer | undefined> {
    const info = await this.ask(`inspect container ${name}`, 'look', signal, async (docker, abortSignal) =>
      container(docker, name).inspect({ abortSignal }).catch(unlessGone),
    )
    // Docker also accepts a prefix of an id where a name is asked for.
    if (!info || info.Name !== `/${name}`) return undefined
    return toEngineContainer(info, await this.#digestsOf(info.Image, signal))
  }

  /** A container as Docker describes it, and what its image says itself (nothing, when the image is gone). */
  async look(
    name: string,
    signal: AbortSignal,
  ): Promise<{ container: ContainerInspectInfo; image: Partial<ImageInspectInfo['Config']> } | undefined> {
    return this.ask(`inspect container ${name}`, 'look', signal, async (docker, abortSignal) => {
      const info = await container(docker, name).inspect({ abortSignal }).catch(unlessGone)
      if (!info || info.Name !== `/${name}`) return undefined
      const options: ImageInspectOptions & { abortSignal: AbortSignal } = { abortSignal }
      const image = await docker.getImage(info.Image).inspect(options).catch(unlessGone)
      return { container: info, image: image?.Config ?? {} }
    })
  }

  create(name: string, spec: ContainerSpec, platform: string | undefined, signal: AbortSignal): Promise<void> {
    return this.ask(`create container ${name}`, 'act', signal, async (docker, abortSignal) => {
      // The body is given apart: dockerode would else put all of it, secrets too, into the address.
      const request = { _query: { name, ...(platform && { platform }) }, _body: spec, abortSignal }
      await docker.createContainer(request).catch((error: unknown) => {
        if (statusOf(error) === 404 && /no such image/i.test(engineMessage(error))) {
          throw new ImageMissingError(engineMessage(error))
        }
        throw error
      })
    })
  }

  start(name: string, signal: AbortSignal): Promise<void> {
    return this.ask(`start container ${name}`, 'act', signal, async (docker, abortSignal) => {
      await container(docker, name).start({ abortSignal }).catch(unlessAlreadySo)
    })
  }

  stop(name: string, { signal: stopSignal, timeoutSeconds }: StopOptions, signal: AbortSignal): Promise<void> {
    const deadlineMs = Math.max(0, timeoutSeconds) * 1000 + this.#deadlines.act
    return this.ask(`stop container ${name}`, deadlineMs, signal, async (docker, abortSignal) => {
      await container(docker, name)
        .stop({ signal: stopSignal, t: timeoutSeconds, abortSignal })
        .catch((error: unknown) => (statusOf(error) === 404 ? undefined : unlessAlreadySo(error)))
    })
  }

  rename(name: string, to: string, signal: AbortSignal): Promise<void> {
    return this.ask(`rename container ${name} to ${to}`, 'act', signal, async (docker, abortSignal) => {
      await container(docker, name).rename({ name: to, abortSignal })
    })
  }

  remove(name: string, signal: AbortSignal): Promise<void> {
    return this.ask(`remove container ${name}`, 'act', signal, async (docker, abortSignal) => {
      // Never with its volumes (`v`), not even anonymous ones: data goes only when the user says so in those words.
      await container(docker, name).remove({ force: true, abortSignal }).catch(unlessGoing)
    })
  }

  pull(
    image: string,
    platform: string | undefined,
    auth: RegistryAuth | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    return this.ask(`pull image ${image}`, 'pull', signal, async (docker, abortSignal) => {
      const authconfig = auth && { username: auth.username, password: auth.password, serveraddress: auth.serverAddress }
      // `fromImage` with the whole reference: the engine knows best how to split it.
      const reference = /[:@][^/]*$/.test(image) ? image : `${image}:latest`
      const request = {
        fromImage: reference,
        ...(platform && { platform }),
        ...(authconfig && { authconfig }),
        abortSignal,
      }
      const stream = await docker.createImage(request).catch((error: unknown) => {
        const message = engineMessage(error)
        if (statusOf(error) === undefined || statusOf(error) === 503) throw error
        throw new HostRejectedError(reasonOf(message, 'ImagePullFailed'), `could not pull image ${image}: ${message}`)
      })
      await followPull(stream, image)
      this.forgetImages()
    })
  }

  async image(name: string, signal: AbortSignal): Promise<{ digests: readonly string[] } | undefined> {
    const digests = await this.#repoDigests(name, signal)
    const repository = repositoryOf(name)
    return digests && { digests: digests.filter((digest) => repositoryOf(digest) === repository) }
  }

  /** Forgets what is known of images: something else than this object may have pulled or pushed. */
  forgetImages(): void {
    this.#images.clear()
  }

  info(signal: AbortSignal): Promise<EngineInfo> {
    return this.ask('read the engine info', 'look', signal, (docker, abortSignal) =>
      (docker as unknown as Abortable).info({ abortSignal }),
    )
  }

  version(signal: AbortSignal): Promise<DockerVersion> {
    return this.ask('read the engine version', 'look', signal, (docker, abortSignal) =>
      (docker as unknown as Abortable).version({ abortSignal }),
    )
  }

  lastLogLines(name: string, count: number, signal: AbortSignal): Promise<readonly string[]> {
    return this.ask(`read the log of container ${name}`, 'look', signal, async (docker, abortSignal) => {
      const log = await container(docker, name).logs({
        stdout: true,
        stderr: true,
        tail: count,
        follow: false,
        abortSignal,
      })
      return withoutFrames(log)
        .toString('utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => (line.length <= LONGEST_LINE ? line : tooLong(LONGEST_LINE)))
        .slice(-count)
    })
  }

  /** The registry digests of an image, remembered for a while since many containers share few images. */
  async #digestsOf(imageId: string, signal: AbortSignal): Promise<readonly string[]> {
    const now = performance.now()
    const known = this.#images.get(imageId)
    if (known && now - known.readMs < 60_000) return known.digests
    const digests = (await this.#repoDigests(imageId, signal)) ?? []
    if (this.#images.size > 1000) this.#images.clear()
    this.#images.set(imageId, { digests, readMs: now })
    return digests
  }

  /** `undefined` when there is no such image. */
  async #repoDigests(name: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
    // The name becomes part of an address.
    if (!/^[A-Za-z0-9][\w./:@-]*$/.test(name) || name.includes('..')) return undefined
    const info = await this.ask(`inspect image ${name}`, 'look', signal, (docker, abortSignal) => {
      const options: ImageInspectOptions & { abortSignal: AbortSignal } = { abortSignal }
      return docker.getImage(name).inspect(options).catch(unlessGone)
    })
    return info && (info.RepoDigests ?? [])
  }
}

/** `nginx` of `docker.io/library/nginx:1.27@sha256:...`. */
const repositoryOf = (image: string): string =>
  image
    .replace(/@.*$/, '')
    .replace(/:[^:/]*$/, '')
    .replace(/^(index\.)?docker\.io\//, '')
    .replace(/^library\//, '')

/** Names come from users and become part of an address. */
const container = (docker: Docker, name: string) => docker.getContainer(encodeURIComponent(name))

const unlessGone = (error: unknown): undefined => {
  if (statusOf(error) !== 404) throw error
  return undefined
}

const unlessAlreadySo = (error: unknown): undefined => {
  if (statusOf(error) !== 304) throw error
  return undefined
}

/** 409 on removal: the engine is at it already. */
const unlessGoing = (error: unknown): undefined => {
  if (statusOf(error) !== 404 && !(statusOf(error) === 409 && /already in progress/.test(engineMessage(error)))) {
    throw error
  }
  return undefined
}

/** Reads the progress of a pull to its end; the engine answers 200 first and tells of errors in between. */
const followPull = async (stream: NodeJS.ReadableStream, image: string): Promise<void> => {
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > 1_000_000) rest = ''
    for (const line of lines) {
      if (!line.includes('"error"')) continue
      const { error } = JSON.parse(line) as { error?: string }
      if (error !== undefined) {
        throw new HostRejectedError(reasonOf(error, 'ImagePullFailed'), `could not pull image ${image}: ${error}`)
      }
    }
  }
}

/** Docker multiplexes the two streams of a container without a terminal: each frame has a header of 8 bytes. */
const withoutFrames = (log: Buffer): Buffer => {
  const parts: Buffer[] = []
  let offset = 0
  while (offset + 8 <= log.length) {
    if (log[offset]! > 2 || log[offset + 1] !== 0 || log[offset + 2] !== 0 || log[offset + 3] !== 0) return log
    const size = log.readUInt32BE(offset + 4)
    parts.push(log.subarray(offset + 8, offset + 8 + size))
    offset += 8 + size
  }
  return parts.length > 0 ? Buffer.concat(parts) : log
}

/** Docker says year 1 for "never". */
const time = (text: string | undefined): string | undefined => (!text || text.startsWith('0001-') ? undefined : text)

const toEngineContainer = (info: ContainerInspectInfo, imageDigests: readonly string[]): EngineContainer => {
  const { State: state } = info
  const health = (state.Health?.Status ?? 'none') as ContainerHealth
  const startedAt = time(state.StartedAt)
  const finishedAt = time(state.FinishedAt)
  const ended = state.Status === 'exited' || state.Status === 'dead' || state.Status === 'restarting'
  return {
    id: info.Id,
    name: info.Name.slice(1),
    state: state.Status as ContainerState,
    health,
    hasHealthCheck: health !== 'none',
    ...(ended && { exitCode: state.ExitCode, oomKilled: state.OOMKilled }),
    restartCount: info.RestartCount,
    image: info.Config.Image,
    imageId: info.Image,
    imageDigests,
    createdAt: info.Created,
    ...(startedAt && { startedAt }),
    ...(finishedAt && { finishedAt }),
    labels: info.Config.Labels ?? {},
  }
}
