import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { status } from './common.ts'
import { ageColumns, type KindDefinition } from './kind.ts'
import { selected } from './plan.ts'
import Type from './schema.ts'

const spec = Type.Object({
  sync: Type.String({ description: 'Name of the ResourceSync. Example: `infra`.', minLength: 1 }),
  digest: Type.String({
    description: 'Digest of the plan that is approved; no other plan is. Example: `sha256:9f86d0`.',
    minLength: 1,
  }),
  only: Type.Optional(
    Type.Array(selected, {
      description: 'Approves only the changes of these objects; the others go on waiting. Not given: the whole plan.',
      minItems: 1,
    }),
  ),
  approvedBy: Type.Optional(
    Type.String({
      description:
        'Who approved; in standalone mode the API server fills it in and nobody can fake it. Example: `alice`.',
    }),
  ),
})

const planApprovalStatus = Type.Object({ ...status })

export type PlanApprovalSpec = Static<typeof spec>
export type PlanApprovalStatus = Static<typeof planApprovalStatus>
/** Creating one is the approval: a right of its own in RBAC. */
export type PlanApproval = KubeObject<PlanApprovalSpec, PlanApprovalStatus>

export const planApprovalCondition = { accepted: 'Accepted' } as const

export const planApprovalKind = {
  group: GROUP,
  version: VERSION,
  kind: 'PlanApproval',
  plural: 'planapprovals',
  singular: 'planapproval',
  shortNames: ['kapproval'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'Approves one plan of a ResourceSync. Creating it is the approval.',
  spec,
  status: planApprovalStatus,
  printerColumns: [
    { name: 'Sync', type: 'string', jsonPath: '.spec.sync' },
    { name: 'Approved by', type: 'string', jsonPath: '.spec.approvedBy' },
    { name: 'Accepted', type: 'string', jsonPath: '.status.conditions[?(@.type=="Accepted")].status' },
    { name: 'Digest', type: 'string', jsonPath: '.spec.digest' },
    ...ageColumns.slice(0, 1),
  ],
  conditions: { Accepted: 'The plan it names exists, is current, and was approved by it.' },
  annotations: { 'standalone.api/creator-field': '.spec.approvedBy' },
  immutable: true,
} satisfies KindDefinition
