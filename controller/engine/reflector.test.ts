import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Mischief } from '../../test/harness/chaos-transport.ts'
import { mischief, withMischief } from '../../test/harness/chaos-transport.ts'
import type { Thing, ThingApi } from '../../test/harness/thing-api.ts'
import { startThingApi, thing, thingType } from '../../test/harness/thing-api.ts'
import { waitUntil } from '../../test/harness/wait-until.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Transport } from '../kube/transport.ts'
import { systemClock } from './clock.ts'
import type { Change } from './lister.ts'
import { silentLogger } from './logger.ts'
import { ObjectStore } from './object-store.ts'
import { reflect } from './reflector.ts'

let api: ThingApi
beforeAll(async () => {
  api = await startThingApi()
})
afterAll(() => api.close())

/** A store that follows the API through a transport that may misbehave. */
const follow = (wrap: (transport: Transport) => Transport = (plain) => plain) => {
  const lists: string[] = []
  const watches: string[] = []
  const counted = (transport: Transport): Transport => ({
    ...transport,
    request: (request) => {
      lists.push(request.path)
      return transport.request(request)
    },
    stream: (request) => {
      watches.push(request.path)
      return transport.stream(request)
    },
  })
  const client = api.clientOver((plain) => wrap(counted(plain)))
  const store = new ObjectStore<Thing>()
  const stopping = new AbortController()
  const changes: Change<Thing>[] = []
  store.onChange((change) => changes.push(change), stopping.signal)
  const ended = reflect(
    {
      client,
      type: thingType,
      store,
      clock: systemClock,
      random: () => 0.5,
      logger: silentLogger,
      idleMs: 60,
      backoff: { baseMs: 2, maxMs: 10 },
    },
    stopping.signal,
  )
  const stop = (): Promise<void> => {
    stopping.abort()
    return ended
  }
  return { store, changes, lists, watches, stop }
}

const versions = (objects: Iterable<Readonly<Thing>>): Record<string, string | undefined> =>
  Object.fromEntries([...objects].map(({ metadata }) => [metadata.name, metadata.resourceVersion]).sort())

const truth = async (): Promise<Record<string, string | undefined>> =>
  versions((await api.client.list<Thing>(thingType)).items)

const same = (store: ObjectStore<Thing>, expected: Record<string, string | undefined>): boolean =>
  JSON.stringify(versions(store.list())) === JSON.stringify(expected)

const clear = async (): Promise<void> => {
  for (const { metadata } of (await api.client.list<Thing>(thingType)).items)
    await api.client.delete(thingType, metadata)
}

const set = (client: KubeClient, name: string, value: string): Promise<Thing> =>
  client.patch<Thing>(thingType, { namespace: 'default', name }, { type: 'merge', body: { spec: { value } } })

