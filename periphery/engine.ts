import type { ContainerCreateOptions } from 'dockerode'
import type { ContainerFacts, RegistryAuth, StopOptions } from '../controller/hosts/port.ts'

/** What `docker run` flags, ports, volumes and the like become: the body of Docker's "create a container". */
export type ContainerSpec = Omit<ContainerCreateOptions, 'name' | 'abortSignal' | 'platform'> & { Image: string }

/** A container as the engine knows it, with the times that health is judged by. */
export interface EngineContainer extends ContainerFacts {
  hasHealthCheck: boolean
  /** When it last stopped. */
  finishedAt?: string
}

/**
 * The few things a rollout does to a Docker Engine. Every call ends by its deadline, and is idempotent where that makes sense:
 * starting what runs, stopping what stands and removing what is gone succeed.
 */
export interface ContainerEngine {
  inspect(name: string, signal: AbortSignal): Promise<EngineContainer | undefined>
  /** Rejects with `ImageMissingError` when the image is not on this host, and with reason `NameTaken` when the name is in use. */
  create(name: string, spec: ContainerSpec, platform: string | undefined, signal: AbortSignal): Promise<void>
  start(name: string, signal: AbortSignal): Promise<void>
  stop(name: string, options: StopOptions, signal: AbortSignal): Promise<void>
  rename(name: string, to: string, signal: AbortSignal): Promise<void>
  remove(name: string, signal: AbortSignal): Promise<void>
  pull(image: string, platform: string | undefined, auth: RegistryAuth | undefined, signal: AbortSignal): Promise<void>
  /** The image if it is here, with the digests that its repository's registry gave it: none when it was made on this host. */
  image(name: string, signal: AbortSignal): Promise<{ digests: readonly string[] } | undefined>
  /** The last lines of both streams, oldest first. */
  lastLogLines(name: string, count: number, signal: AbortSignal): Promise<readonly string[]>
}

/** Create was refused because the image is not here: pull it and ask again. */
export class ImageMissingError extends Error {
  override readonly name = 'ImageMissingError'
}
