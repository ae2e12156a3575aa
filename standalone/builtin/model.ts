/** The model of a built-in kind: its Go type, and what its registry strategy in Kubernetes does. */
import type { Cause, JsonObject, OpenApiSchema, Subresource, TypeModel } from '../schema/contract.ts'
import { invalidValue } from '../schema/field.ts'
import { pathSegmentName } from '../schema/names.ts'
import { validateMeta, validateMetaUpdate } from '../schema/object-meta.ts'
import { countGeneration, keepServerFields, keepStatus, metaOf } from '../schema/prepare.ts'
import { decodeGo } from './decode.ts'
import { type GoField, type GoStruct, needed, optional, string, struct } from './go-type.ts'
import { mergeTypeOf } from './merge-type.ts'
import { objectMeta } from './meta.ts'
import { definitionsOf } from './openapi-schema.ts'

export interface BuiltinKind {
  group: string
  version: string
  kind: string
  namespaced: boolean
  hasStatus?: boolean
  /** The kind counts changes of its spec. */
  hasGeneration?: boolean
  type: GoStruct
  checkName?: (name: string) => string[]
  /** What Go's conversion to the internal type does, after decoding. */
  convert?(object: JsonObject): void
  defaults?(object: JsonObject): void
  prepareForCreate?(object: JsonObject): void
  prepareForUpdate?(object: JsonObject, old: JsonObject, subresource: Subresource): void
  /** All but metadata. */
  validate?(object: JsonObject): Cause[]
  validateUpdate?(object: JsonObject, old: JsonObject, subresource: Subresource): Cause[]
  /** Kinds outside of the core packages take finalizers without a domain. */
  anyFinalizer?: boolean
  /** Leases and namespaces check only what may change; the others check the whole object again. */
  updateChecksAll?: boolean
}

/** A kind's struct with the fields that all kinds begin with. */
export const kindStruct = (
  name: string,
  description: string,
  fields: Record<string, GoField>,
  metaNeeded = false,
): GoStruct =>
  struct(name, description, {
    kind: optional(string, 'Kind is the type of this object, in CamelCase. Cannot be changed.'),
    apiVersion: optional(string, 'APIVersion is the group and version that this object is written in.'),
    metadata: (metaNeeded ? needed : optional)(objectMeta, 'Standard metadata of the object.'),
    ...fields,
  })

const STANDARD_FINALIZERS = ['kubernetes', 'orphan', 'foregroundDeletion']

/** Why a finalizer without a domain is refused; nothing when it is one of the standard ones. */
export const bareFinalizer = (name: string, path: string): Cause[] =>
  name.includes('/') || STANDARD_FINALIZERS.includes(name)
    ? []
    : [invalidValue(path, name, 'name is neither a standard finalizer name nor is it fully qualified')]

const finalizerFaults = (object: JsonObject): Cause[] => {
  const { finalizers } = metaOf(object)
  return (Array.isArray(finalizers) ? finalizers : []).flatMap((name, i) =>
    bareFinalizer(String(name), `metadata.finalizers[${i}]`),
  )
}

const replace = (object: JsonObject, content: JsonObject): void => {
  for (const key of Object.keys(object)) delete object[key]
  Object.assign(object, content)
}

export const builtinModel = (kind: BuiltinKind): TypeModel => {
  const {
    group,
    version,
    namespaced,
    type,
    checkName = pathSegmentName,
    hasStatus = false,
    updateChecksAll = true,
  } = kind
  const definitions = definitionsOf(type)
  const openApi: OpenApiSchema = {
    ...definitions[type.name],
    'x-kubernetes-group-version-kind': [{ group, kind: kind.kind, version }],
  }
  const strategyFaults = (object: JsonObject): Cause[] => [
    ...validateMeta(object, { namespaced, checkName }),
    ...(kind.anyFinalizer ? [] : finalizerFaults(object)),
    ...(kind.validate?.(object) ?? []),
  ]
  const decode = (object: JsonObject): string[] => {
    const unknown: string[] = []
    replace(object, decodeGo(object, type, unknown))
    kind.convert?.(object)
    return unknown
  }
  return {
    group,
    version,
    kind: kind.kind,
    custom: false,
    namespaced,
    hasStatus,
    defaultsOnRead: false,
    fields: mergeTypeOf(type),
    openApiName: type.name,
    openApi,
    openApiDefinitions: definitions,

    decode,
    decodeMerged(object) {
      decode(object)
    },
    dropNulls() {
      // `decode` leaves none.
    },
    applyDefaults(object) {
      kind.defaults?.(object)
    },
    prepareForCreate(object) {
      if (kind.hasGeneration) metaOf(object).generation = 1
      kind.prepareForCreate?.(object)
    },
    prepareForUpdate(object, old, subresource) {
      keepServerFields(object, old)
      if (hasStatus && subresource === '') keepStatus(object, old)
      kind.prepareForUpdate?.(object, old, subresource)
      if (kind.hasGeneration && subresource === '') countGeneration(object, old, ['status', 'kind'])
    },
    validate(object, { old, subresource = '' }) {
      if (!old) {
        const causes = strategyFaults(object)
        return causes.length ? causes : validateMeta(object, { namespaced, checkName: pathSegmentName })
      }
      return [
        ...validateMetaUpdate(object, old),
        ...(updateChecksAll && subresource === '' ? strategyFaults(object) : []),
        ...(kind.validateUpdate?.(object, old, subresource) ?? []),
      ]
    },
  }
}
