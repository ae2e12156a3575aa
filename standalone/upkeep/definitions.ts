import { trackUpdate } from '../apply/update.ts'
import type { Backend } from '../call.ts'
import { isObject, metaOf, timeText, valueAt } from '../object.ts'
import { storedText } from '../registry/codec.ts'
import { customResource } from '../registry/custom.ts'
import type { ServedVersion } from '../registry/resource.ts'
import type { Json, JsonObject } from '../schema/contract.ts'
import { equal } from '../schema/go.ts'
import type { Change } from '../store/change.ts'
import type { Transaction } from '../store/writer.ts'
import { CRD_CLEANUP_FINALIZER } from '../verbs/begin-deletion.ts'
import { removeObject } from '../verbs/persist.ts'
import { Conditions } from './conditions.ts'

const STORAGE = 'customresourcedefinitions'
/** Custom objects removed per transaction when their definition goes. */
const CLEANUP_BATCH = 200

/** Makes served resources of CustomResourceDefinitions, and says in their status what came of it. */
export class Definitions {
  readonly #backend: Backend
  readonly #served: ServedVersion
  /** By name, what is under way: one step at a time for each definition. */
  readonly #queues = new Map<string, Promise<void>>()

  readonly #onFault: (error: unknown) => void

  constructor(backend: Backend, onFault: (error: unknown) => void) {
    this.#backend = backend
    this.#onFault = onFault
    this.#served = backend.registry.find('apiextensions.k8s.io', 'v1', STORAGE)!
  }

