import { valueAt } from '../json.ts'
import { mistakenReferences, type TextForm } from '../text/interpolate.ts'
import { interpolatedFields } from '../text/interpolated-fields.ts'
import type { TomlPath } from './positions.ts'
import { type Report, shorten } from './reading.ts'
import { snakeCase } from './vocabulary.ts'

interface Field {
  /** In `spec`. */
  path: readonly string[]
  form: TextForm
}

const fieldsOf: ReadonlyMap<string, readonly Field[]> = new Map(
  Object.entries(interpolatedFields).map(([kind, fields]) => [
    kind,
    Object.entries(fields).map(([field, form]) => ({ path: field.split('.'), form })),
  ]),
)

/** Warns of `[[PI-HOLE_KEY]]` and the like: nothing replaces it, so it would reach the host as it stands. */
export function reportMistakenReferences(kind: string, spec: object, config: TomlPath, report: Report): void {
  for (const field of fieldsOf.get(kind) ?? []) {
    const value = valueAt(spec, field.path)
    if (Array.isArray(value)) for (const text of value) reportIn(text, field, config, report)
    else reportIn(value, field, config, report)
  }
}

function reportIn(text: unknown, { path, form }: Field, config: TomlPath, report: Report): void {
  if (typeof text !== 'string') return
  for (const shown of mistakenReferences(text, form)) {
    const message = `"${shorten(shown)}" is no reference to a variable and stays as it is: between the brackets stands a name of letters, digits and "_", not a digit first, and nothing else.`
    report('warning', 'NoReference', [...config, ...path.map(snakeCase)], message)
  }
}
