/** The rules of ownership: what an update takes from others, and what an apply adds, prunes and collides with. */
import type { Cause, FieldType, Json } from '../schema/contract.ts'
import { Fault } from '../schema/faults.ts'
import { equal } from '../schema/go.ts'
import {
  difference,
  type FieldSet,
  has,
  intersection,
  paths,
  recursiveDifference,
  union,
  withNamedParents,
} from './field-set.ts'
import { type Manager, type Managers, showManager } from './managers.ts'
import { merge, without } from './merge.ts'
import { type PathElement, showPath } from './path-element.ts'
import { fitToType } from './reconcile.ts'
import { type Comparison, compare, toFieldSet } from './typed.ts'

/** What the rules need to know about a kind. Objects are the same in all versions; only their types differ. */
export interface Kind {
  apiVersion: string
  type: FieldType
  /** Fields that this path cannot write: never owned through it. */
  reset: FieldSet
  /** Undefined: a version that is no longer served; its managers are forgotten. */
  typeOf(apiVersion: string): FieldType | undefined
}

export interface Conflict {
  manager: Manager
  path: PathElement[]
}

export class ApplyConflict extends Error {
  readonly conflicts: readonly Conflict[]

  constructor(conflicts: readonly Conflict[]) {
    super('apply conflict')
    this.conflicts = conflicts
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const conflictFault = (conflicts: readonly Conflict[], identify: (manager: Manager) => string): Fault => {
  const causes: Cause[] = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${showManager(manager)}`,
    field: showPath(path),
  }))
  const groups = new Map<string, Conflict[]>()
  for (const conflict of conflicts) {
    const id = identify(conflict.manager)
    groups.set(id, [...(groups.get(id) ?? []), conflict])
  }
  const [first] = causes
  if (causes.length === 1 && first)
    return new Fault(409, 'Conflict', `Apply failed with 1 conflict: ${first.message}: ${first.field}`, causes)
  const lines = [...groups]
    .sort(([a], [b]) => byText(a, b))
    .flatMap(([, group]) => [
      `conflicts with ${showManager((group[0] as Conflict).manager)}:`,
      ...group.map(({ path }) => `- ${showPath(path)}`),
    ])
  return new Fault(409, 'Conflict', `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`, causes)
}

const fitManagers = (managers: Managers, kind: Kind): Managers => {
  const out: Managers = new Map()
  for (const [id, manager] of managers) {
    const type = kind.typeOf(manager.apiVersion)
    if (type) out.set(id, { ...manager, set: fitToType(manager.set, type) })
  }
  return out
}

const filtered = (comparison: Comparison, reset: FieldSet): Comparison => ({
  added: recursiveDifference(comparison.added, reset),
  modified: recursiveDifference(comparison.modified, reset),
  removed: recursiveDifference(comparison.removed, reset),
})

/**
 * Takes from all managers but `self` what changed, in place.
 * @throws ApplyConflict when something would be taken and `force` is not given
 */
const settle = (live: Json, next: Json, managers: Managers, self: string, force: boolean, kind: Kind): Comparison => {
  const whole = compare(live, next, kind.type)
  const comparisons = new Map<string, Comparison>([[kind.apiVersion, filtered(whole, kind.reset)]])
  const conflicts: Conflict[] = []
  const losses: [string, FieldSet][] = []
  for (const [id, manager] of managers) {
    if (id === self) continue
    let comparison = comparisons.get(manager.apiVersion)
    if (!comparison) {
      const type = kind.typeOf(manager.apiVersion)
      if (!type) {
        managers.delete(id)
        continue
      }
      comparison = compare(live, next, type)
      comparisons.set(manager.apiVersion, comparison)
    }
    const taken = intersection(manager.set, union(comparison.modified, comparison.added))
    for (const path of taken.size ? paths(taken) : []) conflicts.push({ manager, path })
    losses.push([id, union(taken, comparison.removed)])
  }
  if (conflicts.length && !force) throw new ApplyConflict(conflicts)
  for (const [id, lost] of losses) {
    const manager = managers.get(id) as Manager
    if (lost.size) managers.set(id, { ...manager, set: difference(manager.set, lost) })
  }
  for (const [id, { set }] of managers) if (set.size === 0) managers.delete(id)
  return whole
}

/** What an update from `live` to `next` changed: the fields that whoever made it owns now. Others lose them, in place. */
export const updateOwners = (
  live: Json,
  next: Json,
  given: Managers,
  kind: Kind,
): { managers: Managers; taken: FieldSet } => {
  const managers = fitManagers(given, kind)
  const { added, modified } = settle(live, next, managers, '', true, kind)
  return { managers, taken: recursiveDifference(union(modified, added), kind.reset) }
}

/**
 * `config` merged into `live`, and what the applier gave up removed unless somebody else owns it. `managers` is what it was,
 * the applier's entry replaced. `object` is undefined when nothing but ownership changed.
 * @throws ApplyConflict
 */
export const applyConfig = (
  live: Json,
  config: Json,
  given: Managers,
  self: { id: string; manager: Manager },
  force: boolean,
  kind: Kind,
): { object: Json | undefined; managers: Managers } => {
  const managers = fitManagers(given, kind)
  const merged = merge(live, config, kind.type) ?? null
  const last = managers.get(self.id)
  const set = recursiveDifference(toFieldSet(config, kind.type), kind.reset)
  managers.set(self.id, { ...self.manager, time: last?.time, set })
  const next = last?.set.size ? prune(merged, managers, last, kind) : merged
  settle(live, next, managers, self.id, force, kind)
  return { object: equal(live, next) ? undefined : next, managers }
}

/** Removes what the applier applied last time, unless it is applied again or owned by somebody else. */
const prune = (merged: Json, managers: Managers, last: Manager, kind: Kind): Json => {
  const type = kind.typeOf(last.apiVersion)
  if (!type) return merged
  const lastSet = withNamedParents(last.set, type)
  let pruned = without(merged, lastSet, type)

  const owned = new Map<string, FieldSet>()
  for (const { apiVersion, set } of managers.values())
    owned.set(apiVersion, union(owned.get(apiVersion) ?? new Map(), set))
  const versions = [...owned.keys()].sort((a, b) => Number(b === last.apiVersion) - Number(a === last.apiVersion))
  for (const version of versions) {
    const versionType = kind.typeOf(version)
    if (versionType) pruned = addBackOwned(merged, pruned, owned.get(version) as FieldSet, versionType)
  }

  // Only what the applier itself had goes; what nobody owns, or an updater, stays.
  const mergedSet = withNamedParents(toFieldSet(merged, type), type)
  const prunedSet = withNamedParents(toFieldSet(pruned, type), type)
  return without(merged, intersection(difference(mergedSet, prunedSet), lastSet), type)
}

const addBackOwned = (merged: Json, pruned: Json, owned: FieldSet, type: FieldType): Json => {
  const mergedSet = withNamedParents(toFieldSet(merged, type), type)
  const kept = union(withNamedParents(toFieldSet(pruned, type), type), withNamedParents(owned, type))
  return without(merged, difference(mergedSet, kept), type)
}

/** Conflicts that `allowed` does not cover. */
export const remaining = (conflicts: readonly Conflict[], allowed: FieldSet): Conflict[] =>
  conflicts.filter(({ path }) => !has(allowed, path))
