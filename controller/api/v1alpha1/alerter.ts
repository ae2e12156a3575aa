import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { generalName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { status, suspend, wrapper } from './common.ts'
import { resourceTargets } from './executions.ts'
import { choices, flag, listOf, optionalText, table } from './field.ts'
import {
  ageColumns,
  type KindDefinition,
  REFERENCES_FOUND,
  REFERENCES_FOUND_MEANING,
  readyColumns,
  SUPPORTED,
  SUPPORTED_MEANING,
} from './kind.ts'
import { maintenanceWindow } from './maintenance-window.ts'
import Type from './schema.ts'

export const alertTypes = [
  'None',
  'Test',
  'SwarmUnhealthy',
  'ServerUnreachable',
  'ServerCpu',
  'ServerMem',
  'ServerDisk',
  'ServerVersionMismatch',
  'ContainerStateChange',
  'DeploymentImageUpdateAvailable',
  'DeploymentAutoUpdated',
  'StackStateChange',
  'StackImageUpdateAvailable',
  'StackAutoUpdated',
  'AwsBuilderTerminationFailed',
  'ResourceSyncPendingUpdates',
  'BuildFailed',
  'RepoBuildFailed',
  'ProcedureFailed',
  'ActionFailed',
  'ScheduleRun',
  'Custom',
] as const

const resourceTarget = Type.Object(
  {
    type: Type.Unsafe<(typeof resourceTargets)[number]>({
      type: 'string',
      enum: resourceTargets,
      description: 'Kind of the object.',
    }),
    id: Type.String({ description: 'Name of the object. Example: `web`.' }),
  },
  { description: 'One object.' },
)

const endpoint = table(
  (options) =>
    Type.Object(
      {
        type: Type.Unsafe<'Custom' | 'Slack' | 'Discord' | 'Ntfy' | 'Pushover'>({
          type: 'string',
          enum: ['Custom', 'Slack', 'Discord', 'Ntfy', 'Pushover'],
          description: 'What kind of service the alerts go to.',
        }),
        params: table(
          (paramsOptions) =>
            Type.Object(
              {
                url: optionalText('URL to send to; may hold `[[NAME]]`, which keeps a token out of the object.', {
                  example: 'https://hooks.slack.com/services/[[SLACK_TOKEN]]',
                }),
                email: optionalText('Ntfy: address that ntfy sends an e-mail to as well.', {
                  example: 'ops@example.com',
                }),
              },
              paramsOptions,
            ),
          'Where to send to; which fields there are depends on `type`.',
        ),
      },
      options,
    ),
  'Where the alerts of this alerter go.',
  {
    default: { type: 'Custom', params: { url: 'http://localhost:7000' } },
    variants: { Custom: ['url'], Slack: ['url'], Discord: ['url'], Ntfy: ['url', 'email'], Pushover: ['url'] },
  },
)

const spec = Type.Object({
  ...wrapper,
  enabled: flag('false: nothing is sent.', { default: false }),
  endpoint,
  alertTypes: choices(alertTypes, 'Only these alerts; empty: all.'),
  resources: listOf(resourceTarget, 'Only alerts about these objects; empty: all.'),
  exceptResources: listOf(resourceTarget, 'No alerts about these objects.'),
  maintenanceWindows: listOf(maintenanceWindow, 'Times during which nothing is sent.', { since: '1.18.2' }),
  operator: table((options) => Type.Object({ suspend }, options), 'Settings that Komodo does not have.', {
    level: 'block',
  }),
})

const alerterStatus = Type.Object({ ...status })

export type AlerterSpec = Static<typeof spec>
export type AlerterStatus = Static<typeof alerterStatus>
export type Alerter = KubeObject<AlerterSpec, AlerterStatus>

export const alerterKind = {
  group: GROUP,
  version: VERSION,
  kind: 'Alerter',
  plural: 'alerters',
  singular: 'alerter',
  shortNames: ['kalert'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'Sends alerts to a chat, a push service or a URL.',
  spec,
  status: alerterStatus,
  toml: { table: 'alerter', aliases: ['alerters'], hasConfig: true, normalizeName: generalName },
  printerColumns: [
    ...readyColumns,
    { name: 'Type', type: 'string', jsonPath: '.spec.endpoint.type' },
    { name: 'Enabled', type: 'boolean', jsonPath: '.spec.enabled' },
    ...ageColumns,
  ],
  conditions: { [REFERENCES_FOUND]: REFERENCES_FOUND_MEANING, [SUPPORTED]: SUPPORTED_MEANING },
  notYet: 'no alerts are sent yet',
} satisfies KindDefinition
