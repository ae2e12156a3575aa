import { komodoNameOf } from '../../api/names.ts'
import { type Deployment, deploymentCondition } from '../../api/v1alpha1/deployment.ts'
import type { Server } from '../../api/v1alpha1/server.ts'
import type { Pass } from '../../engine/reconciler.ts'
import type { ContainerObservation, Host, Owner } from '../../hosts/port.ts'
import { kubeTime } from '../../status/conditions.ts'
import { onHost } from '../host-failure.ts'
import { ownerOf } from '../references.ts'
import { containerRequest, type DesiredContainer } from './request.ts'
import type { Work } from './work.ts'

/**
 * Docker gives no label to a container that runs, so a container that was taken over is known by its id: the Deployment names it
 * (`operator.adopt`), and status keeps the hash of the declaration that it was found to fulfil. Until something may be touched it is only
 * observed, and not the Deployment's to remove.
 */
export interface Adoption {
  /** The container as if the Deployment had made it; the same as `observed` when it is not the one to adopt. */
  observed: ContainerObservation | undefined
  /** Id of the container, when it is the one to adopt. */
  adopted?: string
  /** Fields in which it is not what is declared. */
  differs: readonly string[]
}

export async function adoptionOf(
  deployment: Readonly<Deployment>,
  pass: Pass<Deployment>,
  look: { host: Host; server: Readonly<Server>; desired: DesiredContainer; hash: string },
  observed: ContainerObservation | undefined,
): Promise<Adoption> {
  const { fields } = pass.status
  if (observed === undefined || observed.owner !== undefined || !isMeant(deployment, observed)) {
    // While a replacement is under way, the old container may come back.
    if (observed !== undefined && observed.previous === undefined) delete fields.adopted
    return { observed, differs: [] }
  }
  const { host, server, desired, hash } = look
  const ours = { ...observed, owner: desired.owner }
  if (fields.adopted?.containerId !== observed.id) {
    const request = containerRequest(deployment.spec, desired, { hash, registryAuth: undefined, purpose: 'heal' })
    const differs =
      (await onHost(komodoNameOf(server), deploymentCondition.deployed, () =>
        host.compareContainer(request, pass.signal),
      )) ?? []
    if (differs.length > 0) return { observed: ours, adopted: observed.id, differs }
    fields.adopted = { containerId: observed.id, hash }
  }
  return { observed: { ...ours, hash: fields.adopted.hash }, adopted: observed.id, differs: [] }
}

/** Named by its id, or as much of it as `docker ps` shows; once it was taken over, the name is not needed any more. */
function isMeant(deployment: Readonly<Deployment>, { id }: ContainerObservation): boolean {
  const { adopt = '' } = deployment.spec.operator
  return takenOver(deployment) === id || (adopt.length >= 12 && id.startsWith(adopt))
}

/** From now on the container is the Deployment's own. */
export function takeOver({ pass, desired, server, deps }: Work): void {
  const { adopted } = pass.status.fields
  if (adopted === undefined || adopted.since !== undefined) return
  pass.status.fields.adopted = { ...adopted, since: kubeTime(new Date(deps.clock.now())) }
  const where = `container "${desired.name}" on Server "${komodoNameOf(server)}"`
  pass.event('Normal', 'Adopted', `Took over ${where} as it runs: it is what is declared.`)
}

/** Id of the container that was taken over, while there is one. */
export const takenOver = ({ status }: Readonly<Deployment>): string | undefined =>
  status?.adopted?.since === undefined ? undefined : status.adopted.containerId

/** How the host knows that a container is the Deployment's. */
export const claimOf = (deployment: Readonly<Deployment>): Owner => {
  const adopted = takenOver(deployment)
  const owner = ownerOf(deployment)
  return adopted === undefined ? owner : { owner, adopted }
}
