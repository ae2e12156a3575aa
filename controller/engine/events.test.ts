import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/build/fake-clock.ts'
import type { Thing, ThingApi } from '../../test/harness/thing-api.ts'
import { recordingWrites, startThingApi, thing } from '../../test/harness/thing-api.ts'
import type { Transport, TransportRequest } from '../kube/transport.ts'
import { EventRecorder } from './events.ts'
import { silentLogger } from './logger.ts'

let api: ThingApi
beforeAll(async () => {
  api = await startThingApi()
})
afterAll(() => api.close())

const recorder = (wrap: (transport: Transport) => Transport = (plain) => plain) => {
  const clock = new FakeClock()
  const writes: TransportRequest[] = []
  const client = api.clientOver((plain) => recordingWrites(wrap(plain), writes))
  const events = new EventRecorder({ client, clock, logger: silentLogger, component: 'komodo-operator' })
  return { clock, writes, events, flush: () => events.flush(AbortSignal.timeout(5_000)) }
}

let uids = 0
const subject = (name: string): Thing => thing(name, {}, { uid: `uid-${uids++}`, resourceVersion: '5' })

interface WrittenEvent {
  involvedObject: { name: string }
  metadata: { name: string }
  [field: string]: unknown
}

const written = async (name: string): Promise<WrittenEvent[]> => {
  const type = { group: '', version: 'v1', kind: 'Event', plural: 'events', namespaced: true }
  const { items } = await api.client.list(type, { namespace: 'default' })
  return (items as unknown as WrittenEvent[]).filter(({ involvedObject }) => involvedObject.name === name)
}

describe('the event recorder', () => {
  it('writes what kubectl describe shows', async () => {
    const { events, flush } = recorder()
    events.record(subject('shown'), 'Warning', 'PullFailed', 'no such image')
    await flush()
    expect(await written('shown')).toMatchObject([
      {
        type: 'Warning',
        reason: 'PullFailed',
        message: 'no such image',
        count: 1,
        involvedObject: { apiVersion: 'test.komodo.dev/v1', kind: 'Thing', namespace: 'default', name: 'shown' },
        source: { component: 'komodo-operator' },
        firstTimestamp: '2026-01-01T00:00:00Z',
      },
    ])
  })

  it('counts repeats instead of writing them again, and writes the count at most every half minute', async () => {
    const { events, clock, writes, flush } = recorder()
    const object = subject('repeated')
    for (let second = 0; second < 90; second++) {
      events.record(object, 'Normal', 'Again', 'same')
      await clock.advance(1_000)
    }
    await flush()
    expect(await written('repeated')).toMatchObject([{ count: 90, lastTimestamp: '2026-01-01T00:01:29Z' }])
    expect(writes.length).toBeLessThanOrEqual(5)
  })

  it('begins anew before the API forgets the first', async () => {
    const { events, clock, flush } = recorder()
    const object = subject('later')
    events.record(object, 'Normal', 'Again', 'same')
    await clock.advance(50 * 60_000)
    events.record(object, 'Normal', 'Again', 'same')
    await flush()
    expect((await written('later')).map(({ count }) => count)).toEqual([1, 1])
  })

  it('cuts off an object that chatters, and no other', async () => {
    const { events, flush } = recorder()
    const chatty = subject('chatty')
    for (let index = 0; index < 200; index++) events.record(chatty, 'Normal', 'Chatter', `line ${index}`)
    events.record(subject('polite'), 'Normal', 'Said', 'one thing')
    await flush()
    expect([(await written('chatty')).length, (await written('polite')).length]).toEqual([25, 1])
    expect(events.dropped).toBe(175)
  })

  it('cuts what is longer than the API takes', async () => {
    const { events, flush } = recorder()
    events.record(subject('long'), 'Normal', 'Long', 'x'.repeat(5_000))
    await flush()
    expect((await written('long'))[0]?.message).toHaveLength(1_024)
  })

  it('drops what cannot be written, and goes on', async () => {
    let broken = true
    const { events, flush } = recorder((plain) => ({
      ...plain,
      request: (request) => (broken ? Promise.reject(new Error('no API')) : plain.request(request)),
    }))
    events.record(subject('dropped'), 'Normal', 'Said', 'lost')
    await flush()
    broken = false
    events.record(subject('kept'), 'Normal', 'Said', 'told')
    await flush()
    expect([(await written('dropped')).length, (await written('kept')).length, events.dropped]).toEqual([0, 1, 1])
  })
})
