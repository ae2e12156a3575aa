import type { Static } from 'typebox'
import type { KubeObject } from '../meta.ts'
import { generalName } from '../name-rules.ts'
import { CATEGORY, GROUP, VERSION } from '../names.ts'
import { interval, status, suspend, wrapper } from './common.ts'
import { flag, list, listOf, number, secretFrom, table, text } from './field.ts'
import { ageColumns, type KindDefinition, readyColumns } from './kind.ts'
import { maintenanceWindow } from './maintenance-window.ts'
import Type from './schema.ts'

const spec = Type.Object({
  ...wrapper,
  address: text(
    'Where the agent answers: `local` for the agent inside the controller; otherwise a ws, wss, http or https URL, or host:port. Empty: the agent connects by itself.',
    { example: 'https://periphery:8120' },
  ),
  insecureTls: flag('Accept any TLS certificate from the agent; only matters when the controller connects to it.', {
    default: true,
    since: '2.0.0',
  }),
  externalAddress: text('Address at which people reach the host, for links to containers; empty: `address`.', {
    since: '1.19.0',
    example: 'https://web-1.example.com',
  }),
  region: text('Where the host stands: a label for humans and for selecting.', { example: 'eu-central' }),
  enabled: flag(
    'Whether the host is used at all: a disabled one is never contacted and nothing can be deployed to it.',
    {
      default: false,
    },
  ),
  autoRotateKeys: flag("Take part when all servers' keys are rotated.", { default: true, since: '2.0.0' }),
  passkeyFrom: secretFrom('Secret with the passkey of a v1 agent. In TOML: `passkey`.', {
    secretKey: 'passkey',
    since: '1.17.1',
  }),
  ignoreMounts: list('Prefixes of mount paths that are left out of disk usage.', {
    shape: 'StringList',
    since: '1.13.2',
    example: '["/boot"]',
  }),
  autoPrune: flag('Remove unused images on the host once a day.', { default: true }),
  links: list('URLs shown next to the object.', {
    shape: 'StringList',
    since: '1.14.1',
    example: '["https://web.example.com"]',
  }),
  statsMonitoring: flag('Collect CPU, memory and disk usage, not only whether the host answers.', { default: true }),
  sendUnreachableAlerts: flag('Alert when the host stops answering.', { default: true }),
  sendCpuAlerts: flag('Alert when CPU usage passes a threshold.', { default: true }),
  sendMemAlerts: flag('Alert when memory usage passes a threshold.', { default: true }),
  sendDiskAlerts: flag('Alert when the usage of a disk passes a threshold.', { default: true }),
  sendVersionMismatchAlerts: flag("Alert when the agent's version differs from the controller's.", {
    default: true,
    since: '1.19.1',
  }),
  cpuWarning: number('CPU usage, in percent, that counts as a warning.', { default: 90 }),
  cpuCritical: number('CPU usage, in percent, that counts as critical.', { default: 99 }),
  memWarning: number('Memory usage, in percent, that counts as a warning.', { default: 75 }),
  memCritical: number('Memory usage, in percent, that counts as critical.', { default: 95 }),
  diskWarning: number('Usage of a disk, in percent, that counts as a warning.', { default: 75 }),
  diskCritical: number('Usage of a disk, in percent, that counts as critical.', { default: 95 }),
  maintenanceWindows: listOf(maintenanceWindow, 'Times during which alerts of this server are held back.', {
    since: '1.18.2',
  }),
  operator: table(
    (options) =>
      Type.Object(
        { suspend, interval: interval('How often the host is looked at when no event comes from it.', '30s') },
        options,
      ),
    'Settings that Komodo does not have.',
    { level: 'block' },
  ),
})

const usage = (what: string) =>
  Type.Optional(
    Type.Object(
      {
        usedBytes: Type.Integer({ description: 'Number of bytes in use.', format: 'int64' }),
        totalBytes: Type.Integer({ description: 'Number of bytes there are.', format: 'int64' }),
      },
      { description: `${what}, as of the last meaningful change.` },
    ),
  )

