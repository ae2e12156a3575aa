import type { Caches } from '../engine/caches.ts'
import type { Clock } from '../engine/clock.ts'
import type { EventSink } from '../engine/events.ts'
import type { Logger } from '../engine/logger.ts'
import { type Secret, secretType } from '../kube/builtin-types.ts'
import type { KubeClient } from '../kube/client.ts'
import { type Result, receiver } from './receive.ts'
import { WebhookSecrets } from './secrets.ts'
import { startWebhookServer, type WebhookServer } from './server.ts'
import { Targets } from './targets.ts'
import { Trigger } from './trigger.ts'

export interface WebhooksOptions {
  host: string
  /** 0 takes a free one. */
  port: number
  client: KubeClient
  caches: Caches
  events: EventSink
  clock: Clock
  logger: Logger
  signal: AbortSignal
  /** Of ids that name no namespace. */
  defaultNamespace: string
  /** Where the installation's own secret is. */
  secretNamespace: string
  observe(provider: string, result: Result): void
}

/** Puts the room together. To be called before the caches are started; what it returns listens, once they are in. */
export const prepareWebhooks = ({
  host,
  port,
  client,
  caches,
  events,
  clock,
  logger,
  signal,
  defaultNamespace,
  secretNamespace,
  observe,
}: WebhooksOptions): (() => Promise<WebhookServer>) => {
  const receive = receiver({
    targets: new Targets((kind) => caches.lister(kind), defaultNamespace),
    secrets: new WebhookSecrets(caches.lister<Secret>(secretType), secretNamespace),
    trigger: new Trigger({ client, events, clock, signal }),
    clock,
    logger,
  })
  return () => startWebhookServer({ host, port, receive, clock, logger, observe })
}
