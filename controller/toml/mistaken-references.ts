import { valueAt } from '../json.ts'
import { mistakenReferences } from '../text/interpolate.ts'
import { type InterpolatedFields, interpolatedFields, isInterpolatedKind } from '../text/interpolated-fields.ts'
import type { TomlPath } from './positions.ts'
import { type Report, shorten } from './reading.ts'
import { snakeCase } from './vocabulary.ts'

/** Warns of `[[PI-HOLE_KEY]]` and the like: nothing replaces it, so it would reach the host as it stands. */
export function reportMistakenReferences(kind: string, spec: object, config: TomlPath, report: Report): void {
  if (!isInterpolatedKind(kind)) return
  const fields: InterpolatedFields = interpolatedFields[kind]
  for (const [field, form] of Object.entries(fields)) {
    const names = field.split('.')
    for (const text of [valueAt(spec, names)].flat()) {
      if (typeof text !== 'string') continue
      for (const shown of mistakenReferences(text, form)) {
        const message = `"${shorten(shown)}" is no reference to a variable and stays as it is: between the brackets stands a name of letters, digits and "_", not a digit first, and nothing else.`
        report('warning', 'NoReference', [...config, ...names.map(snakeCase)], message)
      }
    }
  }
}
