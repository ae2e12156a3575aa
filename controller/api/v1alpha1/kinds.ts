import { actionKind } from './action.ts'
import { alerterKind } from './alerter.ts'
import { buildKind } from './build.ts'
import { builderKind } from './builder.ts'
import { deploymentKind } from './deployment.ts'
import type { KindDefinition } from './kind.ts'
import { planKind } from './plan.ts'
import { planApprovalKind } from './plan-approval.ts'
import { procedureKind } from './procedure.ts'
import { repoKind } from './repo.ts'
import { resourceSyncKind } from './resource-sync.ts'
import { serverKind } from './server.ts'
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
  planKind,
  planApprovalKind,
]

/** Kinds that are read and checked, and that nobody keeps yet: no CRD, no objects. Moving one up makes it a kind like the others. */
export const laterKinds: readonly KindDefinition[] = [
  swarmKind,
  buildKind,
  repoKind,
  procedureKind,
  actionKind,
  alerterKind,
  builderKind,
  userGroupKind,
]

/** Tables that are known by name alone. */
export const unsupportedTables: readonly string[] = ['server_template']
