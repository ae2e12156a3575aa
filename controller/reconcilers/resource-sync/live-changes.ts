import { isDeepStrictEqual } from 'node:util'
import type { KubeObject, ObjectKey } from '../../api/meta.ts'
import { annotation } from '../../api/names.ts'
import type { Change, Lister } from '../../engine/lister.ts'
import type { Wake } from '../../engine/reconciler.ts'

/**
 * Knows whether anything that a plan depends on has changed in a namespace, without looking at every object: what people write,
 * not what controllers report. With it, a pass over an unchanged source and unchanged objects costs nothing.
 */
export class LiveChanges {
  readonly #listers: readonly Lister<KubeObject>[]
  readonly #versions = new Map<string, number>()

  constructor(listers: readonly Lister<KubeObject>[]) {
    this.#listers = listers
  }

  /** Grows with every change in the namespace. To be read before the objects are. */
  version(namespace: string): number {
    return this.#versions.get(namespace) ?? 0
  }

  /** Starts to count, and wakes the sync whose object somebody changed or removed: it is put back at once. */
  readonly wake: Wake = (enqueue, signal) => {
    for (const lister of this.#listers) lister.onChange((change) => this.#note(change, enqueue), signal)
  }

  #note(change: Change<KubeObject>, enqueue: (key: ObjectKey) => void): void {
    const object = change.after ?? change.before
    if (object === undefined || !isRelevant(change)) return
    const { namespace = '' } = object.metadata
    this.#versions.set(namespace, this.version(namespace) + 1)
    const owner = (change.before ?? object).metadata.annotations?.[annotation.sync]?.split('/', 2)
    if (change.before !== undefined && owner?.[1] !== undefined) enqueue({ namespace: owner[0] ?? '', name: owner[1] })
  }
}

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
    old.annotations?.[annotation.name] !== now.annotations?.[annotation.name]
  )
}

/** What one sync reports concerns the others. */
const conflictsOf = (object: KubeObject): unknown => (object.status as { conflicts?: unknown } | undefined)?.conflicts

/** Secrets have no generation. */
const dataOf = (object: KubeObject): unknown => (object as KubeObject & { data?: unknown }).data
