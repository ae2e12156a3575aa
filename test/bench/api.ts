// The standalone API's numbers on this machine, as ratios where there is something real to compare with:
//   node test/bench/api.ts
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { sized } from './report.ts'

const CREATES = sized(12_000, 500)
const CLIENTS = 64
const WATCHERS = 100
const EVENTS_PER_S = 500
const WATCH_SECONDS = 5

interface Access {
  url: string
  ca: string
  cert: string
  key: string
}

const accessOf = (kubeconfig: string, url: string): Access => {
  const config = JSON.parse(readFileSync(kubeconfig, 'utf8')) as {
    clusters: { cluster: Record<string, string> }[]
    users: { user: Record<string, string> }[]
  }
  const pem = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString()
  const { cluster } = config.clusters[0]!
  const { user } = config.users[0]!
  return {
    url,
    ca: pem(cluster['certificate-authority-data']),
    cert: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
  }
}

const configMap = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels: { app: 'bench' } },
    data: { text: 'x'.repeat(200), sent: String(performance.timeOrigin + performance.now()) },
  })

const send = (
  agent: Agent,
  url: string,
  method: string,
  path: string,
  body?: string,
): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, url),
      { method, agent, headers: { 'content-type': 'application/json', 'user-agent': 'bench' } },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0

/** The same rows, each its own fsynced transaction: what SQLite alone can do with one writer. */
const rawRate = (dir: string, texts: readonly string[]): number => {
  const database = new DatabaseSync(join(dir, 'raw.db'))
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE log (rv INTEGER PRIMARY KEY, text TEXT)',
  )
  const insert = database.prepare('INSERT INTO log (text) VALUES (?)')
  const started = performance.now()
  for (const text of texts) insert.run(text)
  const rate = texts.length / ((performance.now() - started) / 1000)
  database.close()
  return rate
}

/**
 * A connection that sends one POST after the other. Written by hand: Node's own client takes nearly as much of the two cores as the
 * server that is measured.
 */
class Poster {
  readonly #socket: TLSSocket
  #answer = Promise.withResolvers<string>()
  #text = ''

  private constructor(socket: TLSSocket) {
    this.#socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      this.#text += chunk
      const head = this.#text.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#text)?.[1])
      if (this.#text.length >= head + 4 + length) this.#answer.resolve(this.#text)
    })
    socket.on('error', (error) => this.#answer.reject(error))
  }

