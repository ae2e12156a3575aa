import type { ApiHandler, ApiResponse, UserInfo } from '../../standalone/api.ts'
import { splitLines } from './lines.ts'
import type { Transport, TransportRequest, TransportResponse, TransportStream } from './transport.ts'

/** Calls the API server as a function, as a user that needs no authentication. */
export const createInProcessTransport = (handler: ApiHandler, user: UserInfo): Transport => {
  const closing = new AbortController()

  const ask = ({ method, path, headers, body }: TransportRequest, signal: AbortSignal): Promise<ApiResponse> =>
    orAborted(handler({ method, url: path, headers, body, user, signal }), signal)

  return {
    async request(request): Promise<TransportResponse> {
      const response = await ask(request, request.signal ?? closing.signal)
      if ('body' in response) return { status: response.status, headers: response.headers, body: textOf(response.body) }
      let body = ''
      for await (const chunk of response.stream) body += chunk
      return { status: response.status, headers: response.headers, body }
    },

    async stream(request): Promise<TransportStream> {
      const signal = request.signal === undefined ? closing.signal : AbortSignal.any([request.signal, closing.signal])
      const response = await ask(request, signal)
      const chunks = 'stream' in response ? response.stream : [textOf(response.body)]
      return { status: response.status, lines: splitLines(untilAborted(chunks, signal)) }
    },

    async close() {
      closing.abort(new Error('the client was closed'))
    },
  }
}

const textOf = (body: string | Uint8Array): string => (typeof body === 'string' ? body : new TextDecoder().decode(body))

/** Like a socket: who hangs up hears nothing more, although the server may finish what it began. */
const orAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })

async function* untilAborted(
  chunks: AsyncIterable<string> | Iterable<string>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  try {
    for (;;) {
      const step = await orAborted(Promise.resolve(iterator.next()), signal)
      if (step.done === true) return
      yield step.value
    }
  } finally {
    // Not awaited: a server that ignores the abort must not hold up the one who hung up.
    void Promise.resolve(iterator.return?.()).catch(() => {})
  }
}
