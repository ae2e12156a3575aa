/** What is wrong with a CustomResourceDefinition, in the words and with the field paths of apiextensions. */
import type { Cause, Json, JsonObject } from './contract.ts'
import { versionsOf } from './crd.ts'
import { objects, part, strings, text } from './crd-parts.ts'
import { crdSchemaFaults } from './crd-schema-faults.ts'
import { columnFaults, scaleFaults, selectableFaults, versionFaults } from './crd-version-faults.ts'
import { invalidRendered, invalidValue, notSupported, required } from './field.ts'
import { equal, isObject } from './go.ts'
import { dns1035Label, dns1123Subdomain } from './names.ts'

const APPROVED = 'api-approved.kubernetes.io'

/** Faults of a list field that all versions have alike are reported once, as v1 clients of old wrote it: at the top. */
const sharedValue = (versions: readonly JsonObject[], key: string): Json | undefined => {
  const first = versions[0]?.[key]
  return first !== undefined && versions.every((version) => equal(version[key], first)) ? first : undefined
}

const nameFaults = (names: JsonObject, path: string): Cause[] => {
  const causes: Cause[] = []
  const label = (key: string, value: string, at: string): void => {
    const faults = value ? dns1035Label(value) : []
    if (faults.length) causes.push(invalidValue(at, key === '' ? value : text(names[key]), faults.join(',')))
  }
  label('plural', text(names.plural), `${path}.plural`)
  label('singular', text(names.singular), `${path}.singular`)
  for (const key of ['kind', 'listKind']) {
    const value = text(names[key])
    const faults = value ? dns1035Label(value.toLowerCase()) : []
    if (faults.length)
      causes.push(
        invalidValue(`${path}.${key}`, value, `may have mixed case, but should otherwise match: ${faults.join(',')}`),
      )
  }
  strings(names.shortNames).forEach((name, i) => {
    label('', name, `${path}.shortNames[${i}]`)
  })
  if (text(names.kind) && names.kind === names.listKind)
    causes.push(invalidValue(`${path}.listKind`, names.listKind, 'kind and listKind may not be the same'))
  strings(names.categories).forEach((name, i) => {
    label('', name, `${path}.categories[${i}]`)
  })
  return causes
}

const conversionFaults = (spec: JsonObject): Cause[] => {
  const conversion = part(spec, 'conversion')
  const strategy = text(conversion.strategy)
  if (!strategy) return isObject(spec.conversion) ? [required('spec.conversion.strategy')] : []
  if (strategy === 'None') return []
  if (strategy !== 'Webhook') return [notSupported('spec.conversion.strategy', strategy, ['None', 'Webhook'])]
  return [
    notSupported('spec.conversion.strategy', strategy, ['None']), // a declared gap: nothing here calls webhooks
  ]
}

const specFaults = (crd: JsonObject): Cause[] => {
  const spec = part(crd, 'spec')
  const versions = versionsOf(crd)
  const causes: Cause[] = []
  const group = text(spec.group)
  const groupFaults = dns1123Subdomain(group)
  if (!group) causes.push(required('spec.group'))
  else if (groupFaults.length) causes.push(invalidValue('spec.group', group, groupFaults.join(',')))
  else if (!group.includes('.'))
    causes.push(invalidValue('spec.group', group, 'should be a domain with at least one dot'))
  const scope = text(spec.scope)
  if (!scope) causes.push(required('spec.scope'))
  else if (scope !== 'Cluster' && scope !== 'Namespaced')
    causes.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']))

  const sharedSchema = sharedValue(versions, 'schema')
  const sharedSubresources = sharedValue(versions, 'subresources')
  const sharedColumns = sharedValue(versions, 'additionalPrinterColumns')
  const sharedSelectable = sharedValue(versions, 'selectableFields')
  versions.forEach((version, i) => {
    if (!isObject(part(version, 'schema').openAPIV3Schema))
      causes.push(required(`spec.versions[${i}].schema.openAPIV3Schema`))
  })
  versions.forEach((version, i) => {
    const faults = dns1035Label(text(version.name))
    if (faults.length) causes.push(invalidValue(`spec.versions[${i}].name`, text(version.name), faults.join(',')))
    causes.push(
      ...versionFaults(version, `spec.versions[${i}]`, {
        schema: sharedSchema !== undefined,
        subresources: sharedSubresources !== undefined,
        columns: sharedColumns !== undefined,
        selectable: sharedSelectable !== undefined,
      }),
    )
  })
  const shown = JSON.stringify(versions.map(internalVersion))
  if (new Set(versions.map(({ name }) => name)).size < versions.length)
    causes.push(invalidRendered('spec.versions', shown, 'must contain unique version names'))
  if (versions.filter(({ storage }) => storage === true).length !== 1)
    causes.push(invalidRendered('spec.versions', shown, 'must have exactly one version marked as storage version'))
  const [first] = versions
  const firstFaults = first ? dns1035Label(text(first.name)) : []
  // The first version is also the `version` of old.
  if (first && text(first.name) && firstFaults.length)
    causes.push(invalidValue('spec.version', text(first.name), firstFaults.join(',')))
  const names = part(spec, 'names')
  for (const key of ['plural', 'singular', 'kind', 'listKind'])
    if (!text(names[key])) causes.push(required(`spec.names.${key}`))
  causes.push(...nameFaults(names, 'spec.names'))
  if (isObject(sharedSchema) && isObject(sharedSchema.openAPIV3Schema))
    causes.push(
      ...crdSchemaFaults(
        sharedSchema.openAPIV3Schema,
        isObject(part(versions[0] ?? {}, 'subresources').status),
        'spec.validation',
      ),
    )
  if (isObject(sharedSubresources)) causes.push(...scaleFaults(sharedSubresources, 'spec.subresources'))
  objects(sharedColumns).forEach((column, i) => {
    causes.push(...columnFaults(column, `spec.additionalPrinterColumns[${i}]`))
  })
  if (first && sharedSelectable !== undefined) causes.push(...selectableFaults(first, 'spec.selectableFields'))
  return [...causes, ...conversionFaults(spec)]
}

