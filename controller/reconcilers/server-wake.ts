import { conditionOf, type ObjectKey } from '../api/meta.ts'
import { type Server, serverCondition } from '../api/v1alpha1/server.ts'
import type { Change, Lister } from '../engine/lister.ts'
import type { Wake } from '../engine/reconciler.ts'
import { whenChanged } from '../engine/wake.ts'

/** Wakes what runs on a server when it becomes usable, stops being so, or is reached another way; its numbers wake nobody. */
export const whenServerChanges = (
  servers: Lister<Server>,
  onServer: (server: Readonly<Server>) => Iterable<ObjectKey>,
): Wake => whenChanged(servers, (server, change) => (concernsOthers(change) ? onServer(server) : []))

function concernsOthers({ before, after }: Change<Server>): boolean {
  if (before === undefined || after === undefined) return true
  return (
    before.metadata.uid !== after.metadata.uid ||
    before.metadata.generation !== after.metadata.generation ||
    before.status?.host?.engineId !== after.status?.host?.engineId ||
    reachability(before) !== reachability(after)
  )
}

const reachability = (server: Readonly<Server>): string | undefined =>
  conditionOf(server, serverCondition.reachable)?.status
