import { createHmac } from 'node:crypto'
import { apiVersionOf, type ObjectMeta } from '../../controller/api/meta.ts'
import { withDefaults } from '../../controller/api/shape.ts'
import { actionKind } from '../../controller/api/v1alpha1/action.ts'
import { buildKind } from '../../controller/api/v1alpha1/build.ts'
import type { KindDefinition } from '../../controller/api/v1alpha1/kind.ts'
import { procedureKind } from '../../controller/api/v1alpha1/procedure.ts'
import { repoKind } from '../../controller/api/v1alpha1/repo.ts'
import { resourceSyncKind } from '../../controller/api/v1alpha1/resource-sync.ts'
import { stackKind } from '../../controller/api/v1alpha1/stack.ts'
import type { Logger } from '../../controller/engine/logger.ts'
import { ObjectStore } from '../../controller/engine/object-store.ts'
import type { Secret } from '../../controller/kube/builtin-types.ts'
import { type Receive, receiver } from '../../controller/webhooks/receive.ts'
import { parseRoute } from '../../controller/webhooks/route.ts'
import { WebhookSecrets } from '../../controller/webhooks/secrets.ts'
import { Targets, type Webhookable } from '../../controller/webhooks/targets.ts'
import type { Trigger } from '../../controller/webhooks/trigger.ts'
import { FakeClock } from './fake-clock.ts'

/** Everything of webhooks but the HTTP server and the API: objects in memory, and a list of what was asked of them. */
export class WebhookWorld {
  readonly clock = new FakeClock()
  /** `Kind/name action deliveryId` */
  readonly asked: string[] = []
  readonly lines: string[] = []
  readonly receive: Receive
  /** While set, the API cannot be reached. */
  outage = false
  readonly #stores = new Map<string, ObjectStore<Webhookable>>()
  readonly #secrets = new ObjectStore<Secret>()
  #serial = 0

  constructor() {
    const line = (fields: object, message: string): void => void this.lines.push(JSON.stringify({ ...fields, message }))
    const logger: Logger = { debug: line, info: line, warn: line, error: line }
    const trigger: Pick<Trigger, 'ask'> = {
      ask: async ({ kind: { kind }, object: { metadata }, action }, { id }) => {
        if (this.outage) throw new Error('connect ECONNREFUSED')
        this.asked.push(`${kind}/${metadata.name} ${action} ${id}`)
        const { namespace = '', name } = metadata
        return { kind, namespace, name, result: 'looks', deliveryId: id }
      },
    }
    this.receive = receiver({
      targets: new Targets((kind) => this.#store(kind), 'default'),
      secrets: new WebhookSecrets(this.#secrets, 'komodo-system'),
      trigger,
      clock: this.clock,
      logger,
    })
  }

  put(resource: keyof typeof kinds, name: string, spec: object = {}, meta: Partial<ObjectMeta> = {}): void {
    const kind = kinds[resource]
    this.#store(kind).upsert({
      apiVersion: apiVersionOf(kind),
      kind: kind.kind,
      metadata: { name, namespace: 'default', uid: `uid-${this.#serial++}`, ...meta },
      spec: withDefaults(structuredClone(spec), kind.spec),
    } as Webhookable)
  }

  putSecret(namespace: string, name: string, key: string, value: string): void {
    this.#secrets.upsert({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name, uid: `uid-${this.#serial++}` },
      data: { [key]: Buffer.from(value).toString('base64') },
      spec: undefined,
    })
  }

  /** Delivers to a path. */
  async post(path: string, body: string, headers: Readonly<Record<string, string>>): ReturnType<Receive> {
    const route = parseRoute(path)
    if (route === undefined) throw new Error(`no route ${path}`)
    return this.receive(route, headers, Buffer.from(body))
  }

  #store(kind: KindDefinition): ObjectStore<Webhookable> {
    const store = this.#stores.get(kind.kind) ?? new ObjectStore<Webhookable>()
    this.#stores.set(kind.kind, store)
    return store
  }
}

const kinds = {
  sync: resourceSyncKind,
  stack: stackKind,
  repo: repoKind,
  build: buildKind,
  procedure: procedureKind,
  action: actionKind,
} as const

/** As GitHub signs. */
export const signed = (body: string, secret: string): Record<string, string> => ({
  'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
})
