import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApiResponse, UserInfo } from '../api.ts'
import type { JsonObject } from '../schema/contract.ts'
import { type ApiServer, type ApiServerOptions, startApiServer } from '../server.ts'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: string
  json: JsonObject
}

/** An API in this process for tests, in a directory of its own. */
export interface TestApi {
  server: ApiServer
  dataDir: string
  send(method: string, url: string, body?: unknown, options?: SendOptions): Promise<Answer>
  /** The events of a watch until `until` is content with them. */
  watch(url: string, until: (events: WatchEvent[]) => boolean): Promise<WatchEvent[]>
  /** Asks again until `accept` is content; the test's timeout is the limit. */
  eventually(url: string, accept: (answer: Answer) => boolean): Promise<Answer>
  /** Closes the server and starts another over the same data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export interface SendOptions {
  user?: UserInfo
  headers?: Record<string, string>
}

export interface WatchEvent {
  type: string
  object: JsonObject
}

export const startTestApi = async (options: Partial<ApiServerOptions> = {}): Promise<TestApi> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'standalone-api-'))
  const start = (): Promise<ApiServer> => startApiServer({ dataDir, ...options })
  const api: TestApi = {
    server: await start(),
    dataDir,
    async send(method, url, body, { user = api.server.adminUser, headers = {} } = {}) {
      const response = await request(api.server, method, url, body, user, headers)
      if (!('body' in response)) throw new Error(`${url} answered a stream`)
      const text = typeof response.body === 'string' ? response.body : new TextDecoder().decode(response.body)
      const isJson = response.headers['content-type']?.startsWith('application/json')
      return { ...response, body: text, json: (isJson && text ? JSON.parse(text) : {}) as JsonObject }
    },
    async watch(url, until) {
      const abort = new AbortController()
      const response = await request(api.server, 'GET', url, undefined, api.server.adminUser, {}, abort.signal)
      if (!('stream' in response)) throw new Error(`${url} answered ${response.status}: ${response.body}`)
      const events: WatchEvent[] = []
      for await (const chunk of response.stream) {
        for (const line of chunk.split('\n').filter(Boolean)) events.push(JSON.parse(line) as WatchEvent)
        if (until(events)) abort.abort()
      }
      return events
    },
    async eventually(url, accept) {
      for (;;) {
        const answer = await api.send('GET', url)
        if (accept(answer)) return answer
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
    async restart() {
      await api.server.close()
      api.server = await start()
    },
    async stop() {
      await api.server.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
  return api
}

const request = (
  server: ApiServer,
  method: string,
  url: string,
  body: unknown,
  user: UserInfo,
  headers: Record<string, string>,
  signal: AbortSignal = new AbortController().signal,
): Promise<ApiResponse> =>
  server.handler({
    method,
    url,
    headers: { 'content-type': 'application/json', 'user-agent': 'test/1', ...headers },
    user,
    signal,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })

/** A definition of `things.<group>` that keeps whatever is in spec and status. */
export const thingDefinition = (group: string, annotations: Record<string, string> = {}): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `things.${group}`, annotations },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      },
    ],
  },
})

export const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
