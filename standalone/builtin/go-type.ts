/**
 * How built-in types are written down: as the Go structs they are in Kubernetes, because decoding, encoding, merging and
 * documentation all follow from the struct and its tags.
 */
import type { Json } from '../schema/contract.ts'

export type GoType = Scalar | GoMap | GoList | GoStruct | Lazy | Either

interface Scalar {
  kind: 'string' | 'bool' | 'int32' | 'int64' | 'float64' | 'bytes' | 'time' | 'microTime' | 'json' | 'fieldsV1'
}
interface GoMap {
  kind: 'map'
  value: GoType
  atomic?: boolean
}
interface GoList {
  kind: 'list'
  element: GoType
  /** `x-kubernetes-list-type`. */
  listType?: 'atomic' | 'set' | 'map'
  keys?: readonly string[]
  /** `patchStrategy=merge`; `''` for lists of scalars. */
  patchMergeKey?: string
}
export interface GoStruct {
  kind: 'struct'
  /** OpenAPI name, such as `io.k8s.api.core.v1.ConfigMap`. */
  name: string
  description: string
  fields: ReadonlyMap<string, GoField>
  atomic?: boolean
}
/** For types that contain themselves. */
interface Lazy {
  kind: 'lazy'
  of: () => GoStruct
}

/** An object, or what else may stand in its place. */
interface Either {
  kind: 'either'
  object: GoType
  list?: GoType
  bool?: boolean
}

export interface GoField {
  type: GoType
  description: string
  /** A pointer is left out only when absent; a value also when it is its type's zero. */
  pointer: boolean
  /** No `omitempty`: the zero value is written out. */
  always: boolean
  /** Listed as required in the documents. */
  required: boolean
  default?: Json
}

export const string: Scalar = { kind: 'string' }
export const bool: Scalar = { kind: 'bool' }
export const int32: Scalar = { kind: 'int32' }
export const int64: Scalar = { kind: 'int64' }
export const float64: Scalar = { kind: 'float64' }
export const bytes: Scalar = { kind: 'bytes' }
export const time: Scalar = { kind: 'time' }
export const microTime: Scalar = { kind: 'microTime' }
/** Any JSON, kept as it is. */
export const json: Scalar = { kind: 'json' }
export const fieldsV1: Scalar = { kind: 'fieldsV1' }

export const map = (value: GoType, options: { atomic?: boolean } = {}): GoMap => ({ kind: 'map', value, ...options })
export const list = (element: GoType, options: Omit<GoList, 'kind' | 'element'> = {}): GoList => ({
  kind: 'list',
  element,
  ...options,
})
export const lazy = (of: () => GoStruct): Lazy => ({ kind: 'lazy', of })

export const either = (object: GoType, options: { list?: GoType; bool?: boolean }): Either => ({
  kind: 'either',
  object,
  ...options,
})

type FieldOptions = Partial<Omit<GoField, 'type' | 'description'>>

/** An `omitempty` value. */
export const optional = (type: GoType, description: string, options: FieldOptions = {}): GoField => ({
  type,
  description,
  pointer: false,
  always: false,
  required: false,
  ...options,
})
/** An `omitempty` pointer. */
export const pointer = (type: GoType, description: string, options: FieldOptions = {}): GoField =>
  optional(type, description, { pointer: true, ...options })
/** A value that is always written and documented as required. */
export const needed = (type: GoType, description: string, options: FieldOptions = {}): GoField =>
  optional(type, description, { always: true, required: true, ...options })

export const struct = (
  name: string,
  description: string,
  fields: Record<string, GoField>,
  options: { atomic?: boolean } = {},
): GoStruct => ({ kind: 'struct', name, description, fields: new Map(Object.entries(fields)), ...options })

/** `ConfigMap` of `io.k8s.api.core.v1.ConfigMap`. */
export const shortName = (type: GoStruct): string => type.name.slice(type.name.lastIndexOf('.') + 1)

/** The type as Go's error texts name it, such as `map[string]string` or `v1.ObjectMeta`. */
export const goName = (type: GoType): string => {
  switch (type.kind) {
    case 'lazy':
      return goName(type.of())
    case 'struct': {
      const parts = type.name.split('.')
      return `${parts.at(-2)}.${parts.at(-1)}`
    }
    case 'map':
      return `map[string]${goName(type.value)}`
    case 'list':
      return `[]${goName(type.element)}`
    case 'either':
      return goName(type.object)
    case 'bytes':
      return '[]uint8'
    case 'time':
    case 'microTime':
    case 'fieldsV1':
      return 'string'
    default:
      return type.kind
  }
}
