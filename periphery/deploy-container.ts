import { containerLabel } from '../controller/hosts/labels.ts'
import {
  type ContainerObservation,
  type ContainerRequest,
  type ContainerRollout,
  HostRejectedError,
  type Owner,
  type StopOptions,
} from '../controller/hosts/port.ts'
import { containerSpec } from './container-spec.ts'
import { type ContainerEngine, type EngineContainer, ImageMissingError } from './engine.ts'
import {
  containerName,
  failureKey,
  foreignHolder,
  type Observed,
  planRollout,
  Role,
  type Step,
} from './rollout-plan.ts'

/** More rounds than any way through the plan has; reaching it means that somebody else works on the same names. */
const maxRounds = 10
const logLinesOnFailure = 20
const roles = Object.values(Role)

export interface RolloutOptions {
  /** The engine's time, in milliseconds since the epoch. */
  now: () => number
  /** Failures reported by this process. Forgotten by a restart: then one is reported once more, which is harmless. */
  reportedFailures: Set<string>
}

/** Looks, plans, acts, until nothing more can be done now (`rollout-plan.ts` has the plan and why a crash anywhere is harmless). */
export const deployContainer = async (
  engine: ContainerEngine,
  desired: ContainerRequest,
  { now, reportedFailures }: RolloutOptions,
  signal: AbortSignal,
): Promise<ContainerRollout> => {
  const { spec, platform, pull } = containerSpec(desired)
  const image = new ImageSource(engine, desired, pull, platform)
  for (const former of desired.formerNames) await giveUpName(engine, former, desired, signal)
  const perform = (step: Step) =>
    take(engine, desired.name, desired.stop, step, signal, (as) => image.create(as, spec, signal))

  let startFailure: HostRejectedError | undefined
  for (let round = 0; round < maxRounds; round++) {
    const observed = await observe(engine, desired.name, signal)
    const canGoBack = observed.previous && observed.current?.labels[containerLabel.hash] === desired.hash
    if (startFailure && !canGoBack) throw startFailure
    const plan = planRollout(desired, observed, {
      nowMs: now(),
      reported: (key) => reportedFailures.has(key),
      ...(startFailure && { startFailure: startFailure.message }),
    })
    switch (plan.verdict) {
      case 'name-taken':
        throw new HostRejectedError(
          'NameTaken',
          `container ${plan.holder.name} exists and was not made by ${desired.owner}` +
            `${ownerOf(plan.holder) ? ` but by ${ownerOf(plan.holder)}` : ''}: remove or rename it, choose another name, ` +
            `or take it over with the label ${containerLabel.adopt}=true`,
        )
      case 'look-again':
        try {
          for (const step of plan.steps) await perform(step)
        } catch (error) {
          // One that cannot even be started (a port in use, a program that is not there) is a failed one, too.
          const isStart = error instanceof HostRejectedError && plan.steps.at(-1)?.do === 'start'
          if (!isStart || startFailure) throw error
          startFailure = error
        }
        break
      case 'settled':
        for (const step of plan.steps) await perform(step)
        return { state: 'settled', container: toObservation(observed.current!) }
      case 'wait':
        return {
          state: 'progressing',
          container: toObservation(observed.current!, observed.previous),
          message: plan.message,
        }
      case 'failed': {
        const failed = observed.current!
        const lastLogLines = await engine.lastLogLines(failed.name, logLinesOnFailure, signal).catch(() => [])
        try {
          for (const step of plan.steps) await perform(step)
        } catch (error) {
          if (!(error instanceof HostRejectedError)) throw error
          const message = `${plan.message}, and the previous container could not be brought back: ${error.message}`
          throw new HostRejectedError(error.reason, message, { cause: error })
        }
        remember(reportedFailures, failureKey(failed))
        const back = plan.steps.length > 0
        const container = back ? (await observe(engine, desired.name, signal)).current : failed
        return {
          state: 'rolled-back',
          ...(container && { container: toObservation(container) }),
          message: plan.message,
          lastLogLines,
        }
      }
    }
  }
  throw new HostRejectedError(
    'Conflict',
    `container ${desired.name} kept changing while it was replaced: does somebody else work on it?`,
  )
}

/** The container of this name and what a replacement left; `undefined` when none is there under the name itself. */
export const observeContainer = async (
  engine: ContainerEngine,
  name: string,
  signal: AbortSignal,
): Promise<ContainerObservation | undefined> => {
  const [current, previous] = await Promise.all(
    [Role.current, Role.previous].map((role) => engine.inspect(containerName(name, role), signal)),
  )
  return current && toObservation(current, previous)
}

