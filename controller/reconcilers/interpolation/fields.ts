import { isPlainObject, valueAt } from '../../json.ts'
import { type InterpolatedFields, type InterpolatedKind, interpolatedFields } from '../../text/interpolated-fields.ts'

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
