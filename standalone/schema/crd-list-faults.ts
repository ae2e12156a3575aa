/** Whether `x-kubernetes-list-type` and its keys go with the schema that they stand in. */
import type { Cause, JsonObject } from './contract.ts'
import { keysOf, LIST_KEYS, LIST_TYPE, MAP_TYPE, propertiesOf, schemaOf, typeOf } from './crd-schema-parts.ts'
import { forbidden, invalidValue, notSupported, required } from './field.ts'

export const listFaults = (schema: JsonObject, path: string): Cause[] => {
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
