import {
  type CommonStatus,
  type Condition,
  conditionOf,
  type KubeObject,
  keyText,
  type ObjectKey,
  parseKey,
} from '../../controller/api/meta.ts'
import { type Deployment, deploymentKind } from '../../controller/api/v1alpha1/deployment.ts'
import type { GitProvider } from '../../controller/api/v1alpha1/git-provider.ts'
import type { ImageRegistry } from '../../controller/api/v1alpha1/image-registry.ts'
import { type Repo, repoKind } from '../../controller/api/v1alpha1/repo.ts'
import { type Server, serverKind } from '../../controller/api/v1alpha1/server.ts'
import { type Stack, stackKind } from '../../controller/api/v1alpha1/stack.ts'
import { type Variable, variableKind } from '../../controller/api/v1alpha1/variable.ts'
import { fitting, requireFit } from '../../controller/engine/fit.ts'
import { silentLogger } from '../../controller/engine/logger.ts'
import { ObjectStore } from '../../controller/engine/object-store.ts'
import { outcomeOfError, outcomeOfSuccess } from '../../controller/engine/outcome.ts'
import { concernsItself } from '../../controller/engine/own-changes.ts'
import type { Pass, Reconciler } from '../../controller/engine/reconciler.ts'
import { Redactor } from '../../controller/engine/redactor.ts'
import type { GitRemote } from '../../controller/git/remote.ts'
import type { SourceTree } from '../../controller/git/tree.ts'
import type { Secret } from '../../controller/kube/builtin-types.ts'
import { ApiError } from '../../controller/kube/client.ts'
import { gitAccess } from '../../controller/reconcilers/git-access.ts'
import { createReconcilers, type Reconcilers } from '../../controller/reconcilers/reconcilers.ts'
import { secretsOf } from '../../controller/reconcilers/secrets.ts'
import type { InventoryClient } from '../../controller/reconcilers/server/inventory.ts'
import { concludeStatus } from '../../controller/status/conclude.ts'
import { PassStatus } from '../../controller/status/draft.ts'
import { FakeClock, settled } from './fake-clock.ts'
import { NAMESPACE } from './objects.ts'
import { SimulatedHosts } from './simulated-host.ts'

type Reconciled = KubeObject<unknown, CommonStatus>
type Kind = keyof World['stores']

export interface WorldEvent {
  on: string
  type: 'Normal' | 'Warning'
  reason: string
  message: string
}

/**
 * The reconcilers over simulated hosts, a clock that moves when told to, and objects in memory: everything but the API server. Passes
 * run one after the other, in the order in which something asked for them, with the frame's own rules for errors and status.
 */
export class World {
  readonly clock: FakeClock
  readonly hosts: SimulatedHosts
  readonly events: WorldEvent[] = []
  /** Repositories by URL; a missing one fails to open. */
  readonly repositories = new Map<string, SourceTree>()
  /** How often a remote was asked. */
  fetches = 0
  /** When that was last, by URL. */
  readonly #asked = new Map<string, number>()
  readonly opened: GitRemote[] = []
  /** Passes so far, by `Kind/name`. */
  readonly passes = new Map<string, number>()
  /** Status writes so far. */
  writes = 0
  /** The process dies instead of making the write of this number: what the pass did on hosts is done, and nobody wrote it down. */
  dieAtWrite = Number.POSITIVE_INFINITY
  readonly stores = {
    Server: new ObjectStore<Server>(fitting(serverKind)),
    Variable: new ObjectStore<Variable>(fitting(variableKind)),
    Deployment: new ObjectStore<Deployment>(fitting(deploymentKind)),
    Stack: new ObjectStore<Stack>(fitting(stackKind)),
    Repo: new ObjectStore<Repo>(fitting(repoKind)),
  }
  readonly secrets = new ObjectStore<Secret>()
  readonly gitProviders = new ObjectStore<GitProvider>()
  readonly imageRegistries = new ObjectStore<ImageRegistry>()
  readonly #reconcilers: Reconcilers
  readonly #queue = new Set<string>()
  readonly #rechecks = new Map<string, () => void>()
  readonly #stop = new AbortController()
  #version = 1

