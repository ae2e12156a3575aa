import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { generalName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { lastWebhook } from '../webhook-record.ts'
import { interval, status, suspend, wrapper } from './common.ts'
import { decryption } from './decryption.ts'
import { choice, flag, intOrPercent, list, table, text } from './field.ts'
import { gitOperator, gitRepository, linkedRepo, webhookEnabled, webhookSecretFrom } from './git-source.ts'
import { ageColumns, type KindDefinition, readyColumns } from './kind.ts'
import { planSummary } from './plan.ts'
import Type from './schema.ts'

const writeBack = table(
  (options) =>
    Type.Object(
      {
        author: text('Name of the author of commits.', { default: 'Komodo Operator' }),
        email: text('E-mail address of the author of commits.', { default: 'komodo@komodo.dev' }),
        message: text(
          'First line of the commit message; what changed is listed below it. `{objects}`, `{files}`, `{count}` and `{sync}` are filled in.',
          { default: 'Write back {objects}', example: 'chore(komodo): {objects}' },
        ),
        branch: text(
          'Branch to push to, for review, instead of the branch of the sync. It is made anew on top of that whenever something changes; objects stay as they are until it is merged.',
          { example: 'komodo/changes' },
        ),
        newObjects: text(
          'File that new objects go into, relative to the root of the source; `{kind}` and `{name}` are filled in. The annotation `komodo.dev/file` of an object goes before it. Empty: the only file of the source, if it is one.',
          { example: '{kind}s/{name}.toml' },
        ),
      },
      options,
    ),
  'How a managed sync writes to its files.',
)

const operator = table(
  (options) =>
    Type.Object(
      {
        suspend,
        interval: interval('How often the source is looked at.', '1m'),
        approval: choice(
          ['Auto', 'Manual'] as const,
          'Auto: a new plan is applied at once. Manual: it waits for a PlanApproval with its digest.',
          { default: 'Auto' },
        ),
        deletionBudget: intOrPercent(
          'Most objects that one revision may delete, as a number or as a share of the inventory such as `10%`; beyond that nothing is deleted at all.',
          { default: 10 },
        ),
        decryption,
        secretFiles: list(
          'Files of the source that SOPS encrypted (.yaml, .json or .env): each key at the top becomes a secret Variable. Needs `decryption` and `include_variables = true`.',
          { shape: 'StringList', example: '["secrets.sops.yaml"]' },
        ),
        writeBack,
        ...gitOperator,
      },
      options,
    ),
  'Settings that Komodo does not have.',
  { level: 'block' },
)

const spec = Type.Object({
  ...wrapper,
  linkedRepo,
  ...gitRepository,
  webhookEnabled,
  webhookSecretFrom: webhookSecretFrom('1.13.2'),
  filesOnHost: flag("The files are on the controller's host, in the folder of this sync.", {
    default: false,
    since: '1.15.0',
  }),
  resourcePath: list(
    'Files or folders to read, relative to the root; folders are read recursively, only *.toml files. Empty: the whole source (Komodo reads nothing then).',
    {
      shape: 'StringList',
      example: '["stacks", "servers.toml"]',
    },
  ),
  managed: flag(
    'What somebody changes on an object, by kubectl or otherwise, is written back into the file that declares it (see `operator.writeBack`). Unlike in Komodo it deletes nothing: that is `delete`.',
    { default: false, since: '1.15.0' },
  ),
  delete: flag(
    'Delete objects that this sync applied before and that are no longer declared; with `managed` also the other way round: blocks of objects that somebody deleted.',
    { default: false },
  ),
  includeResources: flag('Apply everything but variables and user groups.', { default: true, since: '1.17.0' }),
  matchTags: list('Only objects with all of these tags take part; empty: all.', {
    example: '["prod"]',
    shape: 'StringList',
    references: 'Tag',
    since: '1.15.0',
  }),
  includeVariables: flag('Apply variables.', { default: false, since: '1.17.0' }),
  includeUserGroups: flag('Apply user groups.', { default: false, since: '1.17.0' }),
  pendingAlert: flag('Tell by an event when changes wait to be applied; the condition `Pending` says so in any case.', {
    default: true,
    since: '1.17.2',
  }),
  fileContents: text(
    'The declaration itself, as TOML; used when neither files on the host nor a repository is named.',
    {
      shape: 'FileContents',
      example: 'variable = [{ name = "TZ", value = "UTC" }]',
      since: '1.15.0',
    },
  ),
  operator,
})

const resourceSyncStatus = Type.Object({
  ...status,
  lastWebhook,
  source: Type.Optional(Type.String({ description: 'Where the declaration comes from, without credentials.' })),
  revision: Type.Optional(Type.String({ description: 'Commit, or digest of the contents, that was last read.' })),
  lastAppliedRevision: Type.Optional(Type.String({ description: 'Revision that was last applied completely.' })),
  lastAppliedAt: Type.Optional(
    Type.String({ description: 'When `lastAppliedRevision` was applied.', format: 'date-time' }),
  ),
  plan: Type.Optional(
    Type.Object(
      {
        name: Type.Optional(Type.String({ description: 'Name of the (first) Plan.' })),
        digest: Type.String({ description: 'Digest that an approval names.' }),
        revision: Type.Optional(Type.String({ description: 'Revision the plan leads to.' })),
        summary: Type.Optional(planSummary),
      },
      { description: 'The plan that waits or was applied last.' },
    ),
  ),
  approval: Type.Optional(
    Type.Object(
      {
        digest: Type.String({ description: 'Digest of the approved plan.' }),
        by: Type.Optional(Type.String({ description: 'Name of the user who approved.' })),
        at: Type.Optional(Type.String({ description: 'When it was approved.', format: 'date-time' })),
        revision: Type.Optional(Type.String({ description: 'Revision of the approved plan.' })),
      },
      { description: 'The last approval that was acted on.' },
    ),
  ),
  inventory: Type.Optional(
    Type.Object(
      {
        count: Type.Optional(Type.Integer({ description: 'Number of objects that this sync applied.' })),
        configMaps: Type.Optional(Type.Array(Type.String(), { description: 'Config maps that hold the list.' })),
      },
      { description: 'The objects that this sync applied, and may prune.' },
    ),
  ),
  message: Type.Optional(Type.String({ description: 'First line of the commit message.' })),
  declared: Type.Optional(Type.Integer({ description: 'Number of objects that the source declares.' })),
  filesDigest: Type.Optional(
    Type.String({
      description:
        'Digest of the files, while all that they declare is as they declare it and there is nothing else to say of them. `komodo plan DIR --live` of the same files has nothing to compare then.',
    }),
  ),
  ready: Type.Optional(
    Type.Integer({
      description: 'Number of objects of the inventory that were Ready when the source was last looked at.',
    }),
  ),
  conflicts: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Objects, as kind/name, that this sync declares and another sync keeps; the other one is told too.',
    }),
  ),
  warnings: Type.Optional(Type.Array(Type.String(), { description: 'What is odd in the files; the first few.' })),
  errors: Type.Optional(Type.Array(Type.String(), { description: 'What is wrong in the files; the first few.' })),
})

