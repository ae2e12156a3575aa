import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { generalName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { status, suspend } from './common.ts'
import { flag, integer, list, table, text } from './field.ts'
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

const spec = Type.Object({
  publicKey: Type.String({
    description: 'Public half of the key pair, in base64; new hosts show that they have the private half.',
    minLength: 1,
    'x-komodo': {
      level: 'block',
      since: '2.0.0',
      example: 'MCowBQYDK2VuAyEAr8cMhLz4hYv0mC1vB0Ks3W1nEgtSRvJTHGBmTrJ5qH0=',
    },
  }),
  enabled: flag('Whether hosts may still join with the key.', { level: 'block', default: false, since: '2.0.0' }),
  expires: integer('When the key ends, in milliseconds since 1970; 0: never.', {
    level: 'block',
    default: 0,
    minimum: 0,
    since: '2.0.0',
    example: '1798761600000',
  }),
  tags: list('Tags of the Servers that are made with the key.', {
    level: 'block',
    since: '2.0.0',
    example: '["edge"]',
  }),
  privileged: flag('The key may also enable existing Servers, change their keys and drop their address.', {
    level: 'block',
    default: false,
    since: '2.0.0',
  }),
  copyServer: text('Server whose settings a new one starts with; empty: the defaults.', {
    example: 'edge-template',
    level: 'block',
    references: 'Server',
    since: '2.0.0',
  }),
  createBuilder: flag('Also make a Builder of each new Server.', { level: 'block', default: false, since: '2.0.0' }),
  operator: table((options) => Type.Object({ suspend }, options), 'Settings that Komodo does not have.', {
    level: 'block',
  }),
})

const onboardingKeyStatus = Type.Object({ ...status })

export type OnboardingKeySpec = Static<typeof spec>
export type OnboardingKeyStatus = Static<typeof onboardingKeyStatus>
export type OnboardingKey = KubeObject<OnboardingKeySpec, OnboardingKeyStatus>

export const onboardingKeyKind = {
  group: GROUP,
  version: VERSION,
  kind: 'OnboardingKey',
  plural: 'onboardingkeys',
  singular: 'onboardingkey',
  shortNames: ['kkey'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'A key with which new hosts join by themselves.',
  spec,
  status: onboardingKeyStatus,
  toml: {
    table: 'onboarding_key',
    aliases: ['onboarding_keys'],
    hasConfig: false,
    normalizeName: generalName,
    nameFrom: { key: 'public_key' },
  },
  printerColumns: [
    ...readyColumns,
    { name: 'Enabled', type: 'boolean', jsonPath: '.spec.enabled' },
    { name: 'Tags', type: 'string', jsonPath: '.spec.tags' },
    ...ageColumns,
  ],
  conditions: { [REFERENCES_FOUND]: REFERENCES_FOUND_MEANING, [SUPPORTED]: SUPPORTED_MEANING },
  notYet: 'no host can join with it yet',
} satisfies KindDefinition
