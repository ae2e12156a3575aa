/** The model of a custom resource: everything follows from one version of its CRD. */
import { decodeGo } from '../builtin/decode.ts'
import { mergeTypeOf } from '../builtin/merge-type.ts'
import { objectMeta } from '../builtin/meta.ts'
import { definitionsOf, reference } from '../builtin/openapi-schema.ts'
import type { Cause, FieldType, Json, JsonObject, OpenApiSchema, TypeModel } from './contract.ts'
import { validateEmbedded } from './embedded.ts'
import { badRequest } from './faults.ts'
import { invalidValue } from './field.ts'
import { isObject } from './go.ts'
import { validateListTypes } from './list-types.ts'
import { mergeType } from './merge-type.ts'
import { dns1123Subdomain } from './names.ts'
import { finalizerFaults, validateMeta, validateMetaUpdate } from './object-meta.ts'
import { countGeneration, keepAllButStatus, keepServerFields, keepStatus, metaOf } from './prepare.ts'
import { dropNulls, fillDefaults, prune } from './prune.ts'
import { compileSchema, type Structural } from './structural.ts'
import { validateSchema } from './validate.ts'

export interface CustomType {
  group: string
  version: string
  kind: string
  namespaced: boolean
  hasStatus: boolean
  /** `openAPIV3Schema`; absent in no valid v1 CRD. */
  schema: JsonObject
  /** JSON paths that field selectors may name, such as `.spec.color`. */
  selectable?: readonly string[]
}

const resourceFields: ReadonlyMap<string, FieldType> = new Map<string, FieldType>([
  ['apiVersion', { scalar: 'string' }],
  ['kind', { scalar: 'string' }],
  ['metadata', mergeTypeOf(objectMeta)],
])

const typeMeta = {
  apiVersion: { type: 'string', description: 'APIVersion is the group and version that this object is written in.' },
  kind: { type: 'string', description: 'Kind is the type of this object, in CamelCase. Cannot be changed.' },
}

/** Decodes embedded metadata wherever the schema says that an object is a whole resource. */
const decodeEmbedded = (value: Json, schema: Structural | undefined, unknown: string[], path: string): void => {
  if (!schema?.embeds || value === null || typeof value !== 'object') return
  if (Array.isArray(value)) {
    value.forEach((item, i) => {
      decodeEmbedded(item, schema.items, unknown, `${path}[${i}]`)
    })
    return
  }
  if (schema.embedded && isObject(value.metadata))
    value.metadata = decodeGo(value.metadata, objectMeta, unknown, path ? `${path}.metadata` : 'metadata')
  for (const key in value) {
    const child = schema.properties.get(key) ?? (typeof schema.additional === 'object' ? schema.additional : undefined)
    decodeEmbedded(value[key] as Json, child, unknown, path ? `${path}.${key}` : key)
  }
}

const decodeMetadata = (object: JsonObject, unknown: string[]): void => {
  const { metadata } = object
  if (metadata === undefined) return
  if (!isObject(metadata) && metadata !== null)
    throw badRequest(
      `json: cannot unmarshal ${Array.isArray(metadata) ? 'array' : typeof metadata === 'boolean' ? 'bool' : typeof metadata} into Go value of type v1.ObjectMeta`,
    )
  object.metadata = decodeGo(metadata ?? {}, objectMeta, unknown, 'metadata')
}

export const customModel = ({
  group,
  version,
  kind,
  namespaced,
  hasStatus,
  schema,
  selectable = [],
}: CustomType): TypeModel => {
  const root = compileSchema(schema)
  const statusSchema = root.properties.get('status')
  const apiVersion = `${group}/${version}`
  // The merge sees formats that validation does not know; compile keeps only the known ones, so look into the source.
  const formats = new Map<Structural, string>()
  collectFormats(root, schema, formats)
  const fields = mergeType({ ...root, embedded: true }, (node) => formats.get(node) ?? '', {
    resource: resourceFields,
    preserve: false,
  })
  const properties = isObject(schema.properties) ? schema.properties : {}
  const openApi: OpenApiSchema = {
    ...schema,
    properties: {
      ...properties,
      ...typeMeta,
      metadata: { description: 'Standard metadata of the object.', ...reference(objectMeta.name) },
    },
    'x-kubernetes-group-version-kind': [{ group, kind, version }],
    ...(selectable.length
      ? { 'x-kubernetes-selectable-fields': selectable.map((path) => ({ fieldPath: path.replace(/^\./, '') })) }
      : {}),
  }

  const typeFaults = (object: JsonObject): Cause[] => [
    ...(object.kind === kind ? [] : [invalidValue('kind', object.kind, `must be ${kind}`)]),
    ...(object.apiVersion === apiVersion
      ? []
      : [invalidValue('apiVersion', object.apiVersion, `must be ${apiVersion}`)]),
  ]

  return {
    group,
    version,
    kind,
    custom: true,
    namespaced,
    hasStatus,
    defaultsOnRead: root.defaults,
    fields,
    openApiName: `${[...group.split('.').reverse(), version, kind].join('.')}`,
    openApi,
    openApiDefinitions: definitionsOf(objectMeta),

    decodeMerged(object) {
      decodeMetadata(object, [])
    },
    decode(object) {
      const unknown: string[] = []
      decodeMetadata(object, unknown)
      const pruned: string[] = []
      prune(object, root, pruned)
      dropNulls(object, root)
      unknown.push(...pruned.sort())
      decodeEmbedded(object, root, unknown, '')
      return unknown
    },
    applyDefaults(object) {
      fillDefaults(object, root)
    },
    dropNulls(object) {
      dropNulls(object, root)
    },
    prepareForCreate(object) {
      if (hasStatus) delete object.status
      metaOf(object).generation = 1
    },
    prepareForUpdate(object, old, subresource) {
      keepServerFields(object, old)
      if (subresource === 'status') {
        keepAllButStatus(object, old, true)
        return
      }
      if (hasStatus) keepStatus(object, old)
      countGeneration(object, old, hasStatus ? ['status'] : [])
    },
    validate(object, { old, subresource }) {
      const wrongType = typeFaults(object)
      if (wrongType.length) return wrongType
      if (!old)
        return [
          ...validateMeta(object, { namespaced, checkName: dns1123Subdomain }),
          ...validateSchema(root, object),
          ...validateEmbedded(root, object),
          ...validateListTypes(root, object),
        ]
      const causes = validateMetaUpdate(object, old)
      if (subresource === 'status') {
        if (statusSchema && object.status !== undefined)
          causes.push(...validateSchema(statusSchema, object.status, old.status, 'status'))
      } else
        causes.push(...finalizerFaults(object), ...validateSchema(root, object, old), ...validateEmbedded(root, object))
      if (validateListTypes(root, old).length === 0) causes.push(...validateListTypes(root, object))
      return causes
    },
  }
}

const collectFormats = (node: Structural, schema: JsonObject, formats: Map<Structural, string>): void => {
  if (typeof schema.format === 'string') formats.set(node, schema.format)
  if (isObject(schema.properties))
    for (const [name, child] of node.properties)
      if (isObject(schema.properties[name])) collectFormats(child, schema.properties[name], formats)
  if (typeof node.additional === 'object' && isObject(schema.additionalProperties))
    collectFormats(node.additional, schema.additionalProperties, formats)
  if (node.items && isObject(schema.items)) collectFormats(node.items, schema.items, formats)
}
