import { type KubeObject, keyText, type ObjectKey } from '../api/meta.ts'
import { annotation } from '../api/names.ts'
import type { Change, ChangeListener, Lister } from './lister.ts'

const [KOMODO_NAME, KOMODO_ID] = [annotation.name, annotation.id]

/** The store behind a Lister: filled by a reflector, and by the frame with what the API answered to its own writes. */
export class ObjectStore<T extends KubeObject> implements Lister<T> {
  readonly synced: Promise<void>
  readonly #objects = new Map<string, T>()
  readonly #indexes = new Map<string, Index<T>>()
  readonly #listeners = new Set<ChangeListener<T>>()
  /** Own writes that the watch has not shown yet. A list that was taken before them must not undo them. */
  readonly #unconfirmed = new Set<string>()
  #resolveSynced: () => void = () => {}
  readonly #transform: (object: T) => T

  /** `transform` is applied to each object before it is kept: what nobody reads need not be remembered. */
  constructor(transform: (object: T) => T = (object) => object) {
    this.#transform = transform
    this.synced = new Promise((resolve) => {
      this.#resolveSynced = resolve
    })
    for (const index of [KOMODO_NAME, KOMODO_ID]) {
      this.addIndex(index, ({ metadata }) => {
        const name = metadata.annotations?.[index]
        return name === undefined ? [] : [keyText({ namespace: metadata.namespace, name })]
      })
    }
  }

  get size(): number {
    return this.#objects.size
  }

  get(key: ObjectKey): Readonly<T> | undefined {
    return this.#objects.get(keyText(key))
  }

  find(namespace: string | undefined, reference: string): Readonly<T> | undefined {
    const key = keyText({ namespace, name: reference })
    return this.byIndex(KOMODO_NAME, key)[0] ?? this.#objects.get(key) ?? this.byIndex(KOMODO_ID, key)[0]
  }

  *list(namespace?: string): Iterable<Readonly<T>> {
    for (const object of this.#objects.values()) {
      if (namespace === undefined || object.metadata.namespace === namespace) yield object
    }
  }

  byIndex(index: string, value: string): readonly Readonly<T>[] {
    const found = this.#indexes.get(index)
    if (found === undefined) throw new Error(`there is no index "${index}"`)
    const keys = found.keys.get(value)
    if (keys === undefined) return []
    const objects: T[] = []
    for (const key of keys) {
      const object = this.#objects.get(key)
      if (object !== undefined) objects.push(object)
    }
    return objects
  }

  addIndex(name: string, valuesOf: Index<T>['valuesOf']): void {
    if (this.#indexes.has(name)) throw new Error(`the index "${name}" is there already`)
    const index: Index<T> = { valuesOf, keys: new Map() }
    this.#indexes.set(name, index)
    for (const [key, object] of this.#objects) addTo(index, key, object)
  }

  onChange(listener: ChangeListener<T>, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#listeners.add(listener)
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true })
  }

  /** The whole truth as of a list. */
  replaceAll(objects: readonly T[]): void {
    const listed = new Set<string>()
    for (const object of objects) {
      const key = keyText(object.metadata)
      listed.add(key)
      const before = this.#objects.get(key)
      if (before !== undefined && this.#unconfirmed.has(key) && !isNewer(object, before)) continue
      if (before?.metadata.resourceVersion !== object.metadata.resourceVersion) this.#put(key, object)
    }
    for (const key of [...this.#objects.keys()]) if (!listed.has(key)) this.#drop(key)
    this.#unconfirmed.clear()
    this.#resolveSynced()
  }

  /** ADDED or MODIFIED of the watch. What is older than an own write, or that write's echo, changes nothing. */
  upsert(object: T): void {
    const key = keyText(object.metadata)
    const before = this.#objects.get(key)
    if (before !== undefined && !isNewer(object, before)) {
      if (before.metadata.resourceVersion === object.metadata.resourceVersion) this.#unconfirmed.delete(key)
      return
    }
    this.#unconfirmed.delete(key)
    this.#put(key, object)
  }

  /** DELETED of the watch. */
  remove(object: T): void {
    this.#drop(keyText(object.metadata), object)
  }

  /** What the API answered to a write of this process, so that the next pass sees it before the watch does. */
  wroteThrough(object: T): void {
    const key = keyText(object.metadata)
    const before = this.#objects.get(key)
    // Deleted (and perhaps made anew) meanwhile: the watch knows better.
    if (before === undefined || before.metadata.uid !== object.metadata.uid || !isNewer(object, before)) return
    this.#unconfirmed.add(key)
    this.#put(key, object)
  }

  #put(key: string, whole: T): void {
    const object = this.#transform(whole)
    const before = this.#objects.get(key)
    this.#objects.set(key, object)
    for (const index of this.#indexes.values()) {
      if (before !== undefined) removeFrom(index, key, before)
      addTo(index, key, object)
    }
    this.#notify({ before, after: object })
  }

  #drop(key: string, last?: T): void {
    const before = this.#objects.get(key)
    if (before === undefined) return
    this.#objects.delete(key)
    this.#unconfirmed.delete(key)
    for (const index of this.#indexes.values()) removeFrom(index, key, before)
    this.#notify({ before: last ?? before })
  }

  #notify(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change)
  }
}

interface Index<T> {
  valuesOf: (object: Readonly<T>) => Iterable<string>
  keys: Map<string, Set<string>>
}

const addTo = <T>(index: Index<T>, key: string, object: T): void => {
  for (const value of index.valuesOf(object)) {
    const keys = index.keys.get(value)
    if (keys === undefined) index.keys.set(value, new Set([key]))
    else keys.add(key)
  }
}

const removeFrom = <T>(index: Index<T>, key: string, object: T): void => {
  for (const value of index.valuesOf(object)) {
    const keys = index.keys.get(value)
    keys?.delete(key)
    if (keys?.size === 0) index.keys.delete(value)
  }
}

/** Versions of one resource can be compared as numbers (Kubernetes promises it); where they cannot, the later arrival wins. */
const isNewer = (object: KubeObject, than: KubeObject): boolean => {
  if (object.metadata.uid !== than.metadata.uid) return true
  const [a, b] = [object.metadata.resourceVersion ?? '', than.metadata.resourceVersion ?? '']
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return a !== b
  return a.length === b.length ? a > b : a.length > b.length
}
