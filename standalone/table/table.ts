/** `meta.k8s.io` Tables: what kubectl prints without knowing the kind. */
import type { JsonObject, TableColumnDefinition, ToTable } from '../schema/contract.ts'
import { isObject } from '../schema/go.ts'

export const nameColumn: TableColumnDefinition = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
  priority: 0,
}

export const creationDescription =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata'

export const metaOf = (object: JsonObject): JsonObject => (isObject(object.metadata) ? object.metadata : {})

export const toTable: ToTable = ({
  printer,
  objects,
  includeObject,
  now,
  listMeta,
  withColumns = true,
  apiVersion = 'meta.k8s.io/v1',
}) => ({
  kind: 'Table',
  apiVersion,
  metadata: listMeta,
  columnDefinitions: withColumns ? printer.columns.map((column) => ({ ...column })) : null,
  rows: objects.map((object) => ({
    cells: printer.cells(object, now),
    object: rowObject(object, includeObject, apiVersion),
  })),
})

const rowObject = (
  object: JsonObject,
  includeObject: 'None' | 'Metadata' | 'Object',
  apiVersion: string,
): JsonObject | null => {
  if (includeObject === 'None') return null
  if (includeObject === 'Object') return object
  return { kind: 'PartialObjectMetadata', apiVersion, metadata: metaOf(object) }
}
