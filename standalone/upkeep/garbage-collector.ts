import { setImmediate } from 'node:timers/promises'
import type { OwnerReference } from '../../controller/api/meta.ts'
import type { Backend } from '../call.ts'
import { metaOf, pathOf, splitPath, timeText } from '../object.ts'
import { servedObject, storedText } from '../registry/codec.ts'
import type { ServedVersion } from '../registry/resource.ts'
import type { JsonObject } from '../schema/contract.ts'
import { ChangeType } from '../store/change.ts'
import type { Stored } from '../store/reader.ts'
import type { Transaction } from '../store/writer.ts'
import { deleteLive, GarbageFinalizer } from '../verbs/delete.ts'
import type { DeleteOptions } from '../verbs/delete-options.ts'
import { isHeld, removeObject, setManagedFields } from '../verbs/persist.ts'
import { GarbageGraph, keyOf, type Place, placeOf } from './garbage-graph.ts'
import { WorkQueue } from './work-queue.ts'

/** Whose writes these are in Kubernetes. */
const MANAGER = 'kube-controller-manager'
const OWNER_RECHECK_MS = 30_000
/** Objects read at a time when it starts, between requests. */
const PAGE = 200

/**
 * Deletes what has lost all of its owners, and carries out what a deletion asked for: `Foreground` (dependents first),
 * `Orphan` (dependents lose the reference). Follows kube-controller-manager's garbage collector.
 */
export class GarbageCollector {
  readonly #backend: Backend
  readonly #graph = new GarbageGraph()
  readonly #queue: WorkQueue
  readonly #onFault: (error: unknown) => void
  #known: Promise<void> = Promise.resolve()

  constructor(backend: Backend, onFault: (error: unknown) => void) {
    this.#backend = backend
    this.#onFault = onFault
    this.#queue = new WorkQueue((key) => this.#attend(placeOf(key)), onFault)
  }

  /** Answers the function that ends it. What is there already is looked through while requests are served. */
  start(): () => Promise<void> {
    const { store } = this.#backend
    const stop = store.subscribe(({ resource: storage, path, type, text }) => {
      if (type === ChangeType.Deleted) this.#lose({ storage, path }, text)
      else this.#see({ storage, path }, text)
    })
    const abort = new AbortController()
    this.#known = this.#lookThrough(abort.signal)
    // Told here; whatever waits for it fails and is tried again, but nothing is concluded.
    this.#known.catch(this.#onFault)
    return async () => {
      stop()
      abort.abort()
      await this.#queue.stop()
    }
  }

