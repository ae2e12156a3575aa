import type { KubeObject, ResourceType } from '../api/meta.ts'
import { fieldManager } from '../api/names.ts'
import { isAlreadyExists, isNotFound, type KubeClient } from '../kube/client.ts'

/** Writes an object that is wholly the sync's own, whether it is there or not. `exists` is a guess that saves a request. */
export async function putObject(
  client: KubeClient,
  type: ResourceType,
  object: KubeObject,
  { exists, signal }: { exists: boolean; signal: AbortSignal },
): Promise<void> {
  const options = { fieldManager: fieldManager.sync, signal }
  try {
    if (exists) await client.update(type, object, options)
    else await client.create(type, object, options)
  } catch (error) {
    if (exists && isNotFound(error)) await client.create(type, object, options)
    else if (!exists && isAlreadyExists(error)) await client.update(type, object, options)
    else throw error
  }
}
