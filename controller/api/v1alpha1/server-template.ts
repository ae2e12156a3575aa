import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { generalName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { status, suspend, wrapper } from './common.ts'
import { choice, table } from './field.ts'
import { ageColumns, type KindDefinition, readyColumns, SUPPORTED, SUPPORTED_MEANING } from './kind.ts'
import Type from './schema.ts'
import { param } from './variant-param.ts'

/** Komodo's spelling of Hetzner's data centres, and Hetzner's own. */
const datacenters = {
  Nuremberg1Dc3: ['nbg1-dc3'],
  Helsinki1Dc2: ['hel1-dc2'],
  Falkenstein1Dc14: ['fsn1-dc14'],
  AshburnDc1: ['ash-dc1'],
  HillsboroDc1: ['hil-dc1'],
  SingaporeDc1: ['sin-dc1'],
} as const

/** Komodo's spelling of Hetzner's server types, and Hetzner's own. */
const serverTypes = {
  SharedAmd2Core2Ram40Disk: ['cpx11'],
  SharedArm2Core4Ram40Disk: ['cax11'],
  SharedIntel2Core4Ram40Disk: ['cx22'],
  SharedAmd3Core4Ram80Disk: ['cpx21'],
  SharedArm4Core8Ram80Disk: ['cax21'],
  SharedIntel4Core8Ram80Disk: ['cx32'],
  SharedAmd4Core8Ram160Disk: ['cpx31'],
  SharedArm8Core16Ram160Disk: ['cax31'],
  SharedIntel8Core16Ram160Disk: ['cx42'],
  SharedAmd8Core16Ram240Disk: ['cpx41'],
  SharedArm16Core32Ram320Disk: ['cax41'],
  SharedIntel16Core32Ram320Disk: ['cx52'],
  SharedAmd16Core32Ram360Disk: ['cpx51'],
  DedicatedAmd2Core8Ram80Disk: ['ccx13'],
  DedicatedAmd4Core16Ram160Disk: ['ccx23'],
  DedicatedAmd8Core32Ram240Disk: ['ccx33'],
  DedicatedAmd16Core64Ram360Disk: ['ccx43'],
  DedicatedAmd32Core128Ram600Disk: ['ccx53'],
  DedicatedAmd48Core192Ram960Disk: ['ccx63'],
} as const

const namesOf = <Names extends Readonly<Record<string, unknown>>>(names: Names) =>
  Object.keys(names) as (keyof Names & string)[]

/** Of both providers: which fields a volume has depends on `type`. */
const volume = Type.Object(
  {
    sizeGb: Type.Integer({
      description: 'Size of the volume, in GB. Example: `20`.',
      minimum: 1,
      maximum: 2_147_483_647,
    }),
    deviceName: Type.Optional(Type.String({ description: 'Aws: name of the device. Example: `/dev/sda1`.' })),
    volumeType: param.choice('Aws: type of the EBS volume.', ['gp2', 'gp3', 'io1', 'io2'], 'gp2'),
    iops: param.integer('Aws: operations a second; 0: what the provider gives.', 0),
    throughput: param.integer('Aws: throughput, in MiB/s; 0: what the provider gives.', 0),
    name: Type.Optional(Type.String({ description: 'Hetzner: name of the volume. Example: `data`.' })),
    format: param.choice('Hetzner: file system of the volume.', ['Xfs', 'Ext4'], 'Xfs'),
    labels: Type.Optional(
      Type.Unsafe<Record<string, string>>({
        type: 'object',
        description: 'Hetzner: labels of the volume.',
        'x-kubernetes-preserve-unknown-fields': true,
        'x-komodo': { variantDefault: {} },
      }),
    ),
  },
  { description: 'One volume.' },
)

const ids = (description: string, example: string) =>
  Type.Optional(
    Type.Array(Type.Integer({ format: 'int64' }), { description, 'x-komodo': { variantDefault: [], example } }),
  )

const params = table(
  (options) =>
    Type.Object(
      {
        region: param.text('Aws: region to launch the server in.', 'us-east-1'),
        instanceType: param.text('Aws: type of the EC2 instance.', 't3.small'),
        amiId: param.text('Aws: id of the machine image to boot.', '', { example: 'ami-0abcdef1234567890' }),
        subnetId: param.text('Aws: id of the subnet of the instance.', '', { example: 'subnet-0abc1234' }),
        keyPairName: param.text('Aws: name of the key pair to log in to the instance with; empty: none.', '', {
          example: 'ops',
        }),
        assignPublicIp: param.flag('Aws: give the instance a public address.', true),
        securityGroupIds: param.list('Aws: ids of security groups; they must let the controller in.', {
          example: '["sg-0abc1234"]',
        }),
        image: param.text('Hetzner: image to boot, by name or id.', 'ubuntu-24.04'),
        datacenter: param.choice('Hetzner: data centre.', namesOf(datacenters), 'Nuremberg1Dc3', datacenters),
        placementGroup: param.integer('Hetzner: id of a placement group; 0: none.', 0, Number.MAX_SAFE_INTEGER),
        serverType: param.choice(
          'Hetzner: size of the server.',
          namesOf(serverTypes),
          'SharedAmd2Core2Ram40Disk',
          serverTypes,
        ),
        sshKeys: param.list('Hetzner: SSH keys that may log in, by name or id.', { example: '["ops"]' }),
        privateNetworkIds: ids('Hetzner: ids of private networks to join.', '[4711]'),
        enablePublicIpv4: param.flag('Hetzner: give the server a public IPv4 address.', false),
        enablePublicIpv6: param.flag('Hetzner: give the server a public IPv6 address.', false),
        firewallIds: ids('Hetzner: ids of firewalls to put before the server.', '[38]'),
        labels: Type.Optional(
          Type.Unsafe<Record<string, string>>({
            type: 'object',
            description: 'Hetzner: labels of the server.',
            'x-kubernetes-preserve-unknown-fields': true,
            'x-komodo': { variantDefault: {} },
          }),
        ),
        usePublicIp: param.flag('Connect to the agent over the public address; false: over the private one.', false),
        port: param.integer('TCP port of the agent.', 8120, 65_535),
        useHttps: param.flag('Connect to the agent over TLS.', true, { since: '1.15.0' }),
        volumes: Type.Optional(
          Type.Array(volume, {
            description: 'Volumes. Not given, an Aws server gets a root volume of 20 GB (`/dev/sda1`, gp2).',
            'x-komodo': { variantDefault: [] },
          }),
        ),
        userData: param.text('Script of the first boot; it must install Docker and the agent. Empty: none.', '', {
          example: '#!/bin/sh',
        }),
      },
      options,
    ),
  'What to launch; which fields there are depends on `type`.',
)

const common = ['usePublicIp', 'port', 'useHttps', 'volumes', 'userData']

const spec = Type.Object(
  {
    ...wrapper,
    type: choice(['Aws', 'Hetzner'] as const, 'Cloud that the server is launched in.', { default: 'Aws' }),
    params,
    operator: table((options) => Type.Object({ suspend }, options), 'Settings that Komodo does not have.', {
      level: 'block',
    }),
  },
  {
    'x-komodo': {
      variants: {
        Aws: [
          'region',
          'instanceType',
          'amiId',
          'subnetId',
          'keyPairName',
          'assignPublicIp',
          'securityGroupIds',
          ...common,
        ],
        Hetzner: [
          'image',
          'datacenter',
          'placementGroup',
          'serverType',
          'sshKeys',
          'privateNetworkIds',
          'enablePublicIpv4',
          'enablePublicIpv6',
          'firewallIds',
          'labels',
          ...common,
        ],
      },
    },
  },
)

const serverTemplateStatus = Type.Object({ ...status })

export type ServerTemplateSpec = Static<typeof spec>
export type ServerTemplateStatus = Static<typeof serverTemplateStatus>
export type ServerTemplate = KubeObject<ServerTemplateSpec, ServerTemplateStatus>

/** Komodo had it up to 1.17.4. */
export const serverTemplateKind = {
  group: GROUP,
  version: VERSION,
  kind: 'ServerTemplate',
  plural: 'servertemplates',
  singular: 'servertemplate',
  shortNames: ['ktemplate'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'How to launch a server in a cloud.',
  spec,
  status: serverTemplateStatus,
  toml: { table: 'server_template', aliases: ['server_templates'], hasConfig: true, normalizeName: generalName },
  printerColumns: [...readyColumns, { name: 'Type', type: 'string', jsonPath: '.spec.type' }, ...ageColumns],
  conditions: { [SUPPORTED]: SUPPORTED_MEANING },
  notYet: 'no server is launched from it yet',
} satisfies KindDefinition
