import type { ApiHandler, ApiRequest, ApiResponse } from '../api.ts'
import type { Attributes } from '../auth/authorizer.ts'
import { forbiddenByRbac } from '../auth/forbidden.ts'
import type { Backend, Call } from '../call.ts'
import { findVirtual } from '../discovery/virtual.ts'
import type { Resource, ServedVersion } from '../registry/resource.ts'
import { badRequest } from '../schema/faults.ts'
import { create } from '../verbs/create.ts'
import { deleteObject } from '../verbs/delete.ts'
import { deleteCollection } from '../verbs/delete-collection.ts'
import { getObject } from '../verbs/get.ts'
import { list } from '../verbs/list.ts'
import { patch } from '../verbs/patch.ts'
import { review } from '../verbs/reviews.ts'
import { createToken } from '../verbs/token.ts'
import { update } from '../verbs/update.ts'
import { watch } from '../verbs/watch.ts'
import { ImpersonationError, impersonate } from './impersonate.ts'
import { answerStatus, negotiate } from './negotiate.ts'
import { type RequestInfo, type ResourceRequest, requestInfo, selectedName } from './request-info.ts'
import { methodNotAllowed, methodNotServed, noSuchResource, notFound, statusOf } from './status.ts'

const VERBS: Readonly<Record<string, (call: Call) => ApiResponse | Promise<ApiResponse>>> = {
  get: getObject,
  list,
  watch,
  create,
  update,
  patch,
  delete: deleteObject,
  deletecollection: deleteCollection,
}

/** Paths that are not about objects: discovery, documents, health. Undefined: not one of its paths. */
export type Route = (request: ApiRequest, info: RequestInfo) => ApiResponse | Promise<ApiResponse> | undefined

export interface HandlerOptions {
  backend: Backend
  routes: readonly Route[]
  /** Told of every failure that is the server's own fault. */
  onFault: (error: unknown, request: ApiRequest) => void
}

export const createHandler = ({ backend, routes, onFault }: HandlerOptions): ApiHandler => {
  const handle = async (original: ApiRequest, warnings: string[]): Promise<ApiResponse> => {
    const info = parseInfo(original)
    const request = { ...original, user: impersonate(original, backend.authorizer) }
    authorize(backend, request, info)
    for (const route of routes) {
      const answered = await route(request, info)
      if (answered) return answered
    }
    if (!info.resource) return plainNotFound()
    const virtual = findVirtual(info.resource.group, info.resource.version, info.resource.plural)
    if (virtual) return review(backend, request, info.query, info.resource, virtual)
    const served = backend.registry.find(info.resource.group, info.resource.version, info.resource.plural)
    if (!served) return unknownResource(backend, info.resource)
    return serve(backend, request, info, info.resource, served, warnings)
  }
  return async (request) => {
    // A refusal carries what was warned of before it.
    const warnings: string[] = []
    try {
      return await handle(request, warnings)
    } catch (error) {
      if (error instanceof ImpersonationError) return plainError(request, error)
      const status = statusOf(error)
      if (status.reason === 'InternalError') onFault(error, request)
      return answerStatus(status, warnings)
    }
  }
}

const parseInfo = ({ method, url }: ApiRequest): RequestInfo => {
  try {
    return requestInfo(method, url)
  } catch {
    throw badRequest(`the path ${JSON.stringify(url.split('?')[0])} is not valid`)
  }
}

const authorize = ({ authorizer }: Backend, { user }: ApiRequest, info: RequestInfo): void => {
  const attributes = attributesOf(user, info)
  const { allowed, reason } = authorizer.decide(attributes)
  if (!allowed) throw forbiddenByRbac(attributes, reason)
}

const attributesOf = (user: Attributes['user'], { verb, path, resource, query }: RequestInfo): Attributes => {
  if (!resource) return { user, verb, path }
  const { group, plural, subresource, namespace } = resource
  const name = resource.name || (verb === 'create' ? '' : selectedName(query))
  return { user, verb, resource: { group, plural, subresource, namespace, name } }
}

