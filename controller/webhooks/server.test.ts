import { connect } from 'node:net'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { signed, WebhookWorld } from '../../test/build/webhooks.ts'
import { waitUntil } from '../../test/harness/wait-until.ts'
import { systemClock } from '../engine/clock.ts'
import { silentLogger } from '../engine/logger.ts'
import { MAX_BODY, startWebhookServer, type WebhookServer } from './server.ts'

const secret = 'canary-installation-secret'
const main = '{"ref":"refs/heads/main"}'
const path = '/listener/github/stack/web/deploy'

let world: WebhookWorld
let server: WebhookServer
let results: string[]
beforeEach(async () => {
  world = new WebhookWorld()
  world.putSecret('komodo-system', 'komodo-webhook', 'secret', secret)
  world.put('stack', 'web')
  results = []
  server = await startWebhookServer({
    host: '127.0.0.1',
    port: 0,
    receive: world.receive,
    clock: world.clock,
    logger: silentLogger,
    observe: (provider, result) => results.push(`${provider} ${result}`),
    headersTimeoutMs: 300,
    requestTimeoutMs: 600,
    maxBuffered: 2 * MAX_BODY,
  })
})
afterEach(() => server.close())

const post = (where: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${where}`, { method: 'POST', body, headers })

/** What comes back for these bytes; the connection is ended by the server. */
const raw = (...parts: readonly (string | Uint8Array)[]): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    let said = ''
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(said))
    for (const part of parts) socket.write(part)
  })

describe('the listener', () => {
  it('takes a delivery and answers as JSON', async () => {
    const response = await post(path, main, { ...signed(main, secret), 'x-github-delivery': 'd1' })
    expect(response.status).toBe(202)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    expect(await response.json()).toMatchObject({
      deliveryId: 'd1',
      objects: [{ kind: 'Stack', namespace: 'default', name: 'web' }],
    })
    expect(results).toEqual(['github accepted'])
  })

  it('has nothing but webhooks', async () => {
    expect((await post('/', main)).status).toBe(404)
    expect((await post('/listener/svn/push', main)).status).toBe(404)
    const get = await fetch(`${server.url}${path}`)
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
    expect(results).toEqual([' not_found', ' not_found', 'github not_found'])
  })

  it('says that a retry later is worth it when the API is away', async () => {
    world.outage = true
    const response = await post(path, main, signed(main, secret))
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '30'])
  })

  it('says on which address it cannot listen', async () => {
    const port = Number(new URL(server.url).port)
    const again = { host: '127.0.0.1', port, receive: world.receive, clock: world.clock, logger: silentLogger }
    await expect(startWebhookServer({ ...again, observe: () => {} })).rejects.toThrow(
      `cannot listen for webhooks on 127.0.0.1:${port}: listen EADDRINUSE`,
    )
  })
})

// Argo CD GO-2024-3002, Argo Workflows CVE-2026-42294: a body of any size was read before anybody knew who sent it.
describe('a body that is too long', () => {
  const head = `POST ${path} HTTP/1.1\r\nhost: x\r\n`

  it('is refused by its announced length, before a byte of it is read', async () => {
    expect(await raw(`${head}content-length: ${MAX_BODY + 1}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /)
  })

  it('is refused before it is sent, by who asks first', async () => {
    const said = await raw(`${head}expect: 100-continue\r\ncontent-length: ${MAX_BODY + 1}\r\n\r\n`)
    expect(said).toMatch(/^HTTP\/1\.1 413 /)
    expect(said).not.toContain('100 Continue')
  })

  it('is cut off where it has no announced length, however well it is signed', async () => {
    const chunk = Buffer.alloc(64 << 10, 0x20)
    const parts = Array.from({ length: 20 }, () => [`${chunk.length.toString(16)}\r\n`, chunk, '\r\n']).flat()
    expect(await raw(`${head}transfer-encoding: chunked\r\n\r\n`, ...parts)).toMatch(/^HTTP\/1\.1 413 /)
  })

  it('of just the most is read', async () => {
    const body = main.padEnd(MAX_BODY, ' ')
    expect((await post(path, body, signed(body, secret))).status).toBe(202)
  })
})

