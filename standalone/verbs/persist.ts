import { admitCreate, admitUpdate } from '../admission/admission.ts'
import { trackUpdate } from '../apply/update.ts'
import type { Call } from '../call.ts'
import { alreadyExists, conflict, invalidObject, objectModified, StatusError } from '../http/status.ts'
import { metaOf, pathOf, timeText, valueAt } from '../object.ts'
import { servedObject, storedText } from '../registry/codec.ts'
import type { JsonObject, Subresource } from '../schema/contract.ts'
import { badRequest, internal } from '../schema/faults.ts'
import { invalidValue } from '../schema/field.ts'
import { equal } from '../schema/go.ts'
import type { Stored } from '../store/reader.ts'
import type { Transaction } from '../store/writer.ts'

/** How a write is recorded. */
export interface Writing {
  dryRun: boolean
  /** Whom managedFields name; undefined when the object's managedFields are final already (server-side apply). */
  manager: string | undefined
  /** A uid in the object must be that of what is stored (PUT), or else is an immutable field like others. */
  uidIsPrecondition?: boolean
}

const GENERATED_LENGTH = 5
/** Names are cut so that the generated ones stay within a DNS label. */
const GENERATE_BASE_MAX = 58

/** @throws Fault 400 when the body does not name the object of the path. */
export const checkName = (call: Call, object: JsonObject): void => {
  const { name } = metaOf(object)
  if (!name) {
    throw badRequest(`the name of the object (${call.name} based on URL) was undeterminable: name must be provided`)
  }
  if (name !== call.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${call.name})`)
  }
}

/** @throws Fault 400 when the body names another namespace than the path. */
export const settleNamespace = (call: Call, object: JsonObject): void => {
  const meta = metaOf(object)
  if (!call.served.resource.namespaced) {
    delete meta.namespace
    return
  }
  if (meta.namespace && meta.namespace !== call.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  meta.namespace = call.namespace
}

/** A POST says that nothing is there yet; PUT and apply may come to create without having meant to. */
export const refuseVersion = (object: JsonObject): void => {
  const { resourceVersion } = metaOf(object)
  if (resourceVersion && resourceVersion !== '0') {
    throw internal('resourceVersion should not be set on objects to be created')
  }
}

/** A field of old, which no server fills any more and none keeps. */
const dropSelfLink = (meta: object): void => {
  delete (meta as { selfLink?: unknown }).selfLink
}

/** Fills in what a new object gets from the server. */
export const settleNew = (call: Call, object: JsonObject): void => {
  const { backend } = call
  const meta = metaOf(object)
  delete meta.resourceVersion
  if (!meta.name && call.name) meta.name = call.name
  if (!meta.name && meta.generateName) {
    meta.name = meta.generateName.slice(0, GENERATE_BASE_MAX) + backend.randomSuffix(GENERATED_LENGTH)
  }
  delete meta.deletionTimestamp
  delete meta.deletionGracePeriodSeconds
  dropSelfLink(meta)
  meta.uid = backend.newUid()
  meta.creationTimestamp = timeText(backend.clock())
}

/** What validation errors are about. Events of both groups are checked as one kind. */
const subjectOf = ({ served: { model, resource } }: Call): { group: string; kind: string } => ({
  group: resource.storage === 'events' ? '' : model.group,
  kind: model.kind,
})

/** An object after it was written. */
export interface Written {
  object: JsonObject
  /** Of the object, where this version shows it as it is stored. */
  text?: string
}

const put = (tx: Transaction, { served }: Call, path: string, object: JsonObject): Written => {
  const { text } = tx.put(served.resource.storage, path, (revision) => storedText(served, object, revision))
  return served.convert ? { object } : { object, text }
}

/** Checks and stores a new object. */
export const createObject = (tx: Transaction, call: Call, object: JsonObject, writing: Writing): Written => {
  const { served, backend } = call
  const { model, resource } = served
  const meta = metaOf(object)
  const time = timeText(backend.clock())
  // In this order: what the server itself fills in belongs to nobody.
  if (writing.manager !== undefined) setManagedFields(call, object, undefined, writing.manager, time)
  model.prepareForCreate(object)
  admitCreate(tx, call, object)
  const causes = model.validate(object, {})
  if (causes.length > 0) throw invalidObject(subjectOf(call), meta.name ?? '', causes)

  model.dropNulls(object)

  const path = pathOf(meta.namespace, meta.name!)
  const existing = tx.get(resource.storage, path)
  if (existing) {
    const { deletionTimestamp } = metaOf(JSON.parse(existing.text) as JsonObject)
    throw alreadyExists(resource, meta.name!, deletionTimestamp ? 'object is being deleted: ' : '')
  }
  warnOfFinalizers(call, object)
  return writing.dryRun ? { object } : put(tx, call, path, object)
}

/** Finalizers that Kubernetes itself has a meaning for. */
const STANDARD_FINALIZERS = ['kubernetes', 'orphan', 'foregroundDeletion']

/** Two controllers may well come upon the same short word. */
const warnOfFinalizers = ({ served: { model }, warnings }: Call, object: JsonObject, old: JsonObject = {}): void => {
  if (!model.custom) return
  const { finalizers: before = [] } = metaOf(old)
  for (const name of [...new Set(metaOf(object).finalizers)].sort()) {
    if (before.includes(name) || name.includes('/') || STANDARD_FINALIZERS.includes(name)) continue
    warnings.push(
      `metadata.finalizers: ${JSON.stringify(name)}: prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
    )
  }
}

