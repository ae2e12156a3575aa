/** What kubectl prints of built-in kinds: the same columns as kube-apiserver's. */
import type { Json, JsonObject, Printer, TableColumnDefinition } from '../schema/contract.ts'
import { isObject } from '../schema/go.ts'
import { ageOf } from './duration.ts'
import { creationDescription, metaOf, nameColumn } from './table.ts'

type Cell = (object: JsonObject, now: number) => Json

const column = (name: string, description: string, priority = 0): TableColumnDefinition => ({
  name,
  type: 'string',
  format: '',
  description,
  priority,
})

const name: Cell = (object) => metaOf(object).name ?? ''
const age: Cell = (object, now) => ageOf(metaOf(object).creationTimestamp, now)
const ageColumn = column('Age', creationDescription)

const part = (object: JsonObject, key: string): JsonObject => (isObject(object[key]) ? object[key] : {})
const items = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])
const size = (value: Json | undefined): number =>
  isObject(value) ? Object.keys(value).length : Array.isArray(value) ? value.length : 0
const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

const printer = (...columns: readonly (readonly [TableColumnDefinition, Cell])[]): Printer => ({
  columns: columns.map(([definition]) => definition),
  cells: (object, now) => columns.map(([, cell]) => cell(object, now)),
})

/** Kinds without a printer of their own, such as Roles and CRDs. */
export const defaultPrinter = printer(
  [nameColumn, name],
  [
    { ...column('Created At', creationDescription), type: 'date' },
    (object) => metaOf(object).creationTimestamp ?? '0001-01-01T00:00:00Z',
  ],
)

export const namespacePrinter = printer(
  [nameColumn, name],
  [column('Status', 'The status of the namespace'), (object) => text(part(object, 'status').phase)],
  [ageColumn, age],
)

export const configMapPrinter = printer(
  [nameColumn, name],
  [
    column(
      'Data',
      "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys stored in Data must not overlap with the keys in the BinaryData field, this is enforced during validation process.",
    ),
    (object) => size(object.data) + size(object.binaryData),
  ],
  [ageColumn, age],
)

export const secretPrinter = printer(
  [nameColumn, name],
  [
    column(
      'Type',
      'Used to facilitate programmatic handling of secret data. More info: https://kubernetes.io/docs/concepts/configuration/secret/#secret-types',
    ),
    (object) => text(object.type),
  ],
  [
    column(
      'Data',
      "Data contains the secret data. Each key must consist of alphanumeric characters, '-', '_' or '.'. The serialized form of the secret data is a base64 encoded string, representing the arbitrary (possibly non-string) data value here. Described in https://tools.ietf.org/html/rfc4648#section-4",
    ),
    (object) => size(object.data),
  ],
  [ageColumn, age],
)

export const serviceAccountPrinter = printer(
  [nameColumn, name],
  [
    column(
      'Secrets',
      'Secrets is a list of the secrets in the same namespace that pods running using this ServiceAccount are allowed to use. Pods are only limited to this list if this service account has a "kubernetes.io/enforce-mountable-secrets" annotation set to "true". The "kubernetes.io/enforce-mountable-secrets" annotation is deprecated since v1.32. Prefer separate namespaces to isolate access to mounted secrets. This field should not be used to find auto-generated service account token secrets for use outside of pods. Instead, tokens can be requested directly using the TokenRequest API, or service account token secrets can be manually created. More info: https://kubernetes.io/docs/concepts/configuration/secret',
    ),
    (object) => size(object.secrets),
  ],
  [ageColumn, age],
)

export const leasePrinter = printer(
  [nameColumn, name],
  [
    column(
      'Holder',
      'holderIdentity contains the identity of the holder of a current lease. If Coordinated Leader Election is used, the holder identity must be equal to the elected LeaseCandidate.metadata.name field.',
    ),
    (object) => text(part(object, 'spec').holderIdentity),
  ],
  [ageColumn, age],
)

