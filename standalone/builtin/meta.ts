/** The types that every object shares: k8s.io/apimachinery meta/v1. */
import { bool, fieldsV1, int64, list, map, needed, optional, pointer, string, struct, time } from './go-type.ts'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export const ownerReference = struct(
  `${META}.OwnerReference`,
  'OwnerReference names an object that this one depends on. Garbage collection follows it.',
  {
    apiVersion: needed(string, 'API version of the owner.'),
    kind: needed(string, 'Kind of the owner.'),
    name: needed(string, 'Name of the owner.'),
    uid: needed(string, 'UID of the owner.'),
    controller: pointer(bool, 'True when the owner is the controller that manages this object.'),
    blockOwnerDeletion: pointer(bool, 'True: a foreground deletion of the owner waits for this object.'),
  },
  { atomic: true },
)

export const managedFieldsEntry = struct(
  `${META}.ManagedFieldsEntry`,
  'ManagedFieldsEntry holds the fields that one manager owns, and how it came to own them.',
  {
    manager: optional(string, 'Name of the manager.'),
    operation: optional(string, 'Apply or Update.'),
    apiVersion: optional(string, 'Version that fieldsV1 is written for.'),
    time: pointer(time, 'When the entry changed last.'),
    fieldsType: optional(string, 'Format of the fields: FieldsV1.'),
    fieldsV1: pointer(fieldsV1, 'The set of owned fields.'),
    subresource: optional(string, 'Subresource through which the fields were written.'),
  },
)

export const objectMeta = struct(
  `${META}.ObjectMeta`,
  'ObjectMeta is what all persisted objects have: identity, labels, owners, lifecycle.',
  {
    name: optional(string, 'Name, unique within the namespace. Cannot be changed.'),
    generateName: optional(string, 'Prefix from which the server makes a unique name when name is empty.'),
    namespace: optional(string, 'Namespace that the name is unique in. Cannot be changed.'),
    selfLink: optional(string, 'Deprecated: no longer set.'),
    uid: optional(string, 'Unique identifier in time and space. Set by the server.'),
    resourceVersion: optional(string, 'Opaque version of the object, for optimistic concurrency and watches.'),
    generation: optional(int64, 'Counts changes of the desired state. Set by the server.'),
    creationTimestamp: optional(time, 'When the object was created. Set by the server.'),
    deletionTimestamp: pointer(time, 'When the object was asked to be deleted. Set by the server.'),
    deletionGracePeriodSeconds: pointer(int64, 'Seconds until the object is removed. Set by the server.'),
    labels: optional(map(string), 'Keys and values to select objects by.'),
    annotations: optional(map(string), 'Keys and values for tools; not used to select.'),
    ownerReferences: optional(
      list(ownerReference, { listType: 'map', keys: ['uid'], patchMergeKey: 'uid' }),
      'Objects that this one depends on.',
    ),
    finalizers: optional(
      list(string, { listType: 'set', patchMergeKey: '' }),
      'Must be empty before the object is removed.',
    ),
    managedFields: optional(
      list(managedFieldsEntry, { listType: 'atomic' }),
      'Which manager owns which fields. Kept by the server.',
    ),
  },
)

const labelSelectorRequirement = struct(
  `${META}.LabelSelectorRequirement`,
  'LabelSelectorRequirement relates a key and values by an operator.',
  {
    key: needed(string, 'Label key.'),
    operator: needed(string, 'In, NotIn, Exists or DoesNotExist.'),
    values: optional(list(string, { listType: 'atomic' }), 'Values for In and NotIn.'),
  },
)

export const labelSelector = struct(
  `${META}.LabelSelector`,
  'LabelSelector selects objects by labels; all requirements must hold.',
  {
    matchLabels: optional(map(string), 'Labels that must have these values.'),
    matchExpressions: optional(list(labelSelectorRequirement, { listType: 'atomic' }), 'Requirements on label keys.'),
  },
  { atomic: true },
)