  async #lookThrough(signal: AbortSignal): Promise<void> {
    const { store } = this.#backend
    for (const storage of store.resources()) {
      for (let after = '', more = true; more; ) {
        await setImmediate()
        if (signal.aborted) return
        const page = store.list(storage, { after, limit: PAGE })
        for (const { path, text } of page) this.#see({ storage, path }, text)
        more = page.length === PAGE
        after = page.at(-1)?.path ?? ''
      }
    }
  }

  #see(place: Place, text: string): void {
    const owned = this.#graph.put(place, text)
    const asked =
      text.includes('"deletionTimestamp"') && Object.values(GarbageFinalizer).some((one) => text.includes(`"${one}"`))
    if (owned || asked) this.#queue.add(keyOf(place))
  }

  #lose(place: Place, text: string): void {
    const owners = text.includes('"ownerReferences"')
      ? (metaOf(JSON.parse(text) as JsonObject).ownerReferences ?? [])
      : []
    this.#graph.remove(place)
    if (!this.#graph.empty) {
      const { uid = '' } = metaOf(JSON.parse(text) as JsonObject)
      for (const dependent of this.#graph.dependentsOf(uid)) this.#queue.add(keyOf(dependent))
    }
    // An owner that waits for its dependents has one less to wait for.
    for (const owner of owners) {
      const found = this.#placeOf(owner, splitPath(place.path).namespace)
      if (found) this.#queue.add(keyOf(found))
    }
  }

  #placeOf({ apiVersion, kind, name }: OwnerReference, namespace: string): Place | undefined {
    const served = this.#backend.registry.byKind(apiVersion, kind)
    if (!served) return undefined
    return { storage: served.resource.storage, path: pathOf(served.resource.namespaced ? namespace : '', name) }
  }

  async #attend(place: Place): Promise<void> {
    // Nothing is concluded before all dependents are known.
    await this.#known
    await this.#backend.store.write((tx) => {
      const stored = tx.get(place.storage, place.path)
      const served = this.#servedOf(place.storage)
      if (!stored || !served) return
      const object = servedObject(served, stored)
      const { deletionTimestamp, finalizers = [] } = metaOf(object)
      if (deletionTimestamp && finalizers.includes(GarbageFinalizer.Orphan)) this.#orphan(tx, served, stored, object)
      else if (deletionTimestamp && finalizers.includes(GarbageFinalizer.Foreground)) {
        this.#deleteDependents(tx, served, stored, object)
      } else if (!deletionTimestamp) this.#judge(tx, served, stored, object)
    })
  }

  #servedOf(storage: string): ServedVersion | undefined {
    return this.#backend.registry.resources().find((resource) => resource.storage === storage)?.versions[0]
  }

  /** Takes the reference to `owner` from its dependents, then lets it go. */
  #orphan(tx: Transaction, served: ServedVersion, stored: Stored, owner: JsonObject): void {
    const { uid = '' } = metaOf(owner)
    for (const place of this.#graph.dependentsOf(uid)) {
      this.#dropOwners(tx, place, [{ uid }])
    }
    this.#release(tx, served, stored, owner, GarbageFinalizer.Orphan)
  }

  /** Deletes the dependents of an owner in foreground deletion; lets it go when none is left that blocks it. */
  #deleteDependents(tx: Transaction, served: ServedVersion, stored: Stored, owner: JsonObject): void {
    const { uid = '' } = metaOf(owner)
    const blocking = this.#graph.blockingDependentsOf(uid).filter(({ storage, path }) => tx.get(storage, path))
    if (blocking.length === 0) this.#release(tx, served, stored, owner, GarbageFinalizer.Foreground)
    else for (const place of this.#graph.dependentsOf(uid)) this.#queue.add(keyOf(place))
  }

  /** Deletes an object whose owners are all gone or going; forgets gone owners beside one that lasts. */
  #judge(tx: Transaction, served: ServedVersion, stored: Stored, object: JsonObject): void {
    const { ownerReferences = [], namespace = '' } = metaOf(object)
    if (ownerReferences.length === 0) return
    const lost: OwnerReference[] = []
    let waiting = 0
    for (const reference of ownerReferences) {
      const state = this.#ownerState(tx, reference, namespace)
      if (state === 'unknown') {
        this.#queue.addAfter(keyOf(placeIn(served, stored)), OWNER_RECHECK_MS)
        return
      }
      if (state === 'gone' || state === 'waiting') lost.push(reference)
      if (state === 'waiting') waiting += 1
    }
    if (lost.length === 0) return
    if (lost.length < ownerReferences.length) {
      this.#dropOwners(tx, placeIn(served, stored), lost)
      return
    }
    const { uid = '' } = metaOf(object)
    const foreground = waiting > 0 && this.#graph.dependentsOf(uid).length > 0
    const options: DeleteOptions = {
      dryRun: false,
      propagationPolicy: foreground ? 'Foreground' : policyOf(object),
      preconditions: {},
    }
    deleteLive(tx, { served, backend: this.#backend }, stored, object, options)
  }

  #ownerState(tx: Transaction, reference: OwnerReference, namespace: string): 'solid' | 'waiting' | 'gone' | 'unknown' {
    const place = this.#placeOf(reference, namespace)
    // A kind that is not served: it may come back, so nothing is concluded.
    if (!place) return 'unknown'
    const stored = tx.get(place.storage, place.path)
    if (!stored) return 'gone'
    const { uid, deletionTimestamp, finalizers = [] } = metaOf(JSON.parse(stored.text) as JsonObject)
    if (uid !== reference.uid) return 'gone'
    return deletionTimestamp && finalizers.includes(GarbageFinalizer.Foreground) ? 'waiting' : 'solid'
  }

  #dropOwners(tx: Transaction, { storage, path }: Place, lost: readonly Pick<OwnerReference, 'uid'>[]): void {
    const stored = tx.get(storage, path)
    const served = this.#servedOf(storage)
    if (!stored || !served) return
    const old = servedObject(served, stored)
    const object = structuredClone(old)
    const meta = metaOf(object)
    const left = (meta.ownerReferences ?? []).filter((reference) => !lost.some(({ uid }) => uid === reference.uid))
    if (left.length > 0) meta.ownerReferences = left
    else delete meta.ownerReferences
    const call = { served, backend: this.#backend, subresource: '' } as const
    setManagedFields(call, object, old, MANAGER, timeText(this.#backend.clock()))
    tx.put(storage, path, (revision) => storedText(served, object, revision))
  }

  #release(tx: Transaction, served: ServedVersion, stored: Stored, object: JsonObject, finalizer: string): void {
    const meta = metaOf(object)
    const finalizers = (meta.finalizers ?? []).filter((one) => one !== finalizer)
    if (finalizers.length > 0) meta.finalizers = finalizers
    else delete meta.finalizers
    if (isHeld(object)) tx.put(served.resource.storage, stored.path, (revision) => storedText(served, object, revision))
    else removeObject(tx, { served }, object)
  }
}

const placeIn = (served: ServedVersion, { path }: Stored): Place => ({ storage: served.resource.storage, path })

/** What the object's own finalizers already say. */
const policyOf = (object: JsonObject): DeleteOptions['propagationPolicy'] => {
  const { finalizers = [] } = metaOf(object)
  if (finalizers.includes(GarbageFinalizer.Orphan)) return 'Orphan'
  return finalizers.includes(GarbageFinalizer.Foreground) ? 'Foreground' : 'Background'
}
