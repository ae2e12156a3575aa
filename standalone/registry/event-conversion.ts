import type { JsonObject } from '../schema/contract.ts'

// core/v1 and events.k8s.io/v1 show the same stored events under different names; core/v1 is what is stored.

/** Core name -> name in events.k8s.io. */
const NAMES: readonly (readonly [core: string, group: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
]

const renamed = (object: JsonObject, names: readonly (readonly [from: string, to: string])[]): JsonObject => {
  const map = new Map(names)
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [map.get(key) ?? key, value]))
}

export const eventConversion = {
  fromStored: (object: JsonObject): JsonObject => renamed(object, NAMES),
  toStored: (object: JsonObject): JsonObject =>
    renamed(
      object,
      NAMES.map(([core, group]) => [group, core] as const),
    ),
}
