/** What is wrong with an `openAPIV3Schema`: the checks of apiextensions, structural and otherwise, in their words. */
import type { Cause, Json, JsonObject } from './contract.ts'
import { forbidden, invalidValue, notSupported, required } from './field.ts'
import { equal, isObject } from './go.ts'
import { compilePattern, patternFault } from './pattern.ts'
import { dropNulls, prune } from './prune.ts'
import { compileSchema } from './structural.ts'
import { validateSchema } from './validate.ts'

type Level = 'root' | 'items' | 'field'

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const LIST_TYPE = 'x-kubernetes-list-type'
const LIST_KEYS = 'x-kubernetes-list-map-keys'
const MAP_TYPE = 'x-kubernetes-map-type'
const PRESERVE = 'x-kubernetes-preserve-unknown-fields'
const EMBEDDED = 'x-kubernetes-embedded-resource'
const INT_OR_STRING = 'x-kubernetes-int-or-string'
const RULES = 'x-kubernetes-validations'

const schemaOf = (value: Json | undefined): JsonObject | undefined => (isObject(value) ? value : undefined)
const schemasOf = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])
const propertiesOf = (schema: JsonObject): [string, JsonObject][] =>
  Object.entries(schemaOf(schema.properties) ?? {}).filter((entry): entry is [string, JsonObject] => isObject(entry[1]))
const typeOf = (schema: JsonObject): string => (typeof schema.type === 'string' ? schema.type : '')
const keysOf = (schema: JsonObject): string[] => (Array.isArray(schema[LIST_KEYS]) ? schema[LIST_KEYS].map(String) : [])

// ----------------------------------------------------------------------------------------------------------- structural

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

// ------------------------------------------------------------------------------------------------------------- defaults

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

// --------------------------------------------------------------------------------------------------------------- others

const unsupported: readonly (readonly [string, string])[] = [
  ['id', 'id is not supported'],
  ['additionalItems', 'additionalItems is not supported'],
  ['patternProperties', 'patternProperties is not supported'],
  ['definitions', 'definitions is not supported'],
  ['dependencies', 'dependencies is not supported'],
  ['$ref', '$ref is not supported'],
]

interface Context {
  root: boolean
  /** Why defaults are forbidden here. */
  noDefaults: string | undefined
  insideMeta: boolean
}

const standardFaults = (schema: JsonObject, path: string, context: Context): Cause[] => {
  const causes: Cause[] = []
  const type = typeOf(schema)
  if (type && !TYPES.includes(type)) causes.push(notSupported(`${path}.type`, type, TYPES))
  if (schema.default !== undefined && context.noDefaults !== undefined)
    causes.push(forbidden(`${path}.default`, `must not be set ${context.noDefaults}`))
  for (const [key, detail] of unsupported)
    if (schema[key] !== undefined) causes.push(forbidden(`${path}.${key}`, detail))
  if (type === 'null')
    causes.push(forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'))
  if (Array.isArray(schema.items))
    causes.push(forbidden(`${path}.items`, 'items must be a schema object and not an array'))
  if (context.insideMeta && schema[EMBEDDED] === true)
    causes.push(forbidden(`${path}.${EMBEDDED}`, 'must not be used inside of resource meta'))
  if (schema.uniqueItems === true)
    causes.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    )
  return causes
}