const serverStatus = Type.Object({
  ...status,
  versions: Type.Optional(
    Type.Object(
      {
        agent: Type.Optional(Type.String({ description: 'Version of the agent.' })),
        docker: Type.Optional(Type.String({ description: 'Version of the Docker Engine.' })),
        dockerApi: Type.Optional(Type.String({ description: "Version of the Docker Engine's API." })),
        compose: Type.Optional(Type.String({ description: 'Version of Docker Compose.' })),
      },
      { description: 'What runs on the host.' },
    ),
  ),
  host: Type.Optional(
    Type.Object(
      {
        name: Type.Optional(Type.String({ description: 'Host name of the machine.' })),
        os: Type.Optional(Type.String({ description: 'Operating system, with its version.' })),
        kernel: Type.Optional(Type.String({ description: 'Version of its kernel.' })),
        architecture: Type.Optional(Type.String({ description: 'CPU architecture, such as x86_64.' })),
        engineId: Type.Optional(Type.String({ description: "Docker's id of the engine." })),
      },
      { description: 'What is known about the machine.' },
    ),
  ),
  cpu: Type.Optional(
    Type.Object(
      {
        count: Type.Optional(Type.Integer({ description: 'Number of CPUs there are.' })),
        percent: Type.Optional(Type.Number({ description: 'Usage over all CPUs, in percent.' })),
        load: Type.Optional(
          Type.Number({ description: 'Load average over one minute: processes that run or wait to.' }),
        ),
      },
      { description: 'CPU, as of the last meaningful change.' },
    ),
  ),
  memory: usage('Memory'),
  disks: Type.Optional(
    Type.Array(
      Type.Object({
        mount: Type.String({ description: 'Where it is mounted.' }),
        fileSystem: Type.Optional(Type.String({ description: 'Device or file system.' })),
        usedBytes: Type.Integer({ description: 'Number of bytes in use.', format: 'int64' }),
        totalBytes: Type.Integer({ description: 'Number of bytes there are.', format: 'int64' }),
      }),
      { description: 'Disks, as of the last meaningful change.' },
    ),
  ),
  inventory: Type.Optional(
    Type.Object(
      {
        requestedAt: Type.String({
          description: 'Value of the annotation `komodo.dev/inventoryRequestedAt` that was last acted on.',
        }),
        writtenAt: Type.Optional(
          Type.String({
            description: 'When the Secret with the list was written; it is removed after ten minutes.',
            format: 'date-time',
          }),
        ),
        containers: Type.Optional(Type.Integer({ description: 'Number of containers in the list.' })),
        message: Type.Optional(Type.String({ description: 'Why there is no list.' })),
      },
      { description: 'The list of containers that nobody declared, for `komodo import server`.' },
    ),
  ),
  containers: Type.Optional(
    Type.Object(
      {
        total: Type.Integer({ description: 'Number of all containers.' }),
        running: Type.Integer({ description: 'Number of those that run.' }),
        unhealthy: Type.Integer({ description: 'Number of those whose health check fails.' }),
      },
      { description: 'Containers on the host, whoever made them.' },
    ),
  ),
})

export type ServerSpec = Static<typeof spec>
export type ServerStatus = Static<typeof serverStatus>
export type Server = KubeObject<ServerSpec, ServerStatus>

export const serverCondition = { reachable: 'Reachable' } as const

export const serverKind = {
  group: GROUP,
  version: VERSION,
  kind: 'Server',
  plural: 'servers',
  singular: 'server',
  shortNames: ['kserver'],
  categories: [CATEGORY],
  namespaced: true,
  description: 'A Docker host.',
  spec,
  status: serverStatus,
  toml: { table: 'server', aliases: ['servers'], hasConfig: true, normalizeName: generalName },
  printerColumns: [
    ...readyColumns,
    { name: 'Address', type: 'string', jsonPath: '.spec.address' },
    { name: 'Docker', type: 'string', jsonPath: '.status.versions.docker' },
    { name: 'Running', type: 'integer', jsonPath: '.status.containers.running' },
    { name: 'Region', type: 'string', jsonPath: '.spec.region', wide: true },
    ...ageColumns,
  ],
  conditions: { Reachable: 'The agent and the Docker Engine on the host answer.' },
} satisfies KindDefinition
