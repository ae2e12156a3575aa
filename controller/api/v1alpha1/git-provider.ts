import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { generalName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { status, suspend } from './common.ts'
import { flag, table, text } from './field.ts'
import { ageColumns, type KindDefinition, readyColumns } from './kind.ts'
import { ACCOUNTS_MEANING, accounts, onlyServers } from './provider-account.ts'
import Type from './schema.ts'

const spec = Type.Object({
  domain: text('Host of the provider, with its port if it has one, without protocol.', {
    level: 'block',
    default: 'github.com',
    example: 'git.example.com:3000',
  }),
  https: flag('true: clone over https. false: over http, whatever `gitHttps` of an object says.', {
    level: 'block',
    default: true,
  }),
  accounts,
  operator: table(
    (options) => Type.Object({ suspend, servers: onlyServers }, options),
    'Settings that Komodo does not have.',
    { level: 'block' },
  ),
})

const gitProviderStatus = Type.Object({ ...status })

export type GitProviderSpec = Static<typeof spec>
export type GitProviderStatus = Static<typeof gitProviderStatus>
export type GitProvider = KubeObject<GitProviderSpec, GitProviderStatus>

export const gitProviderKind = {
  group: GROUP,
  version: VERSION,
  kind: 'GitProvider',
  plural: 'gitproviders',
  singular: 'gitprovider',
  shortNames: ['kgit'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'Accounts at a git provider.',
  spec,
  status: gitProviderStatus,
  toml: {
    table: 'git_provider',
    aliases: ['git_providers'],
    hasConfig: false,
    normalizeName: generalName,
    nameFrom: { key: 'domain', otherwise: 'github.com' },
  },
  printerColumns: [
    ...readyColumns,
    { name: 'Domain', type: 'string', jsonPath: '.spec.domain' },
    { name: 'Accounts', type: 'string', jsonPath: '.spec.accounts[*].username' },
    ...ageColumns,
  ],
  conditions: { AccountsReady: ACCOUNTS_MEANING },
} satisfies KindDefinition
