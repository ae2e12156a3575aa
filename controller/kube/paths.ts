import type { ObjectKey, ResourceType } from '../api/meta.ts'

/** The path of a collection (without `name`) or an object, as the API serves it. */
export const resourcePath = (type: ResourceType, key: Partial<ObjectKey>, subresource?: string): string => {
  const segments = type.group === '' ? ['api', type.version] : ['apis', type.group, type.version]
  if (type.namespaced && key.namespace !== undefined) segments.push('namespaces', key.namespace)
  segments.push(type.plural)
  if (key.name !== undefined) segments.push(key.name)
  if (subresource !== undefined) segments.push(subresource)
  return `/${segments.map(encodeSegment).join('/')}`
}

/** Parameters that are `undefined` or `false` are left out. */
export const withQuery = (path: string, parameters: Record<string, string | number | boolean | undefined>): string => {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== false) query.set(name, String(value))
  }
  const text = query.toString()
  return text === '' ? path : `${path}?${text}`
}

/** A name is one segment, whatever it holds: `..` must not climb and `a/b` must not address a subresource. */
const encodeSegment = (segment: string): string => {
  if (segment === '' || segment === '.' || segment === '..')
    throw new TypeError(`"${segment}" cannot be part of an API path`)
  return encodeURIComponent(segment)
}
