import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from './schema/contract.ts'
import { startTestApi, type TestApi } from './testkit/api.ts'

/** What a client with few rights can try against everybody else. Each of these once blocked the server for long, or worse. */

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const THINGS = '/apis/example.com/v1/namespaces/default/things'
const APPLY = { 'content-type': 'application/apply-patch+yaml' }
const STRATEGIC = { 'content-type': 'application/strategic-merge-patch+json' }
/** Generous: what is linear takes a fraction of it, what was not took a minute. */
const SOON_MS = 3_000

const definition = (plural: string, properties: JsonObject, annotations: JsonObject = {}) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.example.com`, annotations },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural, singular: plural.slice(0, -1), kind: 'Thing', listKind: 'ThingList' },
    versions: [
      { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties } } },
    ],
  },
})

const thing = (name: string, more: JsonObject) => ({
  apiVersion: 'example.com/v1',
  kind: 'Thing',
  metadata: { name },
  ...more,
})

const strings = { type: 'array', items: { type: 'string' } }
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
  const evil = { type: 'string', pattern: '^(a+)+$' }
  const nested = { type: 'string', pattern: '^([a-z0-9]+(\\.[a-z0-9]+)*)+$' }
  await api.send('POST', CRDS, definition('things', { list: strings, evil, nested }))
  await api.eventually(THINGS, ({ status }) => status === 200)
})
afterAll(() => api.stop())

const timed = async (work: () => Promise<{ status: number; body: string }>) => {
  const start = performance.now()
  const { status, body } = await work()
  return { status, body, soon: performance.now() - start < SOON_MS }
}

describe('attack: a body that costs more than its size', () => {
  it('a hundred thousand values of the wrong type', async () => {
    const object = thing('wrong', { list: many(100_000, () => 1) })
    const { status, body, soon } = await timed(() => api.send('POST', THINGS, object))
    expect({ status, soon }).toEqual({ status: 422, soon: true })
    expect(body).toContain('list[0]')
    expect(body.length).toBeLessThan(1024 * 1024)
  })

  it('a pattern that a regular expression needs for ever for', async () => {
    const object = thing('evil', { evil: `${'a'.repeat(60)}!` })
    const { status, body, soon } = await timed(() => api.send('POST', THINGS, object))
    expect({ status, soon }).toEqual({ status: 400, soon: true })
    expect(body).toContain('it takes too long to match')
  })

  it('an honest text and the same kind of pattern still fit', async () => {
    const { status } = await api.send(
      'POST',
      THINGS,
      thing('honest', { evil: 'a'.repeat(40), nested: 'a.b.c.d.e.f.g.h.i.j.k' }),
    )
    expect(status).toBe(201)
  })

  it.each([
    ['tags without end', '!a '.repeat(100_000), 400],
    ['lists in lists', '['.repeat(100_000), 400],
    [
      'aliases of aliases',
      many(20, (i) => `a${i}: &a${i} [${many(9, () => (i === 0 ? 'x' : `*a${i - 1}`))}]`).join('\n'),
      400,
    ],
    ['two megabytes of comments', '#\n'.repeat(1024 * 1024), 400],
  ])('YAML: %s', async (_, text, expected) => {
    const { status, soon } = await timed(() =>
      api.send('PATCH', `${THINGS}/y?fieldManager=eve`, text, { headers: APPLY }),
    )
    expect({ status, soon }).toEqual({ status: expected, soon: true })
  })

  it('a strategic merge of long lists', async () => {
    const finalizers = many(20_000, (i) => `example.com/f${i}`)
    const maps = '/api/v1/namespaces/default/configmaps'
    await api.send('POST', maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'long', finalizers } })
    const patch = { metadata: { finalizers } }
    const { status, soon } = await timed(() => api.send('PATCH', `${maps}/long`, patch, { headers: STRATEGIC }))
    expect({ status, soon }).toEqual({ status: 413, soon: true })
  })

  it.each<[string, JsonObject]>([
    [
      'owners',
      {
        ownerReferences: many(20_000, (i) => ({
          apiVersion: 'v1',
          kind: 'X',
          name: 'n',
          uid: `${i}`,
          controller: true,
        })),
      },
    ],
    ['labels', { labels: Object.fromEntries(many(50_000, (i) => [`k k${i}`, 'a a'])) }],
    ['a finalizer', { finalizers: ['x '.repeat(500_000)] }],
  ])('wrong %s by the thousand are answered in few words', async (_, metadata) => {
    const object = { metadata: { name: 'wrong', ...metadata } }
    const maps = '/api/v1/namespaces/default/configmaps'
    const { status, body, soon } = await timed(() => api.send('POST', maps, object))
    expect({ status, soon }).toEqual({ status: 422, soon: true })
    expect(body.length).toBeLessThan(1024 * 1024)
  })

  it('a role that multiplies', async () => {
    await api.send('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'bob' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'bob' }],
    })
    const words = many(20_000, (i) => `w${i}`)
    const role = { metadata: { name: 'bomb' }, rules: [{ apiGroups: words, resources: words, verbs: words }] }
    const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles'
    const bob = { username: 'bob', groups: [] }
    const { status, soon } = await timed(() => api.send('POST', roles, role, { user: bob }))
    expect({ status, soon }).toEqual({ status: 413, soon: true })
  })

  it('a number that no integer holds is refused', async () => {
    expect((await api.send('GET', `${THINGS}?limit=99999999999999999999`)).status).toBe(400)
  })
})

it("attack: the creator's field cannot reach the prototype of all objects", async () => {
  const url = THINGS.replace('things', 'traps')
  const annotations = { 'standalone.api/creator-field': '__proto__.polluted' }
  const trap = definition('traps', {}, annotations)
  trap.spec.names = { plural: 'traps', singular: 'trap', kind: 'Trap', listKind: 'TrapList' }
  await api.send('POST', CRDS, trap)
  await api.eventually(url, ({ status }) => status === 200)
  await api.send('POST', url, { ...thing('trap', {}), kind: 'Trap' })
  const polluted = 'polluted' in {}
  Reflect.deleteProperty(Object.prototype, 'polluted')
  expect(polluted).toBe(false)
})

it('attack: all rights in one namespace give none over another', async () => {
  const own = '/api/v1/namespaces/default'
  await api.send('POST', '/api/v1/namespaces', { metadata: { name: 'victim' } })
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default'
  await api.send('POST', `${rbac}/roles`, {
    metadata: { name: 'all' },
    rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
  })
  await api.send('POST', `${rbac}/rolebindings`, {
    metadata: { name: 'mallory' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'all' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'mallory' }],
  })
  const user = { username: 'mallory', groups: [] }
  const statuses = [
    await api.send('GET', `${own}/namespaces`, undefined, { user }),
    await api.send('POST', `${own}/namespaces`, { metadata: { name: 'more' } }, { user }),
    await api.send('DELETE', `${own}/namespaces/victim`, undefined, { user }),
  ].map(({ status }) => status)
  expect(statuses).toEqual([404, 404, 404])
  expect((await api.send('GET', '/api/v1/namespaces/victim')).json.metadata).not.toHaveProperty('deletionTimestamp')
})
