/** Built-in types as OpenAPI schemas: one definition per struct, found by name. */
import type { OpenApiSchema } from '../schema/contract.ts'
import type { GoStruct, GoType } from './go-type.ts'

const FIELDS_V1 = 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1'

export const reference = (name: string): OpenApiSchema => ({ $ref: `#/definitions/${name}` })

const schemaOf = (type: GoType): OpenApiSchema => {
  switch (type.kind) {
    case 'lazy':
      return reference(type.of().name)
    case 'struct':
      return reference(type.name)
    case 'map':
      return {
        type: 'object',
        additionalProperties: schemaOf(type.value),
        ...(type.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      }
    case 'list':
      return {
        type: 'array',
        items: schemaOf(type.element),
        ...(type.listType ? { 'x-kubernetes-list-type': type.listType } : {}),
        ...(type.keys ? { 'x-kubernetes-list-map-keys': type.keys } : {}),
        ...(type.patchMergeKey === undefined ? {} : { 'x-kubernetes-patch-strategy': 'merge' }),
        ...(type.patchMergeKey ? { 'x-kubernetes-patch-merge-key': type.patchMergeKey } : {}),
      }
    case 'string':
      return { type: 'string' }
    case 'bool':
      return { type: 'boolean' }
    case 'int32':
    case 'int64':
      return { type: 'integer', format: type.kind }
    case 'float64':
      return { type: 'number', format: 'double' }
    case 'bytes':
      return { type: 'string', format: 'byte' }
    case 'time':
    case 'microTime':
      return { type: 'string', format: 'date-time' }
    case 'fieldsV1':
      return reference(FIELDS_V1)
    case 'json':
      return {}
    case 'either':
      return {}
  }
}

const structSchema = (type: GoStruct): OpenApiSchema => {
  const properties: Record<string, OpenApiSchema> = {}
  const required: string[] = []
  for (const [name, field] of type.fields) {
    properties[name] = { description: field.description, ...schemaOf(field.type) }
    if (field.required) required.push(name)
  }
  return {
    description: type.description,
    type: 'object',
    ...(type.fields.size ? { properties } : {}),
    ...(required.length ? { required } : {}),
    ...(type.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
  }
}

/** `type` and all that it refers to, by name. */
export const definitionsOf = (
  type: GoType,
  found: Record<string, OpenApiSchema> = {},
): Record<string, OpenApiSchema> => {
  if (type.kind === 'lazy') return definitionsOf(type.of(), found)
  if (type.kind === 'either') return definitionsOf(type.object, found)
  if (type.kind === 'map') return definitionsOf(type.value, found)
  if (type.kind === 'list') return definitionsOf(type.element, found)
  if (type.kind === 'fieldsV1')
    found[FIELDS_V1] = { description: 'FieldsV1 is a set of fields, as a tree in JSON.', type: 'object' }
  if (type.kind !== 'struct' || found[type.name]) return found
  found[type.name] = structSchema(type)
  for (const field of type.fields.values()) definitionsOf(field.type, found)
  return found
}
