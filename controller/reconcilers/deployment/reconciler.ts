import { keyText } from '../../api/meta.ts'
import { komodoNameOf } from '../../api/names.ts'
import { type Deployment, deploymentCondition, deploymentKind } from '../../api/v1alpha1/deployment.ts'
import type { Pass, Recheck, Reconciler } from '../../engine/reconciler.ts'
import { containerLabel } from '../../hosts/labels.ts'
import { Attempts } from '../attempts.ts'
import type { DeployDeps } from '../deploy-deps.ts'
import { deployRequest } from '../deploy-request.ts'
import { onHost } from '../host-failure.ts'
import { interpolated } from '../interpolation/context.ts'
import { type Place, removeForDeletion } from '../places.ts'
import { ownerOf, usableServer } from '../references.ts'
import { whenServerChanges } from '../server-wake.ts'
import { act } from './act.ts'
import { adoptionOf, claimOf } from './adopt.ts'
import { planDeployment } from './plan.ts'
import { containerNameOf, desiredContainer, hashOf, registryLoginOf, stopOptions } from './request.ts'
import { deploymentsOn, routeToDeployments } from './routes.ts'

const { serverReady, inputsReady, deployed, healthy } = deploymentCondition

/**
 * Keeps one container equal to its Deployment. Writes that container and `Deployment.status`, nothing else.
 *
 * Woken by the Deployment itself, its Server, the variables and Secrets it uses, its `after` parents, and Docker's events about its
 * container.
 */
export function deploymentReconciler(deps: DeployDeps): Reconciler<Deployment> {
  const { deployments, servers, secrets, registries, hosts, relations, users, hostEvents, digest } = deps
  const attempts = new Attempts(deps.clock)

  return {
    type: deploymentKind,
    owns: [serverReady, inputsReady, deployed, healthy],
    wakeOn: [
      whenServerChanges(servers, (server) => deploymentsOn(deployments, server)),
      users.wake(deployments, secrets),
      registries.wake(deployments, registryLoginOf),
      relations.wake('Deployment'),
      hostEvents.wake(routeToDeployments(deployments), (server) => deploymentsOn(deployments, server)),
    ],
    workers: 64,
    lane: ({ metadata, spec }) => keyText({ namespace: metadata.namespace, name: spec.server }),
    laneWorkers: 8,
    timeoutMs: 20 * 60_000,

    async reconcile(deployment, pass) {
      if (deployment.spec.template) return reportTemplate(pass)

      // look
      reportUnknown(pass)
      const server = usableServer(servers, deployment)
      const serverName = komodoNameOf(server)
      pass.status.markTrue(serverReady, 'Reachable', `Server "${serverName}" answers.`)
      const { made: desired } = await interpolated('Deployment', deployment, inputsReady, pass, deps, (values) =>
        desiredContainer(deployment, values),
      )
      pass.status.markTrue(inputsReady, 'Resolved', 'Variables, secrets and texts could be read.')
      const host = hosts.for(server)
      const there = await onHost(serverName, deployed, () => host.observeContainer(desired.name, pass.signal))

      // decide
      const request = deployRequest(deployment, relations, digest)
      const hash = hashOf(desired, request.trigger.token, digest)
      const look = { host, server, desired, hash }
      const { observed, adopted, differs } = await adoptionOf(deployment, pass, look, there)
      const elsewhere = placeBefore(deployment, { server: server.metadata.name, name: desired.name })
      const plan = planDeployment({
        owner: desired.owner,
        mayAdopt: desired.labels.some(({ key, value }) => key === containerLabel.adopt && value === 'true'),
        restart: desired.restart,
        hash,
        mayAct: request.mayAct,
        causes: request.trigger.causes,
        observed,
        adopted: adopted !== undefined,
        differs,
        ...(elsewhere === undefined ? {} : { elsewhere: `"${elsewhere.name}" on Server "${elsewhere.server}"` }),
        status: deployment.status ?? {},
      })

      // act and report
      const known = { deployment, pass, server, host, desired, observed, hash, request, elsewhere, attempts, deps }
      return act(plan, adopted === undefined ? known : { ...known, adopted })
    },

    async finalize(deployment, pass) {
      attempts.forget(ownerOf(deployment))
      if (deployment.spec.operator.deletionPolicy === 'Orphan') return
      await removeForDeletion(placesOf(deployment, deps), deployment, pass, deps, deployed, (host, { name }) =>
        host.removeContainer(name, claimOf(deployment), stopOptions(deployment.spec), pass.signal),
      )
    },
  }
}

/** Where the container was deployed, when that is not `place`. */
function placeBefore({ status }: Readonly<Deployment>, place: Place): Place | undefined {
  if (status?.server === undefined || status.containerName === undefined) return undefined
  const before = { server: status.server, name: status.containerName }
  return before.server === place.server && before.name === place.name ? undefined : before
}

/** Everywhere that a container of the Deployment may be, also when a crash kept status from saying so. */
function placesOf(deployment: Readonly<Deployment>, { servers }: DeployDeps): readonly Place[] {
  const { metadata, spec, status } = deployment
  const places: Place[] = [...(status?.leftovers ?? [])]
  const declared = spec.server === '' ? undefined : servers.find(metadata.namespace, spec.server)
  if (declared !== undefined) places.push({ server: declared.metadata.name, name: containerNameOf(deployment) })
  const recorded = placeBefore(deployment, { server: declared?.metadata.name ?? '', name: containerNameOf(deployment) })
  if (recorded !== undefined) places.push(recorded)
  return places
}

function reportTemplate(pass: Pass<Deployment>): Recheck {
  for (const condition of [serverReady, inputsReady, deployed, healthy]) {
    pass.status.markTrue(condition, 'Template', 'It is a template and never deployed.')
  }
  return {}
}

/** What holds unless the look succeeds. */
function reportUnknown(pass: Pass<Deployment>): void {
  const message = 'What runs is not known while the server or the inputs are not ready.'
  pass.status.markUnknown(deployed, 'NotLookedAt', message)
  pass.status.markUnknown(healthy, 'NotLookedAt', message)
}
