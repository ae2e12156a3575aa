import { conditionOf, isConditionTrue, type ResourceType } from '../controller/api/meta.ts'
import { komodoNameOf } from '../controller/api/names.ts'
import type { CommandContext, Connection } from './context.ts'
import { CommandError } from './exit.ts'
import type { AnyObject } from './objects.ts'

/**
 * Watches one object until `done` says so, showing its Ready condition meanwhile. Rejects when time runs out, with the last thing
 * the object said.
 */
export const waitFor = async (
  { client, namespace }: Connection,
  type: ResourceType,
  name: string,
  done: (object: AnyObject) => boolean,
  timeoutMs: number,
  { terminal, signal }: CommandContext,
): Promise<AnyObject> => {
  const deadline = AbortSignal.timeout(timeoutMs)
  const until = AbortSignal.any([signal, deadline])
  const fieldSelector = `metadata.name=${name}`
  let last: AnyObject | undefined
  const settled = (object: AnyObject): boolean => {
    last = object
    terminal.progress(`${object.kind} ${komodoNameOf(object)}: ${summary(object)}`)
    return done(object)
  }
  try {
    while (!until.aborted) {
      const list = await client.list<AnyObject>(type, { namespace, fieldSelector, signal: until })
      if (list.items.some(settled)) return last!
      const { resourceVersion } = list
      for await (const event of client.watch<AnyObject>(type, {
        namespace,
        fieldSelector,
        resourceVersion,
        signal: until,
      })) {
        if (event.type !== 'BOOKMARK' && event.type !== 'DELETED' && settled(event.object)) return last!
      }
    }
  } catch (error) {
    if (!deadline.aborted) throw error
  } finally {
    terminal.progressDone()
  }
  signal.throwIfAborted()
  const said = last === undefined ? 'it never appeared' : `it says: ${summary(last)}`
  throw new CommandError(`${type.kind} ${name} was not done after ${timeoutMs / 1000} s; ${said}`)
}

const summary = (object: AnyObject): string => {
  const ready = conditionOf(object, 'Ready')
  return ready === undefined ? 'not looked at yet' : `${ready.reason}: ${ready.message}`
}

export const isReadyNow = (object: AnyObject): boolean =>
  isConditionTrue(object, 'Ready') && object.status?.observedGeneration === object.metadata.generation
