import type { KubeObject } from '../api/meta.ts'
import { annotation, fieldManager } from '../api/names.ts'
import { isPlainObject } from '../json.ts'
import type { SyncScope } from './desired.ts'

/** Whether the sync applied the object last. The annotation says `namespace/name`; people may leave the namespace out. */
export const belongsTo = ({ metadata }: KubeObject, { namespace, name }: SyncScope): boolean => {
  const owner = metadata.annotations?.[annotation.sync]
  return owner === `${namespace}/${name}` || owner === name
}

/** Who owns which field of a live object, by its managed fields. */
export class Owners {
  readonly #ours: unknown[] = []
  readonly #others: { manager: string; fields: unknown }[] = []
  readonly #known: boolean

  constructor(live: KubeObject) {
    const entries = live.metadata.managedFields
    this.#known = entries !== undefined
    for (const entry of entries ?? []) {
      const ours = entry.manager === fieldManager.sync && entry.operation === 'Apply'
      if (ours) this.#ours.push(entry.fieldsV1)
      else this.#others.push({ manager: entry.manager ?? 'unknown', fields: entry.fieldsV1 })
    }
  }

  /** No longer applying the field sets it free: it is ours and nobody else's. */
  releases(path: readonly string[]): boolean {
    if (!this.#known) return true
    return this.owns(path) && this.othersOf(path).length === 0
  }

  /** Whether a sync ever applied the object. */
  get applied(): boolean {
    return this.#ours.length > 0
  }

  /** Whether the sync applied the field last, alone or with others. */
  owns(path: readonly string[]): boolean {
    return this.#ours.some((fields) => owns(fields, path))
  }

  /** The managers that set the field to what it is, other than the sync. */
  othersOf(path: readonly string[]): string[] {
    return this.#others.filter(({ fields }) => owns(fields, path)).map(({ manager }) => manager)
  }
}

function owns(fields: unknown, path: readonly string[]): boolean {
  let node: unknown = isPlainObject(fields) ? fields['f:spec'] : undefined
  for (const key of path) {
    if (!isPlainObject(node)) return false
    node = node[`f:${key}`]
  }
  return node !== undefined
}
