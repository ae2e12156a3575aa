/** Why a schema is not structural, and which defaults do not fit: in the words of apiextensions. */
import type { Cause, Json, JsonObject } from './contract.ts'
import {
  EMBEDDED,
  INT_OR_STRING,
  LIST_KEYS,
  LIST_TYPE,
  MAP_TYPE,
  PRESERVE,
  propertiesOf,
  RULES,
  schemaOf,
  schemasOf,
  typeOf,
} from './crd-schema-parts.ts'
import { forbidden, invalidValue, required } from './field.ts'
import { equal } from './go.ts'
import { compilePattern, patternFault } from './pattern.ts'
import { dropNulls, prune } from './prune.ts'
import { compileSchema } from './structural.ts'
import { validateSchema } from './validate.ts'

type Level = 'root' | 'items' | 'field'

const isIntOrString = (anyOf: readonly JsonObject[]): boolean =>
  equal(anyOf as Json[], [{ type: 'integer' }, { type: 'string' }])

const emptyType: Record<Level, string> = {
  root: 'must not be empty at the root',
  items: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

const typeFaults = (schema: JsonObject, level: Level, path: string): Cause[] => {
  const type = typeOf(schema)
  const causes: Cause[] = []
  const embedded = schema[EMBEDDED] === true
  if (embedded && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true'
    causes.push(type ? invalidValue(`${path}.type`, type, detail) : required(`${path}.type`, detail))
  } else if (!type && schema[INT_OR_STRING] !== true && schema[PRESERVE] !== true)
    causes.push(required(`${path}.type`, emptyType[level]))
  if (embedded && schema.additionalProperties !== undefined)
    causes.push(forbidden(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'))
  if (level === 'root' && type && type !== 'object')
    causes.push(invalidValue(`${path}.type`, type, 'must be object at the root'))
  return causes
}

const metadataFaults = (schema: JsonObject, level: Level, path: string): Cause[] => {
  const causes: Cause[] = []
  const resource = level === 'root' || schema[EMBEDDED] === true
  const properties = new Map(propertiesOf(schema))
  for (const name of ['kind', 'apiVersion']) {
    const property = properties.get(name)
    if (resource && property && typeOf(property) !== 'string')
      causes.push(invalidValue(`${path}.properties[${name}].type`, typeOf(property), 'must be string'))
  }
  const metadata = properties.get('metadata')
  const at = `${path}.properties[metadata]`
  if (!metadata) return causes
  if (resource && typeOf(metadata) !== 'object')
    causes.push(invalidValue(`${at}.type`, typeOf(metadata), 'must be object'))
  if (level === 'root') {
    const { type: _, default: __, properties: inner, ...rest } = metadata
    const names = Object.keys(schemaOf(inner) ?? {})
    if (names.some((name) => name !== 'name' && name !== 'generateName') || Object.keys(rest).length)
      causes.push(
        forbidden(
          at,
          'must not specify anything other than name and generateName, but metadata is implicitly specified',
        ),
      )
  }
  return causes
}

const structuralFaults = (schema: JsonObject, level: Level, path: string): Cause[] => {
  const causes: Cause[] = []
  const items = schemaOf(schema.items)
  if (typeOf(schema) === 'array' && !items) causes.push(required(`${path}.items`, 'must be specified'))
  if (items) causes.push(...structuralFaults(items, 'items', `${path}.items`))
  for (const [name, property] of propertiesOf(schema))
    causes.push(...structuralFaults(property, 'field', `${path}.properties[${name}]`))
  if (schema.additionalProperties !== undefined) {
    if (level === 'root') causes.push(forbidden(`${path}.additionalProperties`, 'must not be used at the root'))
    const additional = schemaOf(schema.additionalProperties)
    if (additional) causes.push(...structuralFaults(additional, 'field', `${path}.additionalProperties`))
  }
  if (schema[INT_OR_STRING] === true)
    for (const key of [PRESERVE, EMBEDDED])
      if (schema[key] === true)
        causes.push(invalidValue(`${path}.${key}`, true, 'must be false if x-kubernetes-int-or-string is true'))
  const anyOf = schemasOf(schema.anyOf)
  const [firstAllOf] = schemasOf(schema.allOf)
  causes.push(
    ...valueFaults(schema, path, isIntOrString(anyOf), isIntOrString(schemasOf(firstAllOf?.anyOf))),
    ...typeFaults(schema, level, path),
    ...metadataFaults(schema, level, path),
  )
  if (schema[EMBEDDED] === true && schema[PRESERVE] !== true && propertiesOf(schema).length === 0)
    causes.push(
      required(
        `${path}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    )
  return causes
}

/** Combinators may only add value checks to what the schema itself declares. */
const valueFaults = (schema: JsonObject, path: string, skipAnyOf: boolean, skipFirstAllOf: boolean): Cause[] => {
  const causes: Cause[] = []
  const nested = (key: 'anyOf' | 'oneOf'): void => {
    schemasOf(schema[key]).forEach((branch, i) => {
      causes.push(...nestedFaults(branch, `${path}.${key}[${i}]`, false))
    })
  }
  if (!skipAnyOf) nested('anyOf')
  schemasOf(schema.allOf).forEach((branch, i) => {
    causes.push(...nestedFaults(branch, `${path}.allOf[${i}]`, skipFirstAllOf && i === 0))
  })
  nested('oneOf')
  const not = schemaOf(schema.not)
  if (not) causes.push(...nestedFaults(not, `${path}.not`, false))
  if (typeof schema.pattern === 'string' && schema.pattern && !compilePattern(schema.pattern))
    causes.push(
      invalidValue(
        `${path}.pattern`,
        schema.pattern,
        `must be a valid regular expression, but isn't: ${patternFault(schema.pattern)}`,
      ),
    )
  return causes
}

const structuralOnly: readonly (readonly [string, string, (value: Json) => boolean])[] = [
  ['type', 'must be empty to be structural', (value) => value !== ''],
  ['additionalProperties', 'must be undefined to be structural', () => true],
  ['default', 'must be undefined to be structural', () => true],
  ['title', 'must be empty to be structural', (value) => value !== ''],
  ['description', 'must be empty to be structural', (value) => value !== ''],
  ['nullable', 'must be false to be structural', (value) => value === true],
  [PRESERVE, 'must be false to be structural', (value) => value === true],
  [EMBEDDED, 'must be false to be structural', (value) => value === true],
  [INT_OR_STRING, 'must be false to be structural', (value) => value === true],
  [LIST_KEYS, 'must be empty to be structural', (value) => Array.isArray(value) && value.length > 0],
  [LIST_TYPE, 'must be undefined to be structural', () => true],
  [MAP_TYPE, 'must be undefined to be structural', () => true],
  [RULES, 'must be empty to be structural', (value) => Array.isArray(value) && value.length > 0],
]

const nestedFaults = (schema: JsonObject, path: string, skipAnyOf: boolean): Cause[] => {
  const causes = valueFaults(schema, path, skipAnyOf, false)
  const items = schemaOf(schema.items)
  if (items) causes.push(...nestedFaults(items, `${path}.items`, false))
  for (const [name, property] of propertiesOf(schema))
    causes.push(...nestedFaults(property, `${path}.properties[${name}]`, false))
  for (const [key, detail, isSet] of structuralOnly)
    if (schema[key] !== undefined && isSet(schema[key])) causes.push(forbidden(`${path}.${key}`, detail))
  if (schemaOf(schema.properties)?.metadata !== undefined)
    causes.push(forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context'))
  return causes
}

/** What combinators mention must be declared in the schema itself. */
const completenessFaults = (
  value: JsonObject,
  schema: JsonObject | undefined,
  path: string,
  valuePath: string,
): Cause[] => {
  if (!schema) return [required(path, `because it is defined in ${valuePath}`)]
  const causes: Cause[] = []
  const branches: [string, JsonObject][] = []
  for (const key of ['allOf', 'anyOf', 'oneOf'])
    schemasOf(value[key]).forEach((branch, i) => {
      branches.push([`${valuePath}.${key}[${i}]`, branch])
    })
  const not = schemaOf(value.not)
  if (not) branches.push([`${valuePath}.not`, not])
  for (const [at, branch] of branches) {
    causes.push(...completenessFaults(branch, schema, path, at))
    const items = schemaOf(branch.items)
    if (items) causes.push(...completenessFaults(items, schemaOf(schema.items), `${path}.items`, `${at}.items`))
    const declared = schemaOf(schema.properties) ?? {}
    for (const [name, property] of propertiesOf(branch))
      causes.push(
        ...completenessFaults(
          property,
          schemaOf(declared[name]),
          `${path}.properties[${name}]`,
          `${at}.properties[${name}]`,
        ),
      )
  }
  return causes
}

const asText = ({ field, message }: Cause): string => `${field}: ${message}`

export const notStructural = (schema: JsonObject, path: string): Cause[] =>
  [...structuralFaults(schema, 'root', path), ...completenessFaults(schema, schema, path, path)].sort((a, b) =>
    asText(a) < asText(b) ? -1 : 1,
  )

/** Defaults must be what an object could hold at their place. */
export const defaultFaults = (schema: JsonObject, path: string): Cause[] => {
  const causes: Cause[] = []
  if (schema.default !== undefined) {
    const compiled = compileSchema(schema)
    const pruned = structuredClone(schema.default)
    prune(pruned, compiled, [], 'default', false)
    if (!equal(pruned, schema.default))
      causes.push(invalidValue(`${path}.default`, schema.default, 'must not have unknown fields'))
    dropNulls(pruned, compiled)
    causes.push(...validateSchema(compiled, schema.default, undefined, `${path}.default`))
  }
  const items = schemaOf(schema.items)
  if (items) causes.push(...defaultFaults(items, `${path}.items`))
  for (const [name, property] of propertiesOf(schema))
    causes.push(...defaultFaults(property, `${path}.properties[${name}]`))
  return causes
}
