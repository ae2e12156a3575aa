/** What is wrong with an `openAPIV3Schema`: the checks of apiextensions, structural and otherwise, in their words. */
import type { Cause, JsonObject } from './contract.ts'
import { listFaults } from './crd-list-faults.ts'
import { EMBEDDED, MAP_TYPE, PRESERVE, propertiesOf, RULES, schemaOf, schemasOf, typeOf } from './crd-schema-parts.ts'
import { defaultFaults, notStructural } from './crd-structural-faults.ts'
import { forbidden, invalidValue, notSupported, required } from './field.ts'
import { isObject } from './go.ts'

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']

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
