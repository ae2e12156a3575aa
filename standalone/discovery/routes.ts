import { createHash } from 'node:crypto'
import type { ApiRequest, ApiResponse } from '../api.ts'
import type { Route } from '../http/handler.ts'
import { answer, negotiate } from '../http/negotiate.ts'
import { methodNotServed, noSuchResource } from '../http/status.ts'
import type { Registry } from '../registry/registry.ts'
import type { JsonObject } from '../schema/contract.ts'
import { aggregated, apiGroup, apiGroupList, apiResourceList, apiVersions, groupsOf } from './documents.ts'

export interface DiscoveryOptions {
  registry: Registry
  /** host:port, for /api. */
  serverAddress: () => string
}

/** `/api`, `/apis` and what lists resources below them. */
export const discoveryRoute = ({ registry, serverAddress }: DiscoveryOptions): Route => {
  return (request, { path, query }) => {
    const parts = path.split('/').filter(Boolean)
    const [root, ...rest] = parts
    const reply = (value: JsonObject): ApiResponse => answer(200, value, negotiate(request.headers.accept, query))
    if (root === 'api') {
      if (rest.length === 0) {
        readOnly(request)
        return aggregatedAnswer(registry, request, true) ?? reply(apiVersions(serverAddress()))
      }
      if (rest.length > 1) return undefined
      if (rest[0] !== 'v1') throw noSuchResource()
      readOnly(request)
      return reply(apiResourceList(registry, '', 'v1'))
    }
    if (root !== 'apis') return undefined
    if (rest.length === 0) {
      readOnly(request)
      return aggregatedAnswer(registry, request, false) ?? reply(apiGroupList(registry))
    }
    const group = groupsOf(registry).find(({ name }) => name === rest[0])
    if (!group || rest.length > 2) return undefined
    if (rest.length === 1) {
      readOnly(request)
      return reply(apiGroup(group))
    }
    if (!group.versions.includes(rest[1]!)) return undefined
    readOnly(request)
    return reply(apiResourceList(registry, group.name, rest[1]!))
  }
}

const readOnly = ({ method }: ApiRequest): void => {
  if (method !== 'GET') throw methodNotServed()
}

/** When the client asks for the aggregated form: what it has already is not sent again. */
const aggregatedAnswer = (registry: Registry, { headers }: ApiRequest, core: boolean): ApiResponse | undefined => {
  const wanted = /application\/json;g=apidiscovery\.k8s\.io;v=(v2beta1|v2);as=APIGroupDiscoveryList/.exec(
    (headers.accept ?? '').replaceAll(' ', ''),
  )
  if (!wanted) return undefined
  const version = wanted[1] as 'v2' | 'v2beta1'
  const body = `${JSON.stringify(aggregated(registry, core, version))}\n`
  const etag = `"${createHash('sha512').update(body).digest('hex').toUpperCase()}"`
  const common = { etag, vary: 'Accept' }
  if (headers['if-none-match'] === etag) return { status: 304, headers: common, body: '' }
  const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
  return { status: 200, headers: { ...common, 'content-type': contentType }, body }
}
