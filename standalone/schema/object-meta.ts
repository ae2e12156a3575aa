/** Validation of `metadata`, in the order and words of k8s.io/apimachinery. Expects decoded metadata. */
import type { ManagedFieldsEntry, ObjectMeta } from '../../controller/api/meta.ts'
import type { Cause, JsonObject } from './contract.ts'
import { forbidden, invalidValue, required, tooLong } from './field.ts'
import { equal, isObject, quote } from './go.ts'
import { asPrefix, dns1123Label, labelValue, qualifiedName } from './names.ts'

const MAX_ANNOTATIONS = 256 * 1024
const MAX_MANAGER = 128

export interface MetaRules {
  namespaced: boolean
  checkName: (name: string) => string[]
}

const metaOf = (
  object: JsonObject,
): Partial<ObjectMeta> & { generateName?: string; deletionGracePeriodSeconds?: number } =>
  isObject(object.metadata) ? (object.metadata as Partial<ObjectMeta>) : {}

const labels = (meta: Partial<ObjectMeta>, path: string): Cause[] => {
  const causes: Cause[] = []
  for (const [key, value] of Object.entries(meta.labels ?? {})) {
    for (const fault of qualifiedName(key)) causes.push(invalidValue(path, key, fault))
    for (const fault of labelValue(value)) causes.push(invalidValue(path, value, fault))
  }
  return causes
}

const annotations = (meta: Partial<ObjectMeta>, path: string): Cause[] => {
  const causes: Cause[] = []
  let size = 0
  for (const [key, value] of Object.entries(meta.annotations ?? {})) {
    size += Buffer.byteLength(key) + Buffer.byteLength(value)
    for (const fault of qualifiedName(key.toLowerCase())) causes.push(invalidValue(path, key, fault))
  }
  if (size > MAX_ANNOTATIONS) causes.push(tooLong(path, MAX_ANNOTATIONS))
  return causes
}

