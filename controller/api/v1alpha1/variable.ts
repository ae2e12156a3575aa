import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { status, suspend } from './common.ts'
import { flag, secretFrom, table, text } from './field.ts'
import { ageColumns, type KindDefinition, readyColumns } from './kind.ts'
import Type from './schema.ts'

const spec = Type.Object({
  description: text('Free text for humans.', { level: 'block', example: 'Login of the shop at its database.' }),
  value: text(
    'The value that `[[NAME]]` stands for; at most 10000 characters, no control characters. Empty when it is a secret.',
    { level: 'block', secretWhen: 'is_secret', maxLength: 10_000, example: 'eu-central-1' },
  ),
  valueFrom: secretFrom('Secret that holds the value, when `isSecret` is true. In TOML: `value`.', {
    level: 'block',
  }),
  isSecret: flag('The value is a secret: it lives in a Secret and never shows in logs, events or status.', {
    default: false,
    level: 'block',
    since: '1.14.0',
  }),
  operator: table((options) => Type.Object({ suspend }, options), 'Settings that Komodo does not have.', {
    level: 'block',
  }),
})

const variableStatus = Type.Object({
  ...status,
  usedBy: Type.Optional(Type.Integer({ description: 'Number of objects that use the variable.' })),
})

export type VariableSpec = Static<typeof spec>
export type VariableStatus = Static<typeof variableStatus>
export type Variable = KubeObject<VariableSpec, VariableStatus>

export const variableCondition = { valid: 'Valid' } as const

export const variableKind = {
  group: GROUP,
  version: VERSION,
  kind: 'Variable',
  plural: 'variables',
  singular: 'variable',
  shortNames: ['kvar'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'A value that other objects use as `[[NAME]]`.',
  spec,
  status: variableStatus,
  toml: { table: 'variable', aliases: ['variables'], hasConfig: false, normalizeName: (name) => name },
  printerColumns: [
    ...readyColumns,
    { name: 'Secret', type: 'boolean', jsonPath: '.spec.isSecret' },
    { name: 'Used by', type: 'integer', jsonPath: '.status.usedBy', wide: true },
    { name: 'Value', type: 'string', jsonPath: '.spec.value', wide: true },
    ...ageColumns,
  ],
  conditions: { Valid: 'Name and value are usable.' },
} satisfies KindDefinition
