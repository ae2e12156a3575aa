import type { OwnerReference } from '../../controller/api/meta.ts'
import { metaOf } from '../object.ts'
import type { JsonObject } from '../schema/contract.ts'

/** Where an object is. */
export interface Place {
  storage: string
  path: string
}

interface Node extends Place {
  uid: string
  owners: readonly OwnerReference[]
}

/** Who belongs to whom, as far as ownerReferences say. Holds only objects that have owners. */
export class GarbageGraph {
  readonly #byPlace = new Map<string, Node>()
  readonly #dependents = new Map<string, Set<Node>>()

  /** Takes in what an object says now. Cheap for the many that say nothing of owners. */
  put(place: Place, text: string): boolean {
    this.remove(place)
    if (!text.includes('"ownerReferences"')) return false
    const { uid = '', ownerReferences = [] } = metaOf(JSON.parse(text) as JsonObject)
    if (ownerReferences.length === 0) return false
    const node: Node = { ...place, uid, owners: ownerReferences }
    this.#byPlace.set(keyOf(place), node)
    for (const { uid: owner } of ownerReferences) {
      const dependents = this.#dependents.get(owner) ?? new Set()
      this.#dependents.set(owner, dependents.add(node))
    }
    return true
  }

  remove(place: Place): void {
    const node = this.#byPlace.get(keyOf(place))
    if (!node) return
    this.#byPlace.delete(keyOf(place))
    for (const { uid } of node.owners) {
      const dependents = this.#dependents.get(uid)
      dependents?.delete(node)
      if (dependents?.size === 0) this.#dependents.delete(uid)
    }
  }

  dependentsOf(uid: string): readonly Place[] {
    return [...(this.#dependents.get(uid) ?? [])]
  }

  /** Dependents that a foreground deletion waits for. */
  blockingDependentsOf(uid: string): readonly Place[] {
    return [...(this.#dependents.get(uid) ?? [])].filter(({ owners }) =>
      owners.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
    )
  }

  get empty(): boolean {
    return this.#dependents.size === 0
  }
}

export const keyOf = ({ storage, path }: Place): string => `${storage} ${path}`
export const placeOf = (key: string): Place => {
  const space = key.indexOf(' ')
  return { storage: key.slice(0, space), path: key.slice(space + 1) }
}
