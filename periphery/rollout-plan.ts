import { containerLabel } from '../controller/hosts/labels.ts'
import type { ContainerRequest } from '../controller/hosts/port.ts'
import type { EngineContainer } from './engine.ts'

/**
 * How a Deployment's container is replaced, so that a crash between any two effects is harmless. Three names are all the memory:
 *
 *     current   NAME                    what serves
 *     next      NAME.komodo-next        made from the desired state, never started yet
 *     previous  NAME.komodo-previous    served before, stopped, comes back if the new current one fails
 *
 * Forward:  [pull] create next · stop current · rename current -> previous · rename next -> current · start · (healthy) remove previous
 * Back:     stop current · remove current · rename previous -> current · start
 *
 * "previous without current and next" arises only on the way back, "next" only on the way forward: so what is seen says how to go on.
 */
export const Role = { current: 'current', next: 'next', previous: 'previous' } as const
export type Role = (typeof Role)[keyof typeof Role]

export const containerName = (name: string, role: Role): string =>
  role === 'current' ? name : `${name}.komodo-${role}`

export type Observed = Partial<Record<Role, EngineContainer>>

export type Step =
  | { do: 'create'; as: Role }
  | { do: 'start'; what: Role }
  | { do: 'stop'; what: Role }
  | { do: 'remove'; what: Role }
  | { do: 'rename'; what: Role; to: Role }

export type RolloutPlan =
  /** Take the steps, then look and plan again. */
  | { verdict: 'look-again'; steps: readonly Step[] }
  /** Nothing more can be done now. */
  | { verdict: 'wait'; steps: readonly []; message: string }
  | { verdict: 'settled'; steps: readonly Step[] }
  /** The desired one failed; the steps bring back what was before. Take its last log lines first. */
  | { verdict: 'failed'; steps: readonly Step[]; message: string }
  /** A container of somebody else has the name. */
  | { verdict: 'name-taken'; steps: readonly []; holder: EngineContainer }

export interface PlanOptions {
  /** The engine's time, in milliseconds since the epoch. */
  nowMs: number
  /** Failures that were already reported, as `failureKey` gives them: such a container is started again instead. */
  reported: (key: string) => boolean
  /** Why the start of the current one failed just now. */
  startFailure?: string
}

/** One run of one container. */
export const failureKey = (container: EngineContainer): string => `${container.id} ${container.startedAt ?? ''}`

/** What to do next to make `desired` run alone under its name, given what is there now. */
export const planRollout = (
  desired: Pick<
    ContainerRequest,
    'owner' | 'adopted' | 'hash' | 'labels' | 'restart' | 'healthDeadlineMs' | 'minReadyMs'
  >,
  observed: Observed,
  options: PlanOptions,
): RolloutPlan => {
  const { current, next, previous } = observed
  const foreign = foreignHolder(desired, observed)
  if (foreign) return { verdict: 'name-taken', steps: [], holder: foreign }

  if (next && next.labels[containerLabel.hash] !== desired.hash) return again({ do: 'remove', what: 'next' })

  if (!current) {
    if (next) return again({ do: 'rename', what: 'next', to: 'current' }, { do: 'start', what: 'current' })
    if (previous) return again({ do: 'rename', what: 'previous', to: 'current' }, { do: 'start', what: 'current' })
    return again({ do: 'create', as: 'current' }, { do: 'start', what: 'current' })
  }

  if (current.labels[containerLabel.hash] === desired.hash && current.labels[containerLabel.owner] === desired.owner) {
    if (next) return again({ do: 'remove', what: 'next' })
    // A restart of Docker starts stopped containers of policy `always` again.
    if (previous?.state === 'running') return again({ do: 'stop', what: 'previous' })
    return judge(desired, current, previous, options)
  }

  // The current one is not the desired one.
  const create: readonly Step[] = next ? [] : [{ do: 'create', as: 'next' }]
  const neverRan = current.startedAt === undefined && current.labels[containerLabel.owner] === desired.owner
  if (previous || neverRan) {
    // The current one never proved itself: `previous`, if there is one, stays the one to come back to.
    return again(...create, { do: 'stop', what: 'current' }, { do: 'remove', what: 'current' })
  }
  return again(
    ...create,
    { do: 'stop', what: 'current' },
    { do: 'rename', what: 'current', to: 'previous' },
    { do: 'rename', what: 'next', to: 'current' },
    { do: 'start', what: 'current' },
  )
}

const again = (...steps: Step[]): RolloutPlan => ({ verdict: 'look-again', steps })

