import type { CommonStatus, KubeObject, ResourceType } from '../controller/api/meta.ts'
import { annotation } from '../controller/api/names.ts'
import { type ResourceSync, resourceSyncKind } from '../controller/api/v1alpha1/resource-sync.ts'
import { isNotFound } from '../controller/kube/client.ts'
import type { CommandContext, Connection } from './context.ts'
import { CommandError } from './exit.ts'

export type AnyObject = KubeObject<Record<string, unknown>, CommonStatus>

/** The object of a kind by `metadata.name` or by its exact Komodo name. */
export const findObject = async <T extends KubeObject = AnyObject>(
  { client, namespace }: Connection,
  type: ResourceType,
  name: string,
  signal: AbortSignal,
): Promise<T> => {
  if (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)) {
    try {
      return await client.get<T>(type, { namespace, name }, { signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  const { items } = await client.list<T>(type, { namespace, signal })
  const found = items.find(({ metadata }) => metadata.annotations?.[annotation.name] === name)
  if (found !== undefined) return found
  throw new CommandError(`there is no ${type.kind} "${name}" in namespace ${namespace}`)
}

/** The ResourceSync that a word names which is no path; who mistyped a path hears of that, not only of clusters and syncs. */
export const findSync = async (
  word: string,
  { connect, signal }: Pick<CommandContext, 'connect' | 'signal'>,
): Promise<{ connection: Connection; sync: ResourceSync }> => {
  try {
    const connection = await connect()
    return { connection, sync: await findObject<ResourceSync>(connection, resourceSyncKind, word, signal) }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    throw new CommandError(
      `${word} is no file or folder here, so it should be the name of a ResourceSync; ${error.message}`,
    )
  }
}
