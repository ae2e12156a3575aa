import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { generalName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { status, suspend, wrapper } from './common.ts'
import { flag, list, listOf, table } from './field.ts'
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

const spec = Type.Object({
  ...wrapper,
  servers: list('Servers that are managers of the swarm; asked in this order until one answers.', {
    aliases: ['server_ids'],
    example: '["manager-1", "manager-2"]',
    references: 'Server',
    since: '2.0.0',
  }),
  links: list('URLs shown next to the object.', {
    shape: 'StringList',
    since: '2.0.0',
    example: '["https://swarm.example.com"]',
  }),
  sendUnhealthyAlerts: flag('Alert when the swarm becomes unhealthy.', { default: true, since: '2.0.0' }),
  maintenanceWindows: listOf(maintenanceWindow, 'Times during which alerts of this swarm are held back.', {
    since: '2.0.0',
  }),
  operator: table((options) => Type.Object({ suspend }, options), 'Settings that Komodo does not have.', {
    level: 'block',
  }),
})

const swarmStatus = Type.Object({ ...status })

export type SwarmSpec = Static<typeof spec>
export type SwarmStatus = Static<typeof swarmStatus>
export type Swarm = KubeObject<SwarmSpec, SwarmStatus>

export const swarmKind = {
  group: GROUP,
  version: VERSION,
  kind: 'Swarm',
  plural: 'swarms',
  singular: 'swarm',
  shortNames: ['kswarm'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'A Docker Swarm, reached through its managers.',
  spec,
  status: swarmStatus,
  toml: { table: 'swarm', aliases: ['swarms'], hasConfig: true, normalizeName: generalName },
  printerColumns: [...readyColumns, { name: 'Managers', type: 'string', jsonPath: '.spec.servers' }, ...ageColumns],
  conditions: { [REFERENCES_FOUND]: REFERENCES_FOUND_MEANING, [SUPPORTED]: SUPPORTED_MEANING },
  notYet: 'nothing is deployed to a swarm yet',
} satisfies KindDefinition