/** A container under one of the three names that is not the owner's (nor may be adopted). */
export const foreignHolder = (
  desired: Pick<ContainerRequest, 'owner' | 'adopted' | 'labels'>,
  { current, next, previous }: Observed,
): EngineContainer | undefined => {
  const adopt = desired.labels.some(({ key, value }) => key === containerLabel.adopt && value === 'true')
  const foreign = (container: EngineContainer | undefined, mayAdopt: boolean) => {
    const owner = container?.labels[containerLabel.owner]
    if (container !== undefined && container.id === desired.adopted) return undefined
    return container && owner !== desired.owner && !(mayAdopt && owner === undefined) ? container : undefined
  }
  // An adopted container becomes `previous`; it is recognised there because `current` or `next` is the owner's.
  const ours = [current, next].some((container) => container?.labels[containerLabel.owner] === desired.owner)
  return foreign(current, adopt) ?? foreign(next, false) ?? foreign(previous, adopt || ours)
}

/** The desired container is there under its name: is it proven, still on its way, or failed? */
const judge = (
  desired: Pick<ContainerRequest, 'restart' | 'healthDeadlineMs' | 'minReadyMs'>,
  current: EngineContainer,
  previous: EngineContainer | undefined,
  { nowMs, reported, startFailure }: PlanOptions,
): RolloutPlan => {
  const settled: RolloutPlan = { verdict: 'settled', steps: previous ? [{ do: 'remove', what: 'previous' }] : [] }
  const wait = (message: string): RolloutPlan => ({ verdict: 'wait', steps: [], message })
  const fail = (message: string): RolloutPlan => ({ verdict: 'failed', steps: previous ? bringBack : [], message })

  const startedMs = current.startedAt === undefined ? undefined : Date.parse(current.startedAt)
  // A container that keeps restarting starts anew each time: then its creation counts.
  const sinceMs = current.restartCount > 0 || startedMs === undefined ? Date.parse(current.createdAt) : startedMs
  const late = nowMs - sinceMs > desired.healthDeadlineMs
  const seconds = Math.round(desired.healthDeadlineMs / 1000)

  switch (current.state) {
    case 'created':
      // What the engine remembers of an earlier try proves nothing: a start whose client died is an error there, too.
      return startFailure !== undefined && previous
        ? fail(`could not be started: ${startFailure}`)
        : again({ do: 'start', what: 'current' })
    case 'paused':
      return wait('paused by hand: `docker unpause` it')
    case 'removing':
      return wait('being removed')
    case 'restarting':
      return late || (previous && current.restartCount >= 5)
        ? fail(`keeps exiting (${ending(current)}) and was restarted ${current.restartCount} times`)
        : wait(`exited (${ending(current)}) and is being restarted`)
    case 'dead':
      // Docker could not stop it properly: such a container cannot be started again.
      return previous ? fail('could not be stopped properly') : again({ do: 'remove', what: 'current' })
    case 'exited': {
      // With such a policy exit code 0 means "done", as with a Job.
      const maySucceed = desired.restart === 'no' || desired.restart === 'on-failure'
      if (maySucceed && current.exitCode === 0 && !current.oomKilled) return settled
      const ranMs = Date.parse(current.finishedAt ?? '') - (startedMs ?? Number.NaN)
      const proven = !previous && ranMs >= (current.hasHealthCheck ? desired.healthDeadlineMs : desired.minReadyMs)
      if (proven || (!previous && reported(failureKey(current)))) return again({ do: 'start', what: 'current' })
      const after = Number.isNaN(ranMs) ? '' : ` ${(Math.max(0, ranMs) / 1000).toFixed(1)} s after its start`
      return fail(`exited (${ending(current)})${after}`)
    }
    case 'running':
      if (current.hasHealthCheck) {
        if (current.health === 'healthy') return settled
        return late
          ? fail(`did not become healthy within ${seconds} s (health: ${current.health})`)
          : wait(`started, health: ${current.health}`)
      }
      if (startedMs !== undefined && nowMs - startedMs >= desired.minReadyMs) return settled
      return late && previous && current.restartCount > 0
        ? fail(`did not stay up within ${seconds} s: restarted ${current.restartCount} times`)
        : wait(`started, has to stay up for ${desired.minReadyMs / 1000} s`)
  }
}

const bringBack: readonly Step[] = [
  { do: 'stop', what: 'current' },
  { do: 'remove', what: 'current' },
  { do: 'rename', what: 'previous', to: 'current' },
  { do: 'start', what: 'current' },
]

const ending = (container: EngineContainer): string =>
  container.oomKilled ? 'out of memory' : `exit code ${container.exitCode ?? 'unknown'}`
