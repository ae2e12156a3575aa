import { conditionOf, type KubeObject } from '../../controller/api/meta.ts'
import { annotation } from '../../controller/api/names.ts'
import type { Plan } from '../../controller/api/v1alpha1/plan.ts'
import type { PlanApprovalSpec } from '../../controller/api/v1alpha1/plan-approval.ts'
import type { ResourceSync, ResourceSyncSpec } from '../../controller/api/v1alpha1/resource-sync.ts'
import { isNotFound } from '../../controller/kube/client.ts'
import { type SyncOperator, typeOf } from './sync-operator.ts'
import { waitUntil } from './wait-until.ts'

export type SyncSpecInput = Partial<Omit<ResourceSyncSpec, 'operator'>> & {
  operator?: Partial<ResourceSyncSpec['operator']>
}

const namespace = 'default'

/** One ResourceSync after the other, on one operator: what a test does to them, and what it waits for. */
export class SyncScene {
  readonly operator: SyncOperator
  /** Of the sync that everything is about; `create` makes another one. */
  name = ''
  readonly #patienceMs: number
  #counter = 0

  constructor(operator: SyncOperator, patienceMs = 4_000) {
    this.operator = operator
    this.#patienceMs = patienceMs
  }

  /** A number that was not given before. */
  next(): number {
    return this.#counter++
  }

  async create(spec: SyncSpecInput, name = `sync-${this.next()}`): Promise<void> {
    this.name = name
    await this.operator.client.create(typeOf('ResourceSync'), {
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'ResourceSync',
      metadata: { name, namespace },
      spec,
    })
  }

  change(spec: SyncSpecInput): Promise<KubeObject> {
    return this.patch('ResourceSync', this.name, { spec })
  }

  patch(kind: string, name: string, body: object): Promise<KubeObject> {
    return this.operator.client.patch(typeOf(kind), { namespace, name }, { type: 'merge', body })
  }

  sync(): Promise<ResourceSync> {
    return this.operator.client.get<ResourceSync>(typeOf('ResourceSync'), { namespace, name: this.name })
  }

  async get(kind: string, name: string): Promise<KubeObject | undefined> {
    try {
      return await this.operator.client.get(typeOf(kind), { namespace, name })
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  /** Waits until the sync has looked at its newest spec and says so. */
  async reaches(type: string, status: string, reason?: string): Promise<ResourceSync> {
    let now: ResourceSync | undefined
    const wanted = async (): Promise<ResourceSync | false> => {
      now = await this.sync()
      const said = conditionOf(now, type)
      if (now.status?.observedGeneration !== now.metadata.generation) return false
      return said?.status === status && (reason === undefined || said.reason === reason) && now
    }
    try {
      return await waitUntil(`${this.name} ${type}=${status} ${reason ?? ''}`, wanted, { timeoutMs: this.#patienceMs })
    } catch (error) {
      throw new Error(
        `${error}: ${JSON.stringify(now?.status?.conditions, null, 1)}\n${this.operator.lines.slice(-5).join('\n')}`,
      )
    }
  }

  async plans(): Promise<Plan[]> {
    const { items } = await this.operator.client.list<Plan>(typeOf('Plan'), { namespace })
    return items.filter((plan) => plan.spec.sync === this.name)
  }

  /** All of a plan, or what `only` names of it. */
  async approve(digest: string, only?: PlanApprovalSpec['only']): Promise<string> {
    const name = `approval-${this.next()}`
    await this.operator.client.create(typeOf('PlanApproval'), {
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'PlanApproval',
      metadata: { name, namespace },
      spec: { sync: this.name, digest, approvedBy: 'admin', ...(only === undefined ? {} : { only }) },
    })
    return name
  }

  /** Asks for a pass and waits for its end. */
  async poke(): Promise<ResourceSync> {
    const at = `t${this.next()}`
    await this.patch('ResourceSync', this.name, { metadata: { annotations: { [annotation.requestedAt]: at } } })
    return waitUntil('the pass asked for', async () => {
      const now = await this.sync()
      return now.status?.lastHandledReconcileAt === at && now
    })
  }

  /** Removes everything, without waiting for anybody's clean-up. What a sync makes anew before it is removed itself goes, too. */
  async clear(): Promise<void> {
    while ((await this.#removeAll()) > 0);
  }

  /** Gives how many there were. */
  async #removeAll(): Promise<number> {
    const { client } = this.operator
    let found = 0
    for (const kind of ['ResourceSync', 'PlanApproval', 'Plan', 'Deployment', 'Stack', 'Server', 'Variable']) {
      for (const { metadata } of (await client.list(typeOf(kind), { namespace })).items) {
        await this.patch(kind, metadata.name, { metadata: { finalizers: null } }).catch(() => {})
        await client.delete(typeOf(kind), metadata).catch(() => {})
        found++
      }
    }
    return found
  }
}
