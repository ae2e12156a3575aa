import { annotation } from '../../api/names.ts'
import { conditionOf, komodoNameOf } from '../references.ts'
import { cycleThrough } from './cycle.ts'
import type { Deployable, Parent } from './relations.ts'

/**
 * Whether an object may be deployed as far as `after` goes.
 *
 * - Parents must be Ready at their current generation, with no deploy request left to handle.
 * - A parent with `deploy = false` that nobody asked to deploy is not going to move: it holds nobody up. (Komodo, too, ignores
 *   parents that do not deploy.) The same goes for a template.
 * - A member of a cycle can never be deployed; who only waits for members waits.
 */
export type Gate =
  | { state: 'open' }
  | { state: 'cycle'; message: string }
  | { state: 'waiting'; reason: 'ParentNotFound' | 'ParentNotReady'; message: string }

export function gateOf(
  object: Readonly<Deployable>,
  parentsOf: (object: Readonly<Deployable>) => readonly Parent[],
): Gate {
  if (object.spec.after.length === 0) return { state: 'open' }

  const cycle = cycleThrough(object, function* (node) {
    for (const parent of parentsOf(node)) yield* parent.objects
  })
  if (cycle !== undefined) {
    return {
      state: 'cycle',
      message: `\`after\` runs in a circle: ${cycle.map(describe).join(' -> ')}. Nothing in it can be first: remove one of these entries`,
    }
  }

  for (const { name, objects } of parentsOf(object)) {
    if (objects.length === 0) {
      return {
        state: 'waiting',
        reason: 'ParentNotFound',
        message: `waits for "${name}" named in \`after\`, but there is no Deployment or Stack of that name: declare it, or correct \`after\``,
      }
    }
    for (const parent of objects) {
      const missing = whatIsMissing(parent)
      if (missing !== undefined) {
        return { state: 'waiting', reason: 'ParentNotReady', message: `waits for ${describe(parent)}: ${missing}` }
      }
    }
  }
  return { state: 'open' }
}

const describe = (object: Readonly<Deployable>): string => `${object.kind} "${komodoNameOf(object)}"`

function whatIsMissing(parent: Readonly<Deployable>): string | undefined {
  const { metadata, spec, status } = parent
  if (metadata.deletionTimestamp !== undefined) return 'it is being deleted'
  const requested = metadata.annotations?.[annotation.deployRequestedAt]
  const asked = requested !== undefined && requested !== status?.lastHandledDeployAt
  if (spec.template || (!spec.deploy && !asked)) return undefined
  if (asked) return 'a deploy of it was asked for and is not done'
  const ready = conditionOf(parent, 'Ready')
  if (ready === undefined || (ready.observedGeneration ?? -1) < (metadata.generation ?? 0)) {
    return 'its newest declaration is not deployed yet'
  }
  return ready.status === 'True' ? undefined : `it is not Ready (${ready.reason})`
}
