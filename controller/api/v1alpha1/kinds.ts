import { actionKind } from './action.ts'
import { alerterKind } from './alerter.ts'
import { buildKind } from './build.ts'
import { builderKind } from './builder.ts'
import { deploymentKind } from './deployment.ts'
import { gitProviderKind } from './git-provider.ts'
import { imageRegistryKind } from './image-registry.ts'
import type { KindDefinition } from './kind.ts'
import { onboardingKeyKind } from './onboarding-key.ts'
import { planKind } from './plan.ts'
import { planApprovalKind } from './plan-approval.ts'
import { procedureKind } from './procedure.ts'
import { repoKind } from './repo.ts'
import { resourceSyncKind } from './resource-sync.ts'
import { serverKind } from './server.ts'
import { serverTemplateKind } from './server-template.ts'
import { stackKind } from './stack.ts'
import { swarmKind } from './swarm.ts'
import { userGroupKind } from './user-group.ts'
import { variableKind } from './variable.ts'

/** Every kind there is. A new one: its file, a line here, `make generate`. */
export const kinds: readonly KindDefinition[] = [
  serverKind,
  deploymentKind,
  stackKind,
  variableKind,
  resourceSyncKind,
  repoKind,
  buildKind,
  builderKind,
  procedureKind,
  actionKind,
  alerterKind,
  userGroupKind,
  swarmKind,
  gitProviderKind,
  imageRegistryKind,
  serverTemplateKind,
  onboardingKeyKind,
  planKind,
  planApprovalKind,
]