describe('many long bodies at a time', () => {
  it('take no more memory than there is for them: one too many is sent away for now, and then it goes on', async () => {
    const head = `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${MAX_BODY}\r\n\r\n`
    const almost = Buffer.alloc(MAX_BODY - 1, 0x20)
    const slow = [raw(head, almost), raw(head, almost), raw(head, almost)]
    const said = await Promise.race(slow)
    expect(said).toMatch(/^HTTP\/1\.1 503 .*retry-after: 5/s)
    await Promise.all(slow)
    expect((await post(path, main.padEnd(MAX_BODY), signed(main.padEnd(MAX_BODY), secret))).status).toBe(202)
  })
})

describe('slow senders', () => {
  it('slowloris: whoever does not finish the head or the body is sent away, and others are served meanwhile', async () => {
    const slow = [
      raw(`POST ${path} HTTP/1.1\r\nhost: x\r\nx-a: `),
      raw(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{`),
    ]
    expect((await post(path, main, signed(main, secret))).status).toBe(202)
    for (const said of await Promise.all(slow)) expect(said).toMatch(/^HTTP\/1\.1 4/)
  })

  it('who goes away in the middle leaves nothing behind', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{`, () => socket.destroy())
    await new Promise((resolve) => socket.on('close', resolve))
    expect((await post(path, main, signed(main, secret))).status).toBe(202)
    expect(results).toEqual(['github accepted'])
  })
})

describe('refused deliveries', () => {
  it('are limited by address and path, wrong signature and unknown object alike; other paths go on; it passes', async () => {
    const unknown = path.replace('web', 'unknown')
    for (const where of [path, unknown]) {
      const codes: number[] = []
      for (let i = 0; i < 12; i++) codes.push((await post(where, main, signed(main, 'wrong'))).status)
      expect(codes).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429])
    }
    world.put('stack', 'api')
    expect((await post(path.replace('web', 'api'), main, signed(main, secret))).status).toBe(202)
    expect((await post(path, main, signed(main, 'wrong'))).status).toBe(429)
    await world.clock.advance(3_000)
    expect((await post(path, main, signed(main, 'wrong'))).status).toBe(401)
  })

  // Behind a proxy, as the documentation has it, all senders have one address.
  it('in any number, from the same address, do not keep out who can sign', async () => {
    const push = '{"ref":"refs/heads/main","repository":{"full_name":"acme/infra"}}'
    for (const [where, body] of [
      [path, main],
      ['/listener/github/push', push],
    ] as const) {
      for (let i = 0; i < 30; i++) await post(where, body, signed(body, 'wrong'))
      expect((await post(where, body, signed(body, secret))).status).toBe(202)
    }
  })
})

describe('whatever is sent', () => {
  it('as HTTP is answered, and the listener goes on', async () => {
    const header = fc.tuple(
      fc.constantFrom('x-hub-signature-256', 'content-type', 'x-github-event', 'x-github-delivery', 'content-encoding'),
      fc.string({ unit: 'grapheme-ascii' }).map((value) => value.trim()),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(header),
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('POST', 'PUT', 'DELETE', 'HEAD'),
        async (headers, bytes, method) => {
          const body = method === 'HEAD' ? {} : { body: bytes as Uint8Array<ArrayBuffer> }
          const response = await fetch(`${server.url}${path}`, { method, headers, ...body })
          expect([401, 405, 429]).toContain(response.status)
          await response.text()
        },
      ),
      { numRuns: 60 },
    )
  })

  it('as bytes that are no HTTP ends that connection and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 100 }), async (bytes) => {
        await raw(bytes, '\r\n\r\n')
      }),
      { numRuns: 30 },
    )
    expect((await post(path, main, signed(main, secret))).status).toBe(202)
  })
})

it('closes while somebody is sending', async () => {
  const real = await startWebhookServer({
    host: '127.0.0.1',
    port: 0,
    receive: world.receive,
    clock: systemClock,
    logger: silentLogger,
    observe: () => {},
  })
  const socket = connect(Number(new URL(real.url).port), '127.0.0.1')
  socket.on('error', () => {})
  await new Promise<void>((resolve) => socket.write('POST ', () => resolve()))
  const gone = waitUntil('the connection to end', () => socket.destroyed || socket.readableEnded)
  socket.resume()
  await real.close()
  await gone
})
