import { isPlainObject, valueAt } from '../../json.ts'
import type { TextForm } from '../../text/interpolate.ts'

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

/** Stands for the command in `composeCmdWrapper`; looks like a variable and is none. */
export const COMPOSE_COMMAND = '[[COMPOSE_COMMAND]]'

/** The texts of an object in which names are replaced. */
export function textsOf(kind: InterpolatedKind, spec: unknown): string[] {
  const fields: InterpolatedFields = interpolatedFields[kind]
  return Object.keys(fields).flatMap((field) => {
    const value = valueAt(spec, field.split('.'))
    const texts = (Array.isArray(value) ? value : [value]).filter((text) => typeof text === 'string')
    return field === 'composeCmdWrapper' ? texts.map((text) => text.replaceAll(COMPOSE_COMMAND, '')) : texts
  })
}

/** `skip_secret_interp`: the names of secrets stay as they are written. Kinds without that field skip nothing. */
export const skipsSecrets = (spec: unknown): boolean => isPlainObject(spec) && spec.skipSecretInterp === true
