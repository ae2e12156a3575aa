import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { generalName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { status, suspend, wrapper } from './common.ts'
import { choice, secretFrom, table } from './field.ts'
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
import { param } from './variant-param.ts'

const account = Type.Object(
  {
    username: Type.String({
      description: 'User name at the provider. Example: `acme-bot`.',
      'x-komodo': { aliases: ['account'] },
    }),
    tokenFrom: secretFrom('Secret with the access token. In TOML: `token`.', { secretKey: 'token' }),
  },
  { description: 'One account.' },
)

const accounts = Type.Array(account, {
  description: 'Accounts at it that the image knows.',
  'x-komodo': { aliases: ['account'] },
})

const gitProvider = Type.Object(
  {
    domain: Type.Optional(
      Type.String({
        description: 'Host of the provider, without protocol.',
        'x-komodo': { variantDefault: 'github.com' },
      }),
    ),
    https: Type.Optional(
      Type.Boolean({ description: 'true: clone over https. false: over http.', 'x-komodo': { variantDefault: true } }),
    ),
    accounts,
  },
  { description: 'One provider.' },
)

const imageRegistry = Type.Object(
  {
    domain: Type.Optional(
      Type.String({
        description: 'Host of the registry, without protocol.',
        'x-komodo': { variantDefault: 'docker.io' },
      }),
    ),
    accounts,
    organizations: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Organizations to push to, in place of the account.',
        'x-komodo': { example: '["acme"]', aliases: ['organization'], variantDefault: [] },
      }),
    ),
  },
  { description: 'One registry.' },
)

const params = table(
  (options) =>
    Type.Object(
      {
        address: param.text('Url: address of an agent that is no Server.', 'https://periphery:8120', {
          since: '1.16.6',
        }),
        peripheryPublicKey: param.text('Url, Aws: public key, in base64, that the agent must have; empty: any.', '', {
          since: '2.0.0',
          example: 'MCowBQYDK2VuAyEAr8cMhLz4hYv0mC1vB0Ks3W1nEgtSRvJTHGBmTrJ5qH0=',
        }),
        insecureTls: param.flag('Url, Aws: accept any TLS certificate of the agent.', true, { since: '2.0.0' }),
        passkeyFrom: secretFrom('Url: Secret with the passkey of a v1 agent. In TOML: `passkey`.', {
          secretKey: 'passkey',
          since: '1.16.6',
        }),
        servers: param.list('Server: Servers to build on; the first that is free is taken.', {
          aliases: ['server_ids', 'server_id', 'server'],
          references: 'Server',
          since: '2.3.0',
          example: '["builder-1", "builder-2"]',
        }),
        region: param.text('Aws: region to launch the instance in.', 'us-east-1'),
        instanceType: param.text('Aws: type of the EC2 instance.', 'c5.2xlarge'),
        volumeGb: param.integer('Aws: size of the root volume, in GB.', 20),
        amiId: param.text('Aws: id of the machine image to boot; it must hold Docker and the agent.', '', {
          example: 'ami-0abcdef1234567890',
        }),
        subnetId: param.text('Aws: id of the subnet of the instance.', '', { example: 'subnet-0abc1234' }),
        keyPairName: param.text('Aws: name of the key pair to log in to the instance with; empty: none.', '', {
          example: 'ops',
        }),
        assignPublicIp: param.flag('Aws: give the instance a public address.', false),
        usePublicIp: param.flag('Aws: connect over the public address.', false),
        securityGroupIds: param.list('Aws: ids of security groups; they must let the controller in.', {
          example: '["sg-0abc1234"]',
        }),
        userData: param.text('Aws: script that runs at the first boot; empty: none.', '', {
          since: '1.15.0',
          example: '#!/bin/sh',
        }),
        port: param.integer('Aws: TCP port of the agent.', 8120),
        useHttps: param.flag('Aws: connect to the agent over TLS.', true, { since: '1.15.0' }),
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
        secrets: param.list('Aws: names of secrets that the image knows.', { example: '["NPM_TOKEN"]' }),
      },
      options,
    ),
  'How to reach the place to build on; which fields there are depends on `type`.',
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
  description: 'A place to build images: a Server, an agent by its address, or an EC2 instance for each build.',
  spec,
  status: builderStatus,
  toml: { table: 'builder', aliases: ['builders'], hasConfig: true, normalizeName: generalName },
  printerColumns: [...readyColumns, { name: 'Type', type: 'string', jsonPath: '.spec.type' }, ...ageColumns],
  conditions: { [REFERENCES_FOUND]: REFERENCES_FOUND_MEANING, [SUPPORTED]: SUPPORTED_MEANING },
  notYet: 'nothing builds on it yet',
} satisfies KindDefinition
