/** The parts of an `openAPIV3Schema` that its checks read. */
import type { Json, JsonObject } from './contract.ts'
import { isObject } from './go.ts'

export const LIST_TYPE = 'x-kubernetes-list-type'
export const LIST_KEYS = 'x-kubernetes-list-map-keys'
export const MAP_TYPE = 'x-kubernetes-map-type'
export const PRESERVE = 'x-kubernetes-preserve-unknown-fields'
export const EMBEDDED = 'x-kubernetes-embedded-resource'
export const INT_OR_STRING = 'x-kubernetes-int-or-string'
export const RULES = 'x-kubernetes-validations'

export const schemaOf = (value: Json | undefined): JsonObject | undefined => (isObject(value) ? value : undefined)
export const schemasOf = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])
export const propertiesOf = (schema: JsonObject): [string, JsonObject][] =>
  Object.entries(schemaOf(schema.properties) ?? {}).filter((entry): entry is [string, JsonObject] => isObject(entry[1]))
export const typeOf = (schema: JsonObject): string => (typeof schema.type === 'string' ? schema.type : '')
export const keysOf = (schema: JsonObject): string[] =>
  Array.isArray(schema[LIST_KEYS]) ? schema[LIST_KEYS].map(String) : []
