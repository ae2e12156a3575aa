import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { pathName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { lastWebhook } from '../webhook-record.ts'
import { deletionPolicy, interval, status, suspend, wrapper } from './common.ts'
import { duration, flag, list, table, text } from './field.ts'
import { gitOperator, gitRepository, webhookEnabled, webhookSecretFrom } from './git-source.ts'
import { ageColumns, type KindDefinition, readyColumns } from './kind.ts'
import Type from './schema.ts'
import { systemCommand } from './system-command.ts'

const spec = Type.Object({
  ...wrapper,
  server: text('Server to clone onto; empty: the repository is only a source for other objects.', {
    example: 'web-1',
    aliases: ['server_id'],
    references: 'Server',
  }),
  builder: text('Builder that builds the repository; empty: it cannot be built.', {
    example: 'builder-1',
    aliases: ['builder_id'],
    references: 'Builder',
  }),
  ...gitRepository,
  path: text(
    "Where the clone goes: absolute, or below the agent's directory for repositories; empty: the name of the repo.",
    { example: '/srv/infra' },
  ),
  webhookEnabled,
  webhookSecretFrom: webhookSecretFrom('1.13.2'),
  onClone: systemCommand('Command that runs after a clone.'),
  onPull: systemCommand('Command that runs after a pull, and after a clone.'),
  links: list('URLs shown next to the object.', {
    shape: 'StringList',
    since: '1.14.1',
    example: '["https://web.example.com"]',
  }),
  environment: text('Variables that are written to `envFilePath`, one `KEY=value` a line.', {
    shape: 'EnvVars',
    example: 'TAG=1.2',
  }),
  envFilePath: text('File that `environment` is written to, relative to the root of the repository.', {
    default: '.env',
  }),
  skipSecretInterp: flag(
    'Leave `[[NAME]]` as it is where NAME is a secret or unknown; plain variables are replaced all the same (Komodo: none).',
    { default: false },
  ),
  operator: table(
    (options) =>
      Type.Object(
        {
          suspend,
          deletionPolicy,
          interval: interval('How often the remote is asked for new commits.', '5m'),
          timeout: duration('How long one pull may take, `onClone` and `onPull` included.', { default: '15m' }),
          ...gitOperator,
        },
        options,
      ),
    'Settings that Komodo does not have.',
    { level: 'block' },
  ),
})

const repoStatus = Type.Object({
  ...status,
  lastWebhook,
  source: Type.Optional(Type.String({ description: 'URL and branch (or commit), without credentials.' })),
  revision: Type.Optional(Type.String({ description: 'Commit that the remote was last seen at.' })),
  message: Type.Optional(Type.String({ description: 'First line of its message.' })),
  server: Type.Optional(Type.String({ description: 'Name of the Server that has the files.' })),
  directory: Type.Optional(Type.String({ description: 'Where they are on the server.' })),
  pulledRevision: Type.Optional(Type.String({ description: 'Commit that the files on the server are of.' })),
  hash: Type.Optional(
    Type.String({ description: 'Hash of all that a pull is made from: commit, directory, environment, commands.' }),
  ),
  lastPulledAt: Type.Optional(
    Type.String({ description: 'When the last pull was complete, commands included.', format: 'date-time' }),
  ),
  lastHandledDeployAt: Type.Optional(
    Type.String({ description: 'Value of the annotation `komodo.dev/deployRequestedAt` that was last acted on.' }),
  ),
  leftovers: Type.Optional(
    Type.Array(
      Type.Object({
        server: Type.String({ description: 'Name of the Server.' }),
        name: Type.String({ description: 'Directory of the files on that Server.' }),
      }),
      {
        description: 'Where files wait to be removed: of an earlier declaration, or of a pull that came to no end.',
      },
    ),
  ),
})

export type RepoSpec = Static<typeof spec>
export type RepoStatus = Static<typeof repoStatus>
export type Repo = KubeObject<RepoSpec, RepoStatus>

export const repoCondition = { serverReady: 'ServerReady', sourceReady: 'SourceReady', pulled: 'Pulled' } as const

export const repoKind = {
  group: GROUP,
  version: VERSION,
  kind: 'Repo',
  plural: 'repos',
  singular: 'repo',
  shortNames: ['krepo'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'A git repository, cloned onto a server or used as a source by others.',
  spec,
  status: repoStatus,
  toml: { table: 'repo', aliases: ['repos'], hasConfig: true, normalizeName: pathName },
  printerColumns: [
    ...readyColumns,
    { name: 'Server', type: 'string', jsonPath: '.spec.server' },
    { name: 'Repo', type: 'string', jsonPath: '.spec.repo' },
    { name: 'Branch', type: 'string', jsonPath: '.spec.branch' },
    { name: 'Commit', type: 'string', jsonPath: '.status.revision' },
    { name: 'Pulled', type: 'date', jsonPath: '.status.lastPulledAt' },
    ...ageColumns,
  ],
  conditions: {
    ServerReady: 'The server is there, enabled and answers; or none is named.',
    SourceReady: 'The repository could be read, and all variables are known.',
    Pulled: 'The server has the commit, and the commands after it went through; or no server is named.',
  },
} satisfies KindDefinition
