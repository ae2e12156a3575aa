import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type SyncOperator, startSyncOperator, typeOf } from '../../../test/harness/sync-operator.ts'
import { SyncScene } from '../../../test/harness/sync-scene.ts'
import { waitUntil } from '../../../test/harness/wait-until.ts'
import { conditionOf } from '../../api/meta.ts'
import { secretType } from '../../kube/builtin-types.ts'
import type { Transport } from '../../kube/transport.ts'

let operator: SyncOperator
let scene: SyncScene
/** Writes of objects that still get through. */
let writesLeft = Number.POSITIVE_INFINITY
const mortal = (transport: Transport): Transport => ({
  ...transport,
  request: (request) => {
    if (request.method !== 'PATCH' || !/\/(servers|stacks|variables)\//.test(request.path))
      return transport.request(request)
    writesLeft -= 1
    return writesLeft < 0 ? Promise.reject(new Error('killed')) : transport.request(request)
  },
})

beforeAll(async () => {
  operator = await startSyncOperator({ wrap: mortal })
  scene = new SyncScene(operator)
})
afterAll(() => operator.close())
afterEach(async () => {
  writesLeft = Number.POSITIVE_INFINITY
  await scene.clear()
})

const server = (name: string, address = 'local') => `[[server]]\nname = "${name}"\nconfig.address = "${address}"\n`
const stack = (name: string) => `[[stack]]\nname = "${name}"\n`
const secret = '[[variable]]\nname = "TOKEN"\nvalue = "canary-8a"\nis_secret = true\n'
const names = async (kind: string) =>
  (await operator.client.list(typeOf(kind), { namespace: 'default' })).items.map(({ metadata }) => metadata.name).sort()
const waits = async () => (await scene.reaches('Approved', 'False', 'PendingApproval')).status?.plan?.digest ?? ''
/** The plan that waits after the one with this digest. */
const waitsAgain = (before: string) =>
  waitUntil('the rest as a new plan', async () => {
    const now = await scene.sync()
    const digest = now.status?.plan?.digest
    return digest !== before && conditionOf(now, 'Approved')?.reason === 'PendingApproval' && digest
  })
const changesOf = async (digest: string) =>
  (await scene.plans())
    .filter(({ spec }) => spec.digest === digest)
    .flatMap(({ spec }) => spec.changes.map(({ action, kind, name }) => `${action} ${kind} ${name}`))
const accepted = (name: string) =>
  waitUntil('the approval to be settled', async () => {
    const approval = await scene.get('PlanApproval', name)
    return approval && conditionOf(approval, 'Accepted')
  })

const manual = { approval: 'Manual' } as const
const everything = server('h1') + server('h2') + stack('web') + stack('api') + secret

describe('an approval of a part of a plan', () => {
  it('applies the changes of what it names and nothing else; the rest waits under a new digest', async () => {
    await scene.create({ fileContents: everything, includeVariables: true, operator: manual })
    const digest = await waits()
    const approval = await scene.approve(digest, [{ kind: 'Stack', name: 'web' }, { kind: 'Server' }])
    const rest = await waitsAgain(digest)
    expect([await names('Server'), await names('Stack'), await names('Variable')]).toEqual([['h1', 'h2'], ['web'], []])
    expect(await changesOf(rest)).toEqual(['create Variable TOKEN', 'create Stack api'])
    expect(await accepted(approval)).toMatchObject({ status: 'True' })
    const status = (await scene.sync()).status
    expect(status).toMatchObject({ inventory: { count: 3 }, approval: { digest, by: 'admin' } })
    expect(status?.lastAppliedRevision).toBeUndefined()
    await scene.approve(rest)
    await scene.reaches('Ready', 'True')
    expect((await scene.sync()).status?.lastAppliedRevision).toBe(status?.revision)
  })

  it('leaves a Plan of its own that shows exactly what was applied, of which plan, and that it was', async () => {
    await scene.create({ fileContents: everything, includeVariables: true, operator: manual })
    const digest = await waits()
    await scene.approve(digest, [{ kind: 'Variable', name: 'TOKEN' }])
    await waitsAgain(digest)
    const part = (await scene.plans()).find(({ spec }) => spec.only !== undefined)
    expect(part?.spec).toMatchObject({
      only: [{ kind: 'Variable', name: 'TOKEN' }],
      partOf: digest,
      summary: { create: 1, update: 0, delete: 0, deploy: 0 },
      changes: [{ action: 'create', kind: 'Variable', name: 'TOKEN' }],
    })
    expect(part && conditionOf(part, 'Applied')?.status).toBe('True')
    const held = await operator.client.get(secretType, { namespace: 'default', name: 'variable-token' })
    expect(held).toMatchObject({ data: { value: Buffer.from('canary-8a').toString('base64') } })
    expect(JSON.stringify(await scene.plans())).not.toContain('canary')
  })

  it('prunes nothing beside it, and what it names of the deletions', async () => {
    await scene.create({ fileContents: everything, operator: manual, delete: true })
    await scene.approve(await waits())
    await scene.reaches('Ready', 'True')
    await scene.change({ fileContents: server('h1', 'new') + stack('api') })
    const digest = await waits()
    await scene.approve(digest, [{ kind: 'Server', name: 'h1' }])
    const rest = await waitsAgain(digest)
    expect([await names('Server'), await names('Stack')]).toEqual([
      ['h1', 'h2'],
      ['api', 'web'],
    ])
    await scene.approve(rest, [{ kind: 'Stack', name: 'web' }])
    await waitsAgain(rest)
    expect([await names('Server'), await names('Stack')]).toEqual([['h1', 'h2'], ['api']])
  })

  it('is void when the plan changed since (promise 4)', async () => {
    await scene.create({ fileContents: everything, operator: manual })
    const digest = await waits()
    await scene.change({ fileContents: everything.replace('local', 'other') })
    await waitsAgain(digest)
    const approval = await scene.approve(digest, [{ kind: 'Stack', name: 'web' }])
    expect(await accepted(approval)).toMatchObject({ status: 'False', reason: 'PlanIsNotCurrent' })
    expect(await names('Stack')).toEqual([])
  })

  it('of what the plan does not change applies nothing and says so', async () => {
    await scene.create({ fileContents: everything, operator: manual })
    const digest = await waits()
    const approval = await scene.approve(digest, [{ kind: 'Stack', name: 'nothing' }])
    expect(await accepted(approval)).toMatchObject({
      status: 'False',
      reason: 'NothingSelected',
      message: expect.stringContaining('changes nothing of Stack/nothing'),
    })
    expect((await scene.sync()).status?.plan?.digest).toBe(digest)
    expect(await names('Server')).toEqual([])
  })

  it('of everything is an approval of the whole', async () => {
    await scene.create({ fileContents: server('h1') + stack('web'), operator: manual })
    await scene.approve(await waits(), [{ kind: 'Stack' }, { kind: 'Server' }])
    await scene.reaches('Ready', 'True')
    expect((await scene.plans()).map(({ spec }) => spec.only)).toEqual([undefined])
  })

  it('goes on after a crash in the middle, without asking again and without the rest', async () => {
    await scene.create({ fileContents: everything, operator: manual })
    const digest = await waits()
    writesLeft = 1
    await scene.approve(digest, [{ kind: 'Server' }])
    await waitUntil('one of two is there', async () => (await names('Server')).length === 1)
    const restarted = operator.restart()
    writesLeft = Number.POSITIVE_INFINITY
    await restarted
    await waitsAgain(digest)
    expect([await names('Server'), await names('Stack')]).toEqual([['h1', 'h2'], []])
  })

  it('that was begun is given up when the source says something else now', async () => {
    await scene.create({ fileContents: everything, operator: manual })
    const digest = await waits()
    writesLeft = 1
    await scene.approve(digest, [{ kind: 'Server' }])
    await waitUntil('one of two is there', async () => (await names('Server')).length === 1)
    await scene.change({ fileContents: everything.replaceAll('local', 'elsewhere') })
    writesLeft = Number.POSITIVE_INFINITY
    const rest = await waitsAgain(digest)
    expect(await changesOf(rest)).toContain('update Server h1')
    expect((await scene.get('Server', 'h1'))?.spec).toMatchObject({ address: 'local' })
  })
})

describe('V 2.9 scoped runs', () => {
  const text = `${server('web')}${server('h1')}${stack('web')}${stack('api')}${secret}`
  const run = async (only: { kind: string; name?: string }[]) => {
    await scene.create({ fileContents: text, includeVariables: true, operator: manual })
    const digest = await waits()
    await scene.approve(digest, only)
    await waitsAgain(digest)
    return [await names('Server'), await names('Stack'), await names('Variable')]
  }

  it('`RunSync {resource_type:"Stack", resources:["web"]}`: only stack web is created', async () => {
    expect(await run([{ kind: 'Stack', name: 'web' }])).toEqual([[], ['web'], []])
  })

  it('`RunSync {resources:["web"]}`: ours: the kinds are named, too; variables and groups are skipped', async () => {
    const only = [
      { kind: 'Server', name: 'web' },
      { kind: 'Stack', name: 'web' },
    ]
    expect(await run(only)).toEqual([['web'], ['web'], []])
  })
})

it('an approval that comes when nothing waits is answered, and lets no later plan through that is the same', async () => {
  await scene.create({ fileContents: server('h1'), operator: manual })
  const digest = await waits()
  await scene.approve(digest)
  await scene.reaches('Ready', 'True')
  await scene.poke()
  const late = await scene.approve(digest)
  expect(await accepted(late)).toMatchObject({ status: 'False', reason: 'PlanIsNotCurrent' })
  await operator.client.delete(typeOf('Server'), { namespace: 'default', name: 'h1' })
  expect(await waits()).toBe(digest)
  expect(await names('Server')).toEqual([])
})
