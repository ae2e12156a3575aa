import { conditionOf, type KubeObject } from '../api/meta.ts'
import { annotation, GROUP, komodoNameOf } from '../api/names.ts'
import { type Server, serverCondition } from '../api/v1alpha1/server.ts'
import { WaitingError } from '../engine/errors.ts'
import type { Lister } from '../engine/lister.ts'
import type { Pass } from '../engine/reconciler.ts'
import { type Host, type Hosts, HostUnreachableError } from '../hosts/port.ts'
import { hostFailure } from './host-failure.ts'

/** Where something runs: the `metadata.name` of a Server, and the name of a container or compose project there. */
export interface Place {
  server: string
  name: string
}

export interface PlaceDeps {
  servers: Lister<Server>
  hosts: Hosts
}

/** The part of a status that says on which Server the object is, and where else something of it may be. */
interface Leftovers {
  server?: string
  leftovers?: Place[]
}

type PlacedPass = Pick<Pass<never>, 'signal' | 'event' | 'save'> & { readonly status: { readonly fields: Leftovers } }

/**
 * Writes down a new place before anything is made there. Without that, a process that dies after the act and a declaration that moves on
 * before the next process looks would leave it there for ever.
 */
export async function announce(place: Place, pass: Pick<PlacedPass, 'status' | 'save'>): Promise<void> {
  const { fields } = pass.status
  if (!fields.leftovers?.some((one) => isSame(one, place))) leave(place, fields)
  await pass.save()
}

/** What is at a place is to be removed from there. */
export function leave(place: Place, fields: Leftovers): void {
  keepLeftovers([...withoutPlace(fields.leftovers, place), place], fields)
}

/** The object is where it belongs. What is elsewhere stays until that is proven. */
export function moveIn(here: Place, elsewhere: Place | undefined, fields: Leftovers): void {
  if (elsewhere !== undefined) leave(elsewhere, fields)
  fields.server = here.server
  forget(here, fields)
}

/** Nothing is to be removed from a place, since the object is there, or nothing is any more. */
export const forget = (place: Place, fields: Leftovers): void =>
  keepLeftovers(withoutPlace(fields.leftovers, place), fields)

/** Other names that the object had, or may have had, on the engine where it belongs. */
export function formerPlaces(
  here: Place,
  elsewhere: Place | undefined,
  object: Readonly<KubeObject>,
  { leftovers = [] }: Leftovers,
  { servers }: Pick<PlaceDeps, 'servers'>,
): readonly Place[] {
  const server = serverAt(servers, object, here)
  const places = elsewhere === undefined ? leftovers : [elsewhere, ...leftovers]
  return places.filter(
    (place) => place.name !== here.name && server !== undefined && sameEngine(serverAt(servers, object, place), server),
  )
}

function keepLeftovers(left: readonly Place[], fields: Leftovers): void {
  if (left.length > 0) fields.leftovers = [...left]
  else delete fields.leftovers
}

const withoutPlace = (places: readonly Place[] = [], place: Place): readonly Place[] =>
  places.filter((one) => !isSame(one, place))

const isSame = (a: Place, b: Place): boolean => a.server === b.server && a.name === b.name

/** Removes what is at a place from its host; what is gone counts as removed. */
export type Remove = (host: Host, place: Place, signal: AbortSignal) => Promise<void>

/**
 * What was left on other servers (or under other names) is removed as soon as those answer, and is a leftover no more. An old server
 * that is not declared any more cannot be asked: that place is given up, with an event.
 *
 * @param here where the object is now: an old place that it came back to is none
 */
