import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { status, suspend } from './common.ts'
import { resourceTargets } from './executions.ts'
import { choice, choices, flag, list, listOf, table } from './field.ts'
import {
  ageColumns,
  type KindDefinition,
  REFERENCES_FOUND,
  REFERENCES_FOUND_MEANING,
  readyColumns,
  SUPPORTED,
  SUPPORTED_MEANING,
} from './kind.ts'
import Type from './schema.ts'

const level = choice(
  ['None', 'Read', 'Execute', 'Write'] as const,
  'What is allowed: nothing, to see, to run, or to change.',
  { default: 'None' },
)

const specific = choices(['Terminal', 'Attach', 'Inspect', 'Logs', 'Processes'] as const, 'What is allowed besides.')

const onKind = (kind: string) =>
  Type.Optional(
    Type.Object(
      { level, specific },
      { description: `What members may do with every ${kind}.`, 'x-komodo': { key: kind, shorthand: 'level' } },
    ),
  )

const permission = Type.Object(
  {
    target: Type.Object(
      {
        type: Type.Unsafe<(typeof resourceTargets)[number]>({
          type: 'string',
          enum: resourceTargets,
          description: 'Kind of the object.',
        }),
        id: Type.String({
          description:
            'Name of the object; with `*` and `?` for several, or a regular expression between two backslashes. Example: `web-*`.',
        }),
      },
      { description: 'What the permission is about.' },
    ),
    level,
    specific,
  },
  { description: 'One permission.' },
)

const spec = Type.Object({
  everyone: flag('Every user is a member.', { default: false, level: 'block', since: '1.18.0' }),
  users: list('Names of the members.', { example: '["alice", "bob"]', level: 'block' }),
  all: table(
    (options) =>
      Type.Object(
        {
          system: onKind('System'),
          swarm: onKind('Swarm'),
          server: onKind('Server'),
          stack: onKind('Stack'),
          deployment: onKind('Deployment'),
          build: onKind('Build'),
          repo: onKind('Repo'),
          procedure: onKind('Procedure'),
          action: onKind('Action'),
          builder: onKind('Builder'),
          alerter: onKind('Alerter'),
          resourceSync: onKind('ResourceSync'),
        },
        options,
      ),
    'What members may do with all objects of a kind.',
    { level: 'block' },
  ),
  permissions: listOf(permission, 'What members may do with single objects.', {
    level: 'block',
    aliases: ['permission'],
  }),
  operator: table((options) => Type.Object({ suspend }, options), 'Settings that Komodo does not have.', {
    level: 'block',
  }),
})

const userGroupStatus = Type.Object({ ...status })

export type UserGroupSpec = Static<typeof spec>
export type UserGroupStatus = Static<typeof userGroupStatus>
export type UserGroup = KubeObject<UserGroupSpec, UserGroupStatus>

export const userGroupKind = {
  group: GROUP,
  version: VERSION,
  kind: 'UserGroup',
  plural: 'usergroups',
  singular: 'usergroup',
  shortNames: ['kgroup'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'Users, and what they may do.',
  spec,
  status: userGroupStatus,
  toml: { table: 'user_group', aliases: ['user_groups'], hasConfig: false, normalizeName: (name) => name },
  printerColumns: [
    ...readyColumns,
    { name: 'Everyone', type: 'boolean', jsonPath: '.spec.everyone' },
    { name: 'Users', type: 'string', jsonPath: '.spec.users' },
    ...ageColumns,
  ],
  conditions: { [REFERENCES_FOUND]: REFERENCES_FOUND_MEANING, [SUPPORTED]: SUPPORTED_MEANING },
  notYet: 'it gives nobody any rights yet; grant them with RBAC',
} satisfies KindDefinition
