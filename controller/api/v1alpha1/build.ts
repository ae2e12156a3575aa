import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { composeName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { lastWebhook } from '../webhook-record.ts'
import { status, suspend, wrapper } from './common.ts'
import { flag, list, listOf, optionalText, table, text } from './field.ts'
import { gitOperator, gitRepository, linkedRepo, webhookEnabled, webhookSecretFrom } from './git-source.ts'
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
import { systemCommand } from './system-command.ts'

const imageRegistry = Type.Object(
  {
    domain: text('Domain of the registry; empty: nothing is pushed.', { example: 'ghcr.io' }),
    account: text('Account to log in with; without one nothing is pushed.', { example: 'acme-bot' }),
    organization: text('Organization to push to, in place of the account.', { example: 'acme' }),
  },
  {
    description: 'One registry.',
    // Up to Komodo 1.19; since then Komodo takes it for an empty entry and pushes nothing.
    'x-komodo': { wrapped: { Standard: { domain: 'docker.io' }, None: undefined } },
  },
)

const spec = Type.Object({
  ...wrapper,
  builder: text('Builder that runs the build; empty: it cannot run.', {
    example: 'builder-1',
    aliases: ['builder_id'],
    references: 'Builder',
  }),
  version: optionalText('Version of the next image; missing: none yet.', { shape: 'Version', example: '1.2.3' }),
  autoIncrementVersion: flag('Add one to the patch number with every build.', { default: true, since: '1.13.2' }),
  imageName: text('Name of the image; empty: the name of the build.', { example: 'web' }),
  imageTag: text('Suffix of every tag, also pushed as a tag of its own; empty: none.', { example: 'alpine' }),
  includeLatestTag: flag('Push the tag `latest`.', { default: true, since: '1.19.5' }),
  includeVersionTags: flag('Push the tags `1.2.3`, `1.2` and `1`.', { default: true, since: '1.19.5' }),
  includeCommitTag: flag('Push a tag with the short hash of the commit.', { default: true, since: '1.19.5' }),
  links: list('URLs shown next to the object.', {
    shape: 'StringList',
    since: '1.14.1',
    example: '["https://web.example.com"]',
  }),
  linkedRepo,
  ...gitRepository,
  webhookEnabled,
  webhookSecretFrom: webhookSecretFrom('1.13.2'),
  filesOnHost: flag("The build context is on the builder's host already.", { default: false, since: '1.17.1' }),
  buildPath: text('Directory of the build context, relative to the root of the repository.', { default: '.' }),
  dockerfilePath: text('Dockerfile, relative to the build context.', { default: 'Dockerfile' }),
  imageRegistry: listOf(
    imageRegistry,
    'Registries to push to; the first names the image. Empty: the image stays local.',
    {
      shape: 'TableOrList',
    },
  ),
  skipSecretInterp: flag(
    'Leave `[[NAME]]` as it is where NAME is a secret or unknown; plain variables are replaced all the same (Komodo: none).',
    { default: false },
  ),
  useBuildx: flag('Use `docker buildx build`.', { default: false }),
  extraArgs: list('More flags of the build command.', { shape: 'StringList', example: '["--no-cache"]' }),
  preBuild: systemCommand('Command that runs before a build, in the repository.'),
  dockerfile: text('The Dockerfile itself; used when neither files on the host nor a repository is named.', {
    since: '1.17.1',
    example: 'FROM nginx:1.27',
  }),
  buildArgs: text('Build arguments, one `KEY=value` a line; they stay visible in the image.', {
    shape: 'EnvVars',
    example: 'NODE_ENV=production',
  }),
  secretArgs: text('Secrets of the build, one `KEY=value` a line; they are not kept in the image.', {
    shape: 'EnvVars',
    example: 'NPM_TOKEN=[[NPM_TOKEN]]',
  }),
  labels: text('Docker labels of the image, one `key: value` a line.', {
    shape: 'Labels',
    example: 'org.opencontainers.image.vendor: acme',
  }),
  operator: table(
    (options) => Type.Object({ suspend, ...gitOperator }, options),
    'Settings that Komodo does not have.',
    {
      level: 'block',
    },
  ),
})

const buildStatus = Type.Object({ ...status, lastWebhook })

export type BuildSpec = Static<typeof spec>
export type BuildStatus = Static<typeof buildStatus>
export type Build = KubeObject<BuildSpec, BuildStatus>

export const buildKind = {
  group: GROUP,
  version: VERSION,
  kind: 'Build',
  plural: 'builds',
  singular: 'build',
  shortNames: ['kbuild'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'Makes an image out of a Dockerfile.',
  spec,
  status: buildStatus,
  toml: { table: 'build', aliases: ['builds'], hasConfig: true, normalizeName: composeName },
  printerColumns: [
    ...readyColumns,
    { name: 'Builder', type: 'string', jsonPath: '.spec.builder' },
    { name: 'Version', type: 'string', jsonPath: '.spec.version' },
    { name: 'Repo', type: 'string', jsonPath: '.spec.repo', wide: true },
    ...ageColumns,
  ],
  conditions: { [REFERENCES_FOUND]: REFERENCES_FOUND_MEANING, [SUPPORTED]: SUPPORTED_MEANING },
  notYet: 'nothing builds it yet',
} satisfies KindDefinition
