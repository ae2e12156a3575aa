import type { CommonStatus, KubeObject, ResourceType } from '../api/meta.ts'
import { fieldManager } from '../api/names.ts'
import { getOrUndefined } from '../engine/finalizers.ts'
import type { KubeClient } from '../kube/client.ts'
import { isConflict, isNotFound } from '../kube/client.ts'
import { mergeDiff } from './merge-diff.ts'

const ATTEMPTS = 5

/**
 * Writes a status as a diff from the object the pass began with; nothing when nothing changed. The version guards against an
 * object of the same name made anew: when somebody edited the spec meanwhile, the same diff still holds and is sent again.
 * Resolves with what was written, `undefined` when there was nothing to write or nobody to write to.
 */
export const patchStatus = async <T extends KubeObject<unknown, CommonStatus>>(
  client: KubeClient,
  type: ResourceType,
  object: Readonly<T>,
  status: CommonStatus,
  signal: AbortSignal,
): Promise<T | undefined> => {
  // Through JSON, as the API will see it: keys that are `undefined` are absent.
  const diff = mergeDiff(object.status ?? {}, JSON.parse(JSON.stringify(status)))
  if (diff === undefined) return undefined
  let live: Readonly<T> = object
  for (let attempt = 1; ; attempt++) {
    const body = { metadata: { resourceVersion: live.metadata.resourceVersion }, status: diff }
    try {
      return await client.patch<T>(
        type,
        live.metadata,
        { type: 'merge', body },
        { subresource: 'status', fieldManager: fieldManager.controller, signal },
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
