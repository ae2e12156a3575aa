import type { IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https'
import { createInterface } from 'node:readline'
import type { ClusterAccess } from '../../harness/kubeconfig.ts'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'

export interface Exchange {
  method: Method
  path: string
  headers?: Readonly<Record<string, string>>
  /** Sent as it is, so that tests can send what no client library would. */
  body?: string
  /** `none` sends no credentials at all. */
  credentials?: 'kubeconfig' | 'none'
  signal?: AbortSignal
}

export interface Answer {
  status: number
  headers: Readonly<Record<string, string | readonly string[]>>
  body: string
}

/** One raw HTTPS client per target: no retries, no decoding, nothing added but Authorization, Accept and User-Agent. */
export class HttpClient {
  readonly #access: ClusterAccess
  readonly #agent: Agent
  readonly #anonymous: Agent

  constructor(access: ClusterAccess) {
    this.#access = access
    const tls = { ca: access.ca, keepAlive: true, maxSockets: 64 }
    this.#anonymous = new Agent(tls)
    this.#agent = new Agent({ ...tls, cert: access.cert, key: access.key })
  }

  async send(exchange: Exchange): Promise<Answer> {
    const response = await this.#open(exchange)
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    return { status: response.statusCode ?? 0, headers: headersOf(response), body: Buffer.concat(chunks).toString() }
  }

  /** The lines of a streaming answer as they come; aborting `signal` ends them without an error. */
  async *lines(exchange: Exchange & { signal: AbortSignal }): AsyncGenerator<string> {
    try {
      const response = await this.#open(exchange)
      if (response.statusCode !== 200) throw new Error(`${exchange.path}: status ${response.statusCode}`)
      for await (const line of createInterface({ input: response })) yield line
    } catch (error) {
      if (!exchange.signal.aborted) throw error
    }
  }

  close(): void {
    this.#agent.destroy()
    this.#anonymous.destroy()
  }

  #open({ method, path, headers, body, credentials = 'kubeconfig', signal }: Exchange): Promise<IncomingMessage> {
    const known = credentials === 'kubeconfig'
    const options: RequestOptions = {
      method,
      agent: known ? this.#agent : this.#anonymous,
      signal,
      headers: {
        accept: 'application/json',
        'user-agent': 'conformance/1.0',
        ...(known && this.#access.token !== undefined ? { authorization: `Bearer ${this.#access.token}` } : {}),
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        ...headers,
      },
    }
    return new Promise((resolve, reject) => {
      const outgoing = httpsRequest(new URL(path, this.#access.server), options, resolve)
      outgoing.once('error', reject)
      outgoing.end(body)
    })
  }
}

const headersOf = (response: IncomingMessage): Record<string, string | readonly string[]> => {
  const headers: Record<string, string | readonly string[]> = {}
  for (const [name, value] of Object.entries<string[] | undefined>(response.headersDistinct)) {
    if (value !== undefined) headers[name] = value.length === 1 ? (value[0] ?? '') : value
  }
  return headers
}
