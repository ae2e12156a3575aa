import type { KubeObject, ObjectKey } from '../api/meta.ts'

/**
 * The local, watched copy of one kind. Reads are synchronous and cost no request; they may lag behind the API by a moment,
 * never behind what this process wrote itself. Objects are shared: never change them.
 */
export interface Lister<T extends KubeObject> {
  /** Resolves once the first list is in. Until then reads see nothing. */
  readonly synced: Promise<void>

  get(key: ObjectKey): Readonly<T> | undefined
  /**
   * The object that a user's reference means: the one whose exact Komodo name it is (annotation `komodo.dev/name`), else the one
   * whose `metadata.name` it is, else the one that had this id in Komodo (annotation `komodo.dev/id`).
   */
  find(namespace: string | undefined, reference: string): Readonly<T> | undefined
  /** All, or those of one namespace, in no particular order. */
  list(namespace?: string): Iterable<Readonly<T>>
  /** Those for which the index (declared by `addIndex`) gives `value`. */
  byIndex(index: string, value: string): readonly Readonly<T>[]

  /** Declares an index; what is already there is indexed at once. Declaring a name again is a programming error. */
  addIndex(index: string, valuesOf: (object: Readonly<T>) => Iterable<string>): void
  /** Calls back on every change from now on, until `signal` aborts. A listener must not throw and must be quick. */
  onChange(listener: ChangeListener<T>, signal: AbortSignal): void
}

/** `before` is missing for what appeared, `after` for what went away. */
export interface Change<T> {
  before?: Readonly<T>
  after?: Readonly<T>
}

export type ChangeListener<T> = (change: Change<T>) => void