describe('the reflector', () => {
  it('lists in pages, then follows creations, changes and deletions', async () => {
    await clear()
    await api.client.create(thingType, thing('a'))
    await api.client.create(thingType, thing('b'))
    const { store, changes, stop } = follow()
    await store.synced
    expect(same(store, await truth())).toBe(true)
    await api.client.create(thingType, thing('c'))
    await set(api.client, 'a', 'new')
    await api.client.delete(thingType, { namespace: 'default', name: 'b' })
    const expected = await truth()
    await waitUntil('all changes', () => same(store, expected))
    expect(
      changes.map(({ before, after }) => `${before?.metadata.name ?? '-'} ${after?.metadata.name ?? '-'}`),
    ).toEqual(['- a', '- b', '- c', 'a a', 'b -'])
    await stop()
  })

  it('ends when it is told to, also while it waits for events', async () => {
    const { store, stop } = follow()
    await store.synced
    await expect(stop()).resolves.toBeUndefined()
  })

  it.each<[string, Mischief, 'goes on without a new list' | 'lists again']>([
    ['an end without a word', 'drop', 'goes on without a new list'],
    ['a connection that breaks within a line', 'tear', 'goes on without a new list'],
    ['a connection that falls silent', 'stall', 'goes on without a new list'],
    ['an event that is sent twice', 'repeat', 'goes on without a new list'],
    ['a server that refuses for a moment', 'refuse', 'goes on without a new list'],
    ['a version that the server forgot', 'expire', 'lists again'],
  ])('after %s goes on and misses nothing', async (_, trick, expected) => {
    await clear()
    await api.client.create(thingType, thing('a'))
    let turn = 0
    const { store, lists, stop } = follow((plain) =>
      withMischief(plain, () => ({ trick: turn++ === 0 ? trick : mischief.none, afterLines: 1 })),
    )
    await store.synced
    const listed = lists.length
    for (const value of ['1', '2', '3']) await set(api.client, 'a', value)
    await api.client.create(thingType, thing('b'))
    await waitUntil('the last state', () => store.get({ namespace: 'default', name: 'b' }) !== undefined)
    expect(store.get({ namespace: 'default', name: 'a' })?.spec.value).toBe('3')
    expect(lists.length > listed ? 'lists again' : 'goes on without a new list').toBe(expected)
    await stop()
  })

  it('learns from a new list what was deleted and made anew meanwhile', async () => {
    await clear()
    for (const name of ['gone', 'anew', 'kept']) await api.client.create(thingType, thing(name))
    let blocked = true
    let turn = 0
    const { store, changes, stop } = follow((plain) => ({
      ...withMischief(plain, () => ({ trick: turn++ === 0 ? mischief.expire : mischief.none, afterLines: 0 })),
      request: async (request) => {
        if (turn > 0) await waitUntil('the changes to be made', () => !blocked)
        return plain.request(request)
      },
    }))
    await store.synced
    const kept = store.get({ namespace: 'default', name: 'kept' })
    changes.length = 0
    for (const name of ['gone', 'anew']) await api.client.delete(thingType, { namespace: 'default', name })
    await api.client.create(thingType, thing('anew', { value: 'second' }))
    blocked = false
    const expected = await truth()
    await waitUntil('the new state', () => same(store, expected))
    expect(changes.map(({ before, after }) => [before?.metadata.name, after?.spec.value]).sort()).toEqual([
      ['anew', 'second'],
      ['gone', undefined],
    ])
    expect(store.get({ namespace: 'default', name: 'kept' })).toBe(kept)
    await stop()
  })

  it('does not hammer a server that ends each watch at once', async () => {
    const { store, watches, stop } = follow((plain) => ({
      ...plain,
      stream: async (request) => {
        const { status } = await plain.stream({ ...request, path: request.path.replace('timeoutSeconds=', 'x=') })
        return { status, lines: nothing() }
      },
    }))
    await store.synced
    await new Promise((resolve) => setTimeout(resolve, 200))
    await stop()
    // Backoff of 2 to 10 ms here; without it there would be thousands.
    expect(watches.length).toBeLessThan(100)
  })

  it('ends up with the truth, whatever happens on the way', async () => {
    const tricks = fc.array(fc.record({ trick: fc.constantFrom(...Object.values(mischief)), afterLines: fc.nat(3) }), {
      maxLength: 8,
    })
    const actions = fc.array(
      fc.record({ name: fc.constantFrom('a', 'b', 'c'), do: fc.constantFrom('create', 'change', 'delete') }),
      { maxLength: 20 },
    )
    await fc.assert(
      fc.asyncProperty(tricks, actions, async (planned, steps) => {
        await clear()
        const left = [...planned]
        const { store, stop } = follow((plain) =>
          withMischief(plain, () => left.shift() ?? { trick: mischief.none, afterLines: 0 }),
        )
        let value = 0
        for (const step of steps) {
          const key = { namespace: 'default', name: step.name }
          if (step.do === 'create') await api.client.create(thingType, thing(step.name)).catch(() => {})
          else if (step.do === 'change') await set(api.client, step.name, String(value++)).catch(() => {})
          else await api.client.delete(thingType, key).catch(() => {})
        }
        const expected = await truth()
        await waitUntil('the truth', () => same(store, expected))
        await stop()
      }),
      { numRuns: 25 },
    )
  }, 60_000)
})

async function* nothing(): AsyncGenerator<string> {}
