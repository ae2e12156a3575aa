import type { CommonStatus, KubeObject, ResourceType } from '../controller/api/meta.ts'
import { annotation } from '../controller/api/names.ts'
import { isNotFound } from '../controller/kube/client.ts'
import type { Connection } from './context.ts'
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
