import type { KubeObject, ResourceType } from '../api/meta.ts'
import { FINALIZER, fieldManager } from '../api/names.ts'
import type { KubeClient } from '../kube/client.ts'
import { isConflict, isNotFound } from '../kube/client.ts'

/** Somebody else may change the object between our read and our write; so often we look again before giving up the pass. */
const ATTEMPTS = 5

export const hasFinalizer = (object: Readonly<KubeObject>): boolean =>
  object.metadata.finalizers?.includes(FINALIZER) === true

/** The object as it is after the write; `undefined` when it is gone or was made anew meanwhile. */
export const addFinalizer = <T extends KubeObject>(
  client: KubeClient,
  type: ResourceType,
  object: Readonly<T>,
  signal: AbortSignal,
): Promise<T | undefined> =>
  changeMetadata(client, type, object, signal, (live) =>
    hasFinalizer(live) || live.metadata.deletionTimestamp !== undefined
      ? undefined
      : [...(live.metadata.finalizers ?? []), FINALIZER],
  )

/** Lets the deletion go on. */
export const removeFinalizer = <T extends KubeObject>(
  client: KubeClient,
  type: ResourceType,
  object: Readonly<T>,
  signal: AbortSignal,
): Promise<T | undefined> =>
  changeMetadata(client, type, object, signal, (live) =>
    hasFinalizer(live) ? live.metadata.finalizers?.filter((finalizer) => finalizer !== FINALIZER) : undefined,
  )

/**
 * A list is replaced as a whole, so the write names the version it was read at: finalizers that others added meanwhile must
 * survive.
 */
const changeMetadata = async <T extends KubeObject>(
  client: KubeClient,
  type: ResourceType,
  object: Readonly<T>,
  signal: AbortSignal,
  finalizersOf: (live: Readonly<T>) => string[] | undefined,
): Promise<T | undefined> => {
  let live: Readonly<T> = object
  for (let attempt = 1; ; attempt++) {
    const finalizers = finalizersOf(live)
    if (finalizers === undefined) return live as T
    const body = { metadata: { resourceVersion: live.metadata.resourceVersion, finalizers } }
    try {
      return await client.patch<T>(
        type,
        live.metadata,
        { type: 'merge', body },
        { fieldManager: fieldManager.controller, signal },
      )
    } catch (error) {
      if (isNotFound(error)) return undefined
      if (!isConflict(error) || attempt === ATTEMPTS) throw error
      const current = await getOrUndefined<T>(client, type, live, signal)
      if (current === undefined) return undefined
      live = current
    }
  }
}

/** The same object (not one of the same name made later) as it is now. */
export const getOrUndefined = async <T extends KubeObject>(
  client: KubeClient,
  type: ResourceType,
  object: Readonly<T>,
  signal: AbortSignal,
): Promise<T | undefined> => {
  try {
    const live = await client.get<T>(type, object.metadata, { signal })
    return live.metadata.uid === object.metadata.uid ? live : undefined
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