/** Removes the owner's container of this name and what replacements left of it; others' are left alone. */
export const removeContainer = async (
  engine: ContainerEngine,
  name: string,
  owner: Owner,
  stop: StopOptions,
  signal: AbortSignal,
): Promise<void> => {
  const observed = await observe(engine, name, signal)
  // An adopted container that waits as `previous` has no owner label; it goes with the one that replaced it.
  const replaced = observed.current && belongsTo(observed.current, owner)
  for (const role of ['next', 'current', 'previous'] as const) {
    const container = observed[role]
    if (!container || !(belongsTo(container, owner) || (role === 'previous' && replaced))) continue
    if (container.state !== 'created' && container.state !== 'exited') await engine.stop(container.name, stop, signal)
    await engine.remove(container.name, signal)
  }
}

/**
 * What still has a former name gets the new one and goes on as it is: to be replaced as any other, and to come back if that fails. Where
 * the new name is in use already it is removed, since it may hold the same ports.
 */
const giveUpName = async (
  engine: ContainerEngine,
  former: string,
  desired: ContainerRequest,
  signal: AbortSignal,
): Promise<void> => {
  const { name, owner, adopted, stop } = desired
  const claim: Owner = adopted === undefined ? owner : { owner, adopted }
  const [here, old] = await Promise.all([observe(engine, name, signal), observe(engine, former, signal)])
  // Nothing is given up for a name that cannot be had.
  if (foreignHolder(desired, here)) return
  const found = roles.filter((role) => old[role])
  if (!found.some((role) => belongsTo(old[role]!, claim))) return
  if (roles.some((role) => here[role])) return removeContainer(engine, former, claim, stop, signal)
  for (const role of found) await engine.rename(containerName(former, role), containerName(name, role), signal)
}

const observe = async (engine: ContainerEngine, name: string, signal: AbortSignal): Promise<Observed> => {
  const [current, next, previous] = await Promise.all(
    roles.map((role) => engine.inspect(containerName(name, role), signal)),
  )
  return { ...(current && { current }), ...(next && { next }), ...(previous && { previous }) }
}

const take = (
  engine: ContainerEngine,
  name: string,
  stop: StopOptions,
  step: Step,
  signal: AbortSignal,
  create: (containerName: string) => Promise<void>,
): Promise<void> => {
  switch (step.do) {
    case 'create':
      return create(containerName(name, step.as))
    case 'start':
      return engine.start(containerName(name, step.what), signal)
    case 'stop':
      return engine.stop(containerName(name, step.what), stop, signal)
    case 'remove':
      return engine.remove(containerName(name, step.what), signal)
    case 'rename':
      return engine.rename(containerName(name, step.what), containerName(name, step.to), signal)
  }
}

/** Creates containers, and brings their image when the policy or its absence demands it. At most one pull per rollout. */
class ImageSource {
  readonly #engine: ContainerEngine
  readonly #desired: ContainerRequest
  readonly #policy: ContainerRequest['pull']
  readonly #platform: string | undefined
  #pulled = false

  constructor(
    engine: ContainerEngine,
    desired: ContainerRequest,
    policy: ContainerRequest['pull'],
    platform: string | undefined,
  ) {
    this.#engine = engine
    this.#desired = desired
    this.#policy = policy
    this.#platform = platform
  }

  async create(name: string, spec: ReturnType<typeof containerSpec>['spec'], signal: AbortSignal): Promise<void> {
    if (this.#policy === 'always') await this.#pull(signal)
    try {
      await this.#engine.create(name, spec, this.#platform, signal)
    } catch (error) {
      if (!(error instanceof ImageMissingError)) throw error
      if (this.#policy === 'never') {
        throw new HostRejectedError(
          'ImageMissing',
          `image ${spec.Image} is not on this host, and pulling is turned off`,
        )
      }
      await this.#pull(signal)
      await this.#engine.create(name, spec, this.#platform, signal)
    }
  }

  async #pull(signal: AbortSignal): Promise<void> {
    if (this.#pulled) return
    const { image, registryAuth } = this.#desired
    try {
      await this.#engine.pull(image, this.#platform, registryAuth, signal)
    } catch (error) {
      if (!(error instanceof HostRejectedError)) throw error
      // An image made on this host is in no registry; looking for it there is no reason to fail.
      const local = await this.#engine.image(image, signal)
      if (!local || local.digests.length > 0) throw error
    }
    this.#pulled = true
  }
}

/** By its label, or because it was taken over. */
export const belongsTo = (container: EngineContainer, owner: Owner): boolean =>
  typeof owner === 'string'
    ? ownerOf(container) === owner
    : ownerOf(container) === owner.owner || container.id === owner.adopted

const ownerOf = (container: EngineContainer): string | undefined => container.labels[containerLabel.owner]

export const toObservation = (container: EngineContainer, previous?: EngineContainer): ContainerObservation => {
  const { hasHealthCheck: _, finishedAt: __, ...facts } = container
  const owner = container.labels[containerLabel.owner]
  const hash = container.labels[containerLabel.hash]
  return {
    ...facts,
    ...(owner !== undefined && { owner }),
    ...(hash !== undefined && { hash }),
    ...(previous && { previous: toObservation(previous) }),
  }
}

const remember = (set: Set<string>, key: string): void => {
  if (set.size > 10_000) set.clear()
  set.add(key)
}
