import type { Server } from '../../api/v1alpha1/server.ts'
import type { Stack } from '../../api/v1alpha1/stack.ts'
import type { Pass } from '../../engine/reconciler.ts'
import type { Host, ProjectObservation } from '../../hosts/port.ts'
import type { Attempts } from '../attempts.ts'
import type { DeployDeps } from '../deploy-deps.ts'
import type { DeployRequest } from '../deploy-request.ts'
import type { Place } from '../places.ts'
import type { Desired } from './look.ts'
import type { ServiceReport } from './services.ts'

/** All that a pass knows when it has decided. */
export interface Work {
  stack: Readonly<Stack>
  pass: Pass<Stack>
  server: Readonly<Server>
  host: Host
  desired: Desired
  observed: ProjectObservation
  services: readonly ServiceReport[]
  hash: string
  request: DeployRequest
  /** Where it was deployed before, if not here. */
  elsewhere: Place | undefined
  attempts: Attempts
  deps: DeployDeps
}
