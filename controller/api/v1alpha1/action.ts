import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { generalName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { lastWebhook } from '../webhook-record.ts'
import { status, suspend, wrapper } from './common.ts'
import { choice, flag, table, text } from './field.ts'
import { webhookSecretFrom } from './git-source.ts'
import { ageColumns, type KindDefinition, readyColumns, SUPPORTED, SUPPORTED_MEANING } from './kind.ts'
import { schedule } from './schedule.ts'
import Type from './schema.ts'

const spec = Type.Object({
  ...wrapper,
  runAtStartup: flag('Run once when the controller starts.', { default: false, since: '1.19.0' }),
  ...schedule,
  webhookEnabled: flag('Whether webhooks may trigger this object.', { default: true, since: '1.16.3' }),
  webhookSecretFrom: webhookSecretFrom('1.16.3'),
  reloadDenoDeps: flag('Fetch all dependencies of the script anew with every run.', {
    default: false,
    since: '1.17.5',
  }),
  fileContents: text('The script, in TypeScript.', {
    example: 'console.log("hello")',
    shape: 'FileContents',
    since: '1.16.0',
  }),
  argumentsFormat: choice(['key_value', 'toml', 'yaml', 'json'] as const, 'How `arguments` is written.', {
    default: 'key_value',
    since: '1.19.0',
  }),
  arguments: text('Arguments of the script, unless a run brings its own; in the format that `argumentsFormat` names.', {
    example: 'TARGET=staging',
    shape: 'FileContents',
    since: '1.19.0',
  }),
  operator: table((options) => Type.Object({ suspend }, options), 'Settings that Komodo does not have.', {
    level: 'block',
  }),
})

const actionStatus = Type.Object({ ...status, lastWebhook })

export type ActionSpec = Static<typeof spec>
export type ActionStatus = Static<typeof actionStatus>
export type Action = KubeObject<ActionSpec, ActionStatus>

export const actionKind = {
  group: GROUP,
  version: VERSION,
  kind: 'Action',
  plural: 'actions',
  singular: 'action',
  shortNames: ['kaction'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'A script that works with other objects.',
  spec,
  status: actionStatus,
  toml: { table: 'action', aliases: ['actions'], hasConfig: true, normalizeName: generalName },
  printerColumns: [
    ...readyColumns,
    { name: 'Schedule', type: 'string', jsonPath: '.spec.schedule' },
    { name: 'Enabled', type: 'boolean', jsonPath: '.spec.scheduleEnabled' },
    ...ageColumns,
  ],
  conditions: { [SUPPORTED]: SUPPORTED_MEANING },
  notYet: 'nothing runs it yet',
} satisfies KindDefinition
