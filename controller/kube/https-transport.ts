import type { Agent, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import https from 'node:https'
import { NoAnswerError } from './client.ts'
import { splitLines } from './lines.ts'
import { http } from './node-http.ts'
import type { Transport, TransportRequest, TransportResponse, TransportStream } from './transport.ts'

/** Where an API is and how to prove who asks. */
export interface ApiEndpoint {
  /** `https://host:port`, perhaps with a path prefix (proxies). `http:` is taken for local proxies such as `kubectl proxy`. */
  server: string
  /** PEM. Without it the system's authorities are trusted. */
  certificateAuthority?: string
  /** PEM, both or none. */
  clientCertificate?: string
  clientKey?: string
  /** Asked for each request, since tokens rotate. */
  bearerToken?: () => Promise<string>
  tlsServerName?: string
  /** Only when the kubeconfig says so in these words. */
  insecureSkipTlsVerify?: boolean
}

export interface HttpsTransportOptions extends ApiEndpoint {
  /** Requests at a time; watches have sockets of their own. */
  maxSockets?: number
  /** An answer must be whole after so long. */
  requestTimeoutMs?: number
}

/** Larger answers are refused: a page of 500 objects of 1.5 MiB is far beyond what this operator stores. */
const LARGEST_BODY = 256 * 1024 * 1024

export const createHttpsTransport = (options: HttpsTransportOptions): Transport => {
  const base = new URL(options.server)
  const secure = base.protocol === 'https:'
  if (!secure && base.protocol !== 'http:') throw new TypeError(`${options.server} is not an http(s) address`)
  const tls = {
    ca: options.certificateAuthority,
    cert: options.clientCertificate,
    key: options.clientKey,
    servername: options.tlsServerName,
    rejectUnauthorized: options.insecureSkipTlsVerify !== true,
  }
  const agentOptions = { keepAlive: true, keepAliveMsecs: 15_000, ...(secure ? tls : {}) }
  const SecureOrNot = secure ? https.Agent : http.Agent
  const requestAgent = new SecureOrNot({ ...agentOptions, maxSockets: options.maxSockets ?? 64, maxFreeSockets: 16 })
  const watchAgent = new SecureOrNot({ ...agentOptions, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 0 })
  const prefix = base.pathname.replace(/\/$/, '')

  const send = async (
    request: TransportRequest,
    agent: Agent,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> => {
    const headers: Record<string, string> = { ...request.headers }
    if (options.bearerToken !== undefined) headers.authorization = `Bearer ${await options.bearerToken()}`
    if (request.body !== undefined) headers['content-length'] = String(Buffer.byteLength(request.body))
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const outgoing = (secure ? https : http).request({
        protocol: base.protocol,
        hostname: base.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: base.port === '' ? undefined : base.port,
        method: request.method,
        path: prefix + request.path,
        headers,
        agent,
        signal,
      })
      outgoing.on('response', resolve)
      outgoing.on('error', (cause) =>
        reject(signal?.aborted === true ? signal.reason : unanswered(options.server, cause)),
      )
      outgoing.end(request.body)
    })
  }

  return {
    async request(request): Promise<TransportResponse> {
      const deadline = new Deadline(options.requestTimeoutMs ?? 60_000, request.signal)
      try {
        const answer = await send(request, requestAgent, deadline.signal)
        const chunks: Buffer[] = []
        let size = 0
        for await (const chunk of answer as AsyncIterable<Buffer>) {
          size += chunk.length
          if (size > LARGEST_BODY) throw new Error(`the API's answer is larger than ${LARGEST_BODY} bytes`)
          chunks.push(chunk)
        }
        return {
          status: answer.statusCode ?? 0,
          headers: plainHeaders(answer.headers),
          body: Buffer.concat(chunks).toString('utf8'),
        }
      } catch (error) {
        throw deadline.signal.aborted ? deadline.signal.reason : error
      } finally {
        deadline.end()
      }
    },

    async stream(request): Promise<TransportStream> {
      const answer = await send(request, watchAgent, request.signal)
      // Half-open connections are found by the kernel too, not only by the watcher's own watchdog.
      answer.socket.setKeepAlive(true, 15_000)
      return { status: answer.statusCode ?? 0, lines: splitLines(withReason(answer, request.signal)) }
    },

    async close() {
      requestAgent.destroy()
      watchAgent.destroy()
    },
  }
}

/** A signal that also aborts after a time; `end` lets go of both. */
class Deadline {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #outer: AbortSignal | undefined
  readonly #abort = (): void => this.#controller.abort(this.#outer?.reason)

  constructor(timeoutMs: number, outer: AbortSignal | undefined) {
    this.#outer = outer
    this.#timer = setTimeout(() => {
      this.#controller.abort(new NoAnswerError(`the API did not answer within ${timeoutMs} ms`))
    }, timeoutMs)
    if (outer?.aborted === true) this.#abort()
    else outer?.addEventListener('abort', this.#abort, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#outer?.removeEventListener('abort', this.#abort)
  }
}

async function* withReason(answer: IncomingMessage, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  try {
    yield* answer as AsyncIterable<Buffer>
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error
  }
}

const unanswered = (server: string, cause: Error): Error =>
  new NoAnswerError(`the Kubernetes API at ${server} did not answer: ${cause.message}`, { cause })

const plainHeaders = (headers: IncomingHttpHeaders): Record<string, string> => {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return plain
}
