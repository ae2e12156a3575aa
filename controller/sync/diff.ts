import type { KubeObject } from '../api/meta.ts'
import { deepEqual, isPlainObject, type PlainObject, valueAt } from '../json.ts'
import type { DesiredObject } from './desired.ts'
import { Owners } from './owners.ts'

/** One field that changes. A missing value means that the field is not there. Values of secrets are never part of it. */
export interface FieldChange {
  /** Dotted, below the object: `image.params.image`, `metadata.labels[app]`. */
  path: string
  from?: unknown
  to?: unknown
  secret?: true
}

/**
 * What applying `desired` will change in `live`, field by field. What is not declared has its default, except where another
 * manager set it: server-side apply lets that survive, so it is no difference.
 */
export function diffObject(desired: DesiredObject, live: KubeObject): FieldChange[] {
  const changes: FieldChange[] = []
  const owners = new Owners(live)
  const liveSpec = isPlainObject(live.spec) ? live.spec : {}
  compare(desired.kind.withDefaults(desired.spec), liveSpec, desired.spec, [], owners, changes)
  compareMap('labels', desired.labels, live.metadata.labels ?? {}, changes)
  compareMap('annotations', desired.annotations, live.metadata.annotations ?? {}, changes)
  return changes
}

function compare(
  wanted: PlainObject,
  live: PlainObject,
  declared: unknown,
  path: readonly string[],
  owners: Owners,
  changes: FieldChange[],
): void {
  const compareField = (key: string, to: unknown, from: unknown): void => {
    if (deepEqual(to, from)) return
    const at = [...path, key]
    const said = valueAt(declared, [key])
    if (isPlainObject(to) && isPlainObject(from)) compare(to, from, said, at, owners, changes)
    else if (said !== undefined || owners.releases(at)) {
      changes.push({ path: at.join('.'), ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) })
    }
  }
  for (const key of Object.keys(wanted)) compareField(key, wanted[key], live[key])
  for (const key of Object.keys(live)) if (!Object.hasOwn(wanted, key)) compareField(key, undefined, live[key])
}

function compareMap(
  field: 'labels' | 'annotations',
  wanted: Readonly<Record<string, string>>,
  live: Readonly<Record<string, string>>,
  changes: FieldChange[],
): void {
  for (const [key, to] of Object.entries(wanted)) {
    const from = live[key]
    if (from !== to) changes.push({ path: `metadata.${field}[${key}]`, ...(from === undefined ? {} : { from }), to })
  }
}
