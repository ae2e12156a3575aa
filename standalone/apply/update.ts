/** Who owns what after a create, an update or a patch that is no apply. */
import type { ManagerOf, TrackUpdate } from '../schema/contract.ts'
import { equal, isObject } from '../schema/go.ts'
import { decodeManagers, encodeManagers, type Managers } from './managers.ts'
import {
  apiVersionOf,
  emptyObject,
  entriesOf,
  keepTimes,
  kindOf,
  managerFor,
  recordUpdate,
  withoutEntries,
} from './shared.ts'
import { typedFaults } from './typed.ts'

export const managerOf: ManagerOf = (fieldManager, userAgent) => {
  if (fieldManager) return fieldManager
  const agent = userAgent ?? ''
  const slash = agent.indexOf('/')
  const prefix = (slash < 0 ? agent : agent.slice(0, slash)).replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '')
  return Buffer.byteLength(prefix) <= 128
    ? prefix
    : Buffer.from(prefix)
        .subarray(0, 128)
        .toString()
        .replace(/\ufffd$/, '')
}

const decodeOrNone = (entries: ReturnType<typeof entriesOf>): Managers => {
  try {
    return decodeManagers(entries)
  } catch {
    return new Map()
  }
}

/** The client may hand managedFields back, edit or clear them; what cannot be read is ignored. */
const startingPoint = ({ old, object, subresource }: Parameters<TrackUpdate>[0]): Managers => {
  if (subresource) return decodeOrNone(entriesOf(old))
  const wished = entriesOf(object)
  const [only] = wished
  if (wished.length === 1 && only && Object.keys(only).length === 0) return new Map()
  const managers = decodeOrNone(wished)
  return managers.size ? managers : decodeOrNone(entriesOf(old))
}

export const trackUpdate: TrackUpdate = (request) => {
  const { model, old, object, manager, subresource, time, modelOf } = request
  const given = startingPoint(request)
  // An object whose owners were cleared is not tracked again until somebody applies it.
  if (given.size === 0 && old) return undefined
  const next = withoutEntries(object)
  const live = old ? withoutEntries(old) : emptyObject(model)
  if (typedFaults(next, model.fields, true).length) return undefined
  if (old && typedFaults(live, model.fields, true).length) return undefined
  const updater = managerFor(manager, 'Update', apiVersionOf(model), subresource)
  const entries = encodeManagers(recordUpdate(live, next, given, updater, time, kindOf(model, subresource, modelOf)))
  if (!entries || !old || !isObject(old.metadata)) return entries
  return equal(live, next) ? keepTimes(entries, entriesOf(old)) : entries
}
