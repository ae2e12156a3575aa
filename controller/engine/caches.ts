import type { KubeObject, ResourceType } from '../api/meta.ts'
import { apiVersionOf } from '../api/meta.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Clock } from './clock.ts'
import { fitting } from './fit.ts'
import { lean } from './lean.ts'
import type { Lister } from './lister.ts'
import type { Logger } from './logger.ts'
import { ObjectStore } from './object-store.ts'
import { reflect } from './reflector.ts'

export interface CachesOptions {
  client: KubeClient
  /** All namespaces when not given. */
  namespace?: string
  clock: Clock
  /** [0, 1) */
  random: () => number
  logger: Logger
}

/** The watched kinds of this process: each is listed and watched once, however many read it. */
export class Caches {
  readonly #options: CachesOptions
  readonly #stores = new Map<string, { type: ResourceType; store: ObjectStore<KubeObject>; synced: boolean }>()
  #reflectors: Promise<unknown> = Promise.resolve()
  #started = false

  constructor(options: CachesOptions) {
    this.#options = options
  }

  /** Must be asked for before `start`. The caller says which type `type` has. */
  lister<T extends KubeObject>(type: ResourceType): Lister<T> {
    return this.store<T>(type)
  }

  /** For the frame, which writes through it. */
  store<T extends KubeObject>(type: ResourceType): ObjectStore<T> {
    const key = `${apiVersionOf(type)}/${type.plural}`
    let cache = this.#stores.get(key)
    if (cache === undefined) {
      if (this.#started) throw new Error(`${key} was not asked for before the caches were started`)
      const mend = fitting(type)
      cache = { type, store: new ObjectStore<KubeObject>((object) => mend(lean(object))), synced: false }
      this.#stores.set(key, cache)
    }
    return cache.store as unknown as ObjectStore<T>
  }

  /** Begins to list and watch; resolves when all kinds are in, rejects when `signal` aborts before. */
  async start(signal: AbortSignal): Promise<void> {
    this.#started = true
    const { client, namespace, clock, random, logger } = this.#options
    const caches = [...this.#stores.values()]
    this.#reflectors = Promise.all(
      caches.map(({ type, store }) => reflect({ client, type, namespace, store, clock, random, logger }, signal)),
    )
    await Promise.race([
      Promise.all(
        caches.map(async (cache) => {
          await cache.store.synced
          cache.synced = true
        }),
      ),
      this.#reflectors.then(() => signal.throwIfAborted()),
    ])
  }

  /** Plurals of the kinds whose first list is not in yet. */
  get unsynced(): string[] {
    return [...this.#stores.values()].filter(({ synced }) => !synced).map(({ type }) => type.plural)
  }

  /** Resolves once the watches have ended after an abort. */
  async stopped(): Promise<void> {
    await this.#reflectors
  }
}
