import { conditionOf } from '../../api/meta.ts'
import { komodoNameOf } from '../../api/names.ts'
import { StalledError, WaitingError } from '../../engine/errors.ts'
import { describeCircle } from '../../sync/deploy-order.ts'
import { unhandledRequest } from '../deploy-request.ts'
import { NOT_BY_ITSELF_MS } from '../references.ts'
import { cycleThrough } from './cycle.ts'
import type { AfterRelations, Deployable, Parent } from './relations.ts'

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
      message: `\`after\` runs in a circle: ${describeCircle(cycle.map(describe), ' -> ')}. Nothing in it can be first: remove one of these entries`,
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

/** Throws while `after` forbids a deploy; `condition` says so then. Parents wake their dependants. */
export function passGate(object: Readonly<Deployable>, relations: AfterRelations, condition: string): void {
  const gate = gateOf(object, (node) => relations.parentsOf(node))
  switch (gate.state) {
    case 'open':
      return
    case 'cycle':
      throw new StalledError(condition, 'DependencyCycle', gate.message)
    case 'waiting':
      throw new WaitingError(condition, gate.reason, gate.message, NOT_BY_ITSELF_MS)
  }
}

const describe = (object: Readonly<Deployable>): string => `${object.kind} "${komodoNameOf(object)}"`

function whatIsMissing(parent: Readonly<Deployable>): string | undefined {
  const { metadata, spec } = parent
  if (metadata.deletionTimestamp !== undefined) return 'it is being deleted'
  const asked = unhandledRequest(parent) !== undefined
  if (spec.template || (!spec.deploy && !asked)) return undefined
  if (asked) return 'a deploy of it was asked for and is not done'
  const ready = conditionOf(parent, 'Ready')
  if (ready === undefined || (ready.observedGeneration ?? -1) < (metadata.generation ?? 0)) {
    return 'its newest declaration is not deployed yet'
  }
  return ready.status === 'True' ? undefined : `it is not Ready (${ready.reason})`
}
