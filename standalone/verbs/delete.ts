import { admitDelete } from '../admission/admission.ts'
import type { ApiResponse } from '../api.ts'
import type { Call } from '../call.ts'
import { answer } from '../http/negotiate.ts'
import { conflict, notFound, success } from '../http/status.ts'
import { metaOf, timeText } from '../object.ts'
import { storedText } from '../registry/codec.ts'
import type { JsonObject } from '../schema/contract.ts'
import type { Stored } from '../store/reader.ts'
import type { Transaction } from '../store/writer.ts'
import { answerObject } from './answer.ts'
import { beginDeletion } from './begin-deletion.ts'
import { type DeleteOptions, deleteOptions } from './delete-options.ts'
import { isHeld, liveObject, removeObject } from './persist.ts'

/** Finalizers by which the garbage collector is told what to do with dependents. */
export const GarbageFinalizer = { Orphan: 'orphan', Foreground: 'foregroundDeletion' } as const

export const deleteObject = async (call: Call): Promise<ApiResponse> => {
  const options = deleteOptions(call)
  return call.backend.store.write((tx) => {
    const live = liveObject(tx, call, call.name)
    if (!live) throw notFound(call.served.resource, call.name)
    const { object, gone } = deleteLive(tx, call, live.stored, live.object, options)
    const { resource } = call.served
    if (!gone || resource.rules.deleteAnswersObject) return answerObject(call, 200, object)
    const { uid } = metaOf(object)
    const details = {
      name: call.name,
      ...(resource.group && { group: resource.group }),
      kind: resource.plural,
      ...(uid && { uid }),
    }
    return answer(200, success(details), call.representation, call.warnings)
  })
}

/** Removes an object, or marks it as in deletion while finalizers hold it. */
export const deleteLive = (
  tx: Transaction,
  call: Pick<Call, 'served' | 'backend'>,
  stored: Stored,
  live: JsonObject,
  options: DeleteOptions,
): { object: JsonObject; gone: boolean } => {
  checkPreconditions(call, live, options)
  admitDelete(call, live)
  const object = structuredClone(live)
  const meta = metaOf(object)
  const finalizers = finalizersFor(meta.finalizers ?? [], options)
  if (finalizers.length > 0) meta.finalizers = finalizers
  else delete meta.finalizers
  const first = meta.deletionTimestamp === undefined
  if (first) beginDeletion(object)

  if (!isHeld(object)) {
    if (options.dryRun) return { object: live, gone: true }
    const revision = removeObject(tx, call, live)
    return {
      object: { ...live, metadata: { ...(live.metadata as JsonObject), resourceVersion: String(revision) } },
      gone: true,
    }
  }
  const unchanged = finalizers.join() === (metaOf(live).finalizers ?? []).join()
  if (!first && unchanged) return { object: live, gone: false }
  if (first) {
    meta.deletionTimestamp = timeText(call.backend.clock())
    if (!isNamespace(object)) meta.deletionGracePeriodSeconds = 0
    if (meta.generation !== undefined && meta.generation > 0) meta.generation += 1
  }
  if (!options.dryRun) {
    tx.put(call.served.resource.storage, stored.path, (revision) => storedText(call.served, object, revision))
  }
  return { object, gone: false }
}

const isNamespace = ({ apiVersion, kind }: JsonObject): boolean => apiVersion === 'v1' && kind === 'Namespace'

const checkPreconditions = (
  { served }: Pick<Call, 'served'>,
  live: JsonObject,
  { preconditions }: DeleteOptions,
): void => {
  const { uid, resourceVersion, name } = metaOf(live)
  // Named by kind, as kube-apiserver does.
  const subject = { group: served.model.group, plural: served.model.kind }
  if (preconditions.uid !== undefined && preconditions.uid !== uid) {
    throw conflict(
      subject,
      name!,
      `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    )
  }
  if (preconditions.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion) {
    throw conflict(
      subject,
      name!,
      `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    )
  }
}

/** The propagation policy becomes a finalizer, on which the garbage collector acts. */
const finalizersFor = (current: readonly string[], { propagationPolicy }: DeleteOptions): string[] => {
  if (propagationPolicy === undefined) return [...current]
  const { Orphan, Foreground } = GarbageFinalizer
  const rest = current.filter((finalizer) => finalizer !== Orphan && finalizer !== Foreground)
  if (propagationPolicy === 'Orphan') return [...rest, Orphan]
  if (propagationPolicy === 'Foreground') return [...rest, Foreground]
  return rest
}
