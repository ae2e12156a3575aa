import type { CommonStatus, KubeObject, ResourceType } from '../api/meta.ts'
import { fieldManager } from '../api/names.ts'
import type { KubeClient } from '../kube/client.ts'
import { patchAsRead } from '../kube/patch-as-read.ts'
import { mergeDiff } from './merge-diff.ts'

/**
 * Writes a status as a diff from the object the pass began with; nothing when nothing changed. When somebody edited the spec
 * meanwhile, the same diff still holds and is sent again. Resolves with the object as it is then, `undefined` when there is none to write
 * to any more.
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
  if (diff === undefined) return object as T
  const options = { subresource: 'status', fieldManager: fieldManager.controller, signal } as const
  return patchAsRead(client, type, object, () => ({ status: diff }), options)
}
