import Type, { type Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { generalName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { status, suspend, wrapper } from './common.ts'
import { choice, secretFrom, table } from './field.ts'
import { ageColumns, type KindDefinition, readyColumns, SUPPORTED, SUPPORTED_MEANING } from './kind.ts'
import { param } from './variant-param.ts'

const account = Type.Object(
  {
    username: Type.String({ description: 'User name.', 'x-komodo': { aliases: ['account'] } }),
    tokenFrom: secretFrom('Secret with the access token. In TOML: `token`.', { secretKey: 'token' }),
  },
  { description: 'One account.' },
)

const accounts = Type.Array(account, { description: 'Accounts.', 'x-komodo': { aliases: ['account'] } })

const gitProvider = Type.Object(
  {
    domain: Type.Optional(
      Type.String({ description: 'Host of the provider.', 'x-komodo': { variantDefault: 'github.com' } }),
    ),
    https: Type.Optional(Type.Boolean({ description: 'Clone over https.', 'x-komodo': { variantDefault: true } })),
    accounts,
  },
  { description: 'One provider.' },
)

const imageRegistry = Type.Object(
  {
    domain: Type.Optional(
      Type.String({ description: 'Host of the registry.', 'x-komodo': { variantDefault: 'docker.io' } }),
    ),
    accounts,
    organizations: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Organizations to push to.',
        'x-komodo': { aliases: ['organization'], variantDefault: [] },
      }),
    ),
  },
  { description: 'One registry.' },
)

const params = table(
  (options) =>
    Type.Object(
      {
        address: param.text('Url: address of an agent that is no Server.', 'https://periphery:8120', '1.16.6'),
        peripheryPublicKey: param.text('Url, Aws: public key that the agent must have; empty: any.', '', '2.0.0'),
        insecureTls: param.flag('Url, Aws: accept any TLS certificate of the agent.', true, '2.0.0'),
        passkeyFrom: secretFrom('Url: Secret with the passkey of a v1 agent. In TOML: `passkey`.', {
          secretKey: 'passkey',
          since: '1.16.6',
        }),
        servers: param.list('Server: Servers to build on; the first that is free is taken.', {
          aliases: ['server_ids', 'server_id', 'server'],
          references: 'Server',
          since: '2.3.0',
        }),
        region: param.text('Aws: region.', 'us-east-1'),
        instanceType: param.text('Aws: instance type.', 'c5.2xlarge'),
        volumeGb: param.integer('Aws: size of the root volume, in GB.', 20),
        amiId: param.text('Aws: image to boot.', ''),
        subnetId: param.text('Aws: subnet of the instance.', ''),
        keyPairName: param.text('Aws: key pair of the instance.', ''),
        assignPublicIp: param.flag('Aws: give the instance a public address.', false),
        usePublicIp: param.flag('Aws: connect over the public address.', false),
        securityGroupIds: param.list('Aws: security groups; they must let the controller in.'),
        userData: param.text('Aws: script that runs at the first boot.', '', '1.15.0'),
        port: param.integer('Aws: port of the agent.', 8120),
        useHttps: param.flag('Aws: connect over TLS.', true, '1.15.0'),
        gitProviders: Type.Optional(
          Type.Array(gitProvider, {
            description: 'Aws: git accounts that the image knows.',
            'x-komodo': { variantDefault: [] },
          }),
        ),
        imageRegistries: Type.Optional(
          Type.Array(imageRegistry, {
            description: 'Aws: registry accounts that the image knows.',
            'x-komodo': { variantDefault: [], since: '2.3.0' },
          }),
        ),
        secrets: param.list('Aws: names of secrets that the image knows.'),
      },
      options,
    ),
  'How to reach it, by type.',
)

const spec = Type.Object(
  {
    ...wrapper,
    type: choice(
      ['Url', 'Server', 'Aws'] as const,
      'Url: an agent by its address. Server: Servers of ours. Aws: an EC2 instance for each build.',
      { default: 'Url' },
    ),
    params,
    operator: table((options) => Type.Object({ suspend }, options), 'Settings that Komodo does not have.', {
      level: 'block',
    }),
  },
  {
    'x-komodo': {
      variants: {
        Url: ['address', 'peripheryPublicKey', 'insecureTls', 'passkey'],
        Server: ['servers'],
        Aws: [
          'region',
          'instanceType',
          'volumeGb',
          'amiId',
          'subnetId',
          'keyPairName',
          'assignPublicIp',
          'usePublicIp',
          'securityGroupIds',
          'userData',
          'port',
          'useHttps',
          'peripheryPublicKey',
          'insecureTls',
          'gitProviders',
          'imageRegistries',
          'secrets',
        ],
      },
    },
  },
)

const builderStatus = Type.Object({ ...status })

export type BuilderSpec = Static<typeof spec>
export type BuilderStatus = Static<typeof builderStatus>
export type Builder = KubeObject<BuilderSpec, BuilderStatus>

export const builderKind = {
  group: GROUP,
  version: VERSION,
  kind: 'Builder',
  plural: 'builders',
  singular: 'builder',
  shortNames: ['kbuilder'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'A place to build images.',
  spec,
  status: builderStatus,
  toml: { table: 'builder', aliases: ['builders'], hasConfig: true, normalizeName: generalName },
  printerColumns: [...readyColumns, { name: 'Type', type: 'string', jsonPath: '.spec.type' }, ...ageColumns],
  conditions: { [SUPPORTED]: SUPPORTED_MEANING },
  notYet: 'nothing builds on it yet',
} satisfies KindDefinition
