import { keyOf, keyText, type ObjectKey } from '../../api/meta.ts'
import type { Server } from '../../api/v1alpha1/server.ts'
import type { Stack } from '../../api/v1alpha1/stack.ts'
import type { Lister } from '../../engine/lister.ts'
import { composeLabel } from '../../hosts/labels.ts'
import type { Route } from '../host-events.ts'
import type { Place } from '../places.ts'
import { ownerOf, referencesTo } from '../references.ts'
import { indexLinkedRepo } from '../source/linked-repo.ts'
import { projectNameOf } from './request.ts'

const SERVER = 'server'
const PROJECT = 'project'
const PROJECT_ANYWHERE = 'project-anywhere'

/** Must be called once, before the look-ups below. */
export function indexStacks(stacks: Lister<Stack>): void {
  stacks.addIndex(SERVER, ({ metadata, spec }) => [keyText({ namespace: metadata.namespace, name: spec.server })])
  indexLinkedRepo(stacks, ({ spec }) => spec.linkedRepo)
  stacks.addIndex(PROJECT, (stack) => [projectKey(stack.metadata.namespace, stack.spec.server, projectNameOf(stack))])
  stacks.addIndex(PROJECT_ANYWHERE, (stack) => [projectNameOf(stack)])
}

export function* stacksOn(stacks: Lister<Stack>, server: Readonly<Server>): Iterable<ObjectKey> {
  for (const name of referencesTo(server)) {
    const key = keyText({ namespace: server.metadata.namespace, name })
    for (const stack of stacks.byIndex(SERVER, key)) yield keyOf(stack)
  }
}

export const routeToStacks = (stacks: Lister<Stack>): Route =>
  function* (server, event) {
    const project = event.labels[composeLabel.project]
    if (project === undefined) return
    for (const stack of stacksOfProject(stacks, server, project)) yield keyOf(stack)
  }

/**
 * The Stack that may have a compose project on a server when several claim it, of whatever namespace: the oldest. Containers of compose
 * do not say whose they are, so two Stacks would take turns in replacing each other's services.
 */
export function claimant(
  { stacks, servers }: { stacks: Lister<Stack>; servers: Lister<Server> },
  server: Readonly<Server>,
  project: string,
): Readonly<Stack> | undefined {
  return stacks
    .byIndex(PROJECT_ANYWHERE, project)
    .filter(
      ({ metadata, spec }) => !spec.template && isOneEngine(servers.find(metadata.namespace, spec.server), server),
    )
    .sort(
      (a, b) =>
        compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
        compare(ownerOf(a), ownerOf(b)),
    )[0]
}

/** Whether another Stack has a project by now, and runs it: whoever had it before must not take it down any more. */
export function isTakenOver(
  deps: { stacks: Lister<Stack>; servers: Lister<Server> },
  { metadata }: Readonly<Stack>,
  place: Place,
): boolean {
  const server = deps.servers.get({ namespace: metadata.namespace ?? '', name: place.server })
  const other = server && claimant(deps, server, place.name)
  if (other === undefined || other.metadata.uid === metadata.uid || other.status?.project !== place.name) return false
  return isOneEngine(deps.servers.find(other.metadata.namespace, other.status.server ?? ''), server)
}

/** Servers of two namespaces may be two ways to one Docker Engine. */
const isOneEngine = (a: Readonly<Server> | undefined, b: Readonly<Server> | undefined): boolean => {
  if (a === undefined || b === undefined) return false
  const engineId = a.status?.host?.engineId
  return a.metadata.uid === b.metadata.uid || (engineId !== undefined && engineId === b.status?.host?.engineId)
}

function* stacksOfProject(stacks: Lister<Stack>, server: Readonly<Server>, project: string): Iterable<Readonly<Stack>> {
  for (const reference of referencesTo(server)) {
    yield* stacks.byIndex(PROJECT, projectKey(server.metadata.namespace, reference, project))
  }
}

const projectKey = (namespace: string | undefined, server: string, project: string): string =>
  `${namespace ?? ''}/${server}/${project}`

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