const plainError = ({ url }: ApiRequest, error: ImpersonationError): ApiResponse => ({
  status: 500,
  headers: PLAIN,
  body: `Internal Server Error: ${JSON.stringify(url)}: ${error.message}\n`,
})

const PLAIN = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }

/** Outside of what is built in nothing answers but the mux. */
const plainNotFound = (): ApiResponse => ({
  status: 404,
  headers: PLAIN,
  body: '404 page not found\n',
})

const unknownResource = ({ registry }: Backend, { group }: ResourceRequest): ApiResponse => {
  const builtin = registry.resources().some((resource) => resource.group === group && !resource.custom)
  if (builtin) throw noSuchResource()
  return plainNotFound()
}

/** What may be done to an object's status. */
const SUBRESOURCE_VERBS = new Set(['get', 'update', 'patch'])

/** What may be asked of a namespaced resource without naming a namespace. */
const ACROSS_NAMESPACES = new Set(['list', 'watch'])

const serve = (
  backend: Backend,
  request: ApiRequest,
  info: RequestInfo,
  { name, namespace, inNamespace, subresource, excess }: ResourceRequest,
  served: ServedVersion,
  warnings: string[],
): ApiResponse | Promise<ApiResponse> => {
  if (served.deprecation) warnings.push(served.deprecation)
  const { resource } = served
  if (excess || !isServed(subresource, served)) {
    throw resource.custom && !excess ? notFound(resource, name) : noSuchResource()
  }
  // Rights in one namespace must not reach what stands above it: other namespaces, for one.
  if (!resource.namespaced && inNamespace) {
    if (resource.custom) return plainNotFound()
    throw noSuchResource()
  }
  if (!resource.custom) checkMethod(request.method, resource, name, subresource)
  if (resource.namespaced && namespace === '' && !(name === '' && ACROSS_NAMESPACES.has(info.verb))) {
    if (resource.custom && info.verb === 'deletecollection') return plainNotFound()
    throw resource.custom ? badRequest('an empty namespace may not be set during creation') : methodNotServed()
  }
  const verb = Object.hasOwn(VERBS, info.verb) ? VERBS[info.verb] : undefined
  if (subresource && subresource !== 'token' && !SUBRESOURCE_VERBS.has(info.verb)) {
    throw resource.custom ? methodNotAllowed(resource, info.verb) : methodNotServed()
  }
  if (!verb || (!subresource && !resource.verbs.includes(info.verb))) throw methodNotAllowed(resource, '')
  const call: Call = {
    backend,
    user: request.user,
    info,
    method: request.method,
    served,
    namespace: resource.namespaced ? namespace : '',
    name,
    subresource: subresource as Call['subresource'],
    query: info.query,
    headers: request.headers,
    body: request.body,
    representation: negotiate(request.headers.accept, info.query, resource.custom),
    signal: request.signal,
    isStillAllowed: () => backend.authorizer.decide(attributesOf(request.user, info)).allowed,
    authorizeCreate: () => authorize(backend, request, { ...info, verb: 'create' }),
    warnings,
  }
  return subresource === 'token' ? createToken(call) : verb(call)
}

/** On built-in resources the path says which methods there are; on custom ones only the method counts. */
const checkMethod = (method: string, { verbs }: Resource, name: string, subresource: string): void => {
  if (subresource) return
  const methods = name ? ['GET', 'PUT', 'PATCH', 'DELETE'] : ['GET', 'POST', 'DELETE']
  const collection = method === 'DELETE' && name === '' && !verbs.includes('deletecollection')
  if (!methods.includes(method) || collection) throw methodNotServed()
}

const isServed = (subresource: string, { subresources, resource }: ServedVersion): boolean =>
  subresource === '' ||
  subresources.some((known) => known === subresource) ||
  (subresource === 'finalize' && resource.storage === 'namespaces') ||
  (subresource === 'token' && resource.storage === 'serviceaccounts')