export async function removeLeftovers(
  here: Place,
  object: Readonly<KubeObject>,
  pass: PlacedPass,
  { servers, hosts }: PlaceDeps,
  condition: string,
  remove: Remove,
): Promise<void> {
  const left: Place[] = []
  const hereServer = serverAt(servers, object, here)
  for (const place of pass.status.fields.leftovers ?? []) {
    const server = serverAt(servers, object, place)
    const cameBack = place.server === here.server || (hereServer !== undefined && sameEngine(server, hereServer))
    if (place.name === here.name && cameBack) continue
    if (server === undefined) {
      pass.event(
        'Warning',
        'LeftBehind',
        `"${place.name}" may still run on "${place.server}", which is no Server any more`,
      )
      continue
    }
    if (problemOf(server) !== undefined) {
      left.push(place)
      continue
    }
    try {
      await remove(hosts.for(server), place, pass.signal)
      pass.event('Normal', 'Removed', `"${place.name}" was removed from Server "${komodoNameOf(server)}"`)
    } catch (error) {
      if (!(error instanceof HostUnreachableError)) throw hostFailure(komodoNameOf(server), condition, error)
      left.push(place)
    }
  }
  keepLeftovers(left, pass.status.fields)
}

/**
 * Removes everything at `places`, for a deletion. Throws `WaitingError` while a host cannot be asked, for the first of them and once the
 * others are through: the deletion is not lost, and the message says how to force it.
 */
export async function removeForDeletion(
  places: readonly Place[],
  object: Readonly<KubeObject>,
  pass: Pick<Pass<never>, 'signal' | 'event'>,
  { servers, hosts }: PlaceDeps,
  condition: string,
  remove: Remove,
): Promise<void> {
  const forced = object.metadata.annotations?.[annotation.forceDelete] === 'true'
  let waiting: WaitingError | undefined
  for (const place of places) {
    const server = serverAt(servers, object, place)
    const name = server === undefined ? place.server : komodoNameOf(server)
    const problem =
      server === undefined
        ? { reason: 'ServerNotFound', message: `there is no Server "${place.server}" any more` }
        : (problemOf(server) ?? (await attempt(name, condition, () => remove(hosts.for(server), place, pass.signal))))
    if (problem === undefined) continue
    if (forced) {
      pass.event('Warning', 'LeftBehind', `"${place.name}" was left on Server "${name}" as asked: ${problem.message}`)
      continue
    }
    waiting ??= new WaitingError(
      condition,
      problem.reason,
      `deletion waits, because "${place.name}" on Server "${name}" is to be removed first: ${problem.message}. To delete without that: ${forceCommand(object)}`,
    )
  }
  if (waiting !== undefined) throw waiting
}

/** To be pasted as it is: on a cluster `deployment` alone means another kind, and nobody's namespace is known. */
const forceCommand = ({ kind, metadata: { namespace, name } }: Readonly<KubeObject>): string => {
  const inNamespace = namespace === undefined ? '' : ` -n ${namespace}`
  return `kubectl annotate${inNamespace} ${kind.toLowerCase()}.${GROUP} ${name} ${annotation.forceDelete}=true`
}

interface Problem {
  reason: string
  message: string
}

async function attempt(server: string, condition: string, work: () => Promise<void>): Promise<Problem | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (!(error instanceof HostUnreachableError)) throw hostFailure(server, condition, error)
    return { reason: 'ServerUnreachable', message: error.message }
  }
}

const serverAt = (servers: Lister<Server>, { metadata }: Readonly<KubeObject>, place: Place) =>
  servers.get({ ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }), name: place.server })

function problemOf(server: Readonly<Server>): Problem | undefined {
  if (!server.spec.enabled) return { reason: 'ServerDisabled', message: 'it is disabled, set `enabled = true` on it' }
  const reachable = conditionOf(server, serverCondition.reachable)
  return reachable?.status === 'False' ? { reason: 'ServerUnreachable', message: reachable.message } : undefined
}

/** Two Servers may be two ways to one Docker Engine: what runs on the one runs on the other. */
export const sameEngine = (a: Readonly<Server> | undefined, b: Readonly<Server>): boolean =>
  a !== undefined &&
  (a.metadata.name === b.metadata.name ||
    (a.status?.host?.engineId !== undefined && a.status.host.engineId === b.status?.host?.engineId))
