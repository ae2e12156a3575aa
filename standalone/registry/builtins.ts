import { metaOf, valueAt } from '../object.ts'
import type { BuiltinType, JsonObject } from '../schema/contract.ts'
import { eventConversion } from './event-conversion.ts'
import type { Resource, ResourceRules, SelectableField, ServedVersion } from './resource.ts'

/** How each built-in kind departs from the common rules. */
const RULES: Readonly<Record<string, Partial<ResourceRules>>> = {
  events: { createOnUpdate: true },
  leases: { createOnUpdate: true, unconditionalUpdate: false },
  roles: { createOnUpdate: true },
  rolebindings: { createOnUpdate: true },
  clusterroles: { createOnUpdate: true },
  clusterrolebindings: { createOnUpdate: true },
  customresourcedefinitions: { unconditionalUpdate: false, deleteAnswersObject: true },
  serviceaccounts: { deleteAnswersObject: true },
  namespaces: { deleteAnswersObject: true },
}
const COMMON: ResourceRules = { createOnUpdate: false, unconditionalUpdate: true, deleteAnswersObject: false }

const at = (label: string): SelectableField => ({ label, value: (object) => text(object, label) })
const text = (object: JsonObject, path: string): string => {
  const value = valueAt(object, path)
  return value === undefined || value === null ? '' : String(value)
}

const EVENT_REFERENCE = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']
const coreEventFields: SelectableField[] = [
  ...EVENT_REFERENCE.map((field) => at(`involvedObject.${field}`)),
  ...['reason', 'reportingComponent', 'type'].map(at),
  { label: 'source', value: (object) => text(object, 'source.component') || text(object, 'reportingComponent') },
]
const newEventFields: SelectableField[] = [
  ...EVENT_REFERENCE.map((field) => at(`regarding.${field}`)),
  ...['reason', 'reportingController', 'type'].map(at),
]

const SELECTABLE: Readonly<Record<string, readonly SelectableField[]>> = {
  '/secrets': [at('type')],
  '/namespaces': [at('status.phase'), { label: 'name', value: (object) => metaOf(object).name ?? '' }],
  '/events': coreEventFields,
  'events.k8s.io/events': newEventFields,
}

export const builtinResource = (type: BuiltinType): Resource => {
  const { model, plural } = type
  const { group, version } = model
  const versions: ServedVersion[] = []
  const resource: Resource = {
    group,
    plural,
    singular: type.singular,
    kind: model.kind,
    listKind: type.listKind,
    shortNames: type.shortNames,
    categories: type.categories,
    namespaced: model.namespaced,
    custom: false,
    verbs: type.verbs,
    storage: plural,
    storedAs: plural === 'events' ? 'v1' : group ? `${group}/${version}` : version,
    versions,
    definedAt: 0,
    rules: { ...COMMON, ...RULES[plural] },
  }
  versions.push({
    resource,
    version,
    apiVersion: group ? `${group}/${version}` : version,
    model,
    printer: type.printer,
    subresources: type.subresources,
    selectable: SELECTABLE[`${group}/${plural}`] ?? [],
    ...(group === 'events.k8s.io' && { convert: eventConversion }),
  })
  return resource
}
