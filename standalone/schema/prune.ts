/** What happens to a custom resource before validation: unknown fields go, nulls go, defaults come. All in place. */
import type { Json, JsonObject } from './contract.ts'
import { clone, own, setKey } from './go.ts'
import type { Structural } from './structural.ts'

const isMetaField = (key: string): boolean => key === 'apiVersion' || key === 'kind' || key === 'metadata'

/** Removes what `schema` does not declare, and notes the paths. `root`: apiVersion, kind and metadata stay. */
export const prune = (
  value: Json,
  schema: Structural | undefined,
  unknown: string[],
  path = '',
  root = path === '',
): void => {
  if (value === null || typeof value !== 'object') return
  const preserve = schema?.preserveUnknown ?? false
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (preserve) keepUnknown(value[i] as Json, schema?.items, unknown, `${path}[${i}]`)
      else prune(value[i] as Json, schema?.items, unknown, `${path}[${i}]`, false)
    }
    return
  }
  pruneKeys(value, schema, unknown, path, root || (schema?.embedded ?? false), preserve)
}

const pruneKeys = (
  value: JsonObject,
  schema: Structural | undefined,
  unknown: string[],
  path: string,
  resource: boolean,
  preserve: boolean,
): void => {
  for (const key in value) {
    if (resource && isMetaField(key)) continue
    const child = value[key] as Json
    const property = schema?.properties.get(key)
    const additional = schema?.additional
    if (property) {
      if (child !== null && typeof child === 'object')
        prune(child, property, unknown, path ? `${path}.${key}` : key, false)
    } else if (additional !== undefined && additional !== false) {
      const element = additional === true ? undefined : additional
      if (child !== null && typeof child === 'object')
        prune(child, element, unknown, path ? `${path}.${key}` : key, false)
    } else if (!preserve) {
      unknown.push(path ? `${path}.${key}` : key)
      delete value[key]
    }
  }
}

/** Inside of lists below a preserving node: declared parts are still pruned, the rest stays. */
const keepUnknown = (value: Json, schema: Structural | undefined, unknown: string[], path: string): void => {
  if (!schema || value === null || typeof value !== 'object') return
  if (Array.isArray(value)) {
    value.forEach((item, i) => {
      keepUnknown(item, schema.items, unknown, `${path}[${i}]`)
    })
    return
  }
  pruneKeys(value, schema, unknown, path, schema.embedded, true)
}

const childSchema = (schema: Structural, key: string): Structural | undefined => {
  const property = schema.properties.get(key)
  if (property) return property
  return typeof schema.additional === 'object' ? schema.additional : undefined
}

/** A null where the schema neither allows null nor has a default counts as absent. Lists keep theirs: they are errors. */
export const dropNulls = (value: Json, schema: Structural | undefined): void => {
  if (!schema || value === null || typeof value !== 'object') return
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item, schema.items)
    return
  }
  for (const key in value) {
    const child = value[key] as Json
    const inner = childSchema(schema, key)
    if (child === null) {
      if (inner && !inner.nullable && inner.default === undefined) delete value[key]
    } else if (inner && typeof child === 'object') dropNulls(child, inner)
  }
}

/** Fills in defaults where the parent is there; a null that is not allowed counts as absent. */
export const fillDefaults = (value: Json, schema: Structural | undefined): void => {
  if (!schema?.defaults || value === null || typeof value !== 'object') return
  if (Array.isArray(value)) {
    const items = schema.items
    if (!items) return
    for (let i = 0; i < value.length; i++) {
      if (value[i] === null && !items.nullable && items.default !== undefined) value[i] = clone(items.default)
      fillDefaults(value[i] as Json, items)
    }
    return
  }
  for (const [key, property] of schema.properties) {
    if (!property.defaults) continue
    const child = own(value, key)
    if (property.default !== undefined && (child === undefined || (child === null && !property.nullable)))
      setKey(value, key, clone(property.default))
    fillDefaults(own(value, key) ?? null, property)
  }
  const additional = schema.additional
  if (typeof additional !== 'object' || !additional.defaults) return
  for (const key in value) {
    if (schema.properties.has(key)) continue
    if (value[key] === null && !additional.nullable && additional.default !== undefined)
      value[key] = clone(additional.default)
    fillDefaults(value[key] as Json, additional)
  }
}
