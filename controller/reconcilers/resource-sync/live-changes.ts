import { isDeepStrictEqual } from 'node:util'
import type { KubeObject, ObjectKey } from '../../api/meta.ts'
import { annotation, label } from '../../api/names.ts'
import type { Change, Lister } from '../../engine/lister.ts'
import type { Wake } from '../../engine/reconciler.ts'
import { ChangeLog, conflictsOf, ownerOf } from './change-log.ts'

/**
 * Knows whether anything that a plan depends on has changed in a namespace, without looking at every object: what people write,
 * not what controllers report. With it, a pass over an unchanged source and unchanged objects costs nothing.
 */
export class LiveChanges {
  readonly #listers: readonly Lister<KubeObject>[]
  readonly #log = new ChangeLog()
  /** By `namespace/name` of the sync: see `deletedOf`. */
  readonly #deleted = new Map<string, Map<string, string>>()
  readonly #expected = new Set<string>()

  constructor(listers: readonly Lister<KubeObject>[]) {
    this.#listers = listers
  }

  /** Grows with every change in the namespace. To be read before the objects are. */
  version(namespace: string): number {
    return this.#log.version(namespace)
  }

  /** Whether a change since that version concerns one of `keys`; see `ChangeLog`. */
  concern(namespace: string, since: number, keys: ReadonlySet<string> | undefined): boolean {
    return this.#log.concern(namespace, since, keys)
  }

  /** By `Kind/objectName`, objects of a sync that somebody else was seen to delete: what was noted on them of what was applied. */
  deletedOf(sync: string): ReadonlyMap<string, string> {
    return this.#deleted.get(sync) ?? new Map()
  }

  /** What of these is still of interest; the others are forgotten. */
  keepDeleted(sync: string, keep: ReadonlySet<string>): void {
    const kept = this.deletedOf(sync)
    if (kept.size === 0) return
    const remaining = new Map([...kept].filter(([key]) => keep.has(key)))
    if (remaining.size === 0) this.#deleted.delete(sync)
    else this.#deleted.set(sync, remaining)
  }

  /** The sync itself is about to delete objects of these uids. */
  expectDeleted(uids: Iterable<string>): void {
    for (const uid of uids) this.#expected.add(uid)
  }

  /** Starts to count, and wakes the sync whose object somebody changed or removed: it is put back at once. */
  readonly wake: Wake = (enqueue, signal) => {
    for (const lister of this.#listers) lister.onChange((change) => this.#note(change, enqueue), signal)
  }

  #note(change: Change<KubeObject>, enqueue: (key: ObjectKey) => void): void {
    const object = change.after ?? change.before
    if (object === undefined || !isRelevant(change)) return
    const { namespace = '' } = object.metadata
    this.#log.note(namespace, change)
    this.#noteDeletion(change)
    const owners = new Set(
      [change.before, change.after].flatMap((one) => (one === undefined ? [] : (ownerOf(one) ?? []))),
    )
    for (const owner of owners) {
      // What a sync makes itself tells it nothing new; what names a sync and was not made by it is to be declared.
      const isNew = change.before === undefined && object.metadata.labels?.[label.sync] !== undefined
      if (!isNew) enqueue({ namespace: owner.slice(0, owner.indexOf('/')), name: owner.slice(owner.indexOf('/') + 1) })
    }
  }

  #noteDeletion({ before, after }: Change<KubeObject>): void {
    const object = after ?? before
    const owner = before && ownerOf(before)
    if (before === undefined || object === undefined || owner === undefined) return
    const key = `${object.kind}/${object.metadata.name}`
    const { uid = '' } = before.metadata
    const goes =
      after === undefined || (after.metadata.deletionTimestamp ?? '') !== (before.metadata.deletionTimestamp ?? '')
    if (!goes) return
    if (this.#expected.has(uid)) {
      if (after === undefined) this.#expected.delete(uid)
      return
    }
    const seen = this.#deleted.get(owner) ?? new Map<string, string>()
    const noted = before.metadata.annotations?.[annotation.declared] ?? ''
    if (seen.size < MOST_DELETED) this.#deleted.set(owner, seen.set(key, noted))
  }
}

/** More than any deletion budget would let through. */
const MOST_DELETED = 10_000

function isRelevant({ before, after }: Change<KubeObject>): boolean {
  if (before === undefined || after === undefined) return true
  const [old, now] = [before.metadata, after.metadata]
  return (
    old.uid !== now.uid ||
    old.generation !== now.generation ||
    old.deletionTimestamp !== now.deletionTimestamp ||
    !isDeepStrictEqual(old.labels, now.labels) ||
    !isDeepStrictEqual(dataOf(before), dataOf(after)) ||
    !isDeepStrictEqual(conflictsOf(before), conflictsOf(after)) ||
    old.annotations?.[annotation.sync] !== now.annotations?.[annotation.sync] ||
    old.annotations?.[annotation.file] !== now.annotations?.[annotation.file] ||
    old.annotations?.[annotation.name] !== now.annotations?.[annotation.name]
  )
}

/** Secrets have no generation. */
const dataOf = (object: KubeObject): unknown => (object as KubeObject & { data?: unknown }).data
