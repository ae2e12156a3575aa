/** Server-side apply: a pure function of the live object with its managers, the applied configuration and the schema. */
import type { ApplyRequest, Json, JsonObject, ServerSideApply } from '../schema/contract.ts'
import { badRequest, internal } from '../schema/faults.ts'
import { clone, equal, isObject, marshal } from '../schema/go.ts'
import { difference, type FieldSet } from './field-set.ts'
import { decodeManagers, encodeManagers, identify, type Managers } from './managers.ts'
import {
  apiVersionOf,
  emptyObject,
  entriesOf,
  keepTimes,
  kindOf,
  managerFor,
  ownable,
  recordUpdate,
  withoutEntries,
} from './shared.ts'
import { compare, showFaults, toFieldSet, typedFaults } from './typed.ts'
import { ApplyConflict, applyConfig, conflictFault, type Kind, remaining } from './updater.ts'

const BEFORE_FIRST_APPLY = 'before-first-apply'
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
/** The manager of `kubectl apply --server-side`, which takes over from client-side apply. */
const KUBECTL = 'kubectl'

const gvkOf = (object: JsonObject): string => {
  const apiVersion = typeof object.apiVersion === 'string' ? object.apiVersion : ''
  const full = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`
  return `${full}, Kind=${typeof object.kind === 'string' ? object.kind : ''}`
}

const text = (object: JsonObject, key: string): string => {
  const value = isObject(object.metadata) ? object.metadata[key] : undefined
  return typeof value === 'string' ? value : ''
}

const describe = (object: JsonObject): string =>
  `${text(object, 'namespace')}/${text(object, 'name')}; ${gvkOf(object)}`

const checkBody = ({ model, applied }: ApplyRequest): void => {
  if (applied.apiVersion !== apiVersionOf(model) || applied.kind !== model.kind)
    throw badRequest(`invalid object type: ${gvkOf(applied)}`)
  const faults = typedFaults(applied, model.fields, false)
  const managed = isObject(applied.metadata) ? applied.metadata.managedFields : undefined
  if (managed !== undefined && managed !== null) throw badRequest('metadata.managedFields must be nil')
  if (faults.length) throw internal(`failed to create typed patch object (${describe(applied)}): ${showFaults(faults)}`)
}

const liveManagers = (request: ApplyRequest, live: JsonObject, kind: Kind): Managers => {
  let managers: Managers
  try {
    managers = decodeManagers(entriesOf(request.live))
  } catch (error) {
    throw internal(`failed to decode managed fields: ${(error as Error).message}`)
  }
  if (managers.size) return managers
  // Nobody is known to own what is there: somebody must, or the first applier could overwrite it unasked.
  const updater = managerFor(BEFORE_FIRST_APPLY, 'Update', kind.apiVersion, request.subresource)
  return recordUpdate(emptyObject(request.model), live, managers, updater, request.time, kind)
}

const lastApplied = (object: JsonObject): string => {
  const annotations =
    isObject(object.metadata) && isObject(object.metadata.annotations) ? object.metadata.annotations : {}
  const value = annotations[LAST_APPLIED]
  return typeof value === 'string' ? value : ''
}

/** What client-side apply set and nobody changed since: kubectl may take that without a conflict. */
const takeableByKubectl = (live: JsonObject, kind: Kind): FieldSet | undefined => {
  const annotation = lastApplied(live)
  if (!annotation) return undefined
  try {
    const config = JSON.parse(annotation) as Json
    if (!isObject(config) || config.apiVersion !== kind.apiVersion) return undefined
    if (typedFaults(config, kind.type, false).length) return undefined
    const { added, modified, removed } = compare(config, live, kind.type)
    return difference(difference(difference(toFieldSet(config, kind.type), modified), added), removed)
  } catch {
    return undefined
  }
}

const asFault = (error: unknown, live: JsonObject, request: ApplyRequest, kind: Kind): unknown => {
  if (!(error instanceof ApplyConflict)) return error
  if (request.manager !== KUBECTL) return conflictFault(error.conflicts, identify)
  const allowed = takeableByKubectl(live, kind)
  if (!allowed) return conflictFault(error.conflicts, identify)
  const rest = remaining(error.conflicts, allowed)
  return rest.length ? conflictFault(rest, identify) : undefined
}

/** Keeps the annotation of client-side apply in step, so that a user may go back to it. */
const refreshLastApplied = (object: JsonObject, applied: JsonObject, manager: string): void => {
  if (manager !== KUBECTL || !lastApplied(object)) return
  const config = clone(applied)
  if (isObject(config.metadata) && isObject(config.metadata.annotations))
    delete config.metadata.annotations[LAST_APPLIED]
  const annotations = (object.metadata as JsonObject).annotations as JsonObject
  annotations[LAST_APPLIED] = `${marshal(config)}\n`
}

export const serverSideApply: ServerSideApply = (request) => {
  const { model, applied, manager, force, subresource, time, modelOf } = request
  checkBody(request)
  const kind = kindOf(model, subresource, modelOf)
  const live = request.live ? withoutEntries(request.live) : emptyObject(model)
  const liveFaults = typedFaults(live, model.fields, true)
  if (liveFaults.length)
    throw internal(`failed to create typed live object (${describe(live)}): ${showFaults(liveFaults)}`)
  const managers = liveManagers(request, live, kind)
  const applier = managerFor(manager, 'Apply', kind.apiVersion, subresource)
  const self = { id: identify(applier), manager: applier }

  let outcome: ReturnType<typeof applyConfig>
  try {
    outcome = applyConfig(live, applied, managers, self, force, kind)
  } catch (error) {
    const fault = asFault(error, live, request, kind)
    if (fault) throw fault
    outcome = applyConfig(live, applied, managers, self, true, kind)
  }

  const entry = outcome.managers.get(self.id)
  if (entry) {
    const set = ownable(entry.set)
    if (set.size)
      outcome.managers.set(self.id, { ...entry, set, time: outcome.object === undefined ? entry.time : time })
    else outcome.managers.delete(self.id)
  }
  const object = clone(isObject(outcome.object) ? outcome.object : live)
  if (outcome.object !== undefined) {
    model.decodeMerged(object)
    model.applyDefaults(object)
  }
  refreshLastApplied(object, applied, manager)
  const unchanged = request.live !== undefined && equal(object, live)
  const encoded = encodeManagers(outcome.managers)
  const entries = encoded && unchanged ? keepTimes(encoded, entriesOf(request.live)) : encoded
  object.metadata = { ...(isObject(object.metadata) ? object.metadata : {}) }
  if (entries) object.metadata.managedFields = entries as unknown as Json
  return {
    object,
    changed: !unchanged || !equal((entries ?? []) as unknown as Json, entriesOf(request.live) as unknown as Json),
  }
}
