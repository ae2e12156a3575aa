import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'
import { http } from '../kube/node-http.ts'

export interface HealthServerOptions {
  host: string
  /** 0 takes a free one. */
  port: number
  metrics: Registry
  /** By name; a text says what is missing. */
  readiness: Record<string, () => string | undefined>
}

export interface HealthServer {
  url: string
  close(): Promise<void>
}

/** `/healthz`, `/readyz` and `/metrics`, as controller-runtime serves them. */
export const startHealthServer = async (options: HealthServerOptions): Promise<HealthServer> => {
  const server = http.createServer((request, response) => {
    void answer(request, options).then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' })
      response.end(request.method === 'HEAD' ? undefined : body)
    })
  })
  server.requestTimeout = 10_000
  server.maxConnections = 64
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const where = `${options.host}:${options.port}`
      reject(
        new Error(`cannot serve health and metrics on ${where}: ${cause.message}. Choose another --health-listen.`, {
          cause,
        }),
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
        server.closeAllConnections()
      }),
  }
}

interface Answer {
  status: number
  type: string
  body: string
}

const plain = (status: number, body: string): Answer => ({ status, type: 'text/plain; charset=utf-8', body })

const answer = async (request: IncomingMessage, { metrics, readiness }: HealthServerOptions): Promise<Answer> => {
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'method not allowed\n')
  switch (request.url?.split('?', 1)[0]) {
    case '/healthz':
      return plain(200, 'ok')
    case '/readyz':
      return readyAnswer(readiness)
    case '/metrics':
      return { status: 200, type: metrics.contentType, body: await metrics.metrics() }
    default:
      return plain(404, '404 page not found\n')
  }
}

const readyAnswer = (readiness: HealthServerOptions['readiness']): Answer => {
  const lines: string[] = []
  let failed = false
  for (const [name, check] of Object.entries(readiness)) {
    const missing = check()
    failed ||= missing !== undefined
    lines.push(missing === undefined ? `[+]${name} ok` : `[-]${name} failed: ${missing}`)
  }
  return failed ? plain(503, `${lines.join('\n')}\nreadyz check failed\n`) : plain(200, 'ok')
}
