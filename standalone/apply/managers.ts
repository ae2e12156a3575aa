/** `metadata.managedFields`: who owns which fields, as a table by manager. */
import type { ManagedFieldsEntry } from '../../controller/api/meta.ts'
import type { JsonObject } from '../schema/contract.ts'
import { isObject, quote } from '../schema/go.ts'
import { decodeFields, encodeFields, type FieldSet, union } from './field-set.ts'

export interface Manager {
  name: string
  operation: 'Apply' | 'Update'
  /** The version that the set is written for. */
  apiVersion: string
  subresource: string
  /** RFC 3339; absent when nothing but ownership ever changed. */
  time: string | undefined
  set: FieldSet
}

/** Managers by identity. The identity of an applier does not depend on the version it applied in. */
export type Managers = Map<string, Manager>

export const identify = ({ name, operation, apiVersion, subresource }: Omit<Manager, 'set' | 'time'>): string =>
  JSON.stringify({
    ...(name ? { manager: name } : {}),
    operation,
    ...(operation === 'Update' ? { apiVersion } : {}),
    ...(subresource ? { subresource } : {}),
  })

/** @throws Error when an entry is not one that a server wrote */
export const decodeManagers = (entries: readonly ManagedFieldsEntry[]): Managers => {
  const managers: Managers = new Map()
  entries.forEach((entry, i) => {
    if (entry.operation !== 'Apply' && entry.operation !== 'Update')
      throw new Error('operation must be `Apply` or `Update`')
    if (!entry.apiVersion) throw new Error('apiVersion must not be empty')
    if (!entry.fieldsType) throw new Error(`missing fieldsType in managed fields entry ${i}`)
    if (entry.fieldsType !== 'FieldsV1')
      throw new Error(`invalid fieldsType ${quote(entry.fieldsType)} in managed fields entry ${i}`)
    const manager: Manager = {
      name: entry.manager ?? '',
      operation: entry.operation,
      apiVersion: entry.apiVersion,
      subresource: entry.subresource ?? '',
      time: entry.time,
      set: decodeFields(isObject(entry.fieldsV1) ? (entry.fieldsV1 as JsonObject) : {}),
    }
    managers.set(identify(manager), manager)
  })
  return managers
}

const before = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Whole seconds, so that entries of one second stand by name. */
const seconds = (time: string | undefined): number => (time ? Math.floor(Date.parse(time) / 1000) : 0)

export const encodeManagers = (managers: Managers): ManagedFieldsEntry[] | undefined => {
  if (managers.size === 0) return undefined
  const sorted = [...managers.values()].sort(
    (a, b) =>
      before(a.operation, b.operation) ||
      seconds(a.time) - seconds(b.time) ||
      before(a.name, b.name) ||
      before(a.apiVersion, b.apiVersion) ||
      before(a.subresource, b.subresource),
  )
  return sorted.map(({ name, operation, apiVersion, time, set, subresource }) => ({
    ...(name ? { manager: name } : {}),
    operation,
    apiVersion,
    ...(time ? { time } : {}),
    fieldsType: 'FieldsV1',
    fieldsV1: encodeFields(set),
    ...(subresource ? { subresource } : {}),
  }))
}

const MAX_UPDATERS = 10
const BUCKET = 'ancient-changes'

/** More than ten updaters: the oldest of each version are merged into one, so that the list stays short. In place. */
export const capUpdaters = (managers: Managers): void => {
  const updaters = [...managers].filter(([, { operation }]) => operation === 'Update')
  if (updaters.length <= MAX_UPDATERS) return
  updaters.sort(([idA, a], [idB, b]) => seconds(a.time) - seconds(b.time) || before(idA, idB))
  const firstOf = new Map<string, string>()
  let count = updaters.length
  for (const [id, manager] of updaters) {
    if (count <= MAX_UPDATERS) return
    const { apiVersion } = manager
    const first = firstOf.get(apiVersion)
    if (first === undefined) {
      firstOf.set(apiVersion, id)
      continue
    }
    const bucket: Manager = {
      name: BUCKET,
      operation: 'Update',
      apiVersion,
      subresource: '',
      time: manager.time,
      set: manager.set,
    }
    const bucketId = identify(bucket)
    if (id === bucketId) continue
    let collected = managers.get(bucketId)
    if (!collected) {
      collected = managers.get(first)
      managers.delete(first)
    }
    managers.delete(id)
    managers.set(bucketId, { ...bucket, set: collected ? union(manager.set, collected.set) : manager.set })
    count--
  }
}

/** As conflicts name it: `"kubectl"`, `"upd" using v1`, `"x" with subresource "status"`. */
export const showManager = ({ name, operation, apiVersion, subresource }: Manager): string =>
  `${quote(name)}${subresource ? ` with subresource ${quote(subresource)}` : ''}${operation === 'Update' ? ` using ${apiVersion}` : ''}`
