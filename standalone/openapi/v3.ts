/** OpenAPI 3 documents, one per group and version, as kubectl reads them (`explain`, `apply`, `diff`, `edit`). */
import { createHash } from 'node:crypto'
import type { Json, JsonObject, OpenApiSchema, OpenApiV3, OpenApiV3Index, ServedResource } from '../schema/contract.ts'
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
const V2_REF = '#/definitions/'
const V3_REF = '#/components/schemas/'

const reference = (name: string): JsonObject => ({ $ref: V3_REF + name })

/** References move to `components`; beside a description they need an `allOf`. int-or-string gets its two types. */
const toV3 = (value: unknown): Json => {
  if (Array.isArray(value)) return value.map(toV3)
  if (value === null || typeof value !== 'object') return value as Json
  const { $ref, ...rest } = value as OpenApiSchema
  const out: JsonObject = {}
  for (const [key, inner] of Object.entries(rest))
    out[key] = key === 'default' || key === 'enum' || key === 'example' ? (inner as Json) : toV3(inner)
  if (typeof $ref === 'string') {
    const target = reference($ref.replace(V2_REF, ''))
    if (Object.keys(out).length === 0) return target
    out.allOf = [target]
  }
  if (out['x-kubernetes-int-or-string'] === true && out.anyOf === undefined && out.allOf === undefined)
    out.anyOf = [{ type: 'integer' }, { type: 'string' }]
  return out
}

const parameter =
  (place: 'query' | 'path') =>
  ({ name, type, description }: Parameter): JsonObject => ({
    name,
    in: place,
    description,
    ...(place === 'path' ? { required: true } : {}),
    schema: { type, uniqueItems: true },
  })

const content = (types: readonly string[], name: string): JsonObject =>
  Object.fromEntries(types.map((type) => [type, { schema: reference(name) }]))

const codes: Record<Operation['action'], readonly (readonly [string, string])[]> = {
  get: [['200', 'OK']],
  list: [['200', 'OK']],
  post: [
    ['200', 'OK'],
    ['201', 'Created'],
    ['202', 'Accepted'],
  ],
  put: [
    ['200', 'OK'],
    ['201', 'Created'],
  ],
  patch: [
    ['200', 'OK'],
    ['201', 'Created'],
  ],
  delete: [
    ['200', 'OK'],
    ['202', 'Accepted'],
  ],
  deletecollection: [['200', 'OK']],
}

const operationObject = (operation: Operation, { model }: ServedResource): JsonObject => {
  const { group, version, kind, custom } = model
  const bodyTypes = operation.action === 'patch' ? patchTypes(custom) : MEDIA_TYPES
  const responses: JsonObject = {}
  for (const [code, description] of codes[operation.action])
    responses[code] = { description, content: content(MEDIA_TYPES, operation.result) }
  responses['401'] = { description: 'Unauthorized' }
  return {
    tags: [tagOf(group, version)],
    description: operation.description,
    operationId: operation.operationId,
    parameters: operation.parameters.map(parameter('query')),
    ...(operation.body
      ? {
          requestBody: {
            content: content(bodyTypes, operation.body),
            ...(operation.method === 'delete' ? {} : { required: true }),
          },
        }
      : {}),
    responses,
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  }
}

const pathsOf = (served: readonly ServedResource[]): JsonObject => {
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
  return Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1)))
}

export const openApiV3: OpenApiV3 = (served, { serverVersion }) => ({
  openapi: '3.0.0',
  info: { title: 'Kubernetes', version: serverVersion },
  paths: pathsOf(served),
  components: {
    schemas: Object.fromEntries([...schemasOf(served)].map(([name, schema]) => [name, toV3(schema)])),
    securitySchemes: {
      BearerToken: { type: 'apiKey', description: 'Bearer Token authentication', name: 'authorization', in: 'header' },
    },
  },
})

/** `documents`: texts by path below `/openapi/v3/`, such as `api/v1`. A client may cache by the hash forever. */
export const openApiV3Index: OpenApiV3Index = (documents) => {
  const paths: JsonObject = {}
  for (const [path, text] of documents) {
    const hash = createHash('sha512').update(text).digest('hex').toUpperCase()
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }
  }
  return { paths }
}
