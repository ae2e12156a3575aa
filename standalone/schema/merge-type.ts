/** How the merge rooms see a custom resource's schema (as kube-openapi's schemaconv does). */
import type { FieldType, Json } from './contract.ts'
import type { Structural } from './structural.ts'

/** Values nobody described: maps merge by key, all else is replaced whole. */
export const deduced: FieldType = { scalar: 'untyped' }
/** Values below an undescribed list: replaced whole. */
export const untypedAtomic: FieldType = { scalar: 'untyped' }
untypedAtomic.list = { element: untypedAtomic, associative: false, keys: [], keyDefaults: {} }
untypedAtomic.map = { fields: new Map(), element: untypedAtomic, atomic: true }
deduced.list = { element: untypedAtomic, associative: false, keys: [], keyDefaults: {} }
deduced.map = { fields: new Map(), element: deduced, atomic: false }

const scalarOf = (type: string, format: string): FieldType['scalar'] => {
  if (type === 'integer' || type === 'number') return 'numeric'
  if (type === 'boolean') return 'boolean'
  return type === 'string' && (format === '' || format === 'byte') ? 'string' : 'untyped'
}

interface Inherited {
  /** Fields that every embedded resource has. */
  resource: ReadonlyMap<string, FieldType>
  /** A node above keeps unknown fields. */
  preserve: boolean
}

/** `format` must be the one of the CRD, known or not: any format but `byte` makes a string untyped. */
export const mergeType = (
  schema: Structural,
  formatOf: (schema: Structural) => string,
  inherited: Inherited,
): FieldType => {
  const preserve = inherited.preserve || schema.preserveUnknown
  const below = { ...inherited, preserve }
  const mapForm = (): FieldType['map'] => {
    const fields = new Map<string, FieldType>()
    for (const [name, child] of schema.properties) fields.set(name, mergeType(child, formatOf, below))
    if (schema.embedded) for (const [name, type] of inherited.resource) fields.set(name, type)
    let element: FieldType | undefined
    if (typeof schema.additional === 'object') element = mergeType(schema.additional, formatOf, below)
    else if (schema.additional === true || (schema.additional === undefined && (preserve || fields.size === 0)))
      element = deduced
    return { fields, atomic: schema.mapType === 'atomic', ...(element ? { element } : {}) }
  }
  const listForm = (): FieldType['list'] => {
    const keyDefaults: Record<string, Json> = {}
    for (const key of schema.listMapKeys) {
      const value = schema.items?.properties.get(key)?.default
      if (value !== undefined) keyDefaults[key] = value
    }
    return {
      element: schema.items ? mergeType(schema.items, formatOf, below) : untypedAtomic,
      associative: schema.listType === 'set' || schema.listType === 'map',
      keys: schema.listType === 'map' ? schema.listMapKeys : [],
      keyDefaults,
    }
  }
  const type = schema.intOrString ? '' : (schema.types[0] ?? '')
  if (type === 'object') return { map: mapForm() } as FieldType
  if (type === 'array') return { list: listForm() } as FieldType
  if (type === '') return { scalar: 'untyped', list: listForm(), map: mapForm() } as FieldType
  return { scalar: scalarOf(type, formatOf(schema)) } as FieldType
}
