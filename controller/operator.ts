import type { CommonStatus, KubeObject } from './api/meta.ts'
import { OPERATOR } from './api/names.ts'
import type { Config } from './config.ts'
import { Caches } from './engine/caches.ts'
import type { Clock } from './engine/clock.ts'
import { pause, systemClock } from './engine/clock.ts'
import type { RunningController } from './engine/controller.ts'
import { createController } from './engine/controller.ts'
import { EventRecorder } from './engine/events.ts'
import type { HealthServer } from './engine/health-server.ts'
import { startHealthServer } from './engine/health-server.ts'
import type { Leadership } from './engine/leader-election.ts'
import { becomeLeader } from './engine/leader-election.ts'
import type { Logger } from './engine/logger.ts'
import { EngineMetrics } from './engine/metrics.ts'
import type { Reconciler } from './engine/reconciler.ts'
import { openHome } from './home.ts'
import type { KubeClient } from './kube/client.ts'
import { giveBackWhenQuiet } from './memory.ts'
import type { WebhookServer } from './webhooks/server.ts'
import { prepareWebhooks } from './webhooks/webhooks.ts'

/** What the wiring of kinds gets from below. */
export interface Ground {
  config: Config
  client: KubeClient
  /** Where what belongs to the installation itself is kept. */
  namespace: string
  caches: Caches
  clock: Clock
  /** [0, 1) */
  random: () => number
  logger: Logger
  /** Aborts when the process is to end. */
  signal: AbortSignal
}

/** Turns a reconciler into a controller; generic, so that each kind keeps its own type. */
export type Register = <T extends KubeObject<unknown, CommonStatus>>(reconciler: Reconciler<T>) => void

/** Builds the reconcilers; called once, before anything is watched. What it returns runs once the caches are in. */
export type Wiring = (ground: Ground, register: Register) => Promise<(() => void) | undefined>

export interface OperatorOptions {
  config: Config
  logger: Logger
  wiring: Wiring
  clock?: Clock
  /** [0, 1) */
  random?: () => number
  /** Called when another replica may lead from now on: the process must end at once. */
  onLeadershipLost?: () => void
}

export interface Operator {
  client: KubeClient
  /** Of health and metrics; `undefined` when switched off. */
  healthUrl: string | undefined
  /** Lets the passes under way end, then all else; within `STOP_WITHIN_MS`. */
  stop(): Promise<void>
}

/** Passes may end by themselves for so long before they are aborted; `STOP_WITHIN_MS` bounds it all. */
const DRAIN_MS = 4_000
const STOP_WITHIN_MS = 9_000

/** Config -> API -> caches -> webhooks -> controllers, health beside them, in this order; stopped in the reverse one. */
export const startOperator = async ({
  config,
  logger,
  wiring,
  clock = systemClock,
  random = Math.random,
  onLeadershipLost,
}: OperatorOptions): Promise<Operator> => {
  const stopping = new AbortController()
  const { signal } = stopping
  const metrics = new EngineMetrics()
  metrics.collectProcessMetrics()
  const home = await openHome({ config, logger, clock, metrics, signal })
  const { client } = home
  const caches = new Caches({ client, namespace: config.namespace, clock, random, logger })
  const events = new EventRecorder({ client, clock, logger, component: OPERATOR })
  const controllers: RunningController[] = []
  const register: Register = (reconciler) => {
    const store = caches.store<Parameters<typeof reconciler.reconcile>[0]>(reconciler.type)
    controllers.push(createController({ reconciler, client, store, events, logger, clock, random, metrics }))
  }
  let health: HealthServer | undefined
  let webhooks: WebhookServer | undefined
  let leadership: Leadership | undefined

  const stop = async (): Promise<void> => {
    await webhooks?.close()
    const drained = Promise.all(controllers.map((controller) => controller.drain()))
    await Promise.race([drained, pause(clock, DRAIN_MS, signal)])
    for (const controller of controllers) controller.abort()
    const ended = drained
      .then(() => Promise.all([events.flush(AbortSignal.timeout(1_000)), leadership?.release()]))
      .then(() => {
        stopping.abort(new Error('the operator is stopping'))
        return Promise.all([caches.stopped(), health?.close()])
      })
    await Promise.race([ended, pause(clock, STOP_WITHIN_MS - DRAIN_MS, new AbortController().signal)])
    stopping.abort(new Error('the operator is stopping'))
    await home.close()
  }

  try {
    const { namespace } = home
    const begin = await wiring({ config, client, namespace, caches, clock, random, logger, signal }, register)
    if (config.health !== undefined) {
      health = await startHealthServer({
        ...config.health,
        metrics: metrics.registry,
        readiness: {
          caches: () => (caches.unsynced.length === 0 ? undefined : `waiting for ${caches.unsynced.join(', ')}`),
        },
      })
    }
    const listen =
      config.webhooks &&
      prepareWebhooks({
        ...config.webhooks,
        client,
        caches,
        events,
        clock,
        logger,
        signal,
        defaultNamespace: config.namespace ?? (config.home.kind === 'standalone' ? 'default' : namespace),
        // With the right to one namespace only, nothing else can be read.
        secretNamespace: config.namespace ?? namespace,
        observe: (provider, result) => metrics.webhookEnded(provider, result),
      })
    await caches.start(signal)
    // Replicas that stand by listen, too: a request is stored, not carried out.
    webhooks = await listen?.()
    if (webhooks !== undefined) logger.info({ url: webhooks.url }, 'listening for webhooks')
    if (config.leaderElection.enabled) {
      metrics.leading(OPERATOR, false)
      const { identity, namespace: leaseNamespace = namespace } = config.leaderElection
      const options = { client, namespace: leaseNamespace, name: OPERATOR, identity, clock, random, logger }
      leadership = await becomeLeader(options, signal)
      metrics.leading(OPERATOR, true)
      void leadership.lost.then(onLeadershipLost)
    }
    begin?.()
    for (const controller of controllers) controller.start()
    giveBackWhenQuiet({ clock, logger }, signal)
  } catch (error) {
    await stop()
    throw error
  }
  return { client, healthUrl: health?.url, stop }
}