  /** `before` is a process that died: its hosts, its objects and the time go on. */
  constructor(before?: World) {
    this.clock = before?.clock ?? new FakeClock()
    this.hosts = before?.hosts ?? new SimulatedHosts(() => this.clock.now())
    this.#version = before === undefined ? 1 : before.#version
    if (before !== undefined) {
      before.close()
      for (const kind of Object.keys(this.stores) as Kind[])
        for (const object of before.stores[kind].list()) this.#store(kind).upsert(object as Reconciled)
      for (const object of before.secrets.list()) this.secrets.upsert(object as Secret)
    }
    const secrets = secretsOf(this.secrets)
    const servers = this.stores.Server
    this.#reconcilers = createReconcilers({
      client: this.#client(),
      servers,
      variables: this.stores.Variable,
      deployments: this.stores.Deployment,
      stacks: this.stores.Stack,
      repos: this.stores.Repo,
      imageRegistries: this.imageRegistries,
      secrets,
      access: gitAccess({ providers: this.gitProviders, servers, secrets }),
      hosts: this.hosts,
      sources: { open: (remote, _, { maxAgeMs }) => this.#open(remote, maxAgeMs) },
      digestKey: 'test',
      clock: this.clock,
      log: silentLogger,
      random: () => 0.5,
    })
    this.#listen('Server', this.stores.Server, this.#reconcilers.server)
    this.#listen('Variable', this.stores.Variable, this.#reconcilers.variable)
    this.#listen('Deployment', this.stores.Deployment, this.#reconcilers.deployment)
    this.#listen('Stack', this.stores.Stack, this.#reconcilers.stack)
    this.#listen('Repo', this.stores.Repo, this.#reconcilers.repo)
    this.#reconcilers.followHosts(this.#stop.signal)
    for (const kind of Object.keys(this.stores) as Kind[])
      for (const { metadata } of this.stores[kind].list()) this.#queue.add(`${kind} ${keyText(metadata)}`)
  }

  /** Ends what still runs; for `afterEach`. */
  close(): void {
    this.#stop.abort()
    for (const cancel of this.#rechecks.values()) cancel()
  }

  /** Creates or replaces objects, as a user would, without running anything. */
  put(...objects: readonly (Server | Variable | Deployment | Stack | Repo | Secret)[]): void {
    for (const object of objects) {
      const version = { ...object, metadata: { ...object.metadata, resourceVersion: `${++this.#version}` } }
      if (object.kind === 'Secret') this.secrets.upsert(version as Secret)
      else this.#store(object.kind as Kind).upsert(version as Reconciled)
    }
  }

  /** Changes an object as a user would: the spec gets a new generation. */
  edit<K extends Kind>(kind: K, name: string, change: (object: ReturnType<World['get']> & Reconciled) => void): void {
    const object = structuredClone(this.#need(kind, name))
    const spec = JSON.stringify(object.spec)
    change(object as never)
    if (JSON.stringify(object.spec) !== spec) object.metadata.generation = (object.metadata.generation ?? 0) + 1
    object.metadata.resourceVersion = `${++this.#version}`
    this.#store(kind).upsert(object)
  }

  editSpec<K extends Kind>(kind: K, name: string, spec: Readonly<Record<string, unknown>>): void {
    this.edit(kind, name, (object) => Object.assign(object.spec as object, spec))
  }

  annotate(kind: Kind, name: string, annotations: Readonly<Record<string, string>>): void {
    this.edit(kind, name, ({ metadata }) => {
      metadata.annotations = { ...metadata.annotations, ...annotations }
    })
  }

  /** As `kubectl delete`: the object goes once it is finalized. */
  delete(kind: Kind, name: string): void {
    this.edit(kind, name, ({ metadata }) => {
      metadata.deletionTimestamp = new Date(this.clock.now()).toISOString()
    })
  }

  get(kind: Kind, name: string): Reconciled | undefined {
    return this.#store(kind).get({ namespace: NAMESPACE, name })
  }

  deployment(name: string): Deployment {
    return this.#need('Deployment', name) as Deployment
  }

  stack(name: string): Stack {
    return this.#need('Stack', name) as Stack
  }

  condition(kind: Kind, name: string, type = 'Ready'): Condition | undefined {
    return conditionOf(this.get(kind, name) ?? {}, type)
  }

  /** `True`, or the reason why not. */
  ready(kind: Kind, name: string): string | undefined {
    const ready = this.condition(kind, name)
    return ready?.status === 'True' ? 'True' : ready?.reason
  }

  host(name = 'local') {
    return this.hosts.named(name)
  }

  wake(kind: Kind, name: string): void {
    this.#queue.add(`${kind} ${NAMESPACE}/${name}`)
  }

  /** Runs passes until nobody asks for one at this moment. */
  async settle(): Promise<void> {
    for (let passes = 0; ; passes++) {
      await settled()
      const [next] = this.#queue
      if (next === undefined) return
      if (passes > 1_000) throw new Error(`it never settles: ${[...this.#queue].join(', ')}`)
      this.#queue.delete(next)
      await this.#pass(next)
    }
  }

  /** Lets time go by, and passes run whenever they are due. */
  async advance(ms: number): Promise<void> {
    await this.settle()
    const end = this.clock.now() + ms
    while (this.clock.now() < end) {
      await this.clock.advance(Math.min(500, end - this.clock.now()))
      await this.settle()
    }
  }

  /** Until nothing moves any more: rollouts are through, and the servers were looked at once more. */
  async converge(): Promise<void> {
    await this.advance(65_000)
  }

  /** Writes into the memory of the world; nothing but Secrets is written past status. */
  #client(): InventoryClient {
    return {
      create: async (_, object) => {
        this.secrets.upsert(object as unknown as Secret)
        return object as never
      },
      delete: async (_, key) => {
        const secret = this.secrets.get(key)
        if (secret === undefined) throw new ApiError({ code: 404, reason: 'NotFound' })
        this.secrets.remove(secret as Secret)
      },
    }
  }

  #listen<T extends Reconciled>(kind: Kind, store: ObjectStore<T>, reconciler: Reconciler<T>): void {
    const { signal } = this.#stop
    store.onChange((change) => {
      if (change.after !== undefined && concernsItself(change))
        this.#queue.add(`${kind} ${keyText(change.after.metadata)}`)
    }, signal)
    const enqueue = (key: ObjectKey): void => {
      if (store.get(key) !== undefined) this.#queue.add(`${kind} ${keyText(key)}`)
    }
    for (const wake of reconciler.wakeOn) wake(enqueue, signal)
  }

  async #pass(queued: string): Promise<void> {
    const [kind, key] = queued.split(' ') as [Kind, string]
    const object = this.#store(kind).get(parseKey(key))
    if (object === undefined) return
    const reconciler = this.#reconcilers[kind.toLowerCase() as 'server'] as unknown as Reconciler<Reconciled>
    const on = `${kind}/${object.metadata.name}`
    this.passes.set(on, (this.passes.get(on) ?? 0) + 1)
    const redactor = new Redactor()
    const draft = new PassStatus<Reconciled>(object.status)
    let saved = object
    const pass: Pass<Reconciled> = {
      signal: this.#stop.signal,
      status: draft,
      log: silentLogger,
      event: (type, reason, message) => this.events.push({ on, type, reason, message: redactor.text(message) }),
      redact: (secrets) => redactor.add(secrets),
      redacted: (text) => redactor.text(text),
      save: async () => {
        saved = this.#write(kind, saved, redactor.messages(draft.fields))
      },
    }
    const deleting = object.metadata.deletionTimestamp !== undefined
    let outcome: ReturnType<typeof outcomeOfSuccess>
    try {
      requireFit(object)
      if (deleting) await reconciler.finalize?.(object, pass)
      outcome = outcomeOfSuccess(deleting ? {} : await reconciler.reconcile(object, pass))
    } catch (error) {
      if (error instanceof ProcessDied) throw error
      outcome = outcomeOfError(error, { stopped: false })
      if (outcome.panic) throw error
    }
    if (deleting && outcome.kind === 'done') {
      this.#store(kind).remove(object)
      return
    }
    const status = redactor.messages(
      concludeStatus(object, draft, outcome, reconciler.owns, new Date(this.clock.now())),
    )
    this.#write(kind, saved, status)
    const afterMs = outcome.result.outcome === 'failed' ? 500 : outcome.result.afterMs
    this.#recheck(queued, afterMs)
  }

  #write(kind: Kind, object: Reconciled, status: CommonStatus): Reconciled {
    // As JSON, as the API would keep it.
    const kept = JSON.parse(JSON.stringify(status)) as CommonStatus
    if (JSON.stringify(sorted(kept)) === JSON.stringify(sorted(object.status ?? {}))) return object
    if (this.writes === this.dieAtWrite) throw new ProcessDied()
    this.writes++
    const metadata = { ...object.metadata, resourceVersion: `${++this.#version}` }
    const written = { ...object, metadata, status: kept }
    this.#store(kind).upsert(written)
    return written
  }

  #recheck(queued: string, afterMs: number | undefined): void {
    this.#rechecks.get(queued)?.()
    this.#rechecks.delete(queued)
    if (afterMs === undefined) return
    this.#rechecks.set(
      queued,
      this.clock.setTimer(() => this.#queue.add(queued), afterMs),
    )
  }

  async #open(remote: GitRemote, maxAgeMs: number): Promise<SourceTree> {
    const asked = this.#asked.get(remote.url)
    if (asked === undefined || this.clock.now() - asked >= maxAgeMs) {
      this.fetches++
      this.#asked.set(remote.url, this.clock.now())
    }
    this.opened.push(remote)
    const tree = this.repositories.get(remote.url)
    if (tree === undefined) throw new Error(`no repository ${remote.url}`)
    return tree
  }

  #store(kind: Kind): ObjectStore<Reconciled> {
    return this.stores[kind] as unknown as ObjectStore<Reconciled>
  }

  #need(kind: Kind, name: string): Reconciled {
    const object = this.get(kind, name)
    if (object === undefined) throw new Error(`there is no ${kind} ${name}`)
    return object
  }
}

export class ProcessDied extends Error {
  override readonly name = 'ProcessDied'
}

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, item]) => [key, sorted(item)]),
        )
      : value