const listFaults = (schema: JsonObject, path: string): Cause[] => {
  const causes: Cause[] = []
  const listType = schema[LIST_TYPE]
  const type = typeOf(schema)
  const items = schemaOf(schema.items)
  if (listType !== undefined && type !== 'array') {
    const detail = 'must be array if x-kubernetes-list-type is specified'
    causes.push(type ? invalidValue(`${path}.type`, type, detail) : required(`${path}.type`, detail))
  } else if (listType === 'set' && items) {
    const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set'
    if (typeOf(items) === 'array' && items[LIST_TYPE] !== undefined && items[LIST_TYPE] !== 'atomic')
      causes.push(invalidValue(`${path}.items.${LIST_TYPE}`, items[LIST_TYPE], detail))
    if (typeOf(items) === 'object' && items[MAP_TYPE] !== 'atomic')
      causes.push(invalidValue(`${path}.items.${MAP_TYPE}`, items[LIST_TYPE] ?? null, detail))
  }
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(String(listType)))
    causes.push(notSupported(`${path}.${LIST_TYPE}`, listType, ['atomic', 'set', 'map']))
  const keys = keysOf(schema)
  if (keys.length && listType !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty'
    causes.push(
      listType === undefined
        ? required(`${path}.${LIST_TYPE}`, detail)
        : invalidValue(`${path}.${LIST_TYPE}`, listType, detail),
    )
  }
  if (listType === 'map') causes.push(...mapListFaults(schema, items, keys, path))
  if ((listType === 'set' || listType === 'map') && items?.nullable === true)
    causes.push(forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`))
  if (listType === 'map' && items) causes.push(...keyFaults(items, keys, path))
  return causes
}

const mapListFaults = (schema: JsonObject, items: JsonObject | undefined, keys: string[], path: string): Cause[] => {
  const causes: Cause[] = []
  if (keys.length === 0)
    causes.push(required(`${path}.${LIST_KEYS}`, 'must not be empty if x-kubernetes-list-type is map'))
  if (schema.items === undefined)
    causes.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'))
  if (!items) return causes
  const itemType = typeOf(items)
  if (itemType !== 'object') {
    causes.push(
      invalidValue(`${path}.items.type`, itemType, "must be object if parent array's x-kubernetes-list-type is map"),
    )
    return causes
  }
  const properties = new Map(propertiesOf(items))
  keys.forEach((key, i) => {
    const property = properties.get(key)
    if (!property)
      causes.push(invalidValue(`${path}.${LIST_KEYS}`, keys, 'entries must all be names of item properties'))
    else if (typeOf(property) === 'array' || typeOf(property) === 'object')
      causes.push(
        invalidValue(
          `${path}.items.properties[${key}].type`,
          itemType,
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      )
    if (keys.indexOf(key) < i)
      causes.push(invalidValue(`${path}.${LIST_KEYS}`, keys, 'must not contain duplicate entries'))
  })
  return causes
}

const keyFaults = (items: JsonObject, keys: string[], path: string): Cause[] => {
  const needed = Array.isArray(items.required) ? items.required : []
  const properties = new Map(propertiesOf(items))
  return keys.flatMap((key) => {
    const property = properties.get(key)
    if (!property) return []
    const at = `${path}.items.properties[${key}]`
    const causes: Cause[] = []
    if (!needed.includes(key) && property.default === undefined)
      causes.push(
        required(
          `${at}.default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      )
    if (property.nullable === true)
      causes.push(
        forbidden(`${at}.nullable`, 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'),
      )
    return causes
  })
}

const extensionFaults = (schema: JsonObject, path: string): Cause[] => {
  const causes: Cause[] = []
  const type = typeOf(schema)
  if (schema[PRESERVE] === false) causes.push(invalidValue(`${path}.${PRESERVE}`, false, 'must be true or undefined'))
  const mapType = schema[MAP_TYPE]
  if (mapType !== undefined && type !== 'object') {
    const detail = 'must be object if x-kubernetes-map-type is specified'
    causes.push(type ? invalidValue(`${path}.type`, type, detail) : required(`${path}.type`, detail))
  }
  if (mapType !== undefined && mapType !== 'atomic' && mapType !== 'granular')
    causes.push(notSupported(`${path}.${MAP_TYPE}`, mapType, ['atomic', 'granular']))
  return [...causes, ...listFaults(schema, path), ...ruleFaults(schema, path)]
}

