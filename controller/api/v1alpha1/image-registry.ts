import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { generalName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { status, suspend } from './common.ts'
import { list, table, text } from './field.ts'
import { ageColumns, type KindDefinition, readyColumns } from './kind.ts'
import { ACCOUNTS_MEANING, accounts, onlyServers } from './provider-account.ts'
import Type from './schema.ts'

const spec = Type.Object({
  domain: text(
    'Host of the registry, with its port if it has one; `http://` before it for one without TLS, which the Docker Engine of the hosts must allow as well.',
    { level: 'block', default: 'docker.io', example: 'ghcr.io' },
  ),
  accounts,
  organizations: list('Organizations that builds may push to in place of the account.', {
    level: 'block',
    aliases: ['organization'],
    example: '["acme"]',
  }),
  operator: table(
    (options) => Type.Object({ suspend, servers: onlyServers }, options),
    'Settings that Komodo does not have.',
    { level: 'block' },
  ),
})

const imageRegistryStatus = Type.Object({ ...status })

export type ImageRegistrySpec = Static<typeof spec>
export type ImageRegistryStatus = Static<typeof imageRegistryStatus>
export type ImageRegistry = KubeObject<ImageRegistrySpec, ImageRegistryStatus>

export const imageRegistryKind = {
  group: GROUP,
  version: VERSION,
  kind: 'ImageRegistry',
  plural: 'imageregistries',
  singular: 'imageregistry',
  shortNames: ['kreg'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'Accounts at an image registry.',
  spec,
  status: imageRegistryStatus,
  toml: {
    table: 'image_registry',
    // Up to 2.2 Komodo called it `docker_registry`.
    aliases: ['image_registries', 'docker_registry', 'docker_registries'],
    hasConfig: false,
    normalizeName: generalName,
    nameFrom: { key: 'domain', otherwise: 'docker.io' },
  },
  printerColumns: [
    ...readyColumns,
    { name: 'Domain', type: 'string', jsonPath: '.spec.domain' },
    { name: 'Accounts', type: 'string', jsonPath: '.spec.accounts[*].username' },
    ...ageColumns,
  ],
  conditions: { AccountsReady: ACCOUNTS_MEANING },
} satisfies KindDefinition