const ownerReferences = (meta: Partial<ObjectMeta>, path: string): Cause[] => {
  const causes: Cause[] = []
  let controller = ''
  for (const ref of meta.ownerReferences ?? []) {
    const [first, version = first, ...more] = ref.apiVersion.split('/')
    if (!version || more.length > 0)
      causes.push(invalidValue(`${path}.apiVersion`, ref.apiVersion, 'version must not be empty'))
    if (!ref.kind) causes.push(invalidValue(`${path}.kind`, ref.kind, 'must not be empty'))
    if (!ref.name) causes.push(invalidValue(`${path}.name`, ref.name, 'must not be empty'))
    if (!ref.uid) causes.push(invalidValue(`${path}.uid`, ref.uid, 'must not be empty'))
    if (ref.apiVersion === 'v1' && ref.kind === 'Event')
      causes.push(invalidValue(path, ref, '/v1, Kind=Event is disallowed from being an owner'))
    if (!ref.controller) continue
    const current = `${ref.kind}/${ref.name}`
    if (controller) {
      // One is enough: each shows the whole list.
      causes.push(
        invalidValue(
          path,
          meta.ownerReferences,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${current}`,
        ),
      )
      break
    }
    controller = current
  }
  return causes
}

export const finalizerFaults = (object: JsonObject, path = 'metadata.finalizers'): Cause[] => {
  const { finalizers: names = [] } = metaOf(object)
  const causes = names.flatMap((name) => qualifiedName(name).map((fault) => invalidValue(path, name, fault)))
  if (names.includes('orphan') && names.includes('foregroundDeletion'))
    causes.push(invalidValue(path, names, 'finalizer orphan and foregroundDeletion cannot be both set'))
  return causes
}

/** The manager of a request or an entry: bounded and printable. */
export const managerFaults = (manager: string, path: string): Cause[] => {
  const causes: Cause[] = Buffer.byteLength(manager) > MAX_MANAGER ? [tooLong(path, MAX_MANAGER)] : []
  let offset = 0
  for (const rune of manager) {
    if (/\p{C}|[\p{Z}--[ ]]/v.test(rune)) {
      const code = (rune.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      causes.push(invalidValue(path, manager, `invalid character U+${code} (at position ${offset})`))
    }
    offset += Buffer.byteLength(rune)
  }
  return causes
}

const managedFields = (entries: readonly ManagedFieldsEntry[], path: string): Cause[] =>
  entries.flatMap((entry, i) => {
    const at = `${path}[${i}]`
    const causes: Cause[] = []
    if (entry.operation !== 'Apply' && entry.operation !== 'Update')
      causes.push(invalidValue(`${at}.operation`, entry.operation ?? '', 'must be `Apply` or `Update`'))
    if (entry.fieldsType && entry.fieldsType !== 'FieldsV1')
      causes.push(invalidValue(`${at}.fieldsType`, entry.fieldsType, 'must be `FieldsV1`'))
    causes.push(...managerFaults(entry.manager ?? '', `${at}.manager`))
    if (Buffer.byteLength(entry.subresource ?? '') > 256) causes.push(tooLong(`${at}.subresource`, 256))
    return causes
  })

export const validateMeta = (object: JsonObject, { namespaced, checkName }: MetaRules, path = 'metadata'): Cause[] => {
  const meta = metaOf(object)
  const causes: Cause[] = []
  if (meta.generateName)
    for (const fault of asPrefix(checkName)(meta.generateName))
      causes.push(invalidValue(`${path}.generateName`, meta.generateName, fault))
  if (!meta.name) causes.push(required(`${path}.name`, 'name or generateName is required'))
  else for (const fault of checkName(meta.name)) causes.push(invalidValue(`${path}.name`, meta.name, fault))
  if (namespaced) {
    if (!meta.namespace) causes.push(required(`${path}.namespace`))
    else
      for (const fault of dns1123Label(meta.namespace))
        causes.push(invalidValue(`${path}.namespace`, meta.namespace, fault))
  } else if (meta.namespace) causes.push(forbidden(`${path}.namespace`, 'not allowed on this type'))
  if ((meta.generation ?? 0) < 0)
    causes.push(invalidValue(`${path}.generation`, meta.generation, 'must be greater than or equal to 0'))
  causes.push(
    ...labels(meta, `${path}.labels`),
    ...annotations(meta, `${path}.annotations`),
    ...ownerReferences(meta, `${path}.ownerReferences`),
    ...finalizerFaults(object, `${path}.finalizers`),
    ...managedFields(meta.managedFields ?? [], `${path}.managedFields`),
  )
  return causes
}

export const validateMetaUpdate = (object: JsonObject, old: JsonObject, path = 'metadata'): Cause[] => {
  const meta = metaOf(object)
  const before = metaOf(old)
  const causes: Cause[] = []
  if (before.deletionTimestamp) {
    const extra = [...new Set(meta.finalizers ?? [])].filter((name) => !before.finalizers?.includes(name)).sort()
    if (extra.length)
      causes.push(
        forbidden(
          `${path}.finalizers`,
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${extra.map(quote).join(', ')}}`,
        ),
      )
  }
  if (!meta.resourceVersion) causes.push(invalidValue(`${path}.resourceVersion`, '', 'must be specified for an update'))
  if ((meta.generation ?? 0) < (before.generation ?? 0))
    causes.push(invalidValue(`${path}.generation`, meta.generation ?? 0, 'must not be decremented'))
  const strings = ['name', 'namespace', 'uid'] as const
  for (const key of strings)
    if ((meta[key] ?? '') !== (before[key] ?? ''))
      causes.push(invalidValue(`${path}.${key}`, meta[key] ?? '', 'field is immutable'))
  const values = ['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const
  for (const key of values)
    if (!equal(meta[key] ?? null, before[key] ?? null))
      causes.push(invalidValue(`${path}.${key}`, meta[key] ?? null, 'field is immutable'))
  causes.push(
    ...labels(meta, `${path}.labels`),
    ...annotations(meta, `${path}.annotations`),
    ...ownerReferences(meta, `${path}.ownerReferences`),
    ...managedFields(meta.managedFields ?? [], `${path}.managedFields`),
  )
  return causes
}
