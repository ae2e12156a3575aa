/** Schemas that belong to no kind: what operations take and answer. */
import { bool, int32, int64, list, optional, pointer, string, struct } from '../builtin/go-type.ts'
import { definitionsOf, reference } from '../builtin/openapi-schema.ts'
import type { OpenApiSchema, ServedResource } from '../schema/contract.ts'
import { listName, PATCH } from './operations.ts'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

const listMeta = struct(`${META}.ListMeta`, 'ListMeta is the metadata of a list.', {
  selfLink: optional(string, 'Deprecated: no longer set.'),
  resourceVersion: optional(string, 'Version of the list: where a watch goes on.'),
  continue: optional(string, 'Where the list goes on, when it was limited.'),
  remainingItemCount: pointer(int64, 'How many objects follow.'),
})

const statusCause = struct(`${META}.StatusCause`, 'StatusCause is one reason of a failure.', {
  reason: optional(string, 'Reason, for programs.'),
  message: optional(string, 'Reason, for people.'),
  field: optional(string, 'Field that caused it.'),
})
const statusDetails = struct(`${META}.StatusDetails`, 'StatusDetails says more about a status.', {
  name: optional(string, 'Name of the object.'),
  group: optional(string, 'API group of the object.'),
  kind: optional(string, 'Kind or resource of the object.'),
  uid: optional(string, 'UID of the object.'),
  causes: optional(list(statusCause, { listType: 'atomic' }), 'All reasons.'),
  retryAfterSeconds: optional(int32, 'Seconds to wait before trying again.'),
})
const status = struct(`${META}.Status`, 'Status is the answer of calls that give no other object.', {
  kind: optional(string, 'Status'),
  apiVersion: optional(string, 'v1'),
  metadata: optional(listMeta, 'Metadata.'),
  status: optional(string, 'Success or Failure.'),
  message: optional(string, 'What happened.'),
  reason: optional(string, 'Why, for programs.'),
  details: pointer(statusDetails, 'More about it.', {}),
  code: optional(int32, 'HTTP status code.'),
})
const deleteOptions = struct(`${META}.DeleteOptions`, 'DeleteOptions says how to delete.', {
  kind: optional(string, 'DeleteOptions'),
  apiVersion: optional(string, 'v1'),
  gracePeriodSeconds: pointer(int64, 'Seconds until the object is removed.'),
  preconditions: pointer(
    struct(`${META}.Preconditions`, 'Preconditions must hold, or nothing is done.', {
      uid: pointer(string, 'UID that the object must have.'),
      resourceVersion: pointer(string, 'Version that the object must have.'),
    }),
    'What must hold.',
  ),
  orphanDependents: pointer(bool, 'Deprecated: use propagationPolicy.'),
  propagationPolicy: pointer(string, 'What happens to dependents: Orphan, Background or Foreground.'),
  dryRun: optional(list(string, { listType: 'atomic' }), 'All: answer as if it were done.'),
})

const common: Record<string, OpenApiSchema> = {
  ...definitionsOf(listMeta),
  ...definitionsOf(status),
  ...definitionsOf(deleteOptions),
  [PATCH]: { description: 'Patch is the body of a PATCH request.', type: 'object' },
}

const typeMeta = {
  apiVersion: {
    description:
      'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources',
    type: 'string',
  },
  kind: {
    description:
      'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds',
    type: 'string',
  },
}

const listSchema = ({ model, plural }: ServedResource): OpenApiSchema => ({
  description: `${model.kind}List is a list of ${model.kind}`,
  type: 'object',
  required: ['items'],
  properties: {
    ...typeMeta,
    items: { description: `List of ${plural}.`, type: 'array', items: reference(model.openApiName) },
    metadata: { description: 'Standard list metadata.', ...reference(listMeta.name) },
  },
  'x-kubernetes-group-version-kind': [{ group: model.group, kind: `${model.kind}List`, version: model.version }],
})

/** All schemas that documents of these resources refer to, by name, in order. References are in the form of v2. */
export const schemasOf = (served: readonly ServedResource[]): Map<string, OpenApiSchema> => {
  const found: Record<string, OpenApiSchema> = { ...common }
  for (const resource of served) {
    const { model } = resource
    Object.assign(found, model.openApiDefinitions)
    found[model.openApiName] = {
      ...model.openApi,
      properties: { ...(model.openApi.properties as object), ...kindMeta(model.openApi) },
    }
    found[listName(model.openApiName)] = listSchema(resource)
  }
  return new Map(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The three fields that every kind has, documented alike. */
const kindMeta = (schema: OpenApiSchema): OpenApiSchema => {
  const metadata = (schema.properties as Record<string, OpenApiSchema> | undefined)?.metadata
  return {
    ...typeMeta,
    ...(metadata
      ? {
          metadata: {
            ...metadata,
            description:
              "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
          },
        }
      : {}),
  }
}
