import { CREATOR_ANNOTATION } from '../admission/creator.ts'
import { isObject, metaOf, valueAt } from '../object.ts'
import type { JsonObject, Subresource } from '../schema/contract.ts'
import { crdModels } from '../schema/crd.ts'
import { crdPrinter } from '../table/crd.ts'
import type { Resource, SelectableField, ServedVersion } from './resource.ts'
import { compareVersions } from './version-order.ts'

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']
const RULES = { createOnUpdate: false, unconditionalUpdate: false, deleteAnswersObject: false }

const string = (value: unknown): string => (typeof value === 'string' ? value : '')
const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(string) : [])

/** What a definition serves. Its names are the accepted ones, in `status.acceptedNames`. */
export const customResource = (crd: JsonObject): Resource => {
  const spec = crd.spec as JsonObject
  const names = valueAt(crd, 'status.acceptedNames') ?? spec.names
  const { plural, singular, kind, listKind, shortNames, categories } = isObject(names) ? names : {}
  const group = string(spec.group)
  const versions: ServedVersion[] = []
  const storage = (spec.versions as JsonObject[]).find((version) => version.storage === true)
  const resource: Resource = {
    group,
    plural: string(plural),
    singular: string(singular),
    kind: string(kind),
    listKind: string(listKind),
    shortNames: strings(shortNames),
    categories: strings(categories),
    namespaced: spec.scope === 'Namespaced',
    custom: true,
    verbs: VERBS,
    storage: `${string(plural)}.${group}`,
    storedAs: `${group}/${string(storage?.name)}`,
    versions,
    definedAt: Number(metaOf(crd).resourceVersion ?? 0),
    rules: RULES,
    creatorField: metaOf(crd).annotations?.[CREATOR_ANNOTATION],
  }
  const models = crdModels(crd)
  for (const version of spec.versions as JsonObject[]) {
    const name = string(version.name)
    const model = models.get(name)
    if (version.served !== true || !model) continue
    versions.push({
      resource,
      version: name,
      apiVersion: `${group}/${name}`,
      model,
      printer: crdPrinter(crd, name),
      subresources: subresourcesOf(version),
      selectable: selectableFields(version),
      ...(version.deprecated === true && { deprecation: deprecationOf(crd, version, resource) }),
    })
  }
  versions.sort((a, b) => compareVersions(a.version, b.version))
  return resource
}

const subresourcesOf = ({ subresources }: JsonObject): Subresource[] =>
  isObject(subresources) && isObject(subresources.status) ? ['status'] : []

const selectableFields = ({ selectableFields: fields }: JsonObject): SelectableField[] =>
  (Array.isArray(fields) ? fields : []).filter(isObject).map(({ jsonPath }) => {
    const label = string(jsonPath).replace(/^\./, '')
    return {
      label,
      value: (object) => {
        const value = valueAt(object, label)
        return value === undefined || value === null ? '' : String(value)
      },
    }
  })

const deprecationOf = (crd: JsonObject, version: JsonObject, { group, kind }: Resource): string => {
  if (string(version.deprecationWarning)) return string(version.deprecationWarning)
  const name = string(version.name)
  const better = (valueAt(crd, 'spec.versions') as JsonObject[])
    .filter(({ served, deprecated }) => served === true && deprecated !== true)
    .map((candidate) => string(candidate.name))
    .sort(compareVersions)
    .find((candidate) => compareVersions(candidate, name) < 0)
  const deprecated = `${group}/${name} ${kind} is deprecated`
  return better ? `${deprecated}; use ${group}/${better} ${kind}` : deprecated
}
