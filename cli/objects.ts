import type { CommonStatus, KubeObject, ResourceType } from '../controller/api/meta.ts'
import { annotation } from '../controller/api/names.ts'
import { kinds } from '../controller/api/v1alpha1/kinds.ts'
import { isNotFound } from '../controller/kube/client.ts'
import type { Connection } from './context.ts'
import { CommandError } from './exit.ts'

export type AnyObject = KubeObject<Record<string, unknown>, CommonStatus>

/** The kind that a user's word means: kind, plural, singular or short name, in any case. */
export const findKind = (word: string): ResourceType => {
  const wanted = word.toLowerCase().replace(/\.komodo\.dev$/, '')
  const found = kinds.find(
    ({ kind, plural, singular, shortNames }) =>
      [kind.toLowerCase(), plural, singular].includes(wanted) || (shortNames as readonly string[]).includes(wanted),
  )
  if (found !== undefined) return found
  throw new CommandError(`there is no kind "${word}": one of ${kinds.map(({ plural }) => plural).join(', ')}`)
}

/** The object of a kind by `metadata.name` or by its exact Komodo name. */
export const findObject = async (
  { client, namespace }: Connection,
  type: ResourceType,
  name: string,
  signal: AbortSignal,
): Promise<AnyObject> => {
  if (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)) {
    try {
      return await client.get<AnyObject>(type, { namespace, name }, { signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  const { items } = await client.list<AnyObject>(type, { namespace, signal })
  const found = items.find(({ metadata }) => metadata.annotations?.[annotation.name] === name)
  if (found !== undefined) return found
  throw new CommandError(`there is no ${type.kind} "${name}" in namespace ${namespace}`)
}
