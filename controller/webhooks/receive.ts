import { randomBytes, randomUUID } from 'node:crypto'
import type { Clock } from '../engine/clock.ts'
import { messageOf } from '../engine/errors.ts'
import type { Logger } from '../engine/logger.ts'
import { TokenBuckets } from '../engine/token-buckets.ts'
import { type Headers, headerOf } from './headers.ts'
import { type Delivered, MalformedPayload, type Push, parsePayload } from './payload.ts'
import { deliveryIdOf } from './providers.ts'
import { ANY_BRANCH, type Route } from './route.ts'
import type { WebhookSecrets } from './secrets.ts'
import { linkOf, type Target, type Targets } from './targets.ts'
import { digestOf, type Trigger, type Triggered } from './trigger.ts'

/** For metrics: how a request ended. */
export type Result =
  | 'accepted'
  | 'ignored'
  | 'ping'
  | 'malformed'
  | 'unauthorized'
  | 'unavailable'
  | 'rate_limited'
  | 'too_large'
  | 'not_found'

export interface Answer {
  readonly status: number
  readonly result: Result
  readonly body: {
    readonly message: string
    readonly deliveryId?: string
    readonly objects?: readonly Triggered[]
  }
  readonly retryAfterSeconds?: number
}

export interface ReceiveOptions {
  targets: Targets
  secrets: WebhookSecrets
  trigger: Pick<Trigger, 'ask'>
  clock: Clock
  logger: Logger
}

export type Receive = (route: Route, headers: Headers, body: Uint8Array) => Promise<Answer>

/** Whoever cannot sign learns this and nothing else: not what exists, nor what is switched off, nor whether there is a secret at all. */
export const UNAUTHORIZED: Answer = { status: 401, result: 'unauthorized', body: { message: 'unauthorized' } }

/** Refusals are explained in the log, which a flood of them must not fill. */
const REFUSALS = { burst: 20, refillMs: 15_000, most: 1 }
/** Objects that one push may wake at a time. */
const AT_ONCE = 16

/**
 * One delivery with its body: signature first, then what it says, then whether that concerns anybody, then the request to those
 * it concerns. Never rejects for anything that a sender can cause.
 */
export function receiver(options: ReceiveOptions): Receive {
  const { targets, secrets, clock, logger } = options
  /** Checked where there is no secret, so that the answer takes as long. */
  const nobodysSecret = randomBytes(32).toString('hex')
  const refusals = new TokenBuckets({ clock, ...REFUSALS })

  return async (route, headers, body) => {
    const { provider, target } = route
    const one = target === 'followers' ? undefined : targets.one(target)
    const secret = one === undefined ? followersSecret(route, secrets) : secrets.of(one.object)
    const isSigned = provider.verify(secret ?? nobodysSecret, body, headers)
    if (secret === undefined || !isSigned) {
      if (refusals.take('')) logger.warn({ provider: provider.name }, refusalText(route, one, secret, secrets))
      return UNAUTHORIZED
    }

    const deliveryId = deliveryIdOf(provider, headers) ?? randomUUID()
    let delivered: Delivered
    try {
      delivered = provider.read(headers, parsePayload(body, headerOf(headers, 'content-type')))
      if (delivered.kind === 'push') requireRepository(route, delivered)
    } catch (error) {
      if (!(error instanceof MalformedPayload)) throw error
      return { status: 400, result: 'malformed', body: { deliveryId, message: error.message } }
    }
    if (delivered.kind === 'ping') return { status: 200, result: 'ping', body: { deliveryId, message: 'pong' } }
    if (delivered.kind === 'ignored') return ignoredFor(deliveryId, delivered.reason)

    const { concerned, reason } =
      one === undefined ? followersOf(delivered, targets, secrets) : concerns(route, one, delivered, targets)
    if (concerned.length === 0) return ignoredFor(deliveryId, reason)
    const delivery = {
      id: deliveryId,
      provider: provider.name,
      receivedAt: new Date(clock.now()),
      digest: digestOf(body),
    }
    try {
      const objects = await inTurns(concerned, ({ target, push }) => options.trigger.ask(target, { ...delivery, push }))
      logger.info({ provider: provider.name, deliveryId, objects: objects.length }, 'a webhook was delivered')
      // Deleted meanwhile, which is nothing to tell from what never was.
      if (objects.length === 0) return UNAUTHORIZED
      return { status: 202, result: 'accepted', body: { deliveryId, objects, message: acceptedText(objects) } }
    } catch (error) {
      logger.warn({ provider: provider.name, deliveryId, error: messageOf(error) }, 'a webhook could not be stored')
      const message = 'the Kubernetes API cannot store this now; deliver it again later'
      return { status: 503, result: 'unavailable', retryAfterSeconds: 30, body: { deliveryId, message } }
    }
  }
}

