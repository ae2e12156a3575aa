import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/build/fake-clock.ts'
import { recordingWrites, startThingApi, type ThingApi } from '../../test/harness/thing-api.ts'
import { waitUntil } from '../../test/harness/wait-until.ts'
import { annotation } from '../api/names.ts'
import type { KindDefinition } from '../api/v1alpha1/kind.ts'
import { procedureKind } from '../api/v1alpha1/procedure.ts'
import { resourceSyncKind } from '../api/v1alpha1/resource-sync.ts'
import { stackKind } from '../api/v1alpha1/stack.ts'
import { webhookRecordOf } from '../api/webhook-record.ts'
import { definitionsOfKinds } from '../install-crds.ts'
import type { KubeClient } from '../kube/client.ts'
import type { TransportRequest } from '../kube/transport.ts'
import type { Action } from './route.ts'
import type { Target, Webhookable } from './targets.ts'
import { type Delivery, Trigger, type Triggered } from './trigger.ts'

// With the real API, so that what is stored is what a reconciler will see.

let api: ThingApi
let client: KubeClient
let clock: FakeClock
let trigger: Trigger
let events: string[]
let outage: boolean
const writes: TransportRequest[] = []
const stopping = new AbortController()
beforeAll(async () => {
  api = await startThingApi({ definitions: definitionsOfKinds() })
  client = api.clientOver((plain) =>
    recordingWrites(
      { ...plain, request: (one) => (outage ? Promise.reject(new Error('no route')) : plain.request(one)) },
      writes,
    ),
  )
})
afterAll(async () => {
  stopping.abort()
  await api.close()
})
beforeEach(() => {
  clock = new FakeClock()
  events = []
  outage = false
  writes.length = 0
  const record = (_object: unknown, type: string, reason: string, message: string) =>
    void events.push(`${type} ${reason} ${message}`)
  trigger = new Trigger({ client, clock, signal: stopping.signal, events: { record } })
})
const made: Target[] = []
afterEach(async () => {
  outage = false
  for (const { kind, object } of made.splice(0)) await api.client.delete(kind, object.metadata).catch(() => {})
})

const make = async (kind: KindDefinition, action: Action, spec: object = {}): Promise<Target> => {
  const object = await api.client.create<Webhookable>(kind, {
    apiVersion: 'komodo.dev/v1alpha1',
    kind: kind.kind,
    metadata: { namespace: 'default', name: 'it' },
    spec,
  } as Webhookable)
  const target = { kind, object, action }
  made.push(target)
  return target
}

const delivery = (id: string, digest = id): Delivery => ({
  id,
  digest,
  provider: 'github',
  receivedAt: new Date(clock.now()),
  push: { branch: 'main', commit: '59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5' },
})

/** Asks, and lets the time between two requests pass. */
const ask = async (target: Target, one: Delivery): Promise<Triggered | undefined> => {
  let isOver = false
  const asked = trigger.ask(target, one).finally(() => {
    isOver = true
  })
  asked.catch(() => {})
  await waitUntil('the request to be stored', async () => {
    await clock.advance(1_000)
    return isOver
  })
  return asked
}

const annotations = async ({ kind, object }: Target): Promise<Record<string, string>> =>
  (await api.client.get(kind, object.metadata)).metadata.annotations ?? {}

describe('a delivery', () => {
  it('is stored when it is answered: as a request for a look, and as what status will show', async () => {
    const target = await make(resourceSyncKind, 'look')
    expect(await ask(target, delivery('d1'))).toEqual({
      kind: 'ResourceSync',
      namespace: 'default',
      name: 'it',
      result: 'looks at its source',
      deliveryId: 'd1',
    })
    const stored = await annotations(target)
    expect(stored[annotation.requestedAt]).toBe('2026-01-01T00:00:00.000Z/d1')
    expect(webhookRecordOf({ metadata: { name: 'it', annotations: stored } })).toEqual({
      deliveryId: 'd1',
      provider: 'github',
      receivedAt: '2026-01-01T00:00:00.000Z',
      branch: 'main',
      commit: '59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5',
      result: 'looks at its source',
    })
    expect(events).toEqual([
      'Normal WebhookReceived github delivered d1: push to main at 59b20b8d5c6f: looks at its source.',
    ])
  })

  it('leaves the other annotations and the spec alone', async () => {
    const target = await make(stackKind, 'deploy', { fileContents: 'services: {}' })
    await api.client.patch(stackKind, target.object.metadata, {
      type: 'merge',
      body: { metadata: { annotations: { mine: '1' } } },
    })
    await ask(target, delivery('d1'))
    expect(await annotations(target)).toMatchObject({ mine: '1' })
    expect((await api.client.get(stackKind, target.object.metadata)).metadata.generation).toBe(1)
  })

  it('for an object that is gone, or was made anew meanwhile, changes nothing', async () => {
    const target = await make(stackKind, 'deploy')
    await api.client.delete(stackKind, target.object.metadata)
    expect(await ask(target, delivery('d1'))).toBeUndefined()
    const another = await make(stackKind, 'deploy')
    expect(await ask(target, delivery('d2'))).toBeUndefined()
    expect(await annotations(another)).toEqual({})
    expect(events).toEqual([])
  })

  it('is not accepted while the API is away, and is when it is delivered again', async () => {
    const target = await make(resourceSyncKind, 'look')
    outage = true
    await expect(ask(target, delivery('d1'))).rejects.toThrow('no route')
    outage = false
    expect(await ask(target, delivery('d1'))).toMatchObject({ deliveryId: 'd1' })
  })

  it('that comes again asks for a look again, and for nothing else', async () => {
    const target = await make(resourceSyncKind, 'look')
    await ask(target, delivery('d1'))
    const before = await annotations(target)
    await ask(target, delivery('d1'))
    const after = await annotations(target)
    expect(after[annotation.requestedAt]).not.toBe(before[annotation.requestedAt])
    expect(Object.keys(after)).toEqual(Object.keys(before))
  })
})

