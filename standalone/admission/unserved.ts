import type { Call } from '../call.ts'
import { isObject, valueAt } from '../object.ts'
import type { Json, JsonObject } from '../schema/contract.ts'
import { RULES } from '../schema/crd-schema-parts.ts'
import { isCheckedRule } from '../schema/structural.ts'

const CRD_STORAGE = 'customresourcedefinitions'

/**
 * A CRD made for kube-apiserver is taken although parts of it have no effect here; whoever applies it is told of each such part, so that
 * nobody relies on it.
 */
export const warnOfUnserved = ({ served, warnings }: Pick<Call, 'served' | 'warnings'>, object: JsonObject): void => {
  if (served.resource.custom || served.resource.plural !== CRD_STORAGE) return
  const versions = valueAt(object, 'spec.versions')
  for (const version of Array.isArray(versions) ? versions.filter(isObject) : []) {
    const where = `version ${JSON.stringify(version.name ?? '')}`
    if (hasRules(version.schema ?? null))
      warnings.push(`${where}: ${RULES} are stored, but this server does not check them`)
    if (isObject(version.subresources) && isObject(version.subresources.scale)) {
      warnings.push(`${where}: the scale subresource is not served`)
    }
  }
}

const hasRules = (schema: Json): boolean => {
  if (Array.isArray(schema)) return schema.some(hasRules)
  if (!isObject(schema)) return false
  // A property may be named like the rules; rules are a list.
  const rules = schema[RULES]
  return (
    (Array.isArray(rules) && !rules.every(isCheckedRule)) ||
    Object.values(schema).some((part) => hasRules(part ?? null))
  )
}