/** A version as error texts print it: with Go's field names, what is shared taken out. */
const internalVersion = (version: JsonObject): JsonObject => ({
  Name: version.name ?? '',
  Served: version.served === true,
  Storage: version.storage === true,
  Deprecated: version.deprecated === true,
  DeprecationWarning: version.deprecationWarning ?? null,
  Schema: null,
  Subresources: null,
  AdditionalPrinterColumns: null,
  SelectableFields: null,
})

const storedFaults = (crd: JsonObject): Cause[] => {
  const stored = strings(part(crd, 'status').storedVersions)
  const path = 'status.storedVersions'
  if (stored.length === 0) return [invalidValue(path, null, 'must have at least one stored version')]
  const causes: Cause[] = []
  const missing = new Map(stored.map((name, i) => [name, i]))
  for (const version of versionsOf(crd)) {
    const name = text(version.name)
    if (version.storage === true && !missing.has(name))
      causes.push(invalidValue(path, stored, `must have the storage version ${name}`))
    missing.delete(name)
  }
  for (const [name, i] of missing)
    causes.push(
      invalidValue(
        `${path}[${i}]`,
        name,
        `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
      ),
    )
  return causes
}

/** Groups of the Kubernetes project need its approval. */
const approvalFaults = (crd: JsonObject): Cause[] => {
  const group = text(part(crd, 'spec').group)
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return []
  const approval = text(part(part(crd, 'metadata'), 'annotations')[APPROVED])
  const path = `metadata.annotations[${APPROVED}]`
  if (!approval)
    return [
      required(
        path,
        `protected groups must have approval annotation "${APPROVED}", see https://github.com/kubernetes/enhancements/pull/1111`,
      ),
    ]
  if (approval.startsWith('unapproved') || URL.canParse(approval)) return []
  return [
    invalidValue(
      path,
      approval,
      `protected groups must have approval annotation "${APPROVED}" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111`,
    ),
  ]
}

export const crdFaults = (crd: JsonObject): Cause[] => [
  ...specFaults(crd),
  ...nameFaults(part(part(crd, 'status'), 'acceptedNames'), 'status.acceptedNames'),
  ...storedFaults(crd),
  ...approvalFaults(crd),
  ...(part(crd, 'spec').preserveUnknownFields === true
    ? [
        invalidValue(
          'spec.preserveUnknownFields',
          true,
          'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
        ),
      ]
    : []),
]

/** What may not change any more: group and plural never, scope and kind once the names were accepted. */
export const crdUpdateFaults = (crd: JsonObject, old: JsonObject): Cause[] => {
  const spec = part(crd, 'spec')
  const before = part(old, 'spec')
  const causes: Cause[] = []
  const fixed = (value: Json | undefined, was: Json | undefined, path: string): void => {
    if (text(value) !== text(was)) causes.push(invalidValue(path, text(value), 'field is immutable'))
  }
  const established = objects(part(old, 'status').conditions).some(
    ({ type, status }) => type === 'Established' && status === 'True',
  )
  if (established) {
    fixed(spec.scope, before.scope, 'spec.scope')
    fixed(part(spec, 'names').kind, part(before, 'names').kind, 'spec.names.kind')
  }
  fixed(spec.group, before.group, 'spec.group')
  fixed(part(spec, 'names').plural, part(before, 'names').plural, 'spec.names.plural')
  return causes
}
