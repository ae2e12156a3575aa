import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Clock } from '../engine/clock.ts'
import { messageOf } from '../engine/errors.ts'
import type { Logger } from '../engine/logger.ts'
import { TokenBuckets } from '../engine/token-buckets.ts'
import { http } from '../kube/node-http.ts'
import { type Answer, type Receive, type Result, UNAUTHORIZED } from './receive.ts'
import { parseRoute, type Route } from './route.ts'

export interface WebhookServerOptions {
  host: string
  /** 0 takes a free one. */
  port: number
  receive: Receive
  clock: Clock
  logger: Logger
  /** For metrics; `provider` is empty where the path names none. */
  observe(provider: string, result: Result): void
  /** Time for the head of a request, and for all of it. */
  headersTimeoutMs?: number
  requestTimeoutMs?: number
  /** Bytes of all bodies of requests that are not answered yet. */
  maxBuffered?: number
}

export interface WebhookServer {
  url: string
  close(): Promise<void>
}

/** Longest body. GitHub sends up to 25 MB, but those are pushes of thousands of commits. */
export const MAX_BODY = 1 << 20
const MAX_BUFFERED = 32 << 20
const MAX_CONNECTIONS = 256
const REQUEST_TIMEOUT_MS = 10_000
const HEADERS_TIMEOUT_MS = 5_000
const CLOSE_WITHIN_MS = 1_000
/** Refused requests from one address for one object: so many at once, then one every so often. */
const REFUSED = { burst: 10, refillMs: 3_000, most: 10_000 }

/**
 * The HTTP side: what is read at all, how much of it and for how long. The order is method and path, size, and only then
 * the body; nothing of it is looked at before its signature.
 */
export const startWebhookServer = async (options: WebhookServerOptions): Promise<WebhookServer> => {
  const { headersTimeoutMs = HEADERS_TIMEOUT_MS, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options
  const doorman = new Doorman(options)
  const server = http.createServer({
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: 5_000,
    // Node looks at the times above only so often.
    connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
    maxHeaderSize: 16_384,
  })
  server.maxConnections = MAX_CONNECTIONS
  server.on('request', (request, response) => void doorman.answer(request, response))
  // Who asks before it sends is told before it has sent.
  server.on('checkContinue', (request, response) => void doorman.answer(request, response))
  server.on('clientError', (_error, socket) => endBadly(socket as Socket))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const where = `${options.host}:${options.port}`
      reject(
        new Error(
          `cannot listen for webhooks on ${where}: ${cause.message}. Choose another --webhook-listen, or "off".`,
          {
            cause,
          },
        ),
      )
    })
    server.listen(options.port, options.host, resolve)
  })
  const { address, port, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
        // What is being stored is still answered.
        options.clock.setTimer(() => server.closeAllConnections(), CLOSE_WITHIN_MS)
      }),
  }
}

class Doorman {
  readonly #options: WebhookServerOptions
  readonly #refused: TokenBuckets
  #buffered = 0

  constructor(options: WebhookServerOptions) {
    this.#options = options
    this.#refused = new TokenBuckets({ clock: options.clock, ...REFUSED })
  }

  /** Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {})
    response.on('error', () => {})
    const route = parseRoute(request.url ?? '')
    let answer: Answer | undefined
    try {
      answer = await this.#decide(route, request, response)
    } catch (error) {
      this.#options.logger.error({ error: messageOf(error) }, 'answering a webhook failed: please report it')
      answer = { status: 500, result: 'unavailable', body: { message: 'internal error' } }
    }
    // Gone while it was sending.
    if (answer === undefined) return
    this.#options.observe(route?.provider.name ?? '', answer.result)
    send(request, response, answer)
  }

  async #decide(
    route: Route | undefined,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Answer | undefined> {
    if (route === undefined) return NOT_FOUND
    if (request.method !== 'POST') return NOT_ALLOWED
    const announced = Number(request.headers['content-length'] ?? 0)
    if (announced > MAX_BODY) return TOO_LARGE
    if (request.headers.expect !== undefined) response.writeContinue()
    const held = { bytes: 0 }
    try {
      const body = await this.#read(request, held)
      if (body === undefined || 'status' in body) return body
      const answer = await this.#options.receive(route, request.headers, body)
      // Behind a proxy all have one address, so nobody's refusals keep out whoever can sign.
      const caller = `${request.socket.remoteAddress} ${nameOf(route)}`
      return answer === UNAUTHORIZED && !this.#refused.take(caller) ? RATE_LIMITED : answer
    } finally {
      this.#buffered -= held.bytes
    }
  }

  /** The body; an answer when there is too much of it; `undefined` when the sender went away. What it holds is counted in `held`. */
  async #read(request: IncomingMessage, held: { bytes: number }): Promise<Buffer | Answer | undefined> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        held.bytes += chunk.length
        this.#buffered += chunk.length
        if (held.bytes > MAX_BODY) return TOO_LARGE
        if (this.#buffered > (this.#options.maxBuffered ?? MAX_BUFFERED)) return BUSY
        chunks.push(chunk)
      }
      return Buffer.concat(chunks)
    } catch {
      return undefined
    }
  }
}

/** What refusals are counted for; one name for all spellings of a path. */
const nameOf = ({ provider, target }: Route): string =>
  target === 'followers' ? provider.name : `${provider.name} ${target.resource} ${target.id.slice(0, 200)}`

const say = (status: number, result: Result, message: string, retryAfterSeconds?: number): Answer => ({
  status,
  result,
  body: { message },
  ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
})

const NOT_FOUND = say(404, 'not_found', 'there is no such path; see docs/webhooks.md')
const NOT_ALLOWED = say(405, 'not_found', 'a webhook is a POST')
const RATE_LIMITED = say(429, 'rate_limited', 'too many refused deliveries; try again later', 3)
const TOO_LARGE = say(413, 'too_large', `a body has at most ${MAX_BODY} bytes`)
const BUSY = say(503, 'unavailable', 'too many deliveries at a time; deliver it again later', 5)

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status, body, retryAfterSeconds } = answer
  const text = `${JSON.stringify(body)}\n`
  const headers: OutgoingHttpHeaders = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  }
  if (status === 405) headers.allow = 'POST'
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds)
  // What is left of a body that nobody wants is not read.
  if (!request.complete) headers.connection = 'close'
  response.writeHead(status, headers)
  response.end(request.method === 'HEAD' ? undefined : text)
}

/** Something that is no HTTP, or came too slowly. */
function endBadly(socket: Socket): void {
  if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
  else socket.destroy()
}
