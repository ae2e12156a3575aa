import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ApiHandler, ApiResponse } from '../api.ts'
import { ANONYMOUS, type Authenticate } from '../auth/authenticate.ts'
import type { Pki } from '../tls/pki.ts'
import { BODY_LIMIT } from './body.ts'
import { splitWarnings } from './negotiate.ts'
import { StatusError, statusOf, tooLarge } from './status.ts'

export interface ListenerOptions {
  host: string
  /** 0 takes a free one. */
  port: number
  pki: Pki
  handler: ApiHandler
  authenticate: Authenticate
  /** How often the sender of a request whose answer goes on is authenticated again. */
  recheckMs?: number | undefined
  onFault: (error: unknown) => void
}

/** For a whole request to arrive. */
const REQUEST_TIMEOUT_MS = 60_000
const HEADERS_TIMEOUT_MS = 20_000
const KEEP_ALIVE_MS = 120_000
/** Of those who did not say who they are, and in all likelihood get no more than a refusal. */
const ANONYMOUS_BODY_LIMIT = 64 * 1024
/** How long a watch may outlive the token or the account that opened it. */
const RECHECK_MS = 10_000
/** For answers under way when the listener closes. */
const DRAIN_MS = 2_000

/** The API over TLS. Who asks is settled before a byte of the body is read. */
export class Listener {
  readonly #options: ListenerOptions
  readonly #server: Server
  /** Of requests whose answer is under way. */
  readonly #answering = new Set<AbortController>()

  private constructor(options: ListenerOptions) {
    this.#options = options
    this.#server = createServer(
      {
        ...secureContext(options.pki),
        requestCert: true,
        // Tokens and anonymous requests come without a certificate; the authenticator decides.
        rejectUnauthorized: false,
        minVersion: 'TLSv1.2',
        keepAlive: true,
        noDelay: true,
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: HEADERS_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        maxHeaderSize: 64 * 1024,
      },
      (request, response) => void this.#serve(request, response),
    )
    this.#server.on('tlsClientError', () => {})
  }

  static async open(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options)
    const server = listener.#server
    server.listen(options.port, options.host)
    await once(server, 'listening')
    return listener
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Takes renewed certificates into use for new connections. */
  renew(pki: Pki): void {
    this.#server.setSecureContext(secureContext(pki))
  }

  /** Ends watches, lets answers under way finish, and closes. */
  async close(): Promise<void> {
    for (const abort of this.#answering) abort.abort()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    const force = setTimeout(() => this.#server.closeAllConnections(), DRAIN_MS)
    this.#server.closeIdleConnections()
    await closed
    clearTimeout(force)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const abort = new AbortController()
    const stop = (): void => abort.abort()
    // To abort costs as much as to answer, and after the answer there is nobody to hear it.
    response.once('close', () => {
      if (!response.writableFinished) stop()
    })
    this.#answering.add(abort)
    let recheck: NodeJS.Timeout | undefined
    try {
      const answer = await this.#answer(request, abort.signal)
      if ('stream' in answer) {
        recheck = setInterval(() => {
          const { socket, headers } = request
          if (!this.#options.authenticate(socket as TLSSocket, headers.authorization)) stop()
        }, this.#options.recheckMs ?? RECHECK_MS).unref()
      }
      await this.#send(answer, response, abort.signal)
    } catch (error) {
      if (!abort.signal.aborted) this.#options.onFault(error)
      response.destroy()
    } finally {
      clearInterval(recheck)
      this.#answering.delete(abort)
    }
  }

  async #answer(request: IncomingMessage, signal: AbortSignal): Promise<ApiResponse> {
    const headers = flatten(request)
    const user = this.#options.authenticate(request.socket as TLSSocket, headers.authorization)
    if (!user) {
      request.resume()
      return refusal(new StatusError(401, 'Unauthorized', 'Unauthorized'))
    }
    delete headers.authorization
    let body: Buffer | undefined
    try {
      body = await readBody(request, user === ANONYMOUS ? ANONYMOUS_BODY_LIMIT : BODY_LIMIT)
    } catch (error) {
      if (error instanceof StatusError) return { ...refusal(error), headers: { ...JSON_HEADERS, connection: 'close' } }
      throw error
    }
    const { method = 'GET', url = '/' } = request
    return this.#options.handler({ method, url, headers, user, signal, ...(body && { body }) })
  }

  async #send(answer: ApiResponse, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const { warning, ...headers } = answer.headers
    if (warning !== undefined) response.setHeader('warning', splitWarnings(warning))
    response.setHeader('cache-control', 'no-cache, private')
    if ('body' in answer) {
      response.writeHead(answer.status, { ...headers, 'content-length': Buffer.byteLength(answer.body) })
      response.end(answer.body)
      return
    }
    response.writeHead(answer.status, headers)
    response.flushHeaders()
    for await (const chunk of answer.stream) {
      if (signal.aborted) break
      if (!response.write(chunk)) await once(response, 'drain', { signal })
    }
    response.end()
  }
}

const secureContext = ({ authority, serving }: Pki): { ca: string; cert: string; key: string } => ({
  ca: authority.cert,
  cert: serving.cert,
  key: serving.key,
})

const JSON_HEADERS = { 'content-type': 'application/json' }
const refusal = (error: StatusError): ApiResponse & { body: string } => ({
  status: error.code,
  headers: JSON_HEADERS,
  body: `${JSON.stringify(statusOf(error))}\n`,
})

const flatten = ({ headers }: IncomingMessage): Record<string, string> => {
  const flat: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return flat
}

const readBody = (request: IncomingMessage, most: number): Promise<Buffer | undefined> => {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>()
  const declared = Number(request.headers['content-length'] ?? 0)
  const refuse = (): void => reject(tooLarge(`Request entity too large: limit is ${most}`))
  if (declared > most) refuse()
  else if (declared === 0 && request.headers['transfer-encoding'] === undefined) resolve(undefined)
  else {
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= most) chunks.push(chunk)
      else {
        request.removeAllListeners('data').pause()
        refuse()
      }
    })
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
    request.once('error', reject)
  }
  return promise
}
