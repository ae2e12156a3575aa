import type { KubeObject, ObjectMeta, ResourceType } from '../api/meta.ts'
import { getOrUndefined, isConflict, isNotFound, type KubeClient } from './client.ts'

/** Somebody else may change the object between our read and our write; so often we look again before giving up. */
const ATTEMPTS = 5

/** What is merged into an object. */
export interface ObjectChange {
  metadata?: Partial<ObjectMeta>
  status?: unknown
}

/**
 * Merges a change into an object as it was read. The write names that version, so that it never lands on an object of the same
 * name made later, nor on a list that others added to; when somebody wrote meanwhile, `changeOf` is asked again about what is
 * there now. It answers `undefined` when there is nothing to write. Resolves with the object as it is then; `undefined` when it is
 * gone or was made anew.
 */
export const patchAsRead = async <T extends KubeObject>(
  client: KubeClient,
  type: ResourceType,
  object: Readonly<T>,
  changeOf: (live: Readonly<T>) => ObjectChange | undefined,
  options: { fieldManager: string; subresource?: 'status'; signal: AbortSignal },
): Promise<T | undefined> => {
  let live: Readonly<T> = object
  for (let attempt = 1; ; attempt++) {
    const change = changeOf(live)
    if (change === undefined) return live as T
    const body = { ...change, metadata: { ...change.metadata, resourceVersion: live.metadata.resourceVersion } }
    try {
      return await client.patch<T>(type, live.metadata, { type: 'merge', body }, options)
    } catch (error) {
      if (isNotFound(error)) return undefined
      if (!isConflict(error) || attempt === ATTEMPTS) throw error
      const current = await getOrUndefined<T>(client, type, live.metadata, options.signal)
      if (current === undefined || current.metadata.uid !== object.metadata.uid) return undefined
      live = current
    }
  }
}