export const setManagedFields = (
  call: Pick<Call, 'served' | 'backend' | 'subresource'>,
  object: JsonObject,
  old: JsonObject | undefined,
  manager: string,
  time: string,
): void => {
  const { served, backend } = call
  const managedFields = trackUpdate({
    model: served.model,
    old,
    object,
    manager,
    subresource: subresourceOf(call),
    time,
    modelOf: (apiVersion) => backend.registry.byKind(apiVersion, served.model.kind)?.model,
  })
  const meta = metaOf(object)
  if (managedFields && managedFields.length > 0) meta.managedFields = managedFields
  else delete meta.managedFields
}

export const subresourceOf = ({ subresource }: Pick<Call, 'subresource'>): Subresource =>
  subresource === 'status' ? 'status' : ''

/** Checks and stores an object over `stored`; without a change nothing is written. */
export const updateObject = (
  tx: Transaction,
  call: Call,
  stored: Stored,
  old: JsonObject,
  object: JsonObject,
  writing: Writing,
): Written => {
  const { served, backend } = call
  const { model } = served
  const meta = metaOf(object)
  const oldMeta = metaOf(old)
  const name = oldMeta.name!

  checkPreconditions(call, object, old, writing)
  meta.resourceVersion = oldMeta.resourceVersion!
  dropSelfLink(meta)
  meta.uid ||= oldMeta.uid!
  meta.creationTimestamp = oldMeta.creationTimestamp!
  if (oldMeta.generation !== undefined) meta.generation = oldMeta.generation
  if (writing.manager !== undefined) {
    setManagedFields(call, object, old, writing.manager, timeText(backend.clock()))
  }
  model.prepareForUpdate(object, old, subresourceOf(call))
  admitUpdate(call, object, old)
  const causes = model.validate(object, { old, subresource: subresourceOf(call) })
  if (causes.length > 0) throw invalidObject(subjectOf(call), name, causes)

  model.dropNulls(object)
  warnOfFinalizers(call, object, old)

  if (isReleased(object, old)) {
    // Watchers see what was there last, finalizer and all.
    if (!writing.dryRun) removeObject(tx, call, old)
    return { object }
  }
  if (equal(withoutTimes(object), withoutTimes(old))) return { object: old }
  return writing.dryRun ? { object } : put(tx, call, stored.path, object)
}

/** When its managers wrote last is no change by itself: they may have written what nobody keeps. */
const withoutTimes = (object: JsonObject): JsonObject => {
  const { managedFields = [], ...metadata } = object.metadata as JsonObject
  const entries = (managedFields as JsonObject[]).map(({ time: _, ...entry }) => entry)
  return { ...object, metadata: { ...metadata, managedFields: entries } }
}

/** uid and resourceVersion in the object make an update conditional. */
const checkPreconditions = (call: Call, object: JsonObject, old: JsonObject, { uidIsPrecondition }: Writing): void => {
  const { resource } = call.served
  const meta = metaOf(object)
  const oldMeta = metaOf(old)
  const name = oldMeta.name!
  if (uidIsPrecondition && meta.uid && meta.uid !== oldMeta.uid) {
    throw conflict(
      resource,
      name,
      `StorageError: invalid object, Code: 4, Key: ${storageKey(call, name)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${meta.uid}, UID in object meta: ${oldMeta.uid}`,
    )
  }
  const { resourceVersion = '' } = meta
  if (!/^\d*$/.test(resourceVersion)) {
    throw internal(`strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`)
  }
  if (resourceVersion === '' || resourceVersion === '0') {
    if (resource.rules.unconditionalUpdate) return
    throw new StatusError(
      422,
      'Invalid',
      `${resource.group ? `${resource.plural}.${resource.group}` : resource.plural} ${JSON.stringify(name)} is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update`,
      {
        name,
        ...(resource.group && { group: resource.group }),
        kind: resource.plural,
        causes: [invalidValue('metadata.resourceVersion', 0, 'must be specified for an update')],
      },
    )
  }
  if (resourceVersion !== oldMeta.resourceVersion) throw objectModified(resource, name)
}

const storageKey = ({ served: { resource }, namespace }: Call, name: string): string =>
  `/registry/${resource.custom ? `${resource.group}/` : ''}${resource.plural}/${namespace ? `${namespace}/` : ''}${name}`

/** An object in deletion goes with its last finalizer. Namespaces hold theirs in the spec too. */
const isReleased = (object: JsonObject, old: JsonObject): boolean =>
  metaOf(old).deletionTimestamp !== undefined && !isHeld(object)

/** Something must still happen before the object may go. */
export const isHeld = (object: JsonObject): boolean => {
  const held = (finalizers: unknown): boolean => Array.isArray(finalizers) && finalizers.length > 0
  const inSpec = object.kind === 'Namespace' && object.apiVersion === 'v1' && held(valueAt(object, 'spec.finalizers'))
  return inSpec || held(metaOf(object).finalizers)
}

/** Removes an object; watchers see it at the revision of the removal, which is answered. `object` keeps the one it had. */
export const removeObject = (tx: Transaction, { served }: Pick<Call, 'served'>, object: JsonObject): number => {
  const { namespace, name } = metaOf(object)
  const { revision } = tx.remove(served.resource.storage, pathOf(namespace, name!), (revision) =>
    storedText(served, { ...object, metadata: { ...(object.metadata as JsonObject) } }, revision),
  )
  return revision
}

/** What is stored under the call's name. @throws StatusError 404. */
export const liveObject = (
  tx: Pick<Transaction, 'get'>,
  call: Call,
  name: string,
): { stored: Stored; object: JsonObject } | undefined => {
  const stored = tx.get(call.served.resource.storage, pathOf(call.namespace, name))
  return stored && { stored, object: servedObject(call.served, stored) }
}
