import { createHash } from 'node:crypto'
import { keyText } from '../api/meta.ts'
import { annotation, fieldManager } from '../api/names.ts'
import type { WebhookRecord } from '../api/webhook-record.ts'
import type { Clock } from '../engine/clock.ts'
import type { EventSink } from '../engine/events.ts'
import { TokenBuckets } from '../engine/token-buckets.ts'
import type { KubeClient } from '../kube/client.ts'
import { patchAsRead } from '../kube/patch-as-read.ts'
import { Coalescer } from './coalescer.ts'
import type { Push } from './payload.ts'
import type { ProviderName } from './providers.ts'
import type { Target, Webhookable } from './targets.ts'

/** A genuine push, as one object gets to know it. */
export interface Delivery {
  readonly id: string
  readonly provider: ProviderName
  readonly receivedAt: Date
  readonly push: Push
  /** Of the body: two deliveries of one push have the same. */
  readonly digest: string
}

/** What became of a delivery at one object. */
export interface Triggered {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** What it does now. */
  readonly result: string
  /** The delivery that stands for this one in the object's status: itself, or a later one of the same moment. */
  readonly deliveryId: string
}

export interface TriggerOptions {
  client: KubeClient
  events: EventSink
  clock: Clock
  signal: AbortSignal
}

/** An object is asked at most so often; who delivers more waits, together with all others, for the next time. */
const GAP_MS = 1_000
const WRITE_TIMEOUT_MS = 8_000
/** Deliveries told as events, for each object: a storm must not keep an object from telling what else happens. */
const EVENTS = { burst: 10, refillMs: 60_000, most: 4_096 }
/** Pushes remembered that forced a deploy, so that a replay of one does not. */
const MOST_FORCED = 32

/** Turns deliveries into annotations: they say that somebody asks, and the reconcilers look for themselves at what there is to do. */
export class Trigger {
  readonly #options: TriggerOptions
  readonly #told: TokenBuckets
  readonly #asking: Coalescer<{ target: Target; delivery: Delivery }, Triggered | undefined>

  constructor(options: TriggerOptions) {
    const { clock, signal } = options
    this.#options = options
    this.#told = new TokenBuckets({ clock, ...EVENTS })
    this.#asking = new Coalescer({ clock, signal, gapMs: GAP_MS, work: (one) => this.#ask(one.target, one.delivery) })
  }

  /**
   * Resolves once the request is stored: nothing that happens to this process can lose it then. `undefined` when the object is
   * gone. Rejects when the API does not answer, or not well.
   */
  async ask(target: Target, delivery: Delivery): Promise<Triggered | undefined> {
    const { kind, object, action } = target
    const triggered = await this.#asking.submit(`${kind.kind} ${action} ${keyText(object.metadata)}`, {
      target,
      delivery,
    })
    if (triggered !== undefined && this.#told.take(object.metadata.uid ?? '')) {
      this.#options.events.record(object, 'Normal', 'WebhookReceived', eventText(delivery, triggered.result))
    }
    return triggered
  }

  async #ask(target: Target, delivery: Delivery): Promise<Triggered | undefined> {
    const { client, signal } = this.#options
    const { kind, object } = target
    const options = {
      fieldManager: fieldManager.webhook,
      signal: AbortSignal.any([signal, AbortSignal.timeout(WRITE_TIMEOUT_MS)]),
    }
    let result = ''
    const changeOf = ({ metadata }: Readonly<Webhookable>) => {
      const forced = forcedBy(metadata.annotations?.[annotation.webhook])
      result = resultOf(target, forced.includes(delivery.digest))
      return { metadata: { annotations: requestOf(target, delivery, forced, result) } }
    }
    const written = await patchAsRead(client, kind, object, changeOf, options)
    if (written === undefined) return undefined
    const { namespace = '', name } = object.metadata
    return { kind: kind.kind, namespace, name, result, deliveryId: delivery.id }
  }
}

/**
 * What asks the object's reconciler. The value is new with each delivery, also a repeated one: who delivers again wants a look again.
 *
 * @param forced digests of the deliveries that forced a deploy
 */
function requestOf(
  target: Target,
  delivery: Delivery,
  forced: readonly string[],
  result: string,
): Record<string, string> {
  const { id, provider, receivedAt, push, digest } = delivery
  const at = receivedAt.toISOString()
  const value = `${at}/${id}`
  const record: WebhookRecord & { forced?: string[] } = {
    deliveryId: id,
    provider,
    receivedAt: at,
    ...push,
    result,
  }
  const request: Record<string, string> = { [annotation.requestedAt]: value }
  if (doesForce(target)) {
    if (!forced.includes(digest)) request[annotation.deployRequestedAt] = value
    record.forced = [digest, ...forced.filter((one) => one !== digest)].slice(0, MOST_FORCED)
  } else if (doesDeploy(target) && !('deploy' in target.object.spec && target.object.spec.deploy)) {
    request[annotation.deployChangesRequestedAt] = value
  }
  request[annotation.webhook] = JSON.stringify(record)
  return request
}

const doesDeploy = ({ object, action }: Target): boolean =>
  action === 'deploy' && 'deploy' in object.spec && !object.spec.template

const doesForce = (target: Target): boolean => {
  const { spec } = target.object
  return doesDeploy(target) && 'webhookForceDeploy' in spec && spec.webhookForceDeploy
}

function forcedBy(record: string | undefined): string[] {
  try {
    const { forced } = JSON.parse(record ?? '') as { forced?: unknown }
    return Array.isArray(forced) ? forced.filter((one) => typeof one === 'string').slice(0, MOST_FORCED) : []
  } catch {
    return []
  }
}

function resultOf(target: Target, isRepeated: boolean): string {
  const { kind, object, action } = target
  const { spec } = object
  if ('operator' in spec && spec.operator.suspend) return 'nothing while spec.operator.suspend is true'
  if (action === 'run') return `accepted, but ${kind.notYet ?? 'that is not run by webhooks yet'}`
  if (kind.notYet !== undefined) return `accepted, but ${kind.notYet}`
  if (doesForce(target)) {
    return isRepeated ? 'looks at its source, and deploys nothing: the same was delivered before' : 'deploys'
  }
  return doesDeploy(target) ? 'looks at its source, and deploys what changed' : 'looks at its source'
}

const eventText = ({ id, provider, push }: Delivery, result: string): string =>
  `${provider} delivered ${id}: push to ${push.branch}${push.commit === undefined ? '' : ` at ${push.commit.slice(0, 12)}`}: ${result}.`

/** A name for a body. */
export const digestOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex').slice(0, 32)
