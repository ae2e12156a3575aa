import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Thing, ThingApi } from '../../test/harness/thing-api.ts'
import { startThingApi, thing, thingType } from '../../test/harness/thing-api.ts'
import type { KubeClient, WatchEvent } from './client.ts'
import { ApiError, isAlreadyExists, isConflict, isNotFound } from './client.ts'
import { createHttpsTransport } from './https-transport.ts'
import { createKubeClient } from './rest-client.ts'
import type { Transport } from './transport.ts'

// One suite for every way to an API: the client must not be able to tell them apart.
const ways = ['in process', 'over TLS'] as const

let api: ThingApi
beforeAll(async () => {
  api = await startThingApi({ listen: true })
})
afterAll(() => api.close())

const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => {
      throw new Error('it should have failed')
    },
    (error: unknown) => error,
  )

describe.each(ways)('the Kubernetes client %s', (way) => {
  let client: KubeClient
  const prefix = way === 'in process' ? 'p' : 't'
  const key = (name: string) => ({ namespace: 'default', name: `${prefix}-${name}` })
  const made = (name: string, value?: string): Promise<Thing> =>
    client.create(thingType, thing(key(name).name, value === undefined ? {} : { value }))
  beforeAll(async () => {
    client = way === 'in process' ? api.client : await api.clientOverTls()
  })

  it('creates, reads, replaces, patches in three ways and deletes', async () => {
    const created = await made('crud', 'one')
    expect(await client.get<Thing>(thingType, key('crud'))).toEqual(created)
    const replaced = await client.update<Thing>(thingType, { ...created, spec: { value: 'two' } })
    expect(replaced).toMatchObject({ spec: { value: 'two' }, metadata: { generation: 2 } })
    const patched = await client.patch<Thing>(thingType, key('crud'), {
      type: 'json',
      operations: [{ op: 'replace', path: '/spec/value', value: 'three' }],
    })
    expect(patched.spec.value).toBe('three')
    const body = { status: { seen: 'three' } }
    const merged = await client.patch<Thing>(thingType, key('crud'), { type: 'merge', body }, { subresource: 'status' })
    expect(merged.status?.seen).toBe('three')
    const applied = await client.patch<Thing>(
      thingType,
      key('crud'),
      { type: 'apply', body: thing(key('crud').name, { value: 'four' }), force: true },
      { fieldManager: 'tester' },
    )
    expect(applied.spec.value).toBe('four')
    await client.delete(thingType, key('crud'), { preconditions: { uid: created.metadata.uid } })
    expect(isNotFound(await failure(client.get(thingType, key('crud'))))).toBe(true)
  })

  it('writes nothing when it is only a rehearsal', async () => {
    await client.create(thingType, thing(key('dry').name), { dryRun: true })
    expect(isNotFound(await failure(client.get(thingType, key('dry'))))).toBe(true)
  })

  it('tells the refusals apart that callers act on', async () => {
    const { metadata } = await made('errors')
    expect(isAlreadyExists(await failure(made('errors')))).toBe(true)
    const stale = { ...thing(key('errors').name), metadata: { ...metadata, resourceVersion: '1' } }
    expect(isConflict(await failure(client.update(thingType, stale)))).toBe(true)
    expect(isConflict(await failure(client.delete(thingType, key('errors'), { preconditions: { uid: 'x' } })))).toBe(
      true,
    )
    const unknown = await failure(client.get({ ...thingType, plural: 'nothings' }, key('errors')))
    expect(unknown).toBeInstanceOf(ApiError)
    expect(unknown).toMatchObject({ code: 404, message: 'the API answered 404: 404 page not found' })
  })

  it('puts the pages of a list together', async () => {
    for (const name of ['l1', 'l2', 'l3', 'l4', 'l5']) await made(name)
    const { items, resourceVersion } = await client.list<Thing>(thingType, { namespace: 'default', limit: 2 })
    const names = items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith(`${prefix}-l`))
    expect(names).toEqual([1, 2, 3, 4, 5].map((number) => `${prefix}-l${number}`))
    expect(Number(resourceVersion)).toBeGreaterThan(0)
  })

  it('watches from a version on, and ends when the caller has seen enough', async () => {
    const { resourceVersion } = await client.list<Thing>(thingType, { namespace: 'default' })
    await made('w', 'one')
    await client.patch(thingType, key('w'), { type: 'merge', body: { spec: { value: 'two' } } })
    await client.delete(thingType, key('w'))
    const events: WatchEvent<Thing>[] = []
    for await (const event of client.watch<Thing>(thingType, { namespace: 'default', resourceVersion })) {
      events.push(event)
      if (event.type === 'DELETED') break
    }
    expect(events.map((event) => [event.type, event.type === 'BOOKMARK' ? '' : event.object.spec.value])).toEqual([
      ['ADDED', 'one'],
      ['MODIFIED', 'two'],
      ['DELETED', 'two'],
    ])
  })

  it('ends a watch when the server does', async () => {
    const { resourceVersion } = await client.list<Thing>(thingType)
    const options = { resourceVersion, timeoutSeconds: 1 }
    expect(
      (await Array.fromAsync(client.watch<Thing>(thingType, options))).filter(({ type }) => type !== 'BOOKMARK'),
    ).toEqual([])
  })

  it('ends a silent watch with the reason of the abort', async () => {
    const { resourceVersion } = await client.list<Thing>(thingType)
    const aborting = new AbortController()
    const ended = Array.fromAsync(client.watch<Thing>(thingType, { resourceVersion, signal: aborting.signal }))
    setTimeout(() => aborting.abort(new Error('enough')), 20)
    expect(await failure(ended)).toMatchObject({ message: 'enough' })
  })

  it('asks nothing once aborted', async () => {
    const signal = AbortSignal.abort(new Error('too late'))
    expect(await failure(client.create(thingType, thing(key('late').name), { signal }))).toMatchObject({
      message: 'too late',
    })
    expect(isNotFound(await failure(client.get(thingType, key('late'))))).toBe(true)
  })
})

describe('what is no Kubernetes API', () => {
  it('is told as a connection that is no good, not as a fault of ours or of the object asked for', async () => {
    const nobody = createKubeClient({
      transport: createHttpsTransport({ server: 'https://127.0.0.1:1' }),
      userAgent: 'test',
    })
    expect(await failure(nobody.get(thingType, { namespace: 'default', name: 'x' }))).toMatchObject({
      name: 'NoAnswerError',
      message: expect.stringMatching('the Kubernetes API at https://127.0.0.1:1 did not answer: '),
    })
    const transport: Transport = {
      request: async () => ({ status: 200, body: '<html>log in</html>', headers: {} }),
      stream: () => Promise.reject(new Error('not asked')),
      close: async () => {},
    }
    const page = createKubeClient({ transport, userAgent: 'test' })
    expect(await failure(page.get(thingType, { namespace: 'default', name: 'x' }))).toMatchObject({
      name: 'NoAnswerError',
      message: expect.stringMatching('what answered is no Kubernetes API'),
    })
  })
})
