import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Thing, ThingApi } from '../../test/harness/thing-api.ts'
import { recordingWrites, startThingApi, thing, thingType } from '../../test/harness/thing-api.ts'
import { waitUntil } from '../../test/harness/wait-until.ts'
import { FINALIZER } from '../api/names.ts'
import { getOrUndefined } from '../kube/client.ts'
import type { Transport, TransportRequest } from '../kube/transport.ts'
import { Caches } from './caches.ts'
import { systemClock } from './clock.ts'
import { createController } from './controller.ts'
import { StalledError, TransientError, WaitingError } from './errors.ts'
import { EventRecorder } from './events.ts'
import type { Logger } from './logger.ts'
import { EngineMetrics } from './metrics.ts'
import type { Reconciler } from './reconciler.ts'

let api: ThingApi
beforeAll(async () => {
  api = await startThingApi()
})
afterAll(() => api.close())

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
  for (const { metadata } of (await api.client.list<Thing>(thingType)).items) {
    await api.client
      .patch(thingType, metadata, { type: 'merge', body: { metadata: { finalizers: null } } })
      .catch(() => {})
    await api.client.delete(thingType, metadata).catch(() => {})
  }
})

type Script = Partial<Reconciler<Thing>>

/** A controller over the real API, and all it said and wrote. */
const run = async (script: Script, wrap: (transport: Transport) => Transport = (plain) => plain) => {
  const writes: TransportRequest[] = []
  const lines: string[] = []
  const passes: string[] = []
  const log = (fields: object, message: string): void => void lines.push(JSON.stringify({ ...fields, message }))
  const logger: Logger = { debug: log, info: log, warn: log, error: log }
  const client = api.clientOver((plain) => recordingWrites(wrap(plain), writes))
  const deps = { client, clock: systemClock, random: () => 0.5, logger }
  const caches = new Caches(deps)
  const store = caches.store<Thing>(thingType)
  const events = new EventRecorder({ ...deps, component: 'test' })
  const metrics = new EngineMetrics()
  const inner = script.reconcile
  const reconciler: Reconciler<Thing> = {
    type: thingType,
    owns: ['Done'],
    wakeOn: [],
    ...script,
    reconcile: async (object, pass) => {
      passes.push(object.metadata.name)
      if (inner !== undefined) return inner(object, pass)
      pass.status.fields.seen = object.spec.value
      pass.status.markTrue('Done', 'Seen', `saw ${object.spec.value}`)
      return {}
    },
  }
  const backoff = { baseMs: 20, maxMs: 100 }
  const controller = createController({ ...deps, reconciler, store, events, metrics, backoff })
  const stopping = new AbortController()
  await caches.start(stopping.signal)
  controller.start()
  let ended = false
  const end = async (): Promise<void> => {
    if (ended) return
    ended = true
    controller.abort()
    await controller.drain()
    await events.flush(AbortSignal.timeout(1_000))
    stopping.abort()
    await caches.stopped()
  }
  endings.push(end)
  const ofThings = (): TransportRequest[] => writes.filter(({ path }) => path.includes('/things'))
  return { store, passes, writes: ofThings, lines, events, metrics, end }
}

const live = (name: string): Promise<Thing | undefined> =>
  getOrUndefined<Thing>(api.client, thingType, { namespace: 'default', name }, AbortSignal.timeout(10_000))

const withCondition = (name: string, type: string, status: string): Promise<Thing> =>
  waitUntil(`${name} has ${type}=${status}`, async () => {
    const object = await live(name)
    return object?.status?.conditions?.some((each) => each.type === type && each.status === status) === true && object
  })

