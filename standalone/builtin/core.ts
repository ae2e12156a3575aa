/** Kinds of the core group: ConfigMap, Secret, Namespace, ServiceAccount. */
import type { Cause, Json, JsonObject } from '../schema/contract.ts'
import { forbidden, invalidValue, required, tooLong } from '../schema/field.ts'
import { equal, isObject } from '../schema/go.ts'
import { parseJson } from '../schema/json.ts'
import { configMapKey, dns1123Label, dns1123Subdomain, qualifiedName } from '../schema/names.ts'
import { metaOf } from '../schema/prepare.ts'
import { bool, bytes, list, map, needed, optional, pointer, string, struct, time } from './go-type.ts'
import { type BuiltinKind, bareFinalizer, kindStruct } from './model.ts'

const CORE = 'io.k8s.api.core.v1'
/** Bytes of all values together. */
const MAX_DATA = 1024 * 1024
const IMMUTABLE = 'field is immutable when `immutable` is set'

const mapOf = (object: JsonObject, key: string): JsonObject => (isObject(object[key]) ? object[key] : {})
const base64Size = (value: Json): number => (typeof value === 'string' ? Buffer.byteLength(value, 'base64') : 0)
const textSize = (value: Json): number => (typeof value === 'string' ? Buffer.byteLength(value) : 0)

const keyFaults = (data: JsonObject, path: string): Cause[] =>
  Object.keys(data).flatMap((key) => configMapKey(key).map((fault) => invalidValue(`${path}[${key}]`, key, fault)))

const sizeOf = (data: JsonObject, measure: (value: Json) => number): number =>
  Object.values(data).reduce<number>((total, value) => total + measure(value), 0)

/** An object once marked immutable stays as it is, and stays marked. */
const immutableFaults = (object: JsonObject, old: JsonObject, keys: readonly string[]): Cause[] => {
  if (old.immutable !== true) return []
  const causes = object.immutable === true ? [] : [forbidden('immutable', IMMUTABLE)]
  for (const key of keys) if (!equal(mapOf(object, key), mapOf(old, key))) causes.push(forbidden(key, IMMUTABLE))
  return causes
}

export const configMap: BuiltinKind = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  namespaced: true,
  checkName: dns1123Subdomain,
  type: kindStruct(`${CORE}.ConfigMap`, 'ConfigMap holds configuration for others to read.', {
    immutable: pointer(bool, 'True: data cannot be changed any more, only deleted with the object.'),
    data: optional(map(string), 'Text values by key.'),
    binaryData: optional(map(bytes), 'Binary values by key, in base64.'),
  }),
  validate(object) {
    const data = mapOf(object, 'data')
    const binaryData = mapOf(object, 'binaryData')
    const causes = keyFaults(data, 'data')
    for (const key of Object.keys(data))
      if (Object.hasOwn(binaryData, key))
        causes.push(invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData'))
    causes.push(...keyFaults(binaryData, 'binaryData'))
    if (sizeOf(data, textSize) + sizeOf(binaryData, base64Size) > MAX_DATA) causes.push(tooLong('[]', MAX_DATA))
    return causes
  },
  validateUpdate: (object, old) => immutableFaults(object, old, ['data', 'binaryData']),
}

/** The one type whose key must not be empty. */
const SSH = 'kubernetes.io/ssh-auth'

/** Keys that a secret of a type must have. */
const requiredKeys: Record<string, readonly string[]> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  [SSH]: ['ssh-privatekey'],
}