  static async open({ url, ...credentials }: Access): Promise<Poster> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), ...credentials })
    await once(socket, 'secureConnect')
    return new Poster(socket)
  }

  async post(path: string, body: string): Promise<void> {
    this.#text = ''
    this.#answer = Promise.withResolvers()
    const { length } = Buffer.from(body)
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`,
    )
    const answer = await this.#answer.promise
    if (!answer.startsWith('HTTP/1.1 201 ')) throw new Error(`create answered ${answer}`)
  }

  close(): void {
    this.#socket.destroy()
  }
}

const createRate = async (posters: readonly Poster[], prefix: string): Promise<{ rate: number; p99: number }> => {
  const latencies: number[] = []
  let next = 0
  const client = async (poster: Poster): Promise<void> => {
    for (let index = next++; index < CREATES; index = next++) {
      const before = performance.now()
      await poster.post('/api/v1/namespaces/default/configmaps', configMap(`${prefix}-${index}`))
      latencies.push(performance.now() - before)
    }
  }
  const started = performance.now()
  await Promise.all(posters.map(client))
  return { rate: CREATES / ((performance.now() - started) / 1000), p99: percentile(latencies, 0.99) }
}

const watchLag = async (
  access: Access,
  agent: Agent,
): Promise<{ p50: number; p99: number; seen: number; made: number }> => {
  const { url } = access
  const look = () => send(agent, url, 'GET', '/api/v1/namespaces/default/configmaps?limit=1')
  // All connections are made: a handshake costs as much as many events.
  await Promise.all(Array.from({ length: CLIENTS }, look))
  const { body } = await look()
  const from = (JSON.parse(body) as { metadata: { resourceVersion: string } }).metadata.resourceVersion
  const lags: number[] = []
  const aborts: AbortController[] = []
  const watchAgent = new Agent({ ...access, keepAlive: true, maxSockets: WATCHERS })
  for (let index = 0; index < WATCHERS; index++) {
    const abort = new AbortController()
    aborts.push(abort)
    const outgoing = request(new URL(`/api/v1/namespaces/default/configmaps?watch=1&resourceVersion=${from}`, url), {
      agent: watchAgent,
      signal: abort.signal,
    })
    outgoing.on('error', () => {})
    outgoing.on('response', (response) => {
      response.on('error', () => {})
      response.setEncoding('utf8')
      // One in ten reads what it gets; the rest only counts, so that this process is not what is measured.
      if (index % 10 !== 0) response.on('data', () => {})
      else
        response.on('data', (chunk: string) => {
          const now = performance.timeOrigin + performance.now()
          for (const match of chunk.matchAll(/"sent":"([\d.]+)"/g)) lags.push(now - Number(match[1]))
        })
    })
    outgoing.end()
  }
  await delay(1000)
  let made = 0
  const started = performance.now()
  while (performance.now() - started < WATCH_SECONDS * 1000) {
    const due = Math.floor(((performance.now() - started) / 1000) * EVENTS_PER_S)
    while (made < due)
      void send(agent, url, 'POST', '/api/v1/namespaces/default/configmaps', configMap(`watch-${made++}`))
    await delay(5)
  }
  await delay(1500)
  for (const abort of aborts) abort.abort()
  watchAgent.destroy()
  return { p50: percentile(lags, 0.5), p99: percentile(lags, 0.99), seen: lags.length, made }
}

const memoryOf = async (child: ChildProcess): Promise<number> => {
  child.send('memory')
  const [{ rss }] = (await once(child, 'message')) as [{ rss: number }]
  return rss / 1e6
}

const startServer = async (
  dataDir: string,
): Promise<{ child: ChildProcess; access: Access; readyMs: number; wholeMs: number }> => {
  const started = performance.now()
  const child = fork(join(import.meta.dirname, 'api-server.ts'), [dataDir], {
    execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [ready] = (await once(child, 'message')) as [{ url: string; kubeconfig: string; readyMs: number }]
  return {
    child,
    access: accessOf(ready.kubeconfig, ready.url),
    readyMs: ready.readyMs,
    wholeMs: performance.now() - started,
  }
}

const main = async (): Promise<void> => {
  const dir = mkdtempSync(join(tmpdir(), 'bench-api-'))
  const line = (name: string, value: string): void => console.log(`${name.padEnd(58)} ${value}`)
  try {
    const raw = rawRate(
      dir,
      Array.from({ length: 3000 }, (_, index) => configMap(`raw-${index}`)),
    )
    const { child, access, readyMs, wholeMs } = await startServer(join(dir, 'data'))
    const empty = await memoryOf(child)
    const agent = new Agent({ ...access, keepAlive: true, maxSockets: CLIENTS })
    const posters = await Promise.all(Array.from({ length: CLIENTS }, () => Poster.open(access)))
    await createRate(posters, 'warm')
    const { rate, p99 } = await createRate(posters, 'measured')
    for (const poster of posters) poster.close()
    line(
      'start to serving (first start, certificates made)',
      `${wholeMs.toFixed(0)} ms (${readyMs.toFixed(0)} ms of it ours)`,
    )
    line('raw node:sqlite, one fsynced transaction each', `${raw.toFixed(0)} rows/s`)
    line(`acknowledged creates, ${CLIENTS} clients over TLS`, `${rate.toFixed(0)}/s, p99 ${p99.toFixed(1)} ms`)
    line('  ratio to raw (goal > 1.0)', (rate / raw).toFixed(2))
    const lag = await watchLag(access, agent)
    line(
      `watch lag, ${WATCHERS} watchers, ${EVENTS_PER_S} events/s (goal p99 < 100 ms)`,
      `p50 ${lag.p50.toFixed(1)} ms, p99 ${lag.p99.toFixed(1)} ms, ${((lag.seen / ((lag.made * WATCHERS) / 10)) * 100).toFixed(1)} % seen`,
    )
    agent.destroy()
    line(
      'memory of the process, empty / after all this',
      `${empty.toFixed(0)} / ${(await memoryOf(child)).toFixed(0)} MB`,
    )
    child.disconnect()
    await once(child, 'exit')
    const again = await startServer(join(dir, 'data'))
    line(
      `start to serving with ${2 * CREATES} objects`,
      `${again.wholeMs.toFixed(0)} ms (${again.readyMs.toFixed(0)} ms of it ours)`,
    )
    line('memory after that start', `${(await memoryOf(again.child)).toFixed(0)} MB`)
    again.child.disconnect()
    await once(again.child, 'exit')
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

await main()
