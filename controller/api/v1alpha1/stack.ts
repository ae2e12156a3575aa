import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { composeName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { lastWebhook } from '../webhook-record.ts'
import { deletionPolicy, deployable, interval, status, suspend, wrapper } from './common.ts'
import { decryption } from './decryption.ts'
import { deployStatus } from './deploy-status.ts'
import { choice, duration, flag, list, listOf, optionalText, table, text } from './field.ts'
import { gitOperator, gitRepository, linkedRepo, webhookEnabled, webhookSecretFrom } from './git-source.ts'
import { ageColumns, type KindDefinition, readyColumns } from './kind.ts'
import Type from './schema.ts'
import { systemCommand } from './system-command.ts'

const additionalEnvFile = Type.Object(
  {
    path: Type.String({ description: 'Path of the file, relative to the run directory. Example: `config/app.conf`.' }),
    track: flag('true: a change of the file deploys the stack again. false: the file is only passed to compose.', {
      default: true,
    }),
  },
  { description: 'One env file.', 'x-komodo': { shorthand: 'path' } },
)

const configFile = Type.Object(
  {
    path: Type.String({ description: 'Path of the file, relative to the run directory. Example: `config/app.conf`.' }),
    services: list('Services that depend on the file; empty: the whole stack.', {
      example: '["web"]',
      shape: 'StringList',
      aliases: ['service'],
    }),
    requires: choice(
      ['Redeploy', 'Restart', 'None'] as const,
      'What a change of the file does to the services: deploy them again, restart them, or nothing.',
      {
        default: 'None',
        aliases: ['req'],
        enumAliases: { Redeploy: ['redeploy'], Restart: ['restart'], None: ['none'] },
      },
    ),
  },
  { description: 'One file.', 'x-komodo': { shorthand: 'path' } },
)

const operator = table(
  (options) =>
    Type.Object(
      {
        suspend,
        deletionPolicy,
        interval: interval('How often the host is compared with the declaration when no event comes.', '5m'),
        healthDeadline: duration('How long services may take to become healthy after a deploy.', { default: '5m' }),
        minReady: duration(
          'How long services must stay up after a deploy to count as Ready, when they have no health check.',
          {
            default: '2s',
          },
        ),
        timeout: duration('How long one deploy may take, pulls and builds included.', { default: '15m' }),
        profiles: list('Compose profiles to enable.', { shape: 'StringList', example: '["debug"]' }),
        removeOrphans: flag('Remove containers of services that the compose files no longer have.', { default: true }),
        decryption,
        adopt: flag(
          'The project runs already, from files on the host: it is taken over as it is when `docker compose up` would change nothing.',
          { default: false },
        ),
        ...gitOperator,
        registryCredentials: optionalText(
          'Name of a Secret to log in to the registry with: type kubernetes.io/dockerconfigjson, or `username` and `password`.',
          { example: 'ghcr-login' },
        ),
      },
      options,
    ),
  'Settings that Komodo does not have.',
  { level: 'block' },
)

const spec = Type.Object({
  ...wrapper,
  ...deployable,
  swarm: text('Swarm to deploy to; goes before `server`. Empty: to `server`.', {
    example: 'swarm-1',
    aliases: ['swarm_id'],
    references: 'Swarm',
    since: '2.0.0',
  }),
  server: text('Server to deploy to; must be given, unless `swarm` is.', {
    aliases: ['server_id'],
    references: 'Server',
    example: 'web-1',
  }),
  links: list('URLs shown next to the object.', {
    shape: 'StringList',
    since: '1.14.1',
    example: '["https://web.example.com"]',
  }),
  projectName: text('Name of the compose project; empty: the name of the stack.', { example: 'web' }),
  autoPull: flag('Pull images before a deploy.', { default: true, since: '1.14.1' }),
  runBuild: flag('Run `docker compose build` before a deploy.', { default: false, since: '1.14.1' }),
  pollForUpdates: flag("Look for newer digests of the services' images at the registries, and tell.", {
    default: false,
    since: '1.16.9',
  }),
  autoUpdate: flag('Like `pollForUpdates`, and deploy the services with a newer image.', {
    default: false,
    since: '1.16.9',
  }),
  autoUpdateAllServices: flag('An automatic update deploys all services, not only the outdated ones.', {
    default: false,
    since: '1.17.0',
  }),
  autoUpdateSkipServices: list('Services that automatic updates leave alone.', {
    shape: 'StringList',
    since: '2.2.0',
    example: '["db"]',
  }),
  destroyBeforeDeploy: flag('Take the project down before it is brought up again.', {
    default: false,
    since: '1.15.4',
  }),
  skipSecretInterp: flag(
    'Leave `[[NAME]]` as it is where NAME is a secret or unknown; plain variables are replaced all the same (Komodo: none).',
    { default: false },
  ),
  linkedRepo,
  ...gitRepository,
  clonePath: text('Where the repository goes, below the directory of the stack; empty: that directory itself.', {
    example: 'checkout',
    since: '1.18.2',
  }),
  reclone: flag('Clone anew for every deploy.', { default: false, since: '1.15.3' }),
  webhookEnabled,
  webhookSecretFrom: webhookSecretFrom('1.13.2'),
  webhookForceDeploy: flag('A webhook deploys even when nothing changed.', { default: false, since: '1.15.6' }),
  filesOnHost: flag('The compose files are on the host already: see `runDirectory` and `filePaths`.', {
    default: false,
    since: '1.13.2',
  }),
  runDirectory: text(
    'Directory to run compose in: relative to the repository or the directory of the stack, or absolute. Empty: the root of it.',
    { example: 'stacks/web' },
  ),
  filePaths: list('Compose files, relative to the run directory; empty: `compose.yaml`.', {
    shape: 'StringList',
    example: '["compose.yaml", "compose.prod.yaml"]',
  }),
  envFilePath: text('File that `environment` is written to, relative to the run directory.', { default: '.env' }),
  additionalEnvFiles: listOf(
    additionalEnvFile,
    'More env files; later ones win, the written one last. Those that SOPS encrypted are decrypted, see `operator.decryption`.',
    {
      since: '1.16.0',
      textUntil: '2.0',
    },
  ),
  configFiles: listOf(configFile, 'Other files that services depend on, and what a change of each requires.', {
    since: '1.19.1',
  }),
  sendAlerts: flag('Alert when the state of the stack changes.', { default: true }),
  registryProvider: text('Registry to log in to before a deploy; empty: none.', { example: 'ghcr.io' }),
  registryAccount: text('User name of the account to log in to that registry with; empty: no login.', {
    example: 'acme-bot',
  }),
  preDeploy: systemCommand('Command that runs before a deploy.', '1.15.3'),
  postDeploy: systemCommand('Command that runs after a deploy.', '1.17.0'),
  extraArgs: list('More arguments of `docker compose up`.', { shape: 'StringList', example: '["--quiet-pull"]' }),
  buildExtraArgs: list('More arguments of `docker compose build`.', {
    shape: 'StringList',
    since: '1.14.1',
    example: '["--no-cache"]',
  }),
  composeCmdWrapper: text('Command around compose; `[[COMPOSE_COMMAND]]` stands for the compose command itself.', {
    since: '2.0.0',
    example: 'op run -- [[COMPOSE_COMMAND]]',
  }),
  composeCmdWrapperInclude: list('Compose commands that are wrapped: config, build, pull, up, run; empty: only `up`.', {
    example: '["config", "up"]',
    shape: 'StringList',
    since: '2.0.0',
  }),
  ignoreServices: list('Services that do not count for the state of the stack, such as ones that run once.', {
    example: '["migrate"]',
    shape: 'StringList',
    since: '1.13.2',
  }),
  fileContents: text('The compose file itself; used when neither files on the host nor a repository is named.', {
    example: 'services: { web: { image: nginx } }',
    shape: 'FileContents',
  }),
  environment: text('Variables for compose, one `KEY=value` a line.', { shape: 'EnvVars', example: 'TAG=1.2' }),
  operator,
})

const stackStatus = Type.Object({
  ...status,
  lastWebhook,
  project: Type.Optional(Type.String({ description: 'Name of the compose project that runs.' })),
  server: Type.Optional(Type.String({ description: 'Name of the Server it runs on.' })),
  state: Type.Optional(Type.String({ description: 'State of the whole project, such as running, unhealthy or down.' })),
  services: Type.Optional(
    Type.Array(
      Type.Object({
        name: Type.String({ description: 'Name of the service.' }),
        image: Type.Optional(Type.String({ description: 'Image, as the compose file names it.' })),
        imageDigest: Type.Optional(Type.String({ description: 'Digest of the image that runs.' })),
        state: Type.Optional(Type.String({ description: "Docker's state of its containers." })),
        health: Type.Optional(Type.String({ description: 'Result of the health check.' })),
        replicas: Type.Optional(Type.Integer({ description: 'Number of containers that should run.' })),
        running: Type.Optional(Type.Integer({ description: 'Number of containers that run.' })),
        configHash: Type.Optional(Type.String({ description: "Compose's hash of the service." })),
        restart: Type.Optional(Type.String({ description: 'Its restart policy; empty: no.' })),
      }),
      {
        description: 'The services of the project, as they were last seen.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      },
    ),
  ),
  inputs: Type.Optional(
    Type.Array(
      Type.Object({
        path: Type.String({ description: 'File, or the field it comes from.' }),
        hash: Type.String({ description: 'Hash of its contents.' }),
      }),
      { description: 'What the running services were made from.' },
    ),
  ),
  configs: Type.Optional(
    Type.Array(
      Type.Object({
        path: Type.String({ description: 'Path of the file, as in `configFiles`.' }),
        hash: Type.String({ description: 'Hash of its contents.' }),
      }),
      { description: 'Config files as the running services know them.' },
    ),
  ),
  configRecorded: Type.Optional(
    Type.String({
      description: '`deployedHash` for which the `configHash` of each service was taken from its containers.',
    }),
  ),
  revision: Type.Optional(Type.String({ description: 'Commit that was deployed.' })),
  ...deployStatus,
})

export type StackSpec = Static<typeof spec>
export type StackStatus = Static<typeof stackStatus>
export type Stack = KubeObject<StackSpec, StackStatus>

export const stackCondition = {
  serverReady: 'ServerReady',
  sourceReady: 'SourceReady',
  deployed: 'Deployed',
  healthy: 'Healthy',
} as const

export const stackKind = {
  group: GROUP,
  version: VERSION,
  kind: 'Stack',
  plural: 'stacks',
  singular: 'stack',
  shortNames: ['kstack'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'A Docker Compose project on a server.',
  spec,
  status: stackStatus,
  toml: { table: 'stack', aliases: ['stacks'], hasConfig: true, normalizeName: composeName },
  printerColumns: [
    ...readyColumns,
    { name: 'Server', type: 'string', jsonPath: '.spec.server' },
    { name: 'State', type: 'string', jsonPath: '.status.state' },
    { name: 'Commit', type: 'string', jsonPath: '.status.revision', wide: true },
    { name: 'Project', type: 'string', jsonPath: '.status.project', wide: true },
    ...ageColumns,
  ],
  conditions: {
    ServerReady: 'The server is there, enabled and answers.',
    SourceReady: 'Compose files, env files and variables could be read.',
    Deployed: 'What runs was made from what is declared.',
    Healthy: 'All services that count run and are healthy.',
  },
} satisfies KindDefinition
