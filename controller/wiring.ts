import path from 'node:path'
import type { CommonStatus, KubeObject } from './api/meta.ts'
import type { Deployment } from './api/v1alpha1/deployment.ts'
import { deploymentKind } from './api/v1alpha1/deployment.ts'
import { type GitProvider, gitProviderKind } from './api/v1alpha1/git-provider.ts'
import { type ImageRegistry, imageRegistryKind } from './api/v1alpha1/image-registry.ts'
import type { KindDefinition } from './api/v1alpha1/kind.ts'
import { kinds } from './api/v1alpha1/kinds.ts'
import { type PlanApproval, planApprovalKind } from './api/v1alpha1/plan-approval.ts'
import { type Repo, repoKind } from './api/v1alpha1/repo.ts'
import type { Server } from './api/v1alpha1/server.ts'
import { serverKind } from './api/v1alpha1/server.ts'
import type { Stack } from './api/v1alpha1/stack.ts'
import { stackKind } from './api/v1alpha1/stack.ts'
import type { Variable } from './api/v1alpha1/variable.ts'
import { variableKind } from './api/v1alpha1/variable.ts'
import { GitCache } from './git/git-cache.ts'
import { gitEnvironment } from './git/git-environment.ts'
import { GitProcess } from './git/git-process.ts'
import type { Hosts } from './hosts/port.ts'
import { installationKey } from './installation-key.ts'
import { type Secret, secretType } from './kube/builtin-types.ts'
import type { Ground, Wiring } from './operator.ts'
import { gitAccess } from './reconcilers/git-access.ts'
import { gitProviderReconciler, imageRegistryReconciler } from './reconcilers/provider/reconciler.ts'
import { createReconcilers } from './reconcilers/reconcilers.ts'
import { resourceSyncReconciler } from './reconcilers/resource-sync/reconciler.ts'
import { secretsOf } from './reconcilers/secrets.ts'
import { storedReconciler } from './reconcilers/stored/reconciler.ts'
import { syncKinds } from './sync/kinds.ts'
import { isInterpolatedKind } from './text/interpolated-fields.ts'
import { VERSION } from './version.ts'

/** Every controller there is, and what it is given. `hostsOf` says how servers are reached: the one thing benches replace. */
export const wire =
  (hostsOf: (ground: Ground) => Hosts | Promise<Hosts>): Wiring =>
  async (ground, register) => {
    const { config, client, namespace, caches, clock, random, logger, signal } = ground
    const sources = new GitCache({
      directory: path.join(config.dataDir, 'git'),
      git: new GitProcess({
        home: path.join(config.dataDir, 'git-home'),
        environment: gitEnvironment(config.environment),
      }),
      // On a cluster, who may make a ResourceSync is not somebody who may read the controller's disk.
      allowLocal: config.home.kind === 'standalone',
    })
    const secrets = secretsOf(caches.lister<Secret>(secretType))
    const servers = caches.lister<Server>(serverKind)
    const gitProviders = caches.lister<GitProvider>(gitProviderKind)
    const imageRegistries = caches.lister<ImageRegistry>(imageRegistryKind)
    const access = gitAccess({ providers: gitProviders, servers, secrets })
    const digestKey = await installationKey(client, namespace, signal)
    const repos = caches.lister<Repo>(repoKind)
    const reconcilers = createReconcilers({
      client,
      servers,
      variables: caches.lister<Variable>(variableKind),
      deployments: caches.lister<Deployment>(deploymentKind),
      stacks: caches.lister<Stack>(stackKind),
      otherUsers: kinds.flatMap((type) =>
        type.notYet !== undefined && isInterpolatedKind(type.kind)
          ? [{ kind: type.kind, lister: caches.lister(type) }]
          : [],
      ),
      repos,
      imageRegistries,
      secrets,
      access,
      hosts: await hostsOf(ground),
      sources,
      digestKey,
      clock,
      log: logger,
      random,
    })
    register(reconcilers.server)
    register(reconcilers.variable)
    register(reconcilers.deployment)
    register(reconcilers.stack)
    register(reconcilers.repo)
    register(gitProviderReconciler(gitProviders, secrets))
    register(imageRegistryReconciler(imageRegistries, secrets))
    const listerOf = (kind: KindDefinition) => caches.lister<KubeObject<unknown, CommonStatus>>(kind)
    for (const kind of kinds) if (kind.notYet !== undefined) register(storedReconciler(kind, listerOf))
    register(
      resourceSyncReconciler({
        client,
        git: sources,
        access,
        repos,
        syncDirectory: path.join(config.dataDir, 'syncs'),
        approvals: caches.lister<PlanApproval>(planApprovalKind),
        live: new Map([
          ...[...syncKinds].map(([kind, { definition }]) => [kind, caches.lister(definition)] as const),
          ['Secret', caches.lister(secretType)],
        ]),
        digestKey,
        secrets,
        clock,
      }),
    )
    return () => reconcilers.followHosts(signal)
  }

/** The hosts of a real installation. The agent is loaded only for it: the Docker client takes 30 MiB. */
export const wiring: Wiring = wire(async ({ config }) => {
  const { localHosts } = await import('./hosts/local.ts')
  return localHosts({
    stacksDirectory: path.join(config.dataDir, 'stacks'),
    reposDirectory: path.join(config.dataDir, 'repos'),
    allowedDirectories: config.hostDirectories,
    environment: config.environment,
    version: VERSION,
  })
})
