/** Validation of whole resources inside of custom resources (`x-kubernetes-embedded-resource`). */
import { decodeGo } from '../builtin/decode.ts'
import { objectMeta } from '../builtin/meta.ts'
import type { Cause, Json, JsonObject } from './contract.ts'
import { invalidValue, required } from './field.ts'
import { isObject } from './go.ts'
import { dns1035Label, pathSegmentName } from './names.ts'
import { validateMeta } from './object-meta.ts'
import type { Structural } from './structural.ts'

const join = (path: string, key: string): string => (path ? `${path}.${key}` : key)

const resourceFaults = (value: JsonObject, path: string): Cause[] => {
  const causes: Cause[] = []
  for (const key of ['apiVersion', 'kind']) {
    const given = value[key]
    const at = join(path, key)
    if (given === undefined) causes.push(required(at))
    else if (typeof given !== 'string') causes.push(invalidValue(at, given, 'must be a string'))
    else if (given === '') causes.push(invalidValue(at, given, 'must not be empty'))
    else if (key === 'kind') {
      const faults = dns1035Label(given.toLowerCase())
      if (faults.length)
        causes.push(invalidValue(at, given, `may have mixed case, but should otherwise match: ${faults.join(',')}`))
    } else if (given.split('/').length > 2)
      causes.push(invalidValue(at, given, `unexpected GroupVersion string: ${given}`))
  }
  if (!isObject(value.metadata)) return causes
  try {
    const metadata = decodeGo(value.metadata, objectMeta, [])
    metadata.name ||= 'fakename'
    causes.push(
      ...validateMeta(
        { metadata },
        { namespaced: Boolean(metadata.namespace), checkName: pathSegmentName },
        join(path, 'metadata'),
      ),
    )
  } catch (error) {
    causes.push(invalidValue(join(path, 'metadata'), value.metadata, (error as Error).message))
  }
  return causes
}

export const validateEmbedded = (schema: Structural, value: Json, path = ''): Cause[] => {
  if (!schema.embeds || value === null || typeof value !== 'object') return []
  const { items } = schema
  if (Array.isArray(value))
    return items ? value.flatMap((item, i) => validateEmbedded(items, item, `${path}[${i}]`)) : []
  const causes = schema.embedded ? resourceFaults(value, path) : []
  for (const key in value) {
    const property = schema.properties.get(key)
    if (property) causes.push(...validateEmbedded(property, value[key] as Json, join(path, key)))
    else if (typeof schema.additional === 'object')
      causes.push(...validateEmbedded(schema.additional, value[key] as Json, `${path}[${key}]`))
  }
  return causes
}
