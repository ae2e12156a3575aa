import type { KubeObject } from '../api/meta.ts'
import type { Deployment } from '../api/v1alpha1/deployment.ts'
import type { ImageRegistry } from '../api/v1alpha1/image-registry.ts'
import type { Repo } from '../api/v1alpha1/repo.ts'
import type { Server } from '../api/v1alpha1/server.ts'
import type { Stack } from '../api/v1alpha1/stack.ts'
import type { Variable } from '../api/v1alpha1/variable.ts'
import type { Clock } from '../engine/clock.ts'
import type { Lister } from '../engine/lister.ts'
import type { Logger } from '../engine/logger.ts'
import type { Reconciler } from '../engine/reconciler.ts'
import type { Hosts } from '../hosts/port.ts'
import type { InterpolatedKind } from '../text/interpolated-fields.ts'
import { AfterRelations } from './after/relations.ts'
import type { DeployDeps } from './deploy-deps.ts'
import { deploymentReconciler } from './deployment/reconciler.ts'
import { indexDeployments } from './deployment/routes.ts'
import { digestWith } from './digest.ts'
import type { GitAccess } from './git-access.ts'
import { HostEvents } from './host-events.ts'
import { userLister, VariableUsers } from './interpolation/users.ts'
import { registriesOf } from './registry-auth.ts'
import { repoReconciler } from './repo/reconciler.ts'
import type { SecretReader } from './secrets.ts'
import type { InventoryClient } from './server/inventory.ts'
import { serverReconciler } from './server/reconciler.ts'
import { FreshTrees, type TreeSources } from './source/fresh-trees.ts'
import { stackReconciler } from './stack/reconciler.ts'
import { indexStacks } from './stack/routes.ts'
import { variableReconciler } from './variable/reconciler.ts'

export interface ReconcilersOptions {
  servers: Lister<Server>
  variables: Lister<Variable>
  deployments: Lister<Deployment>
  stacks: Lister<Stack>
  /** Other kinds whose texts may name variables; they count as users, though nothing here reconciles them. */
  otherUsers?: readonly { kind: InterpolatedKind; lister: Lister<KubeObject> }[]
  repos: Lister<Repo>
  imageRegistries: Lister<ImageRegistry>
  secrets: SecretReader
  /** How those repositories are reached. */
  access: GitAccess
  hosts: Hosts
  client: InventoryClient
  /** Git repositories of Repos and Stacks. */
  sources: TreeSources
  /** Belongs to the installation and must stay the same, see `digestWith`. */
  digestKey: Uint8Array | string
  clock: Clock
  log: Logger
  /** [0, 1) */
  random: () => number
}

export interface Reconcilers {
  server: Reconciler<Server>
  variable: Reconciler<Variable>
  deployment: Reconciler<Deployment>
  stack: Reconciler<Stack>
  repo: Reconciler<Repo>
  /** Starts to follow the hosts' events; until `signal` aborts. To be called once the listers are synced. */
  followHosts(signal: AbortSignal): void
}

/** Puts together what keeps hosts equal to what is declared. Declares its indexes, so it is to be called once for a set of listers. */
export function createReconcilers(options: ReconcilersOptions): Reconcilers {
  const { servers, variables, deployments, stacks, repos, secrets, access, hosts, clock, log, random } = options
  indexDeployments(deployments)
  indexStacks(stacks)
  const hostEvents = new HostEvents({ servers, hosts, clock, log, random })
  const users = new VariableUsers(variables, [
    userLister({
      lister: deployments,
      kind: 'Deployment',
      secretsOf: ({ spec }) => present(spec.operator.credentials),
    }),
    userLister({
      lister: stacks,
      kind: 'Stack',
      secretsOf: ({ spec }) =>
        present(spec.operator.registryCredentials, spec.operator.credentials, spec.operator.decryption?.secret),
    }),
    userLister({
      lister: repos,
      kind: 'Repo',
      secretsOf: ({ spec }) => present(spec.operator.credentials),
    }),
    ...(options.otherUsers ?? []).map(({ kind, lister }) => ({ kind, lister, secretsOf: () => [] })),
  ])
  const deps: DeployDeps = {
    deployments,
    stacks,
    repos,
    servers,
    variables,
    secrets,
    access,
    registries: registriesOf({ providers: options.imageRegistries, servers, secrets }),
    hosts,
    relations: new AfterRelations(deployments, stacks),
    users,
    hostEvents,
    digest: digestWith(options.digestKey),
    clock,
  }
  const trees = new FreshTrees(options.sources)
  return {
    server: serverReconciler({ hosts, hostEvents, clock, client: options.client }),
    variable: variableReconciler({ users, secrets }),
    deployment: deploymentReconciler(deps),
    stack: stackReconciler({ ...deps, trees }),
    repo: repoReconciler({ ...deps, trees }),
    followHosts: (signal) => hostEvents.start(signal),
  }
}

const present = (...names: readonly (string | undefined)[]): readonly string[] =>
  names.filter((name): name is string => name !== undefined && name !== '')
