import { deploymentKind } from './deployment.ts'
import type { KindDefinition } from './kind.ts'
import { planKind } from './plan.ts'
import { planApprovalKind } from './plan-approval.ts'
import { resourceSyncKind } from './resource-sync.ts'
import { serverKind } from './server.ts'
import { stackKind } from './stack.ts'
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

/** Tables of kinds that are known but not supported yet. */
export const unsupportedTables: readonly string[] = [
  'swarm',
  'build',
  'repo',
  'procedure',
  'action',
  'alerter',
  'builder',
  'user_group',
  'server_template',
]
