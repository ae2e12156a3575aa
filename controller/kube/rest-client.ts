import type { KubeObject, ObjectKey, ResourceType } from '../api/meta.ts'
import { apiVersionOf } from '../api/meta.ts'
import type {
  CallOptions,
  DeleteOptions,
  KubeClient,
  KubeList,
  ListOptions,
  NewObject,
  Patch,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.ts'
import { ApiError, NoAnswerError } from './client.ts'
import { resourcePath, withQuery } from './paths.ts'
import type { Transport, TransportRequest } from './transport.ts'
import { parseWatchLine } from './watch-line.ts'

/** Large enough that 10,000 objects take 20 requests, small enough that no answer is huge. */
const DEFAULT_PAGE_SIZE = 500

export interface RestClientOptions {
  transport: Transport
  /** For `managedFields` where no field manager is given, and the server's audit. */
  userAgent: string
  /** Called after each exchange, for metrics. `code` is `<error>` when nothing answered (client-go's word). */
  onRequest?: (request: { method: string; code: string; durationMs: number }) => void
}

export const createKubeClient = (options: RestClientOptions): KubeClient => new RestClient(options)

class RestClient implements KubeClient {
  readonly #transport: Transport
  readonly #userAgent: string
  readonly #onRequest: RestClientOptions['onRequest']

  constructor({ transport, userAgent, onRequest }: RestClientOptions) {
    this.#transport = transport
    this.#userAgent = userAgent
    this.#onRequest = onRequest
  }

  async get<T extends KubeObject>(type: ResourceType, key: ObjectKey, options: CallOptions = {}): Promise<T> {
    return this.#call<T>({ method: 'GET', path: resourcePath(type, key) }, options)
  }

  async list<T extends KubeObject>(type: ResourceType, options: ListOptions = {}): Promise<KubeList<T>> {
    const path = resourcePath(type, { namespace: options.namespace })
    const items: T[] = []
    let next: string | undefined
    for (;;) {
      const page = await this.#call<ListAnswer<T>>(
        {
          method: 'GET',
          path: withQuery(path, {
            labelSelector: options.labelSelector,
            fieldSelector: options.fieldSelector,
            limit: options.limit ?? DEFAULT_PAGE_SIZE,
            continue: next,
            // The token already names the version; the server refuses both.
            resourceVersion: next === undefined ? options.resourceVersion : undefined,
          }),
        },
        options,
      )
      // Built-in lists leave kind and apiVersion out of their items.
      for (const item of page.items ?? []) items.push(withTypeMeta(item, type))
      next = page.metadata.continue
      if (next === undefined || next === '') return { items, resourceVersion: page.metadata.resourceVersion }
    }
  }

  async *watch<T extends KubeObject>(type: ResourceType, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const path = withQuery(resourcePath(type, { namespace: options.namespace }), {
      watch: true,
      allowWatchBookmarks: true,
      labelSelector: options.labelSelector,
      fieldSelector: options.fieldSelector,
      resourceVersion: options.resourceVersion,
      timeoutSeconds: options.timeoutSeconds,
    })
    const request = this.#request({ method: 'GET', path }, options)
    const stream = await this.#measured('WATCH', () => this.#transport.stream(request))
    if (stream.status !== 200) {
      let body = ''
      for await (const line of stream.lines) body += line
      throw errorFrom(stream.status, body)
    }
    for await (const line of stream.lines) {
      if (line !== '') yield parseWatchLine<T>(line)
    }
    options.signal?.throwIfAborted()
  }

  async create<T extends KubeObject>(type: ResourceType, object: NewObject<T>, options: WriteOptions = {}): Promise<T> {
    const path = resourcePath(type, { namespace: object.metadata.namespace })
    return this.#write<T>('POST', path, 'application/json', object, options)
  }

  async update<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions = {}): Promise<T> {
    const path = resourcePath(type, object.metadata, options.subresource)
    return this.#write<T>('PUT', path, 'application/json', object, options)
  }

  async patch<T extends KubeObject>(
    type: ResourceType,
    key: ObjectKey,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    const path = resourcePath(type, key, options.subresource)
    switch (patch.type) {
      case 'json':
        return this.#write<T>('PATCH', path, 'application/json-patch+json', patch.operations, options)
      case 'merge':
        return this.#write<T>('PATCH', path, 'application/merge-patch+json', patch.body, options)
      case 'apply':
        // JSON is YAML, and the one spelling that every version of the API takes.
        return this.#write<T>('PATCH', path, 'application/apply-patch+yaml', patch.body, options, patch.force)
    }
  }

  async delete(type: ResourceType, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: options.preconditions,
      propagationPolicy: options.propagationPolicy,
    }
    await this.#call<unknown>(
      { method: 'DELETE', path: resourcePath(type, key), body: JSON.stringify(body), contentType: 'application/json' },
      options,
    )
  }

  #write<T>(
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    contentType: string,
    body: unknown,
    options: WriteOptions,
    force?: boolean,
  ): Promise<T> {
    const query = { fieldManager: options.fieldManager, dryRun: options.dryRun === true ? 'All' : undefined, force }
    return this.#call<T>({ method, path: withQuery(path, query), body: JSON.stringify(body), contentType }, options)
  }

  async #call<T>(call: Call, options: CallOptions): Promise<T> {
    const request = this.#request(call, options)
    const response = await this.#measured(call.method, () => this.#transport.request(request))
    if (response.status < 200 || response.status > 299) throw errorFrom(response.status, response.body)
    try {
      return JSON.parse(response.body) as T
    } catch {
      // A page to log in, or some other server. What it says may be anybody's.
      throw new NoAnswerError('what answered is no Kubernetes API: it does not speak JSON; look at the address')
    }
  }

  #request(call: Call, { signal }: CallOptions): TransportRequest {
    signal?.throwIfAborted()
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': this.#userAgent }
    if (call.contentType !== undefined) headers['content-type'] = call.contentType
    return { method: call.method, path: call.path, headers, body: call.body, signal }
  }

  async #measured<R extends { status: number }>(method: string, exchange: () => Promise<R>): Promise<R> {
    const startedAt = performance.now()
    let code = '<error>'
    try {
      const answer = await exchange()
      code = String(answer.status)
      return answer
    } finally {
      this.#onRequest?.({ method, code, durationMs: performance.now() - startedAt })
    }
  }
}

interface Call {
  method: TransportRequest['method']
  path: string
  body?: string
  contentType?: string
}

interface ListAnswer<T> {
  metadata: { resourceVersion: string; continue?: string }
  items?: T[] | null
}

const withTypeMeta = <T extends KubeObject>(item: T, type: ResourceType): T =>
  item.kind === undefined ? { ...item, apiVersion: apiVersionOf(type), kind: type.kind } : item

/** Not every refusal is a Status: proxies and unknown paths answer plain text. */
const errorFrom = (status: number, body: string): ApiError => {
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed === 'object' && parsed !== null && 'kind' in parsed && parsed.kind === 'Status') {
      return new ApiError({ ...(parsed as { reason?: string; message?: string; details?: unknown }), code: status })
    }
  } catch {
    // Plain text: told below.
  }
  const text = body.trim().slice(0, 500)
  return new ApiError({ code: status, message: text === '' ? undefined : `the API answered ${status}: ${text}` })
}
