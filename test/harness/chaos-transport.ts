import type { Transport, TransportStream } from '../../controller/kube/transport.ts'

/** What can go wrong between a watcher and its server. */
export const mischief = {
  /** The stream ends without a word. */
  drop: 'drop',
  /** The connection breaks in the middle of a line. */
  tear: 'tear',
  /** Nothing more is heard, and the connection stays. */
  stall: 'stall',
  /** The last line comes again. */
  repeat: 'repeat',
  /** The server no longer knows the version. */
  expire: 'expire',
  /** The server refuses for a moment. */
  refuse: 'refuse',
  none: 'none',
} as const
export type Mischief = (typeof mischief)[keyof typeof mischief]

const EXPIRED = JSON.stringify({
  type: 'ERROR',
  object: {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message: 'too old resource version: 1 (9)',
    reason: 'Expired',
    code: 410,
  },
})
const UNAVAILABLE = JSON.stringify({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  message: 'shutting down',
  code: 503,
})

/** Plays a trick on each watch, decided by `next`, after letting some lines through. */
export const withMischief = (transport: Transport, next: () => { trick: Mischief; afterLines: number }): Transport => ({
  ...transport,
  stream: async (request) => {
    const { trick, afterLines } = next()
    if (trick === 'refuse') return { status: 503, lines: only(UNAVAILABLE) }
    const stream = await transport.stream(request)
    if (trick === 'none' || stream.status !== 200) return stream
    return { status: 200, lines: tricked(stream, trick, afterLines, request.signal) }
  },
})

async function* tricked(
  stream: TransportStream,
  trick: Mischief,
  afterLines: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  let seen = 0
  for await (const line of stream.lines) {
    if (seen++ < afterLines) {
      yield line
      continue
    }
    switch (trick) {
      case 'drop':
        return
      case 'tear':
        yield line.slice(0, line.length / 2)
        return
      case 'stall':
        await new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
        return
      case 'expire':
        yield EXPIRED
        return
      default:
        yield line
        yield line
    }
  }
}

async function* only(line: string): AsyncGenerator<string> {
  yield line
}
