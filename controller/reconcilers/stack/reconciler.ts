import { keyText } from '../../api/meta.ts'
import { komodoNameOf } from '../../api/names.ts'
import { type Stack, stackCondition, stackKind } from '../../api/v1alpha1/stack.ts'
import { WaitingError } from '../../engine/errors.ts'
import type { Pass, Recheck, Reconciler } from '../../engine/reconciler.ts'
import type { SourceTree } from '../../git/tree.ts'
import { Attempts } from '../attempts.ts'
import type { DeployDeps } from '../deploy-deps.ts'
import { deployRequest } from '../deploy-request.ts'
import { onHost } from '../host-failure.ts'
import { type Place, removeForDeletion, sameEngine } from '../places.ts'
import { ownerOf, usableServer } from '../references.ts'
import { whenServerChanges } from '../server-wake.ts'
import type { FreshTrees } from '../source/fresh-trees.ts'
import { whenLinkedRepoChanges } from '../source/linked-repo.ts'
import { act } from './act.ts'
import { adoptProject } from './adopt.ts'
import { changedPaths, configChange, hashOf } from './inputs.ts'
import { lookAtSource } from './look.ts'
import { planStack } from './plan.ts'
import { projectNameOf, registryLoginOf } from './request.ts'
import { claimant, isTakenOver, routeToStacks, stacksOn } from './routes.ts'
import { reportServices } from './services.ts'
import type { Work } from './work.ts'

const { serverReady, sourceReady, deployed, healthy } = stackCondition

/**
 * Keeps one compose project equal to its Stack. Writes that project and `Stack.status`, nothing else.
 *
 * Woken by the Stack itself, its Server, the variables and Secrets it uses, its `after` parents, and Docker's events about the
 * containers of the project; looks by itself every `operator.interval`.
 */
export function stackReconciler(deps: DeployDeps & { trees: FreshTrees }): Reconciler<Stack> {
  const { stacks, servers, repos, secrets, access, registries, hosts, relations, users, hostEvents, digest, clock } =
    deps
  const attempts = new Attempts(clock)

  return {
    type: stackKind,
    owns: [serverReady, sourceReady, deployed, healthy],
    wakeOn: [
      whenServerChanges(servers, (server) => stacksOn(stacks, server)),
      users.wake(stacks, secrets),
      whenLinkedRepoChanges(repos, stacks),
      access.wake(stacks, ({ spec }) => spec),
      registries.wake(stacks, registryLoginOf),
      relations.wake('Stack'),
      hostEvents.wake(routeToStacks(stacks), (server) => stacksOn(stacks, server)),
    ],
    workers: 64,
    lane: ({ metadata, spec }) => keyText({ namespace: metadata.namespace, name: spec.server }),
    laneWorkers: 4,
    timeoutMs: 2 * 60 * 60_000,

    async reconcile(stack, pass) {
      if (stack.spec.template) return reportTemplate(pass)

      // look
      reportUnknown(pass)
      const server = usableServer(servers, stack)
      const serverName = komodoNameOf(server)
      pass.status.markTrue(serverReady, 'Reachable', `Server "${serverName}" answers.`)
      const host = hosts.for(server)
      const desired = await lookAtSource(stack, serverName, host, pass, deps)
      pass.status.markTrue(
        sourceReady,
        'Resolved',
        `Compose files, env files and variables could be read.${leftOutText(desired.tree)}`,
      )
      const { project } = desired.settings
      requireOwnProject(stack, claimant(deps, server, project), project, serverName)
      const observed = await onHost(serverName, deployed, () => host.observeProject(project, pass.signal))

      // decide
      const request = deployRequest(stack, relations, digest)
      const hash = hashOf(desired.inputs, request.trigger.token, digest)
      const look = { host, server, desired, hash }
      const isUp = observed.containers.some(({ oneOff }) => !oneOff)
      const { status, differs } = isUp
        ? await adoptProject(stack, pass, look)
        : { status: stack.status ?? {}, differs: [] }
      const elsewhere = placeBefore(stack, { server: server.metadata.name, name: project }, deps)
      const counting = (status.services ?? []).filter(({ name }) => !stack.spec.ignoreServices.includes(name))
      const settled = status.configRecorded === status.deployedHash
      const services = reportServices(counting, observed.containers, { checkConfig: settled })
      const plan = planStack({
        hash,
        mayAct: request.mayAct,
        causes: request.trigger.causes,
        changedInputs: changedPaths(status.inputs ?? [], desired.inputs.deploy),
        configs: configChange(stack.spec, status.configs ?? [], desired.inputs.configs),
        ...(elsewhere === undefined
          ? {}
          : { elsewhere: `project "${elsewhere.name}" on Server "${elsewhere.server}"` }),
        services,
        isUp,
        differs,
        status,
      })

      // act and report
      const work: Work = {
        stack,
        pass,
        server,
        host,
        desired,
        observed,
        services,
        hash,
        request,
        elsewhere,
        attempts,
        deps,
      }
      return act(plan, work)
    },

    async finalize(stack, pass) {
      attempts.forget(ownerOf(stack))
      if (stack.spec.operator.deletionPolicy === 'Orphan') return
      await removeForDeletion(placesOf(stack, deps), stack, pass, deps, deployed, (host, { name }) =>
        host.composeDown(name, { removeOrphans: stack.spec.operator.removeOrphans }, pass.signal),
      )
    },
  }
}

