import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { conditionOf, type KubeObject } from '../../controller/api/meta.ts'
import { annotation } from '../../controller/api/names.ts'
import type { Plan } from '../../controller/api/v1alpha1/plan.ts'
import type { ResourceSync } from '../../controller/api/v1alpha1/resource-sync.ts'
import { isNotFound } from '../../controller/kube/client.ts'
import { type SyncOperator, typeOf } from '../harness/sync-operator.ts'
import { SyncScene, type SyncSpecInput } from '../harness/sync-scene.ts'
import { waitUntil } from '../harness/wait-until.ts'

/** What a ResourceSync promises, on whatever serves the Kubernetes API. `patienceMs` is how long to wait for a state. */
export function resourceSyncSuite(start: () => Promise<SyncOperator>, patienceMs = 4_000): void {
  let operator: SyncOperator
  let scene: SyncScene
  beforeAll(async () => {
    operator = await start()
    scene = new SyncScene(operator, patienceMs)
  })
  afterAll(() => operator.close())
  afterEach(() => scene.clear())

  const create = (spec: SyncSpecInput): Promise<void> => scene.create(spec)
  const change = (spec: SyncSpecInput): Promise<KubeObject> => scene.change(spec)
  const sync = (): Promise<ResourceSync> => scene.sync()
  const get = (kind: string, name: string): Promise<KubeObject | undefined> => scene.get(kind, name)
  const reaches = (type: string, status: string, reason?: string): Promise<ResourceSync> =>
    scene.reaches(type, status, reason)
  const plans = (): Promise<Plan[]> => scene.plans()
  const approve = (digest: string): Promise<string> => scene.approve(digest)
  const poke = (): Promise<ResourceSync> => scene.poke()

  const server = (address: string, more = ''): string =>
    `[[server]]\nname = "h1"\nconfig.address = "${address}"\n${more}`

  describe('a sync with approval: Auto', () => {
    it('applies what is declared and says so', async () => {
      await create({
        fileContents: server('local', '[[stack]]\nname = "My Web"\ntags = ["a b"]\nconfig.server = "h1"\n'),
      })
      const done = await reaches('Ready', 'True')
      expect(done.status).toMatchObject({
        source: 'fileContents',
        lastAppliedRevision: expect.stringMatching(/^sha256:/),
        inventory: { count: 2 },
        declared: 2,
        plan: { summary: { create: 2, update: 0, delete: 0, deploy: 0 } },
        approval: { by: 'spec.operator.approval: Auto' },
      })
      const stack = await get('Stack', 'my-web')
      expect(stack?.metadata).toMatchObject({
        annotations: {
          [annotation.name]: 'my_web',
          [annotation.sync]: `default/${scene.name}`,
          [annotation.source]: 'fileContents:4',
        },
        labels: {
          'tag.komodo.dev/a-b': '',
          'komodo.dev/sync': scene.name,
          'app.kubernetes.io/managed-by': 'komodo-operator',
        },
      })
      const [plan] = await plans()
      expect(conditionOf(plan as Plan, 'Applied')?.status).toBe('True')
      expect(plan?.spec.changes.map(({ action, kind, name, source }) => `${action} ${kind} ${name} ${source}`)).toEqual(
        ['create Server h1 fileContents:1', 'create Stack my_web fileContents:4'],
      )
    })

    it('writes nothing when nothing changed', async () => {
      await create({ fileContents: server('local') })
      await reaches('Ready', 'True')
      await poke()
      const before = operator.writes.length
      await poke()
      // Only the answer to the annotation.
      expect(operator.writes.slice(before).map(({ method, path }) => `${method} ${path}`)).toEqual([
        expect.stringMatching(/^PATCH .*\/resourcesyncs\/sync-\d+\/status/),
      ])
    })

    it('puts back what somebody changed, and leaves what nobody declared', async () => {
      await create({ fileContents: server('local') })
      await reaches('Ready', 'True')
      const body = { spec: { address: 'evil', region: 'mars' } }
      await operator.client.patch(typeOf('Server'), { namespace: 'default', name: 'h1' }, { type: 'merge', body })
      const healed = await waitUntil('the address is back', async () => {
        const object = await get('Server', 'h1')
        return (object?.spec as { address?: string } | undefined)?.address === 'local' && object
      })
      expect(healed.spec).toMatchObject({ region: 'mars' })
    })

    it('goes on with the others when one object is refused, and says which', async () => {
      await create({ fileContents: `${server('a')}${server('b')}[[server]]\nname = "h2"\n` })
      const said = await reaches('Applied', 'False', 'DeclaredTwice')
      expect(conditionOf(said, 'Applied')?.message).toContain('fileContents:1 and fileContents:4')
      expect(await get('Server', 'h2')).toBeDefined()
      expect(await get('Server', 'h1')).toBeUndefined()
    })

    it('goes on with the others when one object cannot be applied, and never takes a Secret of somebody else', async () => {
      const secretType = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true }
      const theirs = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'variable-theirs', namespace: 'default' },
        spec: undefined,
        data: { value: 'bWluZQ==' },
      }
      await operator.client.create(secretType, theirs)
      const secret = '[[variable]]\nname = "theirs"\nvalue = "canary-x"\nis_secret = true\n'
      await create({ fileContents: `${secret}${server('local')}`, includeVariables: true })
      const said = await reaches('Applied', 'False', 'ApplyFailed')
      expect(conditionOf(said, 'Applied')?.message).toMatch(
        /^1 object could not be applied: Variable theirs: .*"variable-theirs"/,
      )
      expect(await get('Server', 'h1')).toBeDefined()
      const kept = await operator.client.get(secretType, theirs.metadata)
      expect(kept).toMatchObject({ data: theirs.data })
      await operator.client.delete(secretType, theirs.metadata)
      await reaches('Ready', 'True')
    })

    it('refuses a revision that cannot be read, and the last good one stays in force', async () => {
      await create({ fileContents: server('local'), delete: true })
      await reaches('Ready', 'True')
      await change({ fileContents: '[[server]\nname = ' })
      const said = await reaches('Valid', 'False', 'RevisionRefused')
      expect(conditionOf(said, 'Valid')?.message).toMatch(/stays in force: fileContents:1/)
      expect(said.status?.errors?.length).toBeGreaterThan(0)
      expect(await get('Server', 'h1')).toBeDefined()
      await change({ fileContents: server('other') })
      await reaches('Ready', 'True')
      expect((await get('Server', 'h1'))?.spec).toMatchObject({ address: 'other' })
    })
  })

  describe('a sync with approval: Manual', () => {
    it('waits, applies exactly the approved digest, and records who approved it', async () => {
      await create({ fileContents: server('local'), operator: { approval: 'Manual' } })
      const waiting = await reaches('Approved', 'False', 'PendingApproval')
      expect(conditionOf(waiting, 'Approved')?.message).toBe(
        `1 to create at contents ${waiting.status?.revision?.slice(7, 19)}; look at it with \`komodo plan ${scene.name}\`, then \`komodo approve ${scene.name}\``,
      )
      expect(await get('Server', 'h1')).toBeUndefined()
      await approve('sha256:something-else')
      await poke()
      expect(await get('Server', 'h1')).toBeUndefined()
      const digest = waiting.status?.plan?.digest ?? ''
      await approve(digest)
      const done = await reaches('Ready', 'True')
      expect(done.status?.approval).toMatchObject({ digest, by: 'admin', revision: waiting.status?.revision })
      expect(await get('Server', 'h1')).toBeDefined()
    })

    it('does not take an approval that was meant for another plan, not even when that plan comes back', async () => {
      await create({ fileContents: server('one'), operator: { approval: 'Manual' } })
      const first = (await reaches('Approved', 'False')).status?.plan?.digest ?? ''
      await change({ fileContents: server('two') })
      await waitUntil('another plan', async () => (await sync()).status?.plan?.digest !== first)
      await approve(first)
      await poke()
      await change({ fileContents: server('one') })
      await waitUntil('the first plan again', async () => (await sync()).status?.plan?.digest === first)
      await poke()
      expect(await get('Server', 'h1')).toBeUndefined()
      expect((await reaches('Approved', 'False', 'PendingApproval')).status?.plan?.digest).toBe(first)
    })

    it('keeps five plans and says which will never be applied', async () => {
      await create({ fileContents: server('0'), operator: { approval: 'Manual' } })
      for (let i = 1; i < 8; i += 1) {
        await reaches('Approved', 'False')
        await change({ fileContents: server(`${i}`) })
        await reaches('Approved', 'False')
      }
      const kept = await plans()
      expect(kept).toHaveLength(5)
      expect(kept.filter((plan) => conditionOf(plan, 'Superseded')?.status === 'True')).toHaveLength(4)
    })
  })

  describe('deleting', () => {
    const three = server('local', '[[server]]\nname = "h2"\n[[stack]]\nname = "web"\nconfig.server = "h1"\n')

    it('removes what is no longer declared, and waits with a Server until its Stack is cleaned up', async () => {
      await create({ fileContents: three, delete: true })
      await reaches('Ready', 'True')
      await operator.client.patch(
        typeOf('Stack'),
        { namespace: 'default', name: 'web' },
        { type: 'merge', body: { metadata: { finalizers: ['test.dev/hold'] } } },
      )
      await change({ fileContents: '[[server]]\nname = "h2"\n' })
      const waiting = await reaches('Applied', 'False', 'Deleting')
      expect(conditionOf(waiting, 'Applied')?.message).toBe('waits for the clean-up of Stack web')
      expect(await get('Server', 'h1')).toBeDefined()
      await operator.client.patch(
        typeOf('Stack'),
        { namespace: 'default', name: 'web' },
        { type: 'merge', body: { metadata: { finalizers: null } } },
      )
      const done = await reaches('Ready', 'True')
      expect(await get('Server', 'h1')).toBeUndefined()
      expect(await get('Server', 'h2')).toBeDefined()
      expect(done.status?.inventory?.count).toBe(1)
    })

    it.each([
      { why: 'the source is empty', spec: { fileContents: '# nothing' }, reason: 'EmptySource' },
      {
        why: 'it is over the budget',
        spec: { fileContents: '[[server]]\nname = "h2"\n', operator: { deletionBudget: 1 } },
        reason: 'OverBudget',
      },
    ])('removes nothing when $why', async ({ spec, reason }) => {
      await create({ fileContents: three, delete: true })
      await reaches('Ready', 'True')
      await change(spec)
      await reaches('Applied', 'False', reason)
      for (const object of ['h1', 'h2']) expect(await get('Server', object)).toBeDefined()
      expect(await get('Stack', 'web')).toBeDefined()
    })

    it('removes nothing without delete, and what was left over is removed once it is asked for', async () => {
      await create({ fileContents: three })
      await reaches('Ready', 'True')
      await change({ fileContents: server('local') })
      await reaches('Ready', 'True')
      expect(await get('Stack', 'web')).toBeDefined()
      await change({ delete: true })
      await waitUntil('the stack is gone', async () => (await get('Stack', 'web')) === undefined)
    })

    it('the sync itself leaves its objects, and another sync may take them over', async () => {
      await create({ fileContents: server('local') })
      await reaches('Ready', 'True')
      await operator.client.delete(typeOf('ResourceSync'), { namespace: 'default', name: scene.name })
      await create({ fileContents: server('other') })
      await reaches('Ready', 'True')
      expect((await get('Server', 'h1'))?.metadata.annotations?.[annotation.sync]).toBe(`default/${scene.name}`)
    })
  })

  describe('two syncs that declare one object', () => {
    it('the first keeps it and the second is told', async () => {
      await create({ fileContents: server('first') })
      await reaches('Ready', 'True')
      const first = scene.name
      await create({ fileContents: server('second') })
      const said = await reaches('Applied', 'False', 'OwnedByOther')
      expect(conditionOf(said, 'Applied')?.message).toContain(`default/${first}`)
      expect((await get('Server', 'h1'))?.spec).toMatchObject({ address: 'first' })
      const second = scene.name
      scene.name = first
      expect((await poke()).status?.warnings).toEqual([
        expect.stringContaining(`Server h1 is also declared by the ResourceSync ${second}`),
      ])
    })
  })

  describe('a sync that declares syncs', () => {
    it('makes them, and can change itself', async () => {
      const inner = `[[resource_sync]]\nname = "child"\n[resource_sync.config]\nfile_contents = '''\n[[server]]\nname = "h9"\n'''\n`
      const itself = `[[resource_sync]]\nname = "self"\ndescription = "changed"\n`
      await scene.create({ fileContents: `${inner}${itself}` }, 'self')
      await waitUntil('the child has applied its server', async () => (await get('Server', 'h9')) !== undefined)
      await waitUntil('it has changed itself', async () => (await sync()).spec.description === 'changed')
      expect((await sync()).spec.fileContents).toContain('[[resource_sync]]')
    })
  })

  describe('secrets', () => {
    it('are in their Secret alone, owned by their object, and a new value arrives', async () => {
      const contents = (value: string): string => `[[variable]]\nname = "TOKEN"\nvalue = "${value}"\nis_secret = true\n`
      await create({ fileContents: '', includeVariables: true, resourcePath: [], repo: '', filesOnHost: false })
      await reaches('SourceReady', 'False', 'NoSource')
      await change({ fileContents: contents('canary-one-93c1') })
      await reaches('Ready', 'True')
      const secretType = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true }
      const stored = async (): Promise<string> => {
        const secret = (await operator.client.get(secretType, {
          namespace: 'default',
          name: 'variable-token',
        })) as KubeObject & {
          data: { value: string }
        }
        expect(secret.metadata.ownerReferences).toMatchObject([{ kind: 'Variable', name: 'token' }])
        return Buffer.from(secret.data.value, 'base64').toString()
      }
      expect(await stored()).toBe('canary-one-93c1')
      await change({ fileContents: contents('canary-two-93c1') })
      await reaches('Ready', 'True')
      await waitUntil('the new value', async () => (await stored()) === 'canary-two-93c1')
      await change({ fileContents: `[[variable]]\nname = "TOKEN"\nvalue = "plain"\n` })
      await reaches('Ready', 'True')
      await waitUntil('the Secret is gone', () =>
        operator.client.get(secretType, { namespace: 'default', name: 'variable-token' }).then(() => false, isNotFound),
      )
      const texts = [
        ...(await plans()).map((plan) => JSON.stringify(plan)),
        JSON.stringify((await sync()).status),
        JSON.stringify(await get('Variable', 'token')),
        ...operator.lines,
      ]
      for (const text of texts) expect(text).not.toContain('canary')
    })
  })

  describe('a crash', () => {
    it('in the middle of an approved plan goes on after the restart without asking again', async () => {
      const many = Array.from({ length: 40 }, (_, i) => `[[server]]\nname = "s${i}"\n`).join('')
      await create({ fileContents: many, operator: { approval: 'Manual' } })
      const digest = (await reaches('Approved', 'False')).status?.plan?.digest ?? ''
      await approve(digest)
      await waitUntil('some objects are there', async () => (await get('Server', 's0')) !== undefined)
      await operator.restart()
      await reaches('Ready', 'True')
      expect((await operator.client.list(typeOf('Server'), { namespace: 'default' })).items).toHaveLength(40)
      expect((await sync()).status?.plan?.digest).toBe(digest)
    })
  })
}
