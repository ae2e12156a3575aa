import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { containerName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { deletionPolicy, deployable, interval, status, suspend, wrapper } from './common.ts'
import { deployStatus } from './deploy-status.ts'
import { choice, duration, flag, integer, list, optionalText, table, text } from './field.ts'
import { ageColumns, type KindDefinition, readyColumns } from './kind.ts'
import Type from './schema.ts'

const INT32_MAX = 2_147_483_647

const image = table(
  (options) =>
    Type.Object(
      {
        type: choice(['Image', 'Build'] as const, 'Image: an image by reference. Build: what a Build made.', {
          default: 'Image',
        }),
        params: table(
          (paramsOptions) =>
            Type.Object(
              {
                image: optionalText('Image: the reference of the image, with registry and tag.', {
                  example: 'nginx:1.27',
                }),
                build: optionalText('Build: name of the Build.', {
                  example: 'web',
                  aliases: ['build_id'],
                  references: 'Build',
                }),
                version: optionalText('Build: version to stay at; empty or 0.0.0: the latest one.', {
                  shape: 'Version',
                  example: '1.2.3',
                }),
              },
              paramsOptions,
            ),
          'What to run; which fields there are depends on `type`.',
        ),
      },
      options,
    ),
  'What to run: an image by its reference, or what a Build made.',
  {
    default: { type: 'Image', params: { image: '' } },
    variants: { Image: ['image'], Build: ['build', 'version'] },
  },
)

const operator = table(
  (options) =>
    Type.Object(
      {
        suspend,
        deletionPolicy,
        interval: interval('How often the host is compared with the declaration when no event comes.', '5m'),
        healthDeadline: duration(
          'How long a new container may take to become healthy; after that the old one comes back.',
          { default: '2m' },
        ),
        minReady: duration('How long a new container without health check must stay up to count as healthy.', {
          default: '2s',
        }),
        adopt: optionalText(
          "Docker's id, 12 digits or more of it, of a container that runs already under the name of this one: it is taken over as it is, and replaced only when the declaration changes.",
          { example: '8f2c1d0a9b7e' },
        ),
        credentials: optionalText(
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
  server: text('Server to run the container on; must be given, unless `swarm` is.', {
    aliases: ['server_id'],
    references: 'Server',
    example: 'web-1',
  }),
  customName: text('Name of the container; empty: the name of the deployment.', { example: 'web', since: '2.3.0' }),
  image,
  imageRegistryAccount: text("User name of the account to pull the image with; empty: the Build's, or none.", {
    example: 'acme-bot',
  }),
  skipSecretInterp: flag(
    'Leave `[[NAME]]` as it is where NAME is a secret or unknown; plain variables are replaced all the same (Komodo: none).',
    { default: false },
  ),
  redeployOnBuild: flag('Deploy again after the Build that makes the image.', { default: false }),
  pollForUpdates: flag('Look for a newer digest of the same tag at the registry, and tell.', {
    default: false,
    since: '1.16.9',
  }),
  autoUpdate: flag('Like `pollForUpdates`, and deploy the newer image.', { default: false, since: '1.16.9' }),
  sendAlerts: flag('Alert when the state of the container changes.', { default: true }),
  links: list('URLs shown next to the object.', { since: '1.14.1', example: '["https://web.example.com"]' }),
  network: text('Docker network to join.', { default: 'host', example: 'bridge' }),
  restart: choice(
    ['no', 'on-failure', 'always', 'unless-stopped'] as const,
    "Docker's restart policy; on-failure gives up after 10 tries.",
    { default: 'no' },
  ),
  command: text("Arguments of the container, in place of those of the image; empty: the image's.", {
    example: 'redis-server --save 60 1',
  }),
  replicas: integer('Number of copies to run; on a swarm only.', {
    default: 1,
    minimum: 0,
    maximum: INT32_MAX,
    since: '2.0.0',
  }),
  terminationSignal: choice(
    ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const,
    'Signal that asks the container to stop.',
    { default: 'SIGTERM', enumAliases: { SIGHUP: ['1'], SIGINT: ['2'], SIGQUIT: ['3'], SIGTERM: ['15'] } },
  ),
  terminationTimeout: integer('Seconds between that signal and the kill.', {
    default: 10,
    minimum: -1,
    maximum: INT32_MAX,
  }),
  extraArgs: list('More flags of `docker run`.', { shape: 'StringList', example: '["--memory=512m"]' }),
  termSignalLabels: text('Captions of the stop signals, one `SIGTERM: caption` a line.', {
    shape: 'TermSignalLabels',
    example: 'SIGTERM: finish requests',
  }),
  ports: text('Published ports, one `host:container` a line; not with host networking.', {
    shape: 'Conversions',
    example: '8080:80',
  }),
  volumes: text('Mounts, one `host path or volume:container path` a line.', {
    shape: 'Conversions',
    example: '/srv/data:/data:ro',
  }),
  environment: text('Environment of the container, one `KEY=value` a line.', { shape: 'EnvVars', example: 'TZ=UTC' }),
  labels: text('Docker labels, one `key: value` a line.', { shape: 'Labels', example: 'traefik.enable: true' }),
  operator,
})

const deploymentStatus = Type.Object({
  ...status,
  server: Type.Optional(Type.String({ description: 'Name of the Server the container is on.' })),
  containerName: Type.Optional(Type.String({ description: 'Name of the container.' })),
  containerId: Type.Optional(Type.String({ description: "Docker's id of the container." })),
  image: Type.Optional(Type.String({ description: 'Image that the container was made from, as it was asked for.' })),
  imageDigest: Type.Optional(Type.String({ description: 'Digest of that image.' })),
  adopted: Type.Optional(
    Type.Object(
      {
        containerId: Type.String({ description: "Docker's id of the container." }),
        hash: Type.String({ description: 'Hash of the declaration that it was found to fulfil.' }),
        since: Type.Optional(
          Type.String({
            description: "When it became the Deployment's own; until then it is only observed.",
            format: 'date-time',
          }),
        ),
      },
      { description: 'The container that was there before and is taken over, see `operator.adopt`.' },
    ),
  ),
  state: Type.Optional(Type.String({ description: "Docker's state of the container: running, exited, ..." })),
  health: Type.Optional(Type.String({ description: 'Result of the health check.' })),
  ...deployStatus,
})

export type DeploymentSpec = Static<typeof spec>
export type DeploymentStatus = Static<typeof deploymentStatus>
export type Deployment = KubeObject<DeploymentSpec, DeploymentStatus>

export const deploymentCondition = {
  serverReady: 'ServerReady',
  inputsReady: 'InputsReady',
  deployed: 'Deployed',
  healthy: 'Healthy',
} as const

export const deploymentKind = {
  group: GROUP,
  version: VERSION,
  kind: 'Deployment',
  plural: 'deployments',
  singular: 'deployment',
  shortNames: ['kdep'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'One container on a server.',
  spec,
  status: deploymentStatus,
  toml: { table: 'deployment', aliases: ['deployments'], hasConfig: true, normalizeName: containerName },
  printerColumns: [
    ...readyColumns,
    { name: 'Server', type: 'string', jsonPath: '.spec.server' },
    { name: 'Image', type: 'string', jsonPath: '.status.image' },
    { name: 'State', type: 'string', jsonPath: '.status.state' },
    { name: 'Container', type: 'string', jsonPath: '.status.containerName', wide: true },
    ...ageColumns,
  ],
  conditions: {
    ServerReady: 'The server is there, enabled and answers.',
    InputsReady: 'Variables, secrets and texts could be read.',
    Deployed: 'The container was made from what is declared.',
    Healthy: 'The container runs, and its health check passes if it has one.',
  },
} satisfies KindDefinition