const conditionLines = (object: Thing | undefined): string[] =>
  (object?.status?.conditions ?? []).map(
    ({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`,
  )

const eventsOf = async (name: string): Promise<{ type: string; reason: string; message: string; count: number }[]> => {
  const type = { group: '', version: 'v1', kind: 'Event', plural: 'events', namespaced: true }
  const { items } = await api.client.list(type, { namespace: 'default' })
  return (
    items as unknown as {
      involvedObject: { name: string }
      type: string
      reason: string
      message: string
      count: number
    }[]
  )
    .filter(({ involvedObject }) => involvedObject.name === name)
    .map(({ type, reason, message, count }) => ({ type, reason, message, count }))
}

/** Asks for a pass and waits for it, without changing the spec. */
const poke = async (name: string, handled: string): Promise<Thing> => {
  const body = { metadata: { annotations: { 'reconcile.komodo.dev/requestedAt': handled } } }
  await api.client.patch(thingType, { namespace: 'default', name }, { type: 'merge', body })
  return waitUntil(`${name} handled ${handled}`, async () => {
    const object = await live(name)
    return object?.status?.lastHandledReconcileAt === handled && object
  })
}

describe('the reconcile frame', () => {
  it('needs two writes for a new object that is cleaned up after: its finalizer and its status', async () => {
    const { writes } = await run({ finalize: async () => {} })
    await api.client.create(thingType, thing('two', { value: 'x' }))
    const done = await withCondition('two', 'Ready', 'True')
    expect(done.metadata.finalizers).toEqual([FINALIZER])
    expect(done.status).toMatchObject({ seen: 'x', observedGeneration: 1 })
    expect(writes().map(({ method, path }) => `${method} ${path.split('?')[0]}`)).toEqual([
      'PATCH /apis/test.komodo.dev/v1/namespaces/default/things/two',
      'PATCH /apis/test.komodo.dev/v1/namespaces/default/things/two/status',
    ])
  })

  it('needs one write where there is nothing to clean up', async () => {
    const { writes } = await run({})
    await api.client.create(thingType, thing('one', { value: 'x' }))
    await withCondition('one', 'Ready', 'True')
    expect(writes()).toHaveLength(1)
  })

  it('writes nothing when nothing changed, nor after a restart', async () => {
    const first = await run({ finalize: async () => {} })
    await api.client.create(thingType, thing('quiet', { value: 'x' }))
    const before = await withCondition('quiet', 'Ready', 'True')
    await first.end()
    const second = await run({ finalize: async () => {} })
    await waitUntil('the pass after the restart', () => second.passes.includes('quiet'))
    await second.end()
    expect(second.writes()).toEqual([])
    expect((await live('quiet'))?.metadata.resourceVersion).toBe(before.metadata.resourceVersion)
  })

  it('writes what it is about to do before it does it, and then only what came of it', async () => {
    let acted = 0
    let seenAtAct: string | undefined
    const { writes } = await run({
      reconcile: async ({ metadata }, { status, save }) => {
        status.fields.seen = 'about to act'
        await save()
        await save()
        seenAtAct = (await live(metadata.name))?.status?.seen
        acted++
        status.markTrue('Done', 'Acted', 'acted')
        return {}
      },
    })
    await api.client.create(thingType, thing('announces', { value: 'x' }))
    const done = await withCondition('announces', 'Ready', 'True')
    expect([acted, seenAtAct, done.status?.seen]).toEqual([1, 'about to act', 'about to act'])
    const bodies = writes().map(({ body }) => Object.keys(JSON.parse(body ?? '{}').status).sort())
    expect(bodies).toEqual([['seen'], ['conditions', 'observedGeneration']])
  })

  it('does not act for an object that went while it was about to', async () => {
    let asked = 0
    let acted = 0
    await run({
      reconcile: async ({ metadata }, { status, save }) => {
        await api.client.delete(thingType, metadata)
        status.fields.seen = 'about to act'
        asked++
        await save()
        acted++
        return {}
      },
    })
    await api.client.create(thingType, thing('goes', { value: 'x' }))
    await waitUntil('the pass', () => asked > 0)
    await waitUntil('the object to be gone', async () => (await live('goes')) === undefined)
    expect(acted).toBe(0)
  })

  it('writes what it is about to do although somebody edits meanwhile, and looks again at the edit', async () => {
    const values: (string | undefined)[] = []
    await run({
      reconcile: async ({ metadata, spec }, { status, save }) => {
        if (values.length === 0) {
          await api.client.patch(thingType, metadata, { type: 'merge', body: { spec: { value: 'y' } } })
        }
        values.push(spec.value)
        status.fields.seen = `about to act on ${spec.value}`
        await save()
        status.markTrue('Done', 'Acted', 'acted')
        return {}
      },
    })
    await api.client.create(thingType, thing('edited', { value: 'x' }))
    await waitUntil('the second pass', async () => (await live('edited'))?.status?.seen === 'about to act on y')
    const done = await waitUntil('its end', async () => {
      const object = await live('edited')
      return object?.status?.observedGeneration === 2 && object
    })
    expect(values.slice(0, 2)).toEqual(['x', 'y'])
    expect(done.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True')
  })

  it('is not woken by its own writes', async () => {
    const { passes, end } = await run({ finalize: async () => {} })
    await api.client.create(thingType, thing('still', { value: 'x' }))
    await withCondition('still', 'Ready', 'True')
    await poke('still', 'once')
    await end()
    expect(passes).toEqual(['still', 'still'])
  })

  it('sees its own writes in the next pass, although the watch does not show them yet', async () => {
    const seen: (string | undefined)[] = []
    const silent = (transport: Transport): Transport => ({
      ...transport,
      stream: async (request) => {
        const { status, lines } = await transport.stream(request)
        return { status, lines: onlyAdded(lines) }
      },
    })
    await run(
      {
        reconcile: async (object, { status }) => {
          seen.push(object.status?.seen)
          status.fields.seen = `pass ${seen.length}`
          return seen.length < 3 ? { afterMs: 1 } : {}
        },
      },
      silent,
    )
    await api.client.create(thingType, thing('stale'))
    await waitUntil('three passes', () => seen.length === 3)
    expect(seen).toEqual([undefined, 'pass 1', 'pass 2'])
  })

  it('leaves a suspended object alone, says so, and goes on when told to', async () => {
    const { passes } = await run({ finalize: async () => {} })
    await api.client.create(thingType, thing('later', { value: 'x', operator: { suspend: true } }))
    const suspended = await withCondition('later', 'Suspended', 'True')
    expect(passes).toEqual([])
    expect(suspended.metadata.finalizers).toBeUndefined()
    const body = { spec: { operator: { suspend: false } } }
    await api.client.patch(thingType, suspended.metadata, { type: 'merge', body })
    const resumed = await withCondition('later', 'Ready', 'True')
    expect(conditionLines(resumed)).toEqual(['Ready=True Ready: saw x', 'Done=True Seen: saw x'])
  })

  it('removes the finalizer only when the cleanup succeeded, and says what it waits for until then', async () => {
    let reachable = false
    await run({
      finalize: async () => {
        if (!reachable)
          throw new TransientError(
            'Done',
            'HostUnreachable',
            'host h1 does not answer: start it, or force the deletion',
          )
      },
    })
    await api.client.create(thingType, thing('held', { value: 'x' }))
    await withCondition('held', 'Ready', 'True')
    await api.client.delete(thingType, { namespace: 'default', name: 'held' })
    const held = await withCondition('held', 'Ready', 'False')
    expect(held.metadata.finalizers).toEqual([FINALIZER])
    expect(conditionLines(held)).toContain(
      'Done=False HostUnreachable: host h1 does not answer: start it, or force the deletion',
    )
    reachable = true
    await waitUntil('the object to be gone', async () => (await live('held')) === undefined)
  })

  it('keeps finalizers of others', async () => {
    const other = 'example.com/other'
    await run({ finalize: async () => {} })
    await api.client.create(thingType, thing('shared', { value: 'x' }, { finalizers: [other] }))
    const done = await withCondition('shared', 'Ready', 'True')
    expect(done.metadata.finalizers).toEqual([other, FINALIZER])
    await api.client.delete(thingType, done.metadata)
    await waitUntil('our finalizer to be gone', async () => (await live('shared'))?.metadata.finalizers?.length === 1)
    expect((await live('shared'))?.metadata.finalizers).toEqual([other])
  })

  it('touches nothing of an object that is deleted before its first pass', async () => {
    await api.client.create(thingType, thing('early', {}, { finalizers: ['example.com/other'] }))
    await api.client.delete(thingType, { namespace: 'default', name: 'early' })
    const { writes, passes } = await run({ finalize: async () => {} })
    await api.client.create(thingType, thing('after', { value: 'x' }))
    await withCondition('after', 'Ready', 'True')
    expect([passes, writes().filter(({ path }) => path.includes('early'))]).toEqual([['after'], []])
  })

  it.each<[string, () => Error, string[], string | undefined]>([
    [
      'stops for what only a human can fix',
      () => new StalledError('Done', 'Invalid', 'spec.value is empty: set it'),
      [
        'Ready=False Invalid: spec.value is empty: set it',
        'Done=False Invalid: spec.value is empty: set it',
        'Stalled=True Invalid: spec.value is empty: set it',
      ],
      'Warning',
    ],
    [
      'waits for something else without calling it an error',
      () => new WaitingError('Done', 'NotYet', 'waits for Server local'),
      [
        'Ready=False NotYet: waits for Server local',
        'Done=False NotYet: waits for Server local',
        'Reconciling=True Progressing: waits for Server local',
      ],
      'Normal',
    ],
    [
      'survives a bug, and shows it',
      () => new TypeError('x is not a function'),
      [
        'Ready=False ReconcileFailed: x is not a function',
        'Done=Unknown Pending: Not looked at yet.',
        'Reconciling=True ProgressingWithRetry: x is not a function',
      ],
      'Warning',
    ],
  ])('%s', async (name, error, conditions, eventType) => {
    const id = name.split(' ')[0]!
    const controller = await run({
      reconcile: async () => {
        throw error()
      },
    })
    await api.client.create(thingType, thing(id))
    expect(conditionLines(await withCondition(id, 'Ready', 'False'))).toEqual(conditions)
    await controller.end()
    expect((await eventsOf(id)).map(({ type }) => type)).toEqual([eventType])
  })

  it('retries what may go away by itself, writes its status once, and counts its event', async () => {
    let failures = 0
    const { writes, metrics, end } = await run({
      reconcile: async (_, { status }) => {
        if (failures++ < 4) throw new TransientError('Done', 'Timeout', 'the host did not answer')
        status.markTrue('Done', 'Done', '')
        return {}
      },
    })
    await api.client.create(thingType, thing('flaky'))
    await withCondition('flaky', 'Ready', 'True')
    await end()
    expect(failures).toBe(5)
    expect(writes()).toHaveLength(2)
    expect(await eventsOf('flaky')).toEqual([
      { type: 'Warning', reason: 'Timeout', message: 'the host did not answer', count: 4 },
    ])
    const exposed = await metrics.registry.metrics()
    expect(exposed).toContain('controller_runtime_reconcile_total{controller="thing",result="error"} 4')
    expect(exposed).toContain('controller_runtime_reconcile_total{controller="thing",result="success"} 1')
    expect(exposed).toContain('workqueue_retries_total{name="thing",controller="thing"} 4')
  })

  it('keeps what a pass concluded when somebody changed the object meanwhile', async () => {
    await run({
      reconcile: async (object, { status }) => {
        if (object.spec.value === 'one') {
          await api.client.patch(thingType, object.metadata, { type: 'merge', body: { spec: { value: 'two' } } })
          status.fields.details = [{}]
        }
        status.fields.seen = object.spec.value
        status.markTrue('Done', 'Seen', '')
        return {}
      },
    })
    await api.client.create(thingType, thing('raced', { value: 'one' }))
    const settled = await waitUntil('the second value', async () => {
      const object = await live('raced')
      return object?.status?.seen === 'two' && object
    })
    expect(settled.status).toMatchObject({ details: [{}], observedGeneration: 2 })
  })

  it('never writes to an object of the same name that was made anew meanwhile', async () => {
    const passes: string[] = []
    await run({
      reconcile: async (object, { status }) => {
        passes.push(object.spec.value ?? '')
        if (object.spec.value === 'old') {
          await api.client.delete(thingType, object.metadata)
          await api.client.create(thingType, thing('twin', { value: 'new' }))
        }
        status.fields.details = object.spec.value === 'old' ? [{}] : undefined
        status.markTrue('Done', 'Seen', object.spec.value ?? '')
        return {}
      },
    })
    await api.client.create(thingType, thing('twin', { value: 'old' }))
    const twin = await withCondition('twin', 'Done', 'True')
    expect(twin.status?.conditions?.find(({ type }) => type === 'Done')?.message).toBe('new')
    expect(twin.status?.details).toBeUndefined()
  })

  it('ends a pass at its deadline', async () => {
    await run({
      timeoutMs: 30,
      reconcile: (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    })
    await api.client.create(thingType, thing('slow'))
    const slow = await withCondition('slow', 'Ready', 'False')
    expect(conditionLines(slow)[0]).toMatch(/^Ready=False TimedOut: Gave up after/)
  })

  it('shows a secret nowhere: not in conditions, events or logs', async () => {
    const secret = 'canary-5e3c7a'
    const { lines, end } = await run({
      reconcile: async (_, pass) => {
        pass.redact([secret])
        pass.log.warn({ token: secret }, `trying ${secret}`)
        pass.event('Normal', 'Trying', `with ${secret}`)
        throw new Error(`login with ${secret} failed`, { cause: new Error(secret) })
      },
    })
    await api.client.create(thingType, thing('hush'))
    const object = await withCondition('hush', 'Ready', 'False')
    await end()
    const told = JSON.stringify([object, await eventsOf('hush'), lines])
    expect(told).toContain('login with <redacted> failed')
    expect(told).not.toContain(secret)
  })

  it('hides a secret before a message that is too long is cut, which left half of it', async () => {
    const secret = 'canary-'.repeat(20)
    await run({
      reconcile: async (_, pass) => {
        pass.redact([secret])
        throw new Error(`${'x'.repeat(4_050)} ${secret}`)
      },
    })
    await api.client.create(thingType, thing('long'))
    expect(JSON.stringify(await withCondition('long', 'Ready', 'False'))).not.toContain('canary')
  })

  it('says in each line which object and which pass it is about', async () => {
    const { lines } = await run({})
    await api.client.create(thingType, thing('lines', { value: 'x' }))
    await waitUntil('a line', () => lines.length > 0)
    expect(JSON.parse(lines[0]!)).toMatchObject({
      kind: 'Thing',
      namespace: 'default',
      name: 'lines',
      reconcileID: expect.any(String),
    })
  })
})

async function* onlyAdded(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) if (line.includes('"ADDED"')) yield line
}
