import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { generalName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { lastWebhook } from '../webhook-record.ts'
import { status, suspend, wrapper } from './common.ts'
import { flag, listOf, table } from './field.ts'
import { webhookEnabled, webhookSecretFrom } from './git-source.ts'
import {
  ageColumns,
  type KindDefinition,
  REFERENCES_FOUND,
  REFERENCES_FOUND_MEANING,
  readyColumns,
  SUPPORTED,
  SUPPORTED_MEANING,
} from './kind.ts'
import { schedule } from './schedule.ts'
import Type from './schema.ts'

const execution = Type.Object(
  {
    type: Type.String({ description: 'Name of what runs. Example: `DeployStack`.', minLength: 1 }),
    params: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      description: 'What it takes: names of objects and options, by type. Example: `{ stack = "web" }`.',
      'x-kubernetes-preserve-unknown-fields': true,
    }),
  },
  { description: 'What runs, and with what.', 'x-komodo': { variants: 'executions' } },
)

const enabledExecution = Type.Object(
  { execution, enabled: flag('false: it is left out.', { default: true }) },
  { description: 'One execution.' },
)

const stage = Type.Object(
  {
    name: Type.String({ description: 'Label of the stage. Example: `Databases`.' }),
    enabled: flag('false: the stage is left out.', { default: true }),
    executions: listOf(enabledExecution, 'Executions; all run at the same time.', { aliases: ['execution'] }),
  },
  { description: 'One stage.' },
)

const spec = Type.Object({
  ...wrapper,
  stages: listOf(stage, 'Stages, one after the other; the first that fails ends the run.', {
    key: 'stage',
    aliases: ['stages'],
  }),
  ...schedule,
  webhookEnabled,
  webhookSecretFrom: webhookSecretFrom('1.13.2'),
  operator: table((options) => Type.Object({ suspend }, options), 'Settings that Komodo does not have.', {
    level: 'block',
  }),
})

const procedureStatus = Type.Object({ ...status, lastWebhook })

export type ProcedureSpec = Static<typeof spec>
export type ProcedureStatus = Static<typeof procedureStatus>
export type Procedure = KubeObject<ProcedureSpec, ProcedureStatus>

export const procedureKind = {
  group: GROUP,
  version: VERSION,
  kind: 'Procedure',
  plural: 'procedures',
  singular: 'procedure',
  shortNames: ['kproc'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'Executions in stages: those of a stage run together, stages one after the other.',
  spec,
  status: procedureStatus,
  toml: { table: 'procedure', aliases: ['procedures'], hasConfig: true, normalizeName: generalName },
  printerColumns: [
    ...readyColumns,
    { name: 'Schedule', type: 'string', jsonPath: '.spec.schedule' },
    { name: 'Enabled', type: 'boolean', jsonPath: '.spec.scheduleEnabled' },
    ...ageColumns,
  ],
  conditions: { [REFERENCES_FOUND]: REFERENCES_FOUND_MEANING, [SUPPORTED]: SUPPORTED_MEANING },
  notYet: 'nothing runs it yet',
} satisfies KindDefinition
