import http, { type IncomingMessage, type RequestOptions, type ServerResponse } from 'node:http'
import https from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** An effect is a request that may change something: in Kubernetes or in Docker. */
export interface Effect {
  target: string
  request: string
}

/**
 * Stands between a program and what it changes, and counts. Effects pass one after the other in the order in which they arrive, so
 * that "after the n-th" means something.
 */
export class EffectCounter {
  readonly seen: Effect[] = []
  /** Called when an effect has happened and before the program hears of it. */
  onEffect: (count: number, effect: Effect) => void = () => {}

  reset(): void {
    this.seen.length = 0
  }

  happened(effect: Effect): void {
    this.seen.push(effect)
    this.onEffect(this.seen.length, effect)
  }
}

export interface EffectProxy extends AsyncDisposable {
  /** `host:port`. */
  readonly address: string
}

/** `upstream` says where requests go; `isEffect` which of them change something. */
export const startEffectProxy = async (
  target: string,
  upstream: RequestOptions & { protocol?: 'http:' | 'https:' },
  isEffect: (method: string, url: string) => boolean,
  counter: EffectCounter,
): Promise<EffectProxy> => {
  const { request } = upstream.protocol === 'https:' ? https : http
  const agent =
    upstream.protocol === 'https:' ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true })
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { method = 'GET', url = '/', headers } = incoming
    const forwarded = request(
      { ...upstream, agent, method, path: url, headers: { ...headers, ...upstream.headers } },
      (answer) => {
        if (isEffect(method, url) && (answer.statusCode ?? 500) < 400)
          counter.happened({ target, request: `${method} ${url}` })
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
        answer.once('error', () => outgoing.destroy())
      },
    )
    forwarded.once('error', () => outgoing.destroy())
    outgoing.once('close', () => forwarded.destroy())
    incoming.pipe(forwarded)
  }
  const server = http.createServer(serve)
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) =>
    tunnel(upstream, incoming, socket, head),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      agent.destroy()
    },
  }
}

/** Hijacked connections (attach, BuildKit sessions) pass as they are. */
const tunnel = (upstream: RequestOptions, incoming: IncomingMessage, socket: Socket, head: Buffer): void => {
  if (upstream.socketPath === undefined || upstream.socketPath === null) {
    socket.destroy()
    return
  }
  const through = connect(upstream.socketPath)
  const headers = incoming.rawHeaders.reduce((text, part, index) => text + part + (index % 2 === 0 ? ': ' : '\r\n'), '')
  through.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${headers}\r\n`)
  through.write(head)
  through.pipe(socket)
  socket.pipe(through)
  const end = () => {
    through.destroy()
    socket.destroy()
  }
  through.on('error', end)
  socket.on('error', end)
}