describe('a Stack', () => {
  it('K#1120: with deploy = true needs nobody to click: it looks, and deploys what differs', async () => {
    const target = await make(stackKind, 'deploy', { deploy: true })
    expect((await ask(target, delivery('d1')))?.result).toBe('looks at its source, and deploys what changed')
    expect(Object.keys(await annotations(target)).sort()).toEqual([annotation.webhook, annotation.requestedAt].sort())
  })

  it('with deploy = false is asked to deploy what changed', async () => {
    const target = await make(stackKind, 'deploy')
    await ask(target, delivery('d1'))
    expect(await annotations(target)).toMatchObject({
      [annotation.deployChangesRequestedAt]: '2026-01-01T00:00:00.000Z/d1',
    })
  })

  it('is only looked at by `refresh`', async () => {
    const target = await make(stackKind, 'look')
    expect((await ask(target, delivery('d1')))?.result).toBe('looks at its source')
    expect(await annotations(target)).not.toHaveProperty([annotation.deployChangesRequestedAt])
  })

  it('with webhookForceDeploy is deployed by each push, and by no replay of one, whatever id it is given', async () => {
    const target = await make(stackKind, 'deploy', { webhookForceDeploy: true })
    const asked = async () => (await annotations(target))[annotation.deployRequestedAt]?.split('/')[1]
    await ask(target, delivery('d1', 'body-1'))
    expect(await asked()).toBe('d1')
    await ask(target, delivery('d2', 'body-2'))
    expect(await asked()).toBe('d2')
    await ask(target, delivery('d3', 'body-1'))
    const replay = await ask(target, delivery('d4', 'body-2'))
    expect(await asked()).toBe('d2')
    // It said `deploys`, and nothing was.
    expect(replay?.result).toContain('deploys nothing: the same was delivered before')
    await ask(target, delivery('d5', 'body-3'))
    expect(await asked()).toBe('d5')
  })

  it('keeps a record of bounded size, and bears what people write there', async () => {
    const target = await make(stackKind, 'deploy', { webhookForceDeploy: true })
    const body = { metadata: { annotations: { [annotation.webhook]: '{"forced":{"a":1},"x":' } } }
    await api.client.patch(stackKind, target.object.metadata, { type: 'merge', body })
    for (let i = 0; i < 40; i++) await ask(target, delivery(`d${i}`, `${i}`.padStart(32, '0')))
    expect((await annotations(target))[annotation.webhook]?.length).toBeLessThan(2_000)
  })

  it('that is suspended says so', async () => {
    const target = await make(stackKind, 'deploy', { operator: { suspend: true } })
    expect((await ask(target, delivery('d1')))?.result).toBe('nothing while spec.operator.suspend is true')
  })
})

it('a kind that is only kept says that nothing runs', async () => {
  const target = await make(procedureKind, 'run')
  expect((await ask(target, delivery('d1')))?.result).toBe(`accepted, but ${procedureKind.notYet}`)
})

describe('a storm', () => {
  it('§27.37 of 1,000 deliveries is two writes; each is answered with the delivery that stands for it', async () => {
    const target = await make(resourceSyncKind, 'look')
    let isOver = false
    const all = Array.from({ length: 1_000 }, (_, i) => trigger.ask(target, delivery(`d${i}`)))
    expect(await all[0]).toMatchObject({ deliveryId: 'd0' })
    const rest = Promise.all(all).finally(() => {
      isOver = true
    })
    await waitUntil('the rest', async () => {
      await clock.advance(1_000)
      return isOver
    })
    const answers = await rest
    expect(new Set(answers.slice(1).map((one) => one?.deliveryId))).toEqual(new Set(['d999']))
    // The second one first learns that the object is not any more as it was when the storm began.
    expect(writes.length).toBeLessThanOrEqual(3)
    expect(events.length).toBeLessThanOrEqual(11)
    expect(clock.pendingTimers).toBeLessThanOrEqual(1)
  })

  it('on one object does not hold up another', async () => {
    const stormy = await make(resourceSyncKind, 'look')
    const calm = await make(stackKind, 'deploy')
    for (let i = 0; i < 100; i++) void trigger.ask(stormy, delivery(`d${i}`)).catch(() => {})
    expect(await trigger.ask(calm, delivery('c'))).toMatchObject({ kind: 'Stack', deliveryId: 'c' })
  })
})
