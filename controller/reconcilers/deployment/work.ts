import type { Deployment } from '../../api/v1alpha1/deployment.ts'
import type { Server } from '../../api/v1alpha1/server.ts'
import type { Pass } from '../../engine/reconciler.ts'
import type { ContainerObservation, Host } from '../../hosts/port.ts'
import type { Attempts } from '../attempts.ts'
import type { DeployDeps } from '../deploy-deps.ts'
import type { DeployRequest } from '../deploy-request.ts'
import type { Place } from '../places.ts'
import type { DesiredContainer } from './request.ts'

/** All that a pass knows when it has decided. */
export interface Work {
  deployment: Readonly<Deployment>
  pass: Pass<Deployment>
  server: Readonly<Server>
  host: Host
  desired: DesiredContainer
  observed: ContainerObservation | undefined
  /** Id of the observed container, when it is taken over instead of made. */
  adopted?: string
  hash: string
  request: DeployRequest
  /** Where it was deployed before, if not here. */
  elsewhere: Place | undefined
  attempts: Attempts
  deps: DeployDeps
}
