import type { KubeObject } from '../api/meta.ts'
import { komodoNameOf } from '../api/names.ts'
import type { NamedObject } from '../api/slug.ts'
import { objectKey } from './desired.ts'
import type { SyncKind } from './kinds.ts'

/** The objects of a namespace by either of their names. */
export interface LiveIndex {
  byName(kind: string, name: string): KubeObject | undefined
  byObjectName(kind: string, objectName: string): KubeObject | undefined
  names(kind: string): Iterable<NamedObject>
}

export function indexLive(
  live: ReadonlyMap<string, readonly KubeObject[]>,
  kinds: ReadonlyMap<string, SyncKind>,
): LiveIndex {
  const normalizer = (kind: string): ((name: string) => string) =>
    kinds.get(kind)?.toml.normalizeName ?? ((name) => name)
  const byName = new Map<string, KubeObject>()
  const byObjectName = new Map<string, KubeObject>()
  for (const [kindName, objects] of live) {
    const normalize = normalizer(kindName)
    for (const object of objects) {
      byObjectName.set(objectKey(kindName, object.metadata.name), object)
      const key = objectKey(kindName, normalize(komodoNameOf(object)))
      const other = byName.get(key)
      if (other === undefined || object.metadata.name < other.metadata.name) byName.set(key, object)
    }
  }
  return {
    byName: (kind, name) => byName.get(objectKey(kind, name)),
    byObjectName: (kind, objectName) => byObjectName.get(objectKey(kind, objectName)),
    names: (kind) => {
      const normalize = normalizer(kind)
      return (live.get(kind) ?? []).map((object) => ({
        objectName: object.metadata.name,
        komodoName: normalize(komodoNameOf(object)),
      }))
    },
  }
}
