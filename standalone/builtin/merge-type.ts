/** How the merge rooms see a built-in type: its struct with the tags for lists and maps. */
import type { FieldType, Json } from '../schema/contract.ts'
import { deduced } from '../schema/merge-type.ts'
import type { GoStruct, GoType } from './go-type.ts'

const structs = new Map<string, FieldType>()

const SCALARS = {
  string: 'string',
  bytes: 'string',
  bool: 'boolean',
  int32: 'numeric',
  int64: 'numeric',
  float64: 'numeric',
  time: 'untyped',
  microTime: 'untyped',
} as const

export const mergeTypeOf = (type: GoType): FieldType => {
  switch (type.kind) {
    case 'lazy':
      return mergeTypeOf(type.of())
    case 'struct':
      return structType(type)
    case 'map':
      return { map: { fields: new Map(), element: mergeTypeOf(type.value), atomic: type.atomic ?? false } }
    case 'list': {
      const keyDefaults: Record<string, Json> = {}
      if (type.element.kind === 'struct')
        for (const key of type.keys ?? []) {
          const value = type.element.fields.get(key)?.default
          if (value !== undefined) keyDefaults[key] = value
        }
      const merging = type.listType ? type.listType !== 'atomic' : type.patchMergeKey !== undefined
      const keys = type.keys ?? (merging && type.patchMergeKey ? [type.patchMergeKey] : [])
      return {
        list: {
          element: mergeTypeOf(type.element),
          associative: merging,
          keys,
          keyDefaults,
          ...(type.patchMergeKey === undefined ? {} : { patchMergeKey: type.patchMergeKey }),
        },
      }
    }
    case 'json':
    case 'either':
      return deduced
    case 'fieldsV1':
      return { map: { fields: new Map(), element: deduced, atomic: false } }
    default:
      return { scalar: SCALARS[type.kind] }
  }
}

/** One node per struct, so that types which contain themselves end. */
const structType = (type: GoStruct): FieldType => {
  const known = structs.get(type.name)
  if (known) return known
  const fields = new Map<string, FieldType>()
  const node: FieldType = { map: { fields, atomic: type.atomic ?? false } }
  structs.set(type.name, node)
  for (const [name, field] of type.fields) fields.set(name, mergeTypeOf(field.type))
  return node
}
