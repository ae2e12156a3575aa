import { createHash } from 'node:crypto'
import type { ApiRequest, ApiResponse } from '../api.ts'
import type { Route } from '../http/handler.ts'
import { methodNotServed } from '../http/status.ts'
import { openApiV2 } from '../openapi/v2.ts'
import { openApiV3, openApiV3Index } from '../openapi/v3.ts'
import type { Registry } from '../registry/registry.ts'
import type { ServedVersion } from '../registry/resource.ts'
import type { ServedResource } from '../schema/contract.ts'
import { KUBERNETES_VERSION } from './health.ts'

const OPTIONS = { serverVersion: KUBERNETES_VERSION.gitVersion }
/**
 * kubectl reads this form alone, and only to check kinds that it found in no v3 document: those are not served, so a document
 * of nothing (`swagger: "2.0"`) is the truth for it.
 */
const ASKED_PROTOBUF = /application\/com\.github\.proto-openapi\.spec\.v2[.@]v1\.0\+protobuf/
const PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
const EMPTY_DOCUMENT = Uint8Array.from([0x0a, 0x03, 0x32, 0x2e, 0x30])
const PLAIN = 'text/plain; charset=utf-8'
/** The index names documents by the hash of their text, so that a copy never goes stale. */
const FOREVER = 'public, immutable'

/** `/openapi/v3`, the documents below it, and `/openapi/v2`. */
export const openApiRoute = (registry: Registry): Route => {
  const documents = new Documents(registry)
  return (request, { path, query }) => {
    if (path !== '/openapi/v2' && path !== '/openapi/v3' && !path.startsWith('/openapi/v3/')) return undefined
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw methodNotServed()
    }
    if (path === '/openapi/v3') return send(request, documents.index(), PLAIN)
    if (path === '/openapi/v2') {
      return ASKED_PROTOBUF.test(request.headers.accept ?? '')
        ? { status: 200, headers: { 'content-type': PROTOBUF }, body: EMPTY_DOCUMENT }
        : send(request, documents.v2(), 'application/json')
    }
    const text = documents.v3(path.slice('/openapi/v3/'.length))
    if (text === undefined) return { status: 404, headers: {}, body: '' }
    const cached = query.has('hash') ? { 'cache-control': FOREVER } : undefined
    return send(request, text, 'application/json', cached)
  }
}

const send = (
  { headers }: ApiRequest,
  body: string,
  contentType: string,
  more: Record<string, string> = {},
): ApiResponse => {
  const etag = `"${createHash('sha512').update(body).digest('hex').toUpperCase()}"`
  const common = { etag, vary: 'Accept', ...more }
  if (headers['if-none-match'] === etag) return { status: 304, headers: common, body: '' }
  return { status: 200, headers: { ...common, 'content-type': contentType }, body }
}

/** Texts are made when they are asked for, and again only after what is served has changed. */
class Documents {
  readonly #registry: Registry
  readonly #texts = new Map<string, string>()
  #generation = -1

  constructor(registry: Registry) {
    this.#registry = registry
  }

  index(): string {
    return this.#text('v3', () => {
      const paths = new Set(this.#served().map(pathOf))
      const texts = new Map([...paths].sort().map((path) => [path, this.v3(path)!] as const))
      return JSON.stringify(openApiV3Index(texts))
    })
  }

  /** @param path such as `api/v1` and `apis/<group>/<version>` */
  v3(path: string): string | undefined {
    const served = this.#served().filter((version) => pathOf(version) === path)
    const [first] = served
    if (!first) return undefined
    const { group } = first.resource
    return this.#text(`v3/${path}`, () =>
      JSON.stringify(openApiV3(served.map(describe), { group, version: first.version, ...OPTIONS })),
    )
  }

  v2(): string {
    return this.#text('v2', () => JSON.stringify(openApiV2(this.#served().map(describe), OPTIONS)))
  }

  #served(): ServedVersion[] {
    return this.#registry.resources().flatMap(({ versions }) => versions)
  }

  #text(key: string, make: () => string): string {
    if (this.#generation !== this.#registry.generation) {
      this.#texts.clear()
      this.#generation = this.#registry.generation
    }
    let text = this.#texts.get(key)
    if (text === undefined) {
      text = make()
      this.#texts.set(key, text)
    }
    return text
  }
}

const pathOf = ({ apiVersion, resource }: ServedVersion): string =>
  resource.group === '' ? `api/${apiVersion}` : `apis/${apiVersion}`

const describe = ({ model, resource, subresources }: ServedVersion): ServedResource => ({
  model,
  plural: resource.plural,
  singular: resource.singular,
  verbs: resource.verbs,
  subresources,
})