  /** Serves what is defined, from here on. Answers the function that ends it. */
  async start(): Promise<() => void> {
    const { store } = this.#backend
    const stop = store.subscribe((change) => {
      if (change.resource !== STORAGE) return
      this.#serveChanged(change)
      this.#enqueue(change.path).catch(this.#onFault)
    })
    await Promise.all(store.list(STORAGE).map(({ path }) => this.#enqueue(path)))
    return stop
  }

  /**
   * Before whoever changed a definition that is served hears that it is done: what he writes next is held against the new one, and loses no
   * field that the old one did not know. Its status follows.
   */
  #serveChanged({ text, previousText }: Change): void {
    if (previousText === undefined) return
    const [crd, before] = [text, previousText].map((each) => JSON.parse(each) as JsonObject) as [JsonObject, JsonObject]
    const isServed = isTrue(crd, 'Established') && metaOf(crd).deletionTimestamp === undefined
    if (isServed && metaOf(crd).generation !== metaOf(before).generation)
      this.#backend.registry.put(customResource(crd))
  }

  #enqueue(name: string): Promise<void> {
    const next = (this.#queues.get(name) ?? Promise.resolve()).then(() => this.#settle(name))
    this.#queues.set(name, next)
    return next.finally(() => {
      if (this.#queues.get(name) === next) this.#queues.delete(name)
    })
  }

  /** Brings one definition's status and what is served in line with its spec. */
  async #settle(name: string): Promise<void> {
    const { store, registry } = this.#backend
    if (!store.get(STORAGE, name)) {
      const [plural = '', ...group] = name.split('.')
      registry.remove(group.join('.'), plural)
      return
    }
    await store.write((tx) => this.#writeStatus(tx, name))
    // As it is by now: what was written in the same transaction may be newer.
    const stored = store.get(STORAGE, name)
    if (!stored) return
    const crd = JSON.parse(stored.text) as JsonObject
    if (isTrue(crd, 'Established')) registry.put(customResource(crd))
    if (metaOf(crd).deletionTimestamp) await this.#cleanUp(name)
  }

  #writeStatus(tx: Transaction, name: string): void {
    const stored = tx.get(STORAGE, name)
    if (!stored) return
    const crd = JSON.parse(stored.text) as JsonObject
    const status = this.#statusOf(tx, crd)
    if (equal(status, crd.status)) return
    const next: JsonObject = { ...crd, status, metadata: { ...(crd.metadata as JsonObject) } }
    const managedFields = trackUpdate({
      model: this.#served.model,
      old: crd,
      object: next,
      manager: 'kube-apiserver',
      subresource: 'status',
      time: timeText(this.#backend.clock()),
    })
    if (managedFields) metaOf(next).managedFields = managedFields
    tx.put(STORAGE, name, (revision) => storedText(this.#served, next, revision))
  }

  #statusOf(tx: Transaction, crd: JsonObject): JsonObject {
    const spec = crd.spec as JsonObject
    const old = isObject(crd.status) ? crd.status : {}
    const conditions = new Conditions(old.conditions, timeText(this.#backend.clock()))
    const wanted = spec.names as JsonObject
    const accepted = isObject(old.acceptedNames) ? old.acceptedNames : undefined
    const { names, clash } = acceptNames(tx, crd, accepted ?? { kind: '', plural: '' })
    if (clash) conditions.set('NamesAccepted', 'False', clash.reason, clash.message)
    else conditions.set('NamesAccepted', 'True', 'NoConflicts', 'no conflicts found')
    const established = conditions.is('Established') || !clash
    if (established)
      conditions.set('Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted')
    else conditions.set('Established', 'False', 'NotAccepted', 'not all names are accepted')
    if (metaOf(crd).deletionTimestamp) {
      conditions.set('Terminating', 'True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress')
    }
    const storage = (spec.versions as JsonObject[]).find((version) => version.storage === true)
    const storedVersions = Array.isArray(old.storedVersions) ? [...old.storedVersions] : []
    if (storage && !storedVersions.includes(storage.name!)) storedVersions.push(storage.name!)
    return {
      acceptedNames: clash ? names : wanted,
      conditions: conditions.list,
      storedVersions,
    }
  }

  /** Removes all objects of a definition in deletion, then the definition. */
  async #cleanUp(name: string): Promise<void> {
    const { store, registry } = this.#backend
    for (;;) {
      const [plural = '', ...group] = name.split('.')
      const served = registry.byName(group.join('.'), plural)?.versions[0]
      const left = served ? store.list(served.resource.storage, { limit: CLEANUP_BATCH }) : []
      if (!served || left.length === 0) break
      const removed = await store.write((tx) => {
        let count = 0
        for (const { path } of left) {
          const stored = tx.get(served.resource.storage, path)
          if (!stored) continue
          removeObject(tx, { served }, JSON.parse(stored.text) as JsonObject)
          count += 1
        }
        return count
      })
      if (removed === 0 && left.length < CLEANUP_BATCH) break
    }
    await store.write((tx) => {
      const stored = tx.get(STORAGE, name)
      if (!stored) return
      const crd = JSON.parse(stored.text) as JsonObject
      const meta = metaOf(crd)
      if (!meta.deletionTimestamp) return
      const finalizers = (meta.finalizers ?? []).filter((finalizer) => finalizer !== CRD_CLEANUP_FINALIZER)
      if (finalizers.length === (meta.finalizers ?? []).length) return
      if (finalizers.length > 0) {
        meta.finalizers = finalizers
        tx.put(STORAGE, name, (revision) => storedText(this.#served, crd, revision))
      } else {
        removeObject(tx, { served: this.#served }, crd)
      }
    })
  }
}

const isTrue = (crd: JsonObject, type: string): boolean => {
  const conditions = valueAt(crd, 'status.conditions')
  return (
    Array.isArray(conditions) && conditions.some((one) => isObject(one) && one.type === type && one.status === 'True')
  )
}

interface NameClash {
  reason: string
  message: string
}

/**
 * Each name is accepted by itself unless another definition of the group has it; of several clashes the last one is told, as
 * kube-apiserver does.
 */
const acceptNames = (
  tx: Transaction,
  crd: JsonObject,
  before: JsonObject,
): { names: JsonObject; clash: NameClash | undefined } => {
  const spec = crd.spec as JsonObject
  const wanted = spec.names as JsonObject
  const taken = new Set<string>()
  const takenKinds = new Set<string>()
  for (const { path, text } of tx.list(STORAGE)) {
    if (path === metaOf(crd).name) continue
    const other = JSON.parse(text) as JsonObject
    if (valueAt(other, 'spec.group') !== spec.group) continue
    const accepted = valueAt(other, 'status.acceptedNames')
    if (!isObject(accepted)) continue
    for (const name of [accepted.plural, accepted.singular, ...asList(accepted.shortNames)]) taken.add(String(name))
    for (const kind of [accepted.kind, accepted.listKind]) takenKinds.add(String(kind))
  }
  const names = { ...before }
  let clash: NameClash | undefined
  const accept = (field: string, reason: string, others: ReadonlySet<string>): void => {
    const used = [wanted[field]].flat().find((name) => typeof name === 'string' && name !== '' && others.has(name))
    if (used !== undefined) clash = { reason, message: `${JSON.stringify(used)} is already in use` }
    else if (wanted[field] === undefined) delete names[field]
    else names[field] = wanted[field]
  }
  accept('plural', 'PluralConflict', taken)
  accept('singular', 'SingularConflict', taken)
  accept('shortNames', 'ShortNamesConflict', taken)
  accept('kind', 'KindConflict', takenKinds)
  accept('listKind', 'ListKindConflict', takenKinds)
  names.categories = wanted.categories ?? []
  if (asList(names.categories).length === 0) delete names.categories
  return { names, clash }
}

const asList = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : [])