export type ResourceSyncSpec = Static<typeof spec>
export type ResourceSyncStatus = Static<typeof resourceSyncStatus>
export type ResourceSync = KubeObject<ResourceSyncSpec, ResourceSyncStatus>

export const resourceSyncCondition = {
  sourceReady: 'SourceReady',
  valid: 'Valid',
  approved: 'Approved',
  applied: 'Applied',
  /** `Ready` does not depend on it: those before say the same of their parts. */
  pending: 'Pending',
  /** Of managed syncs; `Ready` does not depend on it. */
  writtenBack: 'WrittenBack',
} as const

export const resourceSyncKind = {
  group: GROUP,
  version: VERSION,
  kind: 'ResourceSync',
  plural: 'resourcesyncs',
  singular: 'resourcesync',
  shortNames: ['ksync'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'Keeps objects as TOML files in a git repository, on the host, or inline declare them.',
  spec,
  status: resourceSyncStatus,
  toml: { table: 'resource_sync', aliases: ['resource_syncs'], hasConfig: true, normalizeName: generalName },
  printerColumns: [
    ...readyColumns,
    { name: 'Revision', type: 'string', jsonPath: '.status.lastAppliedRevision' },
    { name: 'Objects', type: 'integer', jsonPath: '.status.inventory.count' },
    { name: 'Approval', type: 'string', jsonPath: '.spec.operator.approval', wide: true },
    { name: 'Source', type: 'string', jsonPath: '.status.source', wide: true },
    ...ageColumns,
  ],
  conditions: {
    SourceReady: 'The source could be read.',
    Valid: 'All files could be understood.',
    Approved: 'There is no plan that waits for approval.',
    Applied: 'What the last revision declares was applied.',
    Pending: 'Something that is declared is not applied: it waits for approval, is withheld, or failed.',
    WrittenBack: 'Of managed syncs: what was changed on objects is in the files.',
  },
} satisfies KindDefinition
