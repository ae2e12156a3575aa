/** The one OpenAPI 2 document: for older clients. Of custom resources it says only what version 2 can say. */
import type { Json, JsonObject, OpenApiSchema, OpenApiV2, ServedResource } from '../schema/contract.ts'
import {
  type Operation,
  operationsOf,
  type Parameter,
  patchTypes,
  pathParameters,
  pretty,
  tagOf,
} from './operations.ts'
import { schemasOf } from './schemas.ts'

const MEDIA_TYPES = ['application/json', 'application/yaml']
/** What version 2 does not know, or knows otherwise. */
const DROPPED = new Set([
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'nullable',
  'default',
  'example',
  'x-kubernetes-validations',
])
const STRUCTURE = new Set(['type', 'items', 'properties', 'additionalProperties', 'required'])

const reference = (name: string): JsonObject => ({ $ref: `#/definitions/${name}` })

/** A value that may be null, or may hold anything, has no structure in version 2. */
const toV2 = (schema: OpenApiSchema): JsonObject => {
  const open = schema.nullable === true || schema['x-kubernetes-preserve-unknown-fields'] === true
  const out: JsonObject = {}
  for (const [key, value] of Object.entries(schema)) {
    if (DROPPED.has(key) || (open && STRUCTURE.has(key))) continue
    if (schema['x-kubernetes-int-or-string'] === true && key === 'type') continue
    if (key === 'properties')
      out[key] = Object.fromEntries(
        Object.entries(value as Record<string, OpenApiSchema>).map(([name, inner]) => [name, toV2(inner)]),
      )
    else if ((key === 'items' || key === 'additionalProperties') && typeof value === 'object')
      out[key] = toV2(value as OpenApiSchema)
    else out[key] = value as Json
  }
  return out
}

const parameter =
  (place: 'query' | 'path') =>
  ({ name, type, description }: Parameter): JsonObject => ({
    uniqueItems: true,
    type,
    description,
    name,
    in: place,
    ...(place === 'path' ? { required: true } : {}),
  })

const operationObject = (operation: Operation, { model }: ServedResource): JsonObject => {
  const { group, version, kind, custom } = model
  const body: JsonObject[] = operation.body
    ? [
        {
          name: 'body',
          in: 'body',
          ...(operation.method === 'delete' ? {} : { required: true }),
          schema: reference(operation.body),
        },
      ]
    : []
  const responses: JsonObject = { '200': { description: 'OK', schema: reference(operation.result) } }
  if (operation.action === 'post' || operation.action === 'put')
    responses['201'] = { description: 'Created', schema: reference(operation.result) }
  responses['401'] = { description: 'Unauthorized' }
  return {
    description: operation.description,
    consumes: operation.action === 'patch' ? patchTypes(custom) : MEDIA_TYPES,
    produces: MEDIA_TYPES,
    schemes: ['https'],
    tags: [tagOf(group, version)],
    operationId: operation.operationId,
    parameters: [...body, ...operation.parameters.map(parameter('query'))],
    responses,
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': { group, kind, version },
  }
}

export const openApiV2: OpenApiV2 = (served, { serverVersion }) => {
  const paths: Record<string, JsonObject> = {}
  for (const resource of served)
    for (const operation of operationsOf(resource)) {
      paths[operation.path] ??= {
        parameters: [
          ...pathParameters(operation, resource.model.kind).map(parameter('path')),
          parameter('query')(pretty),
        ],
      }
      ;(paths[operation.path] as JsonObject)[operation.method] = operationObject(operation, resource)
    }
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: serverVersion },
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    definitions: Object.fromEntries([...schemasOf(served)].map(([name, schema]) => [name, toV2(schema)])),
    securityDefinitions: {
      BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' },
    },
    security: [{ BearerToken: [] }],
  }
}
