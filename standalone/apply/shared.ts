/** What tracking an update and applying have in common. */
import type { ManagedFieldsEntry } from '../../controller/api/meta.ts'
import type { JsonObject, Subresource, TypeModel } from '../schema/contract.ts'
import { equal, isObject } from '../schema/go.ts'
import { difference, emptySet, type FieldSet, setOf, union } from './field-set.ts'
import { capUpdaters, identify, type Manager, type Managers } from './managers.ts'
import { type Kind, updateOwners } from './updater.ts'

const UNKNOWN_MANAGER = 'unknown'

export const apiVersionOf = ({ group, version }: TypeModel): string => (group ? `${group}/${version}` : version)

/** Fields that identify an object or belong to the server: nobody owns them. */
const unowned = setOf(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['f:metadata', `f:${name}`]),
)
export const ownable = (set: FieldSet): FieldSet => difference(set, unowned)

const statusOnly = setOf(['f:status'])
const specOnly = setOf(['f:spec'])

export const kindOf = (
  model: TypeModel,
  subresource: Subresource,
  modelOf: ((apiVersion: string) => TypeModel | undefined) | undefined,
): Kind => {
  const apiVersion = apiVersionOf(model)
  return {
    apiVersion,
    type: model.fields,
    reset: model.hasStatus ? (subresource === 'status' ? specOnly : statusOnly) : emptySet,
    typeOf: (wanted) => (wanted === apiVersion ? model.fields : modelOf?.(wanted)?.fields),
  }
}

export const entriesOf = (object: JsonObject | undefined): ManagedFieldsEntry[] => {
  const entries = isObject(object?.metadata) ? object.metadata.managedFields : undefined
  return Array.isArray(entries) ? (entries.filter(isObject) as unknown as ManagedFieldsEntry[]) : []
}

const emptyObjects = new WeakMap<TypeModel, JsonObject>()

/** What there is before a create, to be read only. Built-in kinds have fields that are always written, with their zero values. */
export const emptyObject = (model: TypeModel): JsonObject => {
  const known = emptyObjects.get(model)
  if (known) return known
  const object: JsonObject = {}
  if (!model.custom) model.decode(object)
  const empty = { ...object, apiVersion: apiVersionOf(model), kind: model.kind }
  emptyObjects.set(model, empty)
  return empty
}

/** A shallow copy: `object` itself stays as it is. */
export const withoutEntries = (object: JsonObject): JsonObject => {
  if (!isObject(object.metadata) || object.metadata.managedFields === undefined) return object
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

export const managerFor = (
  name: string,
  operation: 'Apply' | 'Update',
  apiVersion: string,
  subresource: Subresource,
): Manager => ({
  name: name || UNKNOWN_MANAGER,
  operation,
  apiVersion,
  subresource,
  time: undefined,
  set: emptySet,
})

/** Records who made the update from `live` to `next`. */
export const recordUpdate = (
  live: JsonObject,
  next: JsonObject,
  given: Managers,
  updater: Manager,
  time: string,
  kind: Kind,
): Managers => {
  const { managers, taken } = updateOwners(live, next, given, kind)
  const set = ownable(taken)
  if (set.size) {
    const id = identify(updater)
    const previous = managers.get(id)
    managers.set(id, { ...updater, time, set: previous ? union(set, previous.set) : set })
  }
  capUpdaters(managers)
  return managers
}

/** A write that changes nothing but times is no write: the old times stay. */
export const keepTimes = (
  entries: ManagedFieldsEntry[],
  before: readonly ManagedFieldsEntry[],
): ManagedFieldsEntry[] => {
  if (entries.length !== before.length) return entries
  const same = entries.every((entry, i) => {
    const { time: _, ...now } = entry
    const { time: __, ...old } = before[i] as ManagedFieldsEntry
    return equal(now as JsonObject, old as JsonObject)
  })
  return same ? [...before] : entries
}
