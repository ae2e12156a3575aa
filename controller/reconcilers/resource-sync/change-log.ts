import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../../api/meta.ts'
import { annotation, komodoNameOf, label } from '../../api/names.ts'
import type { Change } from '../../engine/lister.ts'
import { valueAt } from '../../json.ts'
import { labelValue, objectKey } from '../../sync/desired.ts'
import { syncKinds } from '../../sync/kinds.ts'

/** Changes of a namespace that are remembered one by one; who has not looked for longer takes all as its own. */
const MAX_CHANGES = 5_000
/** Syncs of more objects than this look at all of them again after any change: there are not many such syncs. */
const MAX_KEYS = 2_000

/** What changed in each namespace, and whom that concerns: a change of one object is no reason for all syncs to plan anew. */
export class ChangeLog {
  readonly #namespaces = new Map<string, { version: number; changes: Changed[] }>()

  /** Grows with every change in the namespace. */
  version(namespace: string): number {
    return this.#namespaces.get(namespace)?.version ?? 0
  }

  /** Whether a change since that version concerns one of `keys` (of `concernsOf`); without keys, whether there was one. */
  concern(namespace: string, since: number, keys: ReadonlySet<string> | undefined): boolean {
    const { version, changes } = this.#namespaces.get(namespace) ?? { version: 0, changes: [] }
    if (since === version) return false
    if (keys === undefined || (changes[0]?.version ?? 0) > since + 1) return true
    for (let at = changes.length - 1; at >= 0; at -= 1) {
      const change = changes[at]
      if (change === undefined || change.version <= since) return false
      if (change.keys === undefined || change.keys.some((key) => keys.has(key))) return true
    }
    return false
  }

  note(namespace: string, change: Change<KubeObject>): void {
    const known = this.#namespaces.get(namespace) ?? { version: 0, changes: [] }
    this.#namespaces.set(namespace, known)
    known.version += 1
    known.changes.push({ version: known.version, keys: keysOf(change) })
    if (known.changes.length > 2 * MAX_CHANGES) known.changes.splice(0, MAX_CHANGES)
  }
}

interface Changed {
  version: number
  /** What it concerns, in the words of `concernsOf`; nothing: everybody. */
  keys: readonly string[] | undefined
}

/**
 * What a plan without changes and problems depends on: the objects that it declares or applied, by both of their names, what those come
 * after, and whatever belongs to the sync. `undefined`: on anything.
 */
export function concernsOf(
  { metadata: { namespace = '', name } }: Pick<KubeObject, 'metadata'>,
  declared: Iterable<{ kind: string; name: string; spec?: unknown }>,
  inventory: ReadonlySet<string>,
): ReadonlySet<string> | undefined {
  const keys = new Set(inventory)
  for (const one of declared) {
    keys.add(nameKey(one.kind, one.name))
    const after = valueAt(one.spec, ['after'])
    if (Array.isArray(after))
      for (const name of after) for (const kind of deployable) keys.add(nameKey(kind, String(name)))
  }
  keys.add(ownerKey(`${namespace}/${name}`)).add(labelKey(labelValue(name)))
  return keys.size > MAX_KEYS ? undefined : keys
}

/** What a change concerns, in the same words; `undefined`: everybody. */
function keysOf({ before, after }: Change<KubeObject>): readonly string[] | undefined {
  if (!isDeepStrictEqual(before && conflictsOf(before), after && conflictsOf(after))) return undefined
  const keys = new Set<string>()
  for (const object of [before, after]) {
    if (object === undefined) continue
    const { kind, metadata } = object
    if (kind === 'Secret') {
      const sync = metadata.labels?.[label.sync]
      // It may hold what somebody decrypts with, or stand where a Secret of ours is to be.
      if (sync === undefined) return undefined
      keys.add(labelKey(sync))
    } else keys.add(objectKey(kind, metadata.name)).add(nameKey(kind, komodoNameOf(object)))
    const owner = ownerOf(object)
    if (owner !== undefined) keys.add(ownerKey(owner))
  }
  return [...keys]
}

const deployable = [...syncKinds.values()].flatMap((one) => (one.deployable ? one.definition.kind : []))

const nameKey = (kind: string, name: string): string =>
  `name ${objectKey(kind, syncKinds.get(kind)?.toml.normalizeName(name) ?? name)}`
const ownerKey = (sync: string): string => `owner ${sync}`
const labelKey = (sync: string): string => `label ${sync}`

/** `namespace/name` of the sync that an object names; people may leave the namespace out. */
export function ownerOf({ metadata }: KubeObject): string | undefined {
  const named = metadata.annotations?.[annotation.sync]
  return named === undefined || named.includes('/') ? named : `${metadata.namespace ?? ''}/${named}`
}

/** What one sync reports concerns the others. */
export const conflictsOf = (object: KubeObject): unknown =>
  (object.status as { conflicts?: unknown } | undefined)?.conflicts
