import type { TextForm } from './interpolate.ts'

/** Fields by their place in `spec`, with what stands there. */
export type InterpolatedFields = Readonly<Record<string, TextForm>>

/**
 * The fields in which `[[NAME]]` is replaced, by kind: those of Komodo (behaviour §6.3). Reconcilers replace in these and no others, and
 * who uses a variable is found by the same table, so that nobody waits for a variable without being woken by it.
 */
export const interpolatedFields = {
  Deployment: {
    environment: 'value',
    ports: 'value',
    volumes: 'value',
    labels: 'value',
    command: 'value',
    extraArgs: 'value',
  },
  Stack: {
    fileContents: 'document',
    environment: 'value',
    'preDeploy.command': 'document',
    'postDeploy.command': 'document',
    composeCmdWrapper: 'value',
    extraArgs: 'value',
    buildExtraArgs: 'value',
  },
  Build: {
    buildArgs: 'value',
    secretArgs: 'value',
    labels: 'value',
    'preBuild.command': 'document',
    dockerfile: 'document',
    extraArgs: 'value',
  },
  Repo: { environment: 'value', 'onClone.command': 'document', 'onPull.command': 'document' },
  Action: { fileContents: 'program', arguments: 'document' },
  Alerter: { 'endpoint.params.url': 'value' },
} as const satisfies Readonly<Record<string, InterpolatedFields>>

export type InterpolatedKind = keyof typeof interpolatedFields

export const isInterpolatedKind = (kind: string): kind is InterpolatedKind => Object.hasOwn(interpolatedFields, kind)
