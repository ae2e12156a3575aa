import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { status } from './common.ts'
import { ageColumns, type KindDefinition } from './kind.ts'
import Type from './schema.ts'

/** Changes in one Plan object; a bigger plan has several parts, so that none grows beyond what the API takes. */
export const MAX_CHANGES_PER_PART = 500

export const planSummary = Type.Object(
  {
    create: Type.Integer({ description: 'Number of objects to create. Example: `3`.', minimum: 0 }),
    update: Type.Integer({ description: 'Number of objects to update. Example: `1`.', minimum: 0 }),
    delete: Type.Integer({ description: 'Number of objects to delete. Example: `0`.', minimum: 0 }),
    deploy: Type.Integer({ description: 'Number of objects to deploy. Example: `2`.', minimum: 0 }),
    writeBack: Type.Optional(
      Type.Integer({ description: 'Number of objects to write back into the files. Example: `1`.', minimum: 0 }),
    ),
  },
  { description: 'How many changes of each sort the whole plan has.' },
)

const fieldChange = Type.Object(
  {
    path: Type.String({ description: 'Dotted path of the field. Example: `spec.image`.' }),
    old: Type.Optional(
      Type.String({ description: 'What the field is now; a secret never shows. Example: `nginx:1.26`.' }),
    ),
    new: Type.Optional(
      Type.String({ description: 'What the field becomes; a secret never shows. Example: `nginx:1.27`.' }),
    ),
    secret: Type.Optional(Type.Boolean({ description: 'The value is a secret.' })),
  },
  { description: 'One field.' },
)

const change = Type.Object(
  {
    action: Type.Enum(['create', 'update', 'delete', 'deploy', 'write-back'], {
      type: 'string',
      description: 'What happens to the object.',
    }),
    kind: Type.String({ description: 'Kind of the object. Example: `Stack`.' }),
    name: Type.String({ description: "Komodo's name of the object. Example: `My Stack`." }),
    objectName: Type.String({ description: '`metadata.name` of the object. Example: `my-stack`.' }),
    source: Type.Optional(Type.String({ description: '`file:line` that declares it. Example: `stacks/web.toml:12`.' })),
    fields: Type.Optional(Type.Array(fieldChange, { description: 'Fields of the object that change.' })),
    reason: Type.Optional(
      Type.String({ description: 'Why it changes, in words. Example: `drift: the image differs`.' }),
    ),
    round: Type.Optional(
      Type.Integer({
        description:
          'Number of the round; deploys of one run together, after those of the rounds before. Example: `1`.',
      }),
    ),
    causes: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Changes of this plan that cause the deploy, as kind/name. Example: `Variable/TAG`.',
      }),
    ),
    needsOwnChange: Type.Optional(
      Type.Boolean({
        description: 'The object is new, or deployed from now on: nothing deploys it without its own change.',
      }),
    ),
    after: Type.Optional(
      Type.Array(Type.String(), {
        description: 'What is deployed before it and causes the deploy, too, as kind/name. Example: `Stack/db`.',
      }),
    ),
    digest: Type.Optional(
      Type.String({
        description:
          'Digest of this change alone, so that an interrupted plan can be told from a new one. Example: `sha256:2c26b4`.',
      }),
    ),
  },
  { description: 'One change.' },
)

/** Objects that an approval, or the plan that came of it, is about. */
export const selected = Type.Object(
  {
    kind: Type.String({ description: 'Kind of the objects. Example: `Stack`.', minLength: 1 }),
    name: Type.Optional(
      Type.String({ description: 'Name of the one object that is meant; not given: all of the kind. Example: `web`.' }),
    ),
  },
  { description: 'One object, or all of a kind.' },
)

const spec = Type.Object({
  sync: Type.String({ description: 'Name of the ResourceSync. Example: `infra`.', minLength: 1 }),
  revision: Type.String({ description: 'Revision of the source that the plan leads to. Example: `1d0c2e1`.' }),
  digest: Type.String({
    description: 'Digest of the whole plan; an approval names it. Example: `sha256:9f86d0`.',
    minLength: 1,
  }),
  part: Type.Integer({ description: 'Number of this part, from 1. Example: `1`.', minimum: 1 }),
  parts: Type.Integer({ description: 'Number of parts of the plan. Example: `1`.', minimum: 1 }),
  summary: planSummary,
  only: Type.Optional(
    Type.Array(selected, {
      description: 'What this plan was narrowed to by its approval; not given: it is the whole plan.',
    }),
  ),
  partOf: Type.Optional(
    Type.String({ description: 'Digest of the plan that it was narrowed from. Example: `sha256:9f86d0`.' }),
  ),
  changes: Type.Array(change, { description: 'The changes in this part, in order.', maxItems: MAX_CHANGES_PER_PART }),
})

const planStatus = Type.Object({ ...status })

export type PlanSpec = Static<typeof spec>
export type PlanSummary = Static<typeof planSummary>
export type PlanChange = Static<typeof change>
export type PlanFieldChange = Static<typeof fieldChange>
export type PlanStatus = Static<typeof planStatus>
export type Plan = KubeObject<PlanSpec, PlanStatus>

export const planCondition = { approved: 'Approved', applied: 'Applied', superseded: 'Superseded' } as const

const conditionColumn = (type: string) => ({
  name: type,
  type: 'string' as const,
  jsonPath: `.status.conditions[?(@.type=="${type}")].status`,
})

export const planKind = {
  group: GROUP,
  version: VERSION,
  kind: 'Plan',
  plural: 'plans',
  singular: 'plan',
  shortNames: ['kplan'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'What a ResourceSync is about to change. Made by the controller; approved by a PlanApproval.',
  spec,
  status: planStatus,
  printerColumns: [
    { name: 'Sync', type: 'string', jsonPath: '.spec.sync' },
    { name: 'Create', type: 'integer', jsonPath: '.spec.summary.create' },
    { name: 'Update', type: 'integer', jsonPath: '.spec.summary.update' },
    { name: 'Delete', type: 'integer', jsonPath: '.spec.summary.delete' },
    { name: 'Deploy', type: 'integer', jsonPath: '.spec.summary.deploy' },
    conditionColumn('Approved'),
    conditionColumn('Applied'),
    { name: 'Digest', type: 'string', jsonPath: '.spec.digest', wide: true },
    { name: 'Revision', type: 'string', jsonPath: '.spec.revision', wide: true },
    ...ageColumns.slice(0, 1),
  ],
  conditions: {
    Approved: 'Somebody approved the plan, or the sync needs no approval.',
    Applied: 'All changes were made.',
    Superseded: 'A newer plan took its place.',
  },
  immutable: true,
} satisfies KindDefinition