/** A target, and the push that concerns it. */
interface Concerned {
  target: Target
  push: Push
}

interface Concern {
  concerned: readonly Concerned[]
  /** Why nobody is concerned. */
  reason: string
}

type Pushed = Delivered & { kind: 'push' }

function concerns({ target }: Route, one: Target, { pushes }: Pushed, targets: Targets): Concern {
  const branch = targets.branchOf(one.object, target === 'followers' ? undefined : target.branch)
  const push = branch === ANY_BRANCH ? pushes[0] : pushes.find((candidate) => candidate.branch === branch)
  if (push !== undefined) return { concerned: [{ target: one, push }], reason: '' }
  const pushed = pushes.map((candidate) => candidate.branch).join(', ')
  const { kind, metadata } = one.object
  const reason =
    branch === undefined
      ? `${kind} ${metadata.name} takes its repository from the Repo "${linkOf(one.object)}", which does not exist`
      : `${kind} ${metadata.name} follows ${branch}, and the push was to ${pushed}`
  return { concerned: [], reason }
}

/** Signed was with the installation's secret, which those with one of their own do not take. */
function followersOf({ pushes, repository = '' }: Pushed, targets: Targets, secrets: WebhookSecrets): Concern {
  const byBranch = new Map(pushes.map((push) => [push.branch, push]))
  const following = targets.following(repository, new Set(byBranch.keys()))
  const open = following.filter(({ object }) => !secrets.hasOwn(object))
  const concerned = open.flatMap((target) => {
    const push = byBranch.get(targets.branchOf(target.object) ?? '')
    return push === undefined ? [] : { target, push }
  })
  const others =
    open.length < following.length ? ' but with a webhook secret of its own, and a path of its own for that' : ''
  return {
    concerned,
    reason: `no ResourceSync, Stack or Repo follows ${repository} at ${[...byBranch.keys()].join(', ')}${others}`,
  }
}

function requireRepository({ target }: Route, { repository }: Pushed): void {
  if (target === 'followers' && !repository)
    throw new MalformedPayload('the payload does not say which repository was pushed to')
}

const followersSecret = ({ target }: Route, secrets: WebhookSecrets): string | undefined =>
  target === 'followers' ? secrets.ofInstallation() : undefined

const ignoredFor = (deliveryId: string, reason: string): Answer => ({
  status: 202,
  result: 'ignored',
  body: { deliveryId, objects: [], message: `ignored: ${reason}` },
})

const acceptedText = (objects: readonly Triggered[]): string => {
  const [first] = objects
  return objects.length === 1 && first !== undefined
    ? `${first.kind} ${first.name}: ${first.result}`
    : `${objects.length} objects were asked`
}

/** For the log alone. */
function refusalText(
  { provider, target }: Route,
  one: Target | undefined,
  secret: string | undefined,
  secrets: WebhookSecrets,
): string {
  const what =
    target === 'followers'
      ? 'all that follow a repository'
      : `${target.resource} ${JSON.stringify(target.id.slice(0, 100))}`
  const refused = `refused a webhook for ${what}`
  if (target !== 'followers' && one === undefined) return `${refused}: there is no such object that takes webhooks`
  if (secret === undefined)
    return `${refused}: there is no secret to check it with; put one into ${secrets.placeFor(one?.object)}`
  return `${refused}: ${provider.signature} is missing, or was not made with ${secrets.placeFor(one?.object)}`
}

async function inTurns(
  items: readonly Concerned[],
  work: (item: Concerned) => Promise<Triggered | undefined>,
): Promise<Triggered[]> {
  const done: Triggered[] = []
  for (let start = 0; start < items.length; start += AT_ONCE) {
    const batch = await Promise.all(items.slice(start, start + AT_ONCE).map(work))
    done.push(...batch.filter((one) => one !== undefined))
  }
  return done
}
