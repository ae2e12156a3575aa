import type { Backend } from '../call.ts'
import { isObject, metaOf, pathOf, splitPath, timeText } from '../object.ts'
import { servedObject, storedText } from '../registry/codec.ts'
import type { ServedVersion } from '../registry/resource.ts'
import type { JsonObject } from '../schema/contract.ts'
import { equal } from '../schema/go.ts'
import { ChangeType } from '../store/change.ts'
import type { Transaction } from '../store/writer.ts'
import { deleteLive } from '../verbs/delete.ts'
import { isHeld, removeObject } from '../verbs/persist.ts'
import { Conditions } from './conditions.ts'
import { WorkQueue } from './work-queue.ts'

const FINALIZER = 'kubernetes'
/** Objects deleted per transaction. */
const BATCH = 200

/** Empties namespaces in deletion and lets them go; gives the others their `default` ServiceAccount. */
export class Namespaces {
  readonly #backend: Backend
  readonly #queue: WorkQueue
  readonly #terminating = new Set<string>()

  constructor(backend: Backend, onFault: (error: unknown) => void) {
    this.#backend = backend
    this.#queue = new WorkQueue((name) => this.#attend(name), onFault)
  }

  start(): () => Promise<void> {
    const { store } = this.#backend
    const stop = store.subscribe(({ resource, path, type }) => {
      if (resource === 'namespaces') return this.#queue.add(path)
      if (type !== ChangeType.Deleted) return
      const { namespace, name } = splitPath(path)
      const account = resource === 'serviceaccounts' && name === 'default'
      if (account || this.#terminating.has(namespace)) this.#queue.add(namespace)
    })
    for (const { path } of store.list('namespaces')) this.#queue.add(path)
    return () => {
      stop()
      return this.#queue.stop()
    }
  }

  async #attend(name: string): Promise<void> {
    const { store } = this.#backend
    const stored = store.get('namespaces', name)
    if (!stored) {
      this.#terminating.delete(name)
      return
    }
    if (!metaOf(JSON.parse(stored.text) as JsonObject).deletionTimestamp) return this.#ensureAccount(name)
    this.#terminating.add(name)
    for (const served of this.#contents()) {
      for (;;) {
        const deleted = await store.write((tx) => this.#deleteSome(tx, served, name))
        if (deleted < BATCH) break
      }
    }
    await store.write((tx) => this.#finish(tx, name))
  }

  /** One version of each namespaced resource. */
  #contents(): ServedVersion[] {
    const byStorage = new Map<string, ServedVersion>()
    for (const { namespaced, storage, versions } of this.#backend.registry.resources()) {
      if (namespaced && versions[0] && !byStorage.has(storage)) byStorage.set(storage, versions[0])
    }
    return [...byStorage.values()]
  }

  /** Asks each object not yet in deletion to go. Answers how many there were. */
  #deleteSome(tx: Transaction, served: ServedVersion, namespace: string): number {
    let deleted = 0
    for (const stored of tx.list(served.resource.storage, { prefix: `${namespace}/` })) {
      const object = servedObject(served, stored)
      if (metaOf(object).deletionTimestamp) continue
      deleteLive(tx, { served, backend: this.#backend }, stored, object, {
        dryRun: false,
        propagationPolicy: 'Background',
        preconditions: {},
      })
      deleted += 1
      if (deleted === BATCH) break
    }
    return deleted
  }

  /** Lets an empty namespace go; else says what it still holds. */
  #finish(tx: Transaction, name: string): void {
    const stored = tx.get('namespaces', name)
    const served = this.#backend.registry.find('', 'v1', 'namespaces')!
    if (!stored) return
    const namespace = JSON.parse(stored.text) as JsonObject
    const before = structuredClone(namespace)
    const left = this.#contents().map((one) => ({
      name: one.resource.group ? `${one.resource.plural}.${one.resource.group}` : `${one.resource.plural}.`,
      objects: tx.list(one.resource.storage, { prefix: `${name}/` }).map(({ text }) => JSON.parse(text) as JsonObject),
    }))
    const remaining = left.filter(({ objects }) => objects.length > 0)
    if (remaining.length === 0) {
      const spec = isObject(namespace.spec) ? namespace.spec : {}
      const finalizers = Array.isArray(spec.finalizers) ? spec.finalizers.filter((one) => one !== FINALIZER) : []
      if (finalizers.length > 0) spec.finalizers = finalizers
      else delete spec.finalizers
      if (!isHeld(namespace)) {
        removeObject(tx, { served }, namespace)
        return
      }
    }
    namespace.status = { ...statusOf(namespace), conditions: this.#conditions(namespace, remaining) }
    if (!equal(before, namespace)) tx.put('namespaces', name, (revision) => storedText(served, namespace, revision))
  }

  #conditions(namespace: JsonObject, remaining: readonly { name: string; objects: JsonObject[] }[]): JsonObject[] {
    const conditions = new Conditions(statusOf(namespace).conditions, timeText(this.#backend.clock()))
    conditions.set(
      'NamespaceDeletionDiscoveryFailure',
      'False',
      'ResourcesDiscovered',
      'All resources successfully discovered',
    )
    conditions.set(
      'NamespaceDeletionGroupVersionParsingFailure',
      'False',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    )
    conditions.set(
      'NamespaceDeletionContentFailure',
      'False',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    )
    if (remaining.length === 0) {
      conditions.set('NamespaceContentRemaining', 'False', 'ContentRemoved', 'All content successfully removed')
      conditions.set(
        'NamespaceFinalizersRemaining',
        'False',
        'ContentHasNoFinalizers',
        'All content-preserving finalizers finished',
      )
      return conditions.list
    }
    const counts = remaining.map(({ name, objects }) => `${name} has ${objects.length} resource instances`).sort()
    conditions.set(
      'NamespaceContentRemaining',
      'True',
      'SomeResourcesRemain',
      `Some resources are remaining: ${counts.join(', ')}`,
    )
    const finalizers = new Map<string, number>()
    for (const object of remaining.flatMap(({ objects }) => objects)) {
      for (const finalizer of metaOf(object).finalizers ?? [])
        finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1)
    }
    const held = [...finalizers].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort()
    conditions.set(
      'NamespaceFinalizersRemaining',
      'True',
      'SomeFinalizersRemain',
      `Some content in the namespace has finalizers remaining: ${held.join(', ')}`,
    )
    return conditions.list
  }

  async #ensureAccount(namespace: string): Promise<void> {
    const { store, registry, clock, newUid } = this.#backend
    const path = pathOf(namespace, 'default')
    if (store.get('serviceaccounts', path)) return
    const served = registry.find('', 'v1', 'serviceaccounts')!
    await store.write((tx) => {
      const home = tx.get('namespaces', namespace)
      if (!home || metaOf(JSON.parse(home.text) as JsonObject).deletionTimestamp || tx.get('serviceaccounts', path))
        return
      const account: JsonObject = {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default', namespace, uid: newUid(), creationTimestamp: timeText(clock()) },
      }
      tx.put('serviceaccounts', path, (revision) => storedText(served, account, revision))
    })
  }
}

const statusOf = ({ status }: JsonObject): JsonObject => (isObject(status) ? status : {})
