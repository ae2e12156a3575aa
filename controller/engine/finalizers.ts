import type { KubeObject, ResourceType } from '../api/meta.ts'
import { FINALIZER, fieldManager } from '../api/names.ts'
import type { KubeClient } from '../kube/client.ts'
import { patchAsRead } from '../kube/patch-as-read.ts'

export const hasFinalizer = (object: Readonly<KubeObject>): boolean =>
  object.metadata.finalizers?.includes(FINALIZER) === true

/** The object as it is after the write; `undefined` when it is gone or was made anew meanwhile. */
export const addFinalizer = <T extends KubeObject>(
  client: KubeClient,
  type: ResourceType,
  object: Readonly<T>,
  signal: AbortSignal,
): Promise<T | undefined> =>
  patchAsRead(
    client,
    type,
    object,
    (live) =>
      hasFinalizer(live) || live.metadata.deletionTimestamp !== undefined
        ? undefined
        : { metadata: { finalizers: [...(live.metadata.finalizers ?? []), FINALIZER] } },
    { fieldManager: fieldManager.controller, signal },
  )

/** Lets the deletion go on. */
export const removeFinalizer = <T extends KubeObject>(
  client: KubeClient,
  type: ResourceType,
  object: Readonly<T>,
  signal: AbortSignal,
): Promise<T | undefined> =>
  patchAsRead(
    client,
    type,
    object,
    (live) =>
      hasFinalizer(live)
        ? { metadata: { finalizers: live.metadata.finalizers?.filter((finalizer) => finalizer !== FINALIZER) } }
        : undefined,
    { fieldManager: fieldManager.controller, signal },
  )
