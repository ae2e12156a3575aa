/** From a CustomResourceDefinition to the models of its versions. */
import type { CrdModels, JsonObject, TypeModel } from './contract.ts'
import { customModel } from './custom-model.ts'
import { isObject } from './go.ts'

const string = (value: unknown): string => (typeof value === 'string' ? value : '')
const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

export const versionsOf = (crd: JsonObject): JsonObject[] => (isObject(crd.spec) ? objects(crd.spec.versions) : [])

export const crdModels: CrdModels = (crd) => {
  const models = new Map<string, TypeModel>()
  const spec = isObject(crd.spec) ? crd.spec : {}
  const names = isObject(spec.names) ? spec.names : {}
  for (const version of versionsOf(crd)) {
    const schema =
      isObject(version.schema) && isObject(version.schema.openAPIV3Schema) ? version.schema.openAPIV3Schema : {}
    models.set(
      string(version.name),
      customModel({
        group: string(spec.group),
        version: string(version.name),
        kind: string(names.kind),
        namespaced: spec.scope === 'Namespaced',
        hasStatus: isObject(version.subresources) && isObject(version.subresources.status),
        schema,
        selectable: objects(version.selectableFields).map(({ jsonPath }) => string(jsonPath)),
      }),
    )
  }
  return models
}
