import type { Deployment } from '../api/v1alpha1/deployment.ts'
import type { Repo } from '../api/v1alpha1/repo.ts'
import type { Server } from '../api/v1alpha1/server.ts'
import type { Stack } from '../api/v1alpha1/stack.ts'
import type { Variable } from '../api/v1alpha1/variable.ts'
import type { Clock } from '../engine/clock.ts'
import type { Lister } from '../engine/lister.ts'
import type { Hosts } from '../hosts/port.ts'
import type { AfterRelations } from './after/relations.ts'
import type { Digest } from './digest.ts'
import type { GitAccess } from './git-access.ts'
import type { HostEvents } from './host-events.ts'
import type { VariableUsers } from './interpolation/users.ts'
import type { Registries } from './registry-auth.ts'
import type { SecretReader } from './secrets.ts'

/** What the reconcilers of kinds that are deployed to hosts share; `reconcilers.ts` puts it together. */
export interface DeployDeps {
  deployments: Lister<Deployment>
  stacks: Lister<Stack>
  repos: Lister<Repo>
  servers: Lister<Server>
  variables: Lister<Variable>
  secrets: SecretReader
  access: GitAccess
  registries: Registries
  hosts: Hosts
  relations: AfterRelations
  users: VariableUsers
  hostEvents: HostEvents
  digest: Digest
  clock: Clock
}