/** Two Stacks with one project on one host would undo each other's work. */
function requireOwnProject(
  stack: Readonly<Stack>,
  owner: Readonly<Stack> | undefined,
  project: string,
  serverName: string,
): void {
  if (owner === undefined || owner.metadata.uid === stack.metadata.uid) return
  throw new WaitingError(
    deployed,
    'ProjectTaken',
    `compose project "${project}" on Server "${serverName}" belongs to Stack "${nameSeenFrom(stack, owner)}": set another \`projectName\``,
    60_000,
  )
}

const nameSeenFrom = (stack: Readonly<Stack>, other: Readonly<Stack>): string =>
  stack.metadata.namespace === other.metadata.namespace
    ? komodoNameOf(other)
    : `${other.metadata.namespace}/${komodoNameOf(other)}`

/** Where the project was deployed, when that is not `place`. */
function placeBefore({ metadata, status }: Readonly<Stack>, place: Place, { servers }: DeployDeps): Place | undefined {
  if (status?.server === undefined || status.project === undefined) return undefined
  const before = { server: status.server, name: status.project }
  if (before.server === place.server && before.name === place.name) return undefined
  const key = metadata.namespace === undefined ? {} : { namespace: metadata.namespace }
  const [old, now] = [before, place].map(({ server }) => servers.get({ ...key, name: server }))
  // Another way to the same engine is the same place.
  return before.name === place.name && now !== undefined && sameEngine(old, now) ? undefined : before
}

/**
 * Everywhere that containers of the Stack may be. A project that was never deployed from here and that nobody asked to deploy is
 * somebody else's: it stays.
 */
function placesOf(stack: Readonly<Stack>, { stacks, servers }: DeployDeps): readonly Place[] {
  const { metadata, spec, status } = stack
  const places: Place[] = [...(status?.leftovers ?? [])]
  if (status?.server !== undefined && status.project !== undefined) {
    places.push({ server: status.server, name: status.project })
  } else if (spec.deploy && !spec.template) {
    // A crash may have kept status from saying where it went.
    const server = spec.server === '' ? undefined : servers.find(metadata.namespace, spec.server)
    const project = projectNameOf(stack)
    if (server !== undefined && claimant({ stacks, servers }, server, project)?.metadata.uid === metadata.uid) {
      places.push({ server: server.metadata.name, name: project })
    }
  }
  return places.filter((place) => !isTakenOver({ stacks, servers }, stack, place))
}

function reportTemplate(pass: Pass<Stack>): Recheck {
  for (const condition of [serverReady, sourceReady, deployed, healthy]) {
    pass.status.markTrue(condition, 'Template', 'It is a template and never deployed.')
  }
  return {}
}

/** What holds unless the look succeeds. */
function reportUnknown(pass: Pass<Stack>): void {
  const message = 'What runs is not known while the server or the source is not ready.'
  pass.status.markUnknown(deployed, 'NotLookedAt', message)
  pass.status.markUnknown(healthy, 'NotLookedAt', message)
}

const leftOutText = (tree: SourceTree | undefined): string => {
  const { leftOut = [] } = tree ?? {}
  return leftOut.length === 0
    ? ''
    : ` The files of submodules are left out (${leftOut.slice(0, 5).join(', ')}): set \`operator.submodules\` to have them.`
}
