/** What is wrong with one version of a CRD: columns, subresources, selectable fields, and its schema. */
import type { Cause, JsonObject } from './contract.ts'
import { objects, part, text } from './crd-parts.ts'
import { crdSchemaFaults } from './crd-schema-faults.ts'
import { duplicate, invalidValue, required, tooMany } from './field.ts'
import { isObject } from './go.ts'

const PRINTER_TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const PRINTER_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']
const MAX_SELECTABLE = 8

const pathFaults = (jsonPath: string, path: string): Cause[] => {
  if (jsonPath === '') return [invalidValue(path, jsonPath, 'must not be empty')]
  return jsonPath.startsWith('.') ? [] : [invalidValue(path, jsonPath, 'must be a simple json path starting with .')]
}

export const columnFaults = (column: JsonObject, path: string): Cause[] => {
  const causes: Cause[] = []
  const type = text(column.type)
  const oneOf = `must be one of ${PRINTER_TYPES.join(',')}`
  if (!text(column.name)) causes.push(required(`${path}.name`))
  if (!type) causes.push(required(`${path}.type`, oneOf))
  else if (!PRINTER_TYPES.includes(type)) causes.push(invalidValue(`${path}.type`, type, oneOf))
  const format = text(column.format)
  if (format && !PRINTER_FORMATS.includes(format))
    causes.push(invalidValue(`${path}.format`, format, `must be one of ${PRINTER_FORMATS.join(',')}`))
  const jsonPath = text(column.jsonPath)
  if (!jsonPath) causes.push(required(`${path}.JSONPath`))
  else causes.push(...pathFaults(jsonPath, `${path}.JSONPath`))
  return causes
}

export const scaleFaults = (subresources: JsonObject, path: string): Cause[] => {
  if (!isObject(subresources.scale)) return []
  const causes: Cause[] = []
  const check = (key: string, under: string, needed: boolean): void => {
    const value = text(part(subresources, 'scale')[key])
    const at = `${path}.scale.${key}`
    if (!value) {
      if (needed) causes.push(required(at))
      return
    }
    const faults = pathFaults(value, at)
    causes.push(...faults)
    if (faults.length === 0 && !value.startsWith(`.${under}.`))
      causes.push(invalidValue(at, value, `should be a json path under .${under}`))
  }
  check('specReplicasPath', 'spec', true)
  check('statusReplicasPath', 'status', true)
  return causes
}

const scalarAt = (schema: JsonObject, path: string): boolean | undefined => {
  let at: JsonObject = schema
  for (const name of path.replace(/^\./, '').split('.')) {
    const next = part(at, 'properties')[name]
    if (!isObject(next)) return undefined
    at = next
  }
  return ['string', 'boolean', 'integer'].includes(text(at.type))
}

export const selectableFaults = (version: JsonObject, path: string): Cause[] => {
  const fields = objects(version.selectableFields)
  const schema = part(part(version, 'schema'), 'openAPIV3Schema')
  const seen = new Set<string>()
  const causes: Cause[] = []
  fields.forEach((field, i) => {
    const jsonPath = text(field.jsonPath)
    const at = `${path}[${i}].jsonPath`
    if (!jsonPath) {
      causes.push(required(at))
      return
    }
    const scalar = scalarAt(schema, jsonPath)
    if (jsonPath.startsWith('.metadata'))
      causes.push(invalidValue(at, jsonPath, 'must not point to fields in metadata'))
    else if (scalar === undefined)
      causes.push(invalidValue(at, jsonPath, 'is an invalid path: does not refer to a valid field'))
    else if (!scalar)
      causes.push(
        invalidValue(
          at,
          jsonPath,
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        ),
      )
    if (seen.has(jsonPath)) causes.push(duplicate(at, jsonPath))
    seen.add(jsonPath)
  })
  if (seen.size > MAX_SELECTABLE) causes.push(tooMany(path, seen.size, MAX_SELECTABLE))
  return causes
}

export const versionFaults = (
  version: JsonObject,
  path: string,
  shared: { schema: boolean; subresources: boolean; columns: boolean; selectable: boolean },
): Cause[] => {
  const causes: Cause[] = []
  const warning = version.deprecationWarning
  if (typeof warning === 'string') {
    const at = `${path}.deprecationWarning`
    if (version.deprecated !== true) causes.push(invalidValue(at, warning, 'can only be set for deprecated versions'))
    else if (Buffer.byteLength(warning) > 256) causes.push(invalidValue(at, warning, 'must be <= 256 characters long'))
    else if (warning === '') causes.push(invalidValue(at, warning, 'must not be an empty string'))
  }
  if (!shared.schema && isObject(version.schema) && isObject(version.schema.openAPIV3Schema))
    causes.push(
      ...crdSchemaFaults(
        version.schema.openAPIV3Schema,
        isObject(part(version, 'subresources').status),
        `${path}.schema`,
      ),
    )
  if (!shared.subresources) causes.push(...scaleFaults(part(version, 'subresources'), `${path}.subresources`))
  if (!shared.columns)
    objects(version.additionalPrinterColumns).forEach((column, i) => {
      causes.push(...columnFaults(column, `${path}.additionalPrinterColumns[${i}]`))
    })
  if (!shared.selectable) causes.push(...selectableFaults(version, `${path}.selectableFields`))
  return causes
}
