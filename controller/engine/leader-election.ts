import type { KubeObject } from '../api/meta.ts'
import { leaseType } from '../kube/builtin-types.ts'
import type { KubeClient } from '../kube/client.ts'
import { getOrUndefined } from '../kube/client.ts'
import type { Clock } from './clock.ts'
import { pause } from './clock.ts'
import { messageOf } from './errors.ts'
import type { Logger } from './logger.ts'

export interface LeaderElectionOptions {
  client: KubeClient
  namespace: string
  /** Of the Lease: the same for all replicas. */
  name: string
  /** Of this replica; unique. */
  identity: string
  clock: Clock
  /** [0, 1) */
  random: () => number
  logger: Logger
  timing?: LeaderTiming
}

/** client-go's names and defaults. */
export interface LeaderTiming {
  /** Others wait so long after the last renewal that they saw. */
  leaseDurationMs: number
  /** A leader that could not renew for so long stops leading; well below the lease duration, so that no two lead at a time. */
  renewDeadlineMs: number
  retryPeriodMs: number
}

const DEFAULT_TIMING: LeaderTiming = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 }

interface LeaseSpec {
  holderIdentity?: string
  leaseDurationSeconds?: number
  acquireTime?: string
  renewTime?: string
  leaseTransitions?: number
}

type Lease = KubeObject<LeaseSpec>

export interface Leadership {
  /** Resolves when this replica no longer leads although it was not asked to stop: it must do nothing more. */
  lost: Promise<void>
  /** Hands over at once instead of letting others wait for the lease to run out. */
  release(): Promise<void>
}

/** Waits until this replica leads. Rejects with the signal's reason when aborted before. */
export const becomeLeader = async (options: LeaderElectionOptions, signal: AbortSignal): Promise<Leadership> => {
  const { clock, random, logger, identity, timing = DEFAULT_TIMING } = options
  const elector = new Elector(options, timing)
  for (let told: string | undefined; ; ) {
    signal.throwIfAborted()
    const holder = await elector.tryToHold(signal)
    if (holder === identity) break
    if (holder !== undefined && holder !== told) logger.info({ leader: holder }, 'another replica leads; standing by')
    told = holder ?? told
    // Jitter as in client-go, so that replicas do not ask in step.
    await pause(clock, timing.retryPeriodMs * (1 + 1.2 * random()), signal)
  }
  logger.info({ identity }, 'leading')
  const renewing = new AbortController()
  const lost = keepRenewing(elector, options, timing, renewing.signal)
  return {
    lost,
    release: async () => {
      renewing.abort(new Error('the lease is released'))
      await elector.release()
    },
  }
}

/** Resolves when the lease was lost; never after `signal` aborted. */
const keepRenewing = async (
  elector: Elector,
  { clock, logger, identity }: LeaderElectionOptions,
  timing: LeaderTiming,
  signal: AbortSignal,
): Promise<void> => {
  let renewedAt = clock.now()
  for (;;) {
    await pause(clock, timing.retryPeriodMs, signal)
    if (signal.aborted) return new Promise(() => {})
    const holder = await elector.tryToHold(signal)
    if (holder === identity) renewedAt = clock.now()
    else if (holder !== undefined || clock.now() - renewedAt >= timing.renewDeadlineMs) {
      logger.error({ leader: holder }, 'the leader lease was lost')
      return
    }
  }
}

class Elector {
  readonly #options: LeaderElectionOptions
  readonly #timing: LeaderTiming
  /** Others' renewals are dated by when they were seen, since clocks differ. */
  #seen = { version: '', at: 0 }

  constructor(options: LeaderElectionOptions, timing: LeaderTiming) {
    this.#options = options
    this.#timing = timing
  }

  /** Who holds the lease after the attempt; `undefined` when nobody can say. */
  async tryToHold(signal: AbortSignal): Promise<string | undefined> {
    const { client, identity, clock, logger } = this.#options
    try {
      const lease = await this.#read(signal)
      if (lease === undefined) {
        await client.create<Lease>(leaseType, this.#lease({ leaseTransitions: 0 }), { signal })
        return identity
      }
      const { holderIdentity = '', acquireTime, leaseTransitions = 0 } = lease.spec
      const version = lease.metadata.resourceVersion ?? ''
      if (version !== this.#seen.version) this.#seen = { version, at: clock.now() }
      const mine = holderIdentity === identity
      const free = holderIdentity === '' || clock.now() - this.#seen.at >= this.#timing.leaseDurationMs
      if (!mine && !free) return holderIdentity
      const taken = mine ? { acquireTime, leaseTransitions } : { leaseTransitions: leaseTransitions + 1 }
      await client.update<Lease>(leaseType, { ...this.#lease(taken), metadata: lease.metadata }, { signal })
      return identity
    } catch (error) {
      // A conflict means that another replica was faster; the next attempt shows who.
      logger.debug({ error: messageOf(error) }, 'the leader lease could not be written')
      return undefined
    }
  }

  async release(): Promise<void> {
    const { client, identity } = this.#options
    const signal = AbortSignal.timeout(2_000)
    try {
      const lease = await this.#read(signal)
      if (lease?.spec.holderIdentity !== identity) return
      const body = { metadata: { resourceVersion: lease.metadata.resourceVersion }, spec: { holderIdentity: '' } }
      await client.patch(leaseType, lease.metadata, { type: 'merge', body }, { signal })
    } catch {
      // Others wait for the lease to run out instead.
    }
  }

  #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, namespace, name } = this.#options
    return getOrUndefined<Lease>(client, leaseType, { namespace, name }, signal)
  }

  #lease(more: LeaseSpec): Lease {
    const { namespace, name, identity, clock } = this.#options
    const now = microTime(new Date(clock.now()))
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace, name },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.round(this.#timing.leaseDurationMs / 1000),
        acquireTime: now,
        renewTime: now,
        ...more,
      },
    }
  }
}

/** meta/v1 MicroTime: exactly six digits. */
const microTime = (date: Date): string => date.toISOString().replace(/(\.\d{3})Z$/, '$1000Z')