const subjects = (object: JsonObject, kind: string): string =>
  items(object.subjects)
    .filter((subject) => subject.kind === kind)
    .map((subject) =>
      kind === 'ServiceAccount' ? `${text(subject.namespace)}/${text(subject.name)}` : text(subject.name),
    )
    .join(', ')

export const roleBindingPrinter = (what: string): Printer =>
  printer(
    [nameColumn, name],
    [
      column(
        'Role',
        `RoleRef can ${what === 'ClusterRoleBinding' ? 'only ' : ''}reference a ${what === 'ClusterRoleBinding' ? '' : 'Role in the current namespace or a '}ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error. This field is immutable.`,
      ),
      (object) => `${text(part(object, 'roleRef').kind)}/${text(part(object, 'roleRef').name)}`,
    ],
    [ageColumn, age],
    [column('Users', 'Users in the roleBinding', 1), (object) => subjects(object, 'User')],
    [column('Groups', 'Groups in the roleBinding', 1), (object) => subjects(object, 'Group')],
    [
      column('ServiceAccounts', 'ServiceAccounts in the roleBinding', 1),
      (object) => subjects(object, 'ServiceAccount'),
    ],
  )

/** Events of both groups: the fields of the newer spelling are read too. */
const involved = (object: JsonObject): JsonObject =>
  isObject(object.regarding) ? object.regarding : part(object, 'involvedObject')
const series = (object: JsonObject): JsonObject | undefined => (isObject(object.series) ? object.series : undefined)
const firstSeen: Cell = (object, now) =>
  ageOf(object.firstTimestamp ?? object.deprecatedFirstTimestamp ?? object.eventTime, now)
const lastSeen: Cell = (object, now) => {
  const last = series(object)?.lastObservedTime ?? object.lastTimestamp ?? object.deprecatedLastTimestamp
  return last ? ageOf(last, now) : firstSeen(object, now)
}
const sourceOf: Cell = (object) => {
  const source = isObject(object.deprecatedSource) ? object.deprecatedSource : part(object, 'source')
  const component = text(source.component) || text(object.reportingComponent ?? object.reportingController)
  const host = text(source.host) || text(object.reportingInstance)
  return host ? `${component}, ${host}` : component
}
const target: Cell = (object) => {
  const { kind, name: given } = involved(object)
  return given ? `${text(kind).toLowerCase()}/${text(given)}` : text(kind).toLowerCase()
}
const eventCount: Cell = (object) => series(object)?.count ?? (object.count || object.deprecatedCount || 1)

export const eventPrinter = printer(
  [column('Last Seen', 'The time at which the most recent occurrence of this event was recorded.'), lastSeen],
  [
    column('Type', 'Type of this event (Normal, Warning), new types could be added in the future'),
    (object) => text(object.type),
  ],
  [
    column(
      'Reason',
      "This should be a short, machine understandable string that gives the reason for the transition into the object's current status.",
    ),
    (object) => text(object.reason),
  ],
  [column('Object', 'The object that this event is about.'), target],
  [
    column(
      'Subobject',
      'If referring to a piece of an object instead of an entire object, this string should contain a valid JSON/Go field access statement, such as desiredState.manifest.containers[2]. For example, if the object reference is to a container within a pod, this would take on a value like: "spec.containers{name}" (where "name" refers to the name of the container that triggered the event) or if no container name is specified "spec.containers[2]" (container with index 2 in this pod). This syntax is chosen only to have some well-defined way of referencing a part of an object.',
      1,
    ),
    (object) => text(involved(object).fieldPath),
  ],
  [
    column('Source', 'The component reporting this event. Should be a short machine understandable string.', 1),
    sourceOf,
  ],
  [
    column('Message', 'A human-readable description of the status of this operation.'),
    (object) => text(object.message ?? object.note).trim(),
  ],
  [
    column('First Seen', 'The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)', 1),
    firstSeen,
  ],
  [column('Count', 'The number of times this event has occurred.', 1), eventCount],
  [{ ...nameColumn, priority: 1 }, name],
)