/** CEL rules are kept and documented but not run (a declared gap); only their form is checked. */
const ruleFaults = (schema: JsonObject, path: string): Cause[] =>
  schemasOf(schema[RULES]).flatMap((rule, i) => {
    const at = `${path}.${RULES}[${i}]`
    const text = (key: string): string => (typeof rule[key] === 'string' ? rule[key] : '')
    const message = text('message')
    const causes: Cause[] = []
    if (!text('rule').trim()) causes.push(required(`${at}.rule`, 'rule is not specified'))
    else if (message && !message.trim())
      causes.push(invalidValue(`${at}.message`, message, 'must be non-empty if specified'))
    else if (/[\n\r]/.test(message.trim()))
      causes.push(invalidValue(`${at}.message`, message, 'must not contain line breaks'))
    else if (/[\n\r]/.test(text('rule').trim()) && !message.trim())
      causes.push(required(`${at}.message`, 'message must be specified if rule contains line breaks'))
    if (text('messageExpression') && !text('messageExpression').trim())
      causes.push(required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'))
    return causes
  })

const openApiFaults = (schema: JsonObject, path: string, context: Context): Cause[] => {
  const causes = standardFaults(schema, path, context)
  const inner: Context = { ...context, root: false }
  const additional = schemaOf(schema.additionalProperties)
  const properties = propertiesOf(schema)
  if (properties.length && schema.additionalProperties !== undefined && schema.additionalProperties !== true)
    causes.push(forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'))
  if (additional) {
    const noDefaults = context.insideMeta
      ? 'inside additionalProperties applying to object metadata'
      : context.noDefaults
    causes.push(...openApiFaults(additional, `${path}.additionalProperties`, { ...inner, noDefaults }))
  }
  for (const [name, property] of properties) {
    const isMeta = (context.root || schema[EMBEDDED] === true) && ['metadata', 'kind', 'apiVersion'].includes(name)
    const below: Context = isMeta
      ? { root: false, insideMeta: true, noDefaults: context.root ? `in top-level ${name}` : context.noDefaults }
      : inner
    causes.push(...openApiFaults(property, `${path}.properties[${name}]`, below))
  }
  const not = schemaOf(schema.not)
  if (not) causes.push(...openApiFaults(not, `${path}.not`, inner))
  for (const key of ['allOf', 'oneOf', 'anyOf'])
    schemasOf(schema[key]).forEach((branch, i) => {
      causes.push(...openApiFaults(branch, `${path}.${key}[${i}]`, inner))
    })
  const items = schemaOf(schema.items)
  if (items) causes.push(...openApiFaults(items, `${path}.items`, inner))
  return [...causes, ...extensionFaults(schema, path)]
}

const hasUnsupported = (schema: JsonObject): boolean =>
  unsupported.some(([key]) => schema[key] !== undefined) ||
  Array.isArray(schema.items) ||
  propertiesOf(schema).some(([, property]) => hasUnsupported(property)) ||
  [schema.items, schema.additionalProperties, schema.not].some((inner) => isObject(inner) && hasUnsupported(inner)) ||
  ['allOf', 'anyOf', 'oneOf'].some((key) => schemasOf(schema[key]).some(hasUnsupported))

const allowedAtRoot = [
  ['Description', 'description'],
  ['Type', 'type'],
  ['Format', 'format'],
  ['Title', 'title'],
  ['Maximum', 'maximum'],
  ['ExclusiveMaximum', 'exclusiveMaximum'],
  ['Minimum', 'minimum'],
  ['ExclusiveMinimum', 'exclusiveMinimum'],
  ['MaxLength', 'maxLength'],
  ['MinLength', 'minLength'],
  ['Pattern', 'pattern'],
  ['MaxItems', 'maxItems'],
  ['MinItems', 'minItems'],
  ['UniqueItems', 'uniqueItems'],
  ['MultipleOf', 'multipleOf'],
  ['Required', 'required'],
  ['Items', 'items'],
  ['Properties', 'properties'],
  ['ExternalDocs', 'externalDocs'],
  ['Example', 'example'],
  ['XPreserveUnknownFields', PRESERVE],
  ['XValidations', RULES],
] as const

/** @param path of the `schema` (or `validation`) that holds the `openAPIV3Schema` */
export const crdSchemaFaults = (schema: JsonObject, hasStatus: boolean, path: string): Cause[] => {
  const at = `${path}.openAPIV3Schema`
  const causes: Cause[] = []
  if (hasStatus) {
    if (schema.type !== undefined && schema.type !== 'object')
      causes.push(
        invalidValue(
          `${at}.type`,
          schema.type,
          'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
        ),
      )
    else if (Object.keys(schema).some((key) => !allowedAtRoot.some(([, name]) => name === key)))
      causes.push(
        invalidValue(
          at,
          schema,
          `only [${allowedAtRoot.map(([name]) => name).join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`,
        ),
      )
  }
  if (schema.nullable === true) causes.push(forbidden(`${at}.nullable`, 'nullable cannot be true at the root'))
  // What cannot be read as structural at all is refused by the other checks.
  if (!hasUnsupported(schema)) {
    const structural = notStructural(schema, at)
    causes.push(...(structural.length ? structural : defaultFaults(schema, at)))
  }
  causes.push(...openApiFaults(schema, at, { root: true, noDefaults: undefined, insideMeta: false }))
  return causes
}
