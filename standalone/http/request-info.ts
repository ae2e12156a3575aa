/** What a path and method ask for, in the terms of RBAC (k8s.io/apiserver RequestInfo). */
export interface RequestInfo {
  path: string
  query: URLSearchParams
  /** Lower case method for non-resource paths; `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`. */
  verb: string
  /** Present for `/api/<version>/...` and `/apis/<group>/<version>/...`. */
  resource?: ResourceRequest
}

export interface ResourceRequest {
  group: string
  version: string
  namespace: string
  /** The path goes through a namespace to the resource; `/namespaces/a` alone does not. */
  inNamespace: boolean
  plural: string
  name: string
  subresource: string
  /** More segments than any resource path has. */
  excess: boolean
}

const VERBS: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/** Subresources of a namespace; any other word after its name is a resource in it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize'])

/** @throws URIError when the path is not valid percent-encoding. */
export const requestInfo = (method: string, url: string): RequestInfo => {
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const query = mark < 0 ? new URLSearchParams() : new URLSearchParams(url.slice(mark + 1))
  const parts = path.split('/').filter((part) => part !== '')
  const segments = path.includes('%') ? parts.map(decodeURIComponent) : parts
  const other: RequestInfo = { path, query, verb: method.toLowerCase() }

  let rest: string[]
  let group = ''
  let version: string
  if (segments[0] === 'api' && segments.length >= 3) {
    version = segments[1]!
    rest = segments.slice(2)
  } else if (segments[0] === 'apis' && segments.length >= 4) {
    group = segments[1]!
    version = segments[2]!
    rest = segments.slice(3)
  } else return other

  const resource: ResourceRequest = {
    group,
    version,
    namespace: '',
    inNamespace: false,
    plural: '',
    name: '',
    subresource: '',
    excess: false,
  }
  if (rest[0] === 'namespaces' && rest.length > 1) {
    resource.namespace = rest[1]!
    resource.inNamespace = rest.length > 2 && !NAMESPACE_SUBRESOURCES.has(rest[2]!)
    if (resource.inNamespace) rest = rest.slice(2)
  }
  ;[resource.plural = '', resource.name = '', resource.subresource = ''] = rest
  resource.excess = rest.length > 3
  return { path, query, verb: verbOf(method, resource, query), resource }
}

const verbOf = (method: string, resource: ResourceRequest, query: URLSearchParams): string => {
  const verb = VERBS[method] ?? method.toLowerCase()
  if (resource.name === '' && verb === 'delete') return 'deletecollection'
  if (resource.name !== '' || verb !== 'get') return verb
  return isTrue(query.get('watch')) ? 'watch' : 'list'
}

/** The name that a selector narrows a list or watch to: RBAC by name covers it. */
export const selectedName = (query: URLSearchParams): string =>
  /(?:^|,)metadata\.name==?([^,!=]+)(?:$|,)/.exec(query.get('fieldSelector') ?? '')?.[1] ?? ''

/** As strconv.ParseBool in query parameters: a bare `?watch` counts too. */
export const isTrue = (value: string | null): boolean => value !== null && value !== '0' && value !== 'false'
