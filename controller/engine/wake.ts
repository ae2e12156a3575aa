import type { KubeObject, ObjectKey } from '../api/meta.ts'
import type { Change, Lister } from './lister.ts'
import type { Wake } from './reconciler.ts'

/**
 * Wakes the objects that `map` names whenever another object changes. `map` sees the newest state first and, when it differs,
 * also the state before, so that whoever depended on the old one learns of it too: it should be a cheap index lookup.
 */
export const whenChanged =
  <T extends KubeObject>(
    lister: Lister<T>,
    map: (object: Readonly<T>, change: Change<T>) => Iterable<ObjectKey>,
  ): Wake =>
  (enqueue, signal) => {
    lister.onChange((change) => {
      if (change.after !== undefined) for (const key of map(change.after, change)) enqueue(key)
      if (change.before !== undefined) for (const key of map(change.before, change)) enqueue(key)
    }, signal)
  }