/** Why a Docker configuration is no JSON object. */
const configFault = (text: string): string | undefined => {
  try {
    const { value } = parseJson(text)
    if (value === null || isObject(value)) return undefined
    const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
    return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`
  } catch (error) {
    return (error as Error).message
  }
}

const secretTypeFaults = (object: JsonObject): Cause[] => {
  const data = mapOf(object, 'data')
  const type = String(object.type ?? '')
  if (type === 'kubernetes.io/service-account-token') {
    const key = 'kubernetes.io/service-account.name'
    return mapOf(metaOf(object), 'annotations')[key] ? [] : [required(`metadata.annotations[${key}]`)]
  }
  if (type === 'kubernetes.io/basic-auth')
    return 'username' in data || 'password' in data ? [] : [required('data[username]'), required('data[password]')]
  const causes = (requiredKeys[type] ?? [])
    .filter((key) => !(key in data) || (type === SSH && !data[key]))
    .map((key) => required(`data[${key}]`))
  if (causes.length === 0 && type.startsWith('kubernetes.io/docker')) {
    const key = requiredKeys[type]?.[0] ?? ''
    const fault = configFault(Buffer.from(String(data[key]), 'base64').toString())
    if (fault) causes.push(invalidValue(`data[${key}]`, '<secret contents redacted>', fault))
  }
  return causes
}

export const secret: BuiltinKind = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  namespaced: true,
  checkName: dns1123Subdomain,
  type: kindStruct(`${CORE}.Secret`, 'Secret holds values that must not be shown to everybody.', {
    immutable: pointer(bool, 'True: data cannot be changed any more, only deleted with the object.'),
    data: optional(map(bytes), 'Values by key, in base64.'),
    stringData: optional(map(string), 'Values as plain text: merged into data on write, never shown.'),
    type: optional(string, 'What the secret is for; some types require certain keys. Opaque unless told.'),
  }),
  convert(object) {
    if (!isObject(object.stringData)) return
    const data = { ...mapOf(object, 'data') }
    for (const [key, value] of Object.entries(object.stringData))
      data[key] = Buffer.from(String(value)).toString('base64')
    delete object.stringData
    object.data = data
  },
  defaults(object) {
    object.type ||= 'Opaque'
  },
  prepareForUpdate(object, old) {
    if (!object.type && old.type !== undefined) object.type = old.type
  },
  validate(object) {
    const data = mapOf(object, 'data')
    const causes = keyFaults(data, 'data')
    if (sizeOf(data, base64Size) > MAX_DATA) causes.push(tooLong('data', MAX_DATA))
    return [...causes, ...secretTypeFaults(object)]
  },
  validateUpdate: (object, old) => [
    ...(object.type === old.type ? [] : [invalidValue('type', object.type ?? '', 'field is immutable')]),
    ...immutableFaults(object, old, ['data']),
  ],
}

const KUBERNETES = 'kubernetes'
const NAME_LABEL = 'kubernetes.io/metadata.name'

export const namespace: BuiltinKind = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  namespaced: false,
  hasStatus: true,
  checkName: dns1123Label,
  type: kindStruct(`${CORE}.Namespace`, 'Namespace is a scope for names.', {
    spec: optional(
      struct(`${CORE}.NamespaceSpec`, 'NamespaceSpec is what is wanted of a namespace.', {
        finalizers: optional(list(string, { listType: 'atomic' }), 'Must be empty before the namespace is removed.'),
      }),
      'What is wanted.',
    ),
    status: optional(
      struct(`${CORE}.NamespaceStatus`, 'NamespaceStatus is what is known of a namespace.', {
        phase: optional(string, 'Active or Terminating.'),
        conditions: optional(
          list(
            struct(`${CORE}.NamespaceCondition`, 'NamespaceCondition is one aspect of the state of a namespace.', {
              type: needed(string, 'Name of the condition.'),
              status: needed(string, 'True, False or Unknown.'),
              lastTransitionTime: optional(time, 'When the status changed last.', { always: true }),
              reason: optional(string, 'Cause of the last change, in CamelCase.'),
              message: optional(string, 'The same for humans.'),
            }),
            { listType: 'map', keys: ['type'], patchMergeKey: 'type' },
          ),
          'Aspects of the state, mainly of a deletion.',
        ),
      }),
      'What is known.',
    ),
  }),
  defaults(object) {
    const meta = metaOf(object)
    if (!meta.name) return
    meta.labels = { ...mapOf(meta, 'labels'), [NAME_LABEL]: meta.name }
  },
  prepareForCreate(object) {
    object.status = { phase: 'Active' }
    const given = mapOf(object, 'spec').finalizers
    const finalizers = Array.isArray(given) ? given : []
    object.spec = { finalizers: finalizers.includes(KUBERNETES) ? finalizers : [...finalizers, KUBERNETES] }
  },
  prepareForUpdate(object, old) {
    object.spec = old.spec ?? {}
  },
  validate(object) {
    const finalizers = mapOf(object, 'spec').finalizers
    return (Array.isArray(finalizers) ? finalizers.map(String) : []).flatMap((name) => [
      ...qualifiedName(name).map((fault) => invalidValue('spec.finalizers', name, fault)),
      ...bareFinalizer(name, 'spec.finalizers'),
    ])
  },
  validateUpdate(object, _old, subresource) {
    if (subresource !== 'status') return []
    const wanted = metaOf(object).deletionTimestamp ? 'Terminating' : 'Active'
    const phase = mapOf(object, 'status').phase ?? ''
    if (phase === wanted) return []
    const detail = `may only be '${wanted}' if \`deletionTimestamp\` is ${wanted === 'Active' ? '' : 'not '}empty`
    return [invalidValue('status.Phase', phase, detail)]
  },
}

export const objectReference = struct(
  `${CORE}.ObjectReference`,
  'ObjectReference names another object.',
  {
    kind: optional(string, 'Kind of the object.'),
    namespace: optional(string, 'Namespace of the object.'),
    name: optional(string, 'Name of the object.'),
    uid: optional(string, 'UID of the object.'),
    apiVersion: optional(string, 'API version of the object.'),
    resourceVersion: optional(string, 'Version of the object that is meant.'),
    fieldPath: optional(string, 'A part of the object, when not all of it is meant.'),
  },
  { atomic: true },
)

export const serviceAccount: BuiltinKind = {
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  namespaced: true,
  checkName: dns1123Subdomain,
  type: kindStruct(`${CORE}.ServiceAccount`, 'ServiceAccount is an identity for programs.', {
    secrets: optional(
      list(objectReference, { listType: 'map', keys: ['name'], patchMergeKey: 'name' }),
      'Secrets that the account may use.',
    ),
    imagePullSecrets: optional(
      list(
        struct(
          `${CORE}.LocalObjectReference`,
          'LocalObjectReference names an object of the same namespace.',
          { name: optional(string, 'Name of the object.', { default: '' }) },
          { atomic: true },
        ),
        { listType: 'atomic' },
      ),
      'Secrets for pulling images.',
    ),
    automountServiceAccountToken: pointer(bool, 'Whether pods get a token of the account.'),
  }),
}
