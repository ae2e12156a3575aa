import { readFileSync, statSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { metaOf } from './object.ts'
import type { JsonObject } from './schema/contract.ts'
import { CONFIG_MAPS, DEFINITIONS, startTestApi, type TestApi, thingDefinition } from './testkit/api.ts'

describe('who may come in over TLS', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startTestApi({ listen: { host: '127.0.0.1', port: 0, recheckMs: 20 } })
  })
  afterAll(() => api.stop())

  interface Kubeconfig {
    clusters: { cluster: { 'certificate-authority-data': string } }[]
    users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[]
  }
  const kubeconfig = (): Kubeconfig => JSON.parse(readFileSync(api.server.kubeconfigPath!, 'utf8')) as Kubeconfig
  const pem = (base64: string): string => Buffer.from(base64, 'base64').toString()

  interface GetOptions {
    certificate?: boolean
    authorization?: string
    /** In pieces it goes without telling its length. */
    body?: string | string[]
    onData?: () => void
  }
  const get = (path: string, options: GetOptions = {}) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const { clusters, users } = kubeconfig()
      const { user } = users[0]!
      const outgoing = httpsRequest(
        new URL(path, api.server.url),
        {
          ca: pem(clusters[0]!.cluster['certificate-authority-data']),
          agent: false,
          ...(options.certificate && {
            cert: pem(user['client-certificate-data']),
            key: pem(user['client-key-data']),
          }),
          headers: options.authorization ? { authorization: options.authorization } : {},
          method: options.body === undefined ? 'GET' : 'POST',
        },
        (response) => {
          let body = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => {
            body += chunk
            options.onData?.()
          })
          response.on('end', () => resolve({ status: response.statusCode!, body }))
        },
      )
      outgoing.once('error', reject)
      const { body } = options
      if (Array.isArray(body)) for (const piece of body) outgoing.write(piece)
      outgoing.end(Array.isArray(body) ? undefined : body)
    })

  it('lets the certificate of the kubeconfig do everything', async () => {
    expect((await get('/api/v1/secrets', { certificate: true })).status).toBe(200)
  })

  it('attack: makes room for little from those who do not say who they are', async () => {
    expect((await get('/api/v1/secrets', { body: 'x'.repeat(60 * 1024) })).status).toBe(403)
    expect((await get('/api/v1/secrets', { body: 'x'.repeat(70 * 1024) })).status).toBe(413)
    const pieces = Array<string>(7).fill('x'.repeat(10 * 1024))
    expect((await get('/api/v1/secrets', { body: pieces.slice(1) })).status).toBe(403)
    expect((await get('/api/v1/secrets', { body: pieces })).status).toBe(413)
    expect((await get('/api/v1/secrets', { body: 'x'.repeat(70 * 1024), certificate: true })).status).not.toBe(413)
  })

  it('lets nobody else read objects', async () => {
    const { status, body } = await get('/api/v1/secrets')
    expect(status).toBe(403)
    expect(body).toContain('User \\"system:anonymous\\" cannot list resource \\"secrets\\"')
  })

  it.each(['Bearer nonsense', 'Bearer a.b.c', `Bearer ${'x'.repeat(10_000)}`])(
    'answers 401 to a token that is none: %.20s',
    async (authorization) => {
      expect((await get('/readyz', { authorization })).status).toBe(401)
    },
  )

  it('knows a ServiceAccount by its token, for as long as the account is there', async () => {
    await api.send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'bot' } })
    const { json } = await api.send('POST', '/api/v1/namespaces/default/serviceaccounts/bot/token', {
      spec: { expirationSeconds: 600 },
    })
    const authorization = `Bearer ${(json.status as { token: string }).token}`
    expect(await get('/api/v1/namespaces/default/secrets', { authorization })).toMatchObject({
      status: 403,
      body: expect.stringContaining('system:serviceaccount:default:bot'),
    })
    await api.send('DELETE', '/api/v1/namespaces/default/serviceaccounts/bot')
    expect((await get('/readyz', { authorization })).status).toBe(401)
  })

  it('refuses a token whose signature or claims were changed', async () => {
    await api.send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'other' } })
    const { json } = await api.send('POST', '/api/v1/namespaces/default/serviceaccounts/other/token', { spec: {} })
    const [head, claims, signature] = (json.status as { token: string }).token.split('.')
    const forged = Buffer.from(Buffer.from(claims!, 'base64url').toString().replaceAll('other', 'default')).toString(
      'base64url',
    )
    const unsigned = Buffer.from('{"alg":"none"}').toString('base64url')
    for (const token of [`${head}.${forged}.${signature}`, `${unsigned}.${claims}.`, `${head}.${claims}.`]) {
      expect((await get('/readyz', { authorization: `Bearer ${token}` })).status).toBe(401)
    }
  })

  it('attack: an account that is gone does not go on watching', async () => {
    const accounts = '/api/v1/namespaces/default/serviceaccounts'
    await api.send('POST', accounts, { metadata: { name: 'watcher' } })
    const { json } = await api.send('POST', `${accounts}/watcher/token`, { spec: { expirationSeconds: 600 } })
    await api.send('POST', `/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings`, {
      metadata: { name: 'watcher' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'watcher', namespace: 'default' }],
    })
    const authorization = `Bearer ${(json.status as { token: string }).token}`
    await api.send('POST', CONFIG_MAPS, { metadata: { name: 'watched' } })
    const onData = () => void api.send('DELETE', `${accounts}/watcher`)
    const { status, body } = await get(`${CONFIG_MAPS}?watch=1`, { authorization, onData })
    expect({ status, body }).toMatchObject({ status: 200, body: expect.stringContaining('"watched"') })
  })

  it('attack: who lost the right to watch is told nothing more', async () => {
    const bindings = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings'
    await api.send('POST', bindings, {
      metadata: { name: 'eve' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'eve' }],
    })
    const abort = new AbortController()
    const answer = await api.server.handler({
      method: 'GET',
      url: `${CONFIG_MAPS}?watch=1`,
      headers: {},
      user: { username: 'eve', groups: [] },
      signal: abort.signal,
    })
    if (!('stream' in answer)) throw new Error(`no stream but ${answer.status}`)
    const stream = answer.stream[Symbol.asyncIterator]()
    await api.send('POST', CONFIG_MAPS, { metadata: { name: 'for-eve' } })
    expect((await stream.next()).value).toContain('for-eve')
    const next = stream.next()
    await api.send('DELETE', `${bindings}/eve`)
    await api.send('POST', CONFIG_MAPS, { metadata: { name: 'not-for-eve' } })
    expect(await next).toMatchObject({ done: true })
    abort.abort()
  })

  it('keeps keys and kubeconfig for their owner alone', () => {
    for (const file of ['kubeconfig', 'pki/ca.pem', 'pki/server.pem', 'pki/admin.pem', 'pki/service-accounts.key']) {
      expect(statSync(join(api.dataDir, file)).mode & 0o777, file).toBe(0o600)
    }
  })

  it('keeps its certificates across a restart', async () => {
    const before = kubeconfig().users
    await api.restart()
    expect(kubeconfig().users).toEqual(before)
    expect((await get('/api', { certificate: true })).status).toBe(200)
  })

  it('renews what is about to expire, under the same authority', async () => {
    const before = kubeconfig()
    await api.server.close()
    const later = new Date(Date.now() + 300 * 86_400_000)
    const { startApiServer } = await import('./server.ts')
    const server = await startApiServer({
      dataDir: api.dataDir,
      listen: { host: '127.0.0.1', port: 0 },
      clock: () => later,
    })
    expect(kubeconfig().users).not.toEqual(before.users)
    expect(kubeconfig().clusters[0]!.cluster['certificate-authority-data']).toBe(
      before.clusters[0]!.cluster['certificate-authority-data'],
    )
    await server.close()
    api.server = await startApiServer({ dataDir: api.dataDir, listen: { host: '127.0.0.1', port: 0 } })
  })
})

describe('watches', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startTestApi()
  })
  afterAll(() => api.stop())
  const names = (events: { type: string; object: JsonObject }[]): string[] =>
    events.map(({ type, object }) => `${type} ${metaOf(object).name}`)

  it('go on across a restart of the server without a gap and without a repeat', async () => {
    const { json } = await api.send('POST', CONFIG_MAPS, { metadata: { name: 'r1' } })
    const from = metaOf(json).resourceVersion
    await api.send('POST', CONFIG_MAPS, { metadata: { name: 'r2' } })
    await api.restart()
    setTimeout(() => void api.send('POST', CONFIG_MAPS, { metadata: { name: 'r3' } }), 10)
    const url = `/api/v1/configmaps?watch=1&resourceVersion=${from}`
    const events = await api.watch(url, (seen) => seen.length >= 2)
    expect(names(events)).toEqual(['ADDED r2', 'ADDED r3'])
  })

  it('see each of many concurrent changes once and in order', async () => {
    const { json } = await api.send('GET', CONFIG_MAPS)
    const from = metaOf(json).resourceVersion
    const watched = Promise.all(
      Array.from({ length: 5 }, () =>
        api.watch(`/api/v1/configmaps?watch=1&resourceVersion=${from}`, (seen) => seen.length >= 300),
      ),
    )
    await Promise.all(
      Array.from({ length: 300 }, (_, index) => api.send('POST', CONFIG_MAPS, { metadata: { name: `many-${index}` } })),
    )
    for (const events of await watched) {
      const versions = events.map(({ object }) => Number(metaOf(object).resourceVersion))
      expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))
      expect(events).toHaveLength(300)
    }
  })

  it('end when their definition goes, after the deletion of all that it defined', async () => {
    await api.send('POST', DEFINITIONS, thingDefinition('gone.example.com'))
    await api.eventually('/apis/gone.example.com/v1/things', ({ status }) => status === 200)
    await api.send('POST', '/apis/gone.example.com/v1/namespaces/default/things', {
      apiVersion: 'gone.example.com/v1',
      kind: 'Thing',
      metadata: { name: 'a' },
    })
    const watched = api.watch('/apis/gone.example.com/v1/things?watch=1', () => false)
    await api.send('DELETE', `${DEFINITIONS}/things.gone.example.com`)
    expect(names(await watched)).toEqual(['ADDED a', 'DELETED a'])
  })
})

describe('a field that says who made an object', () => {
  let api: TestApi
  const things = '/apis/own.example.com/v1/namespaces/default/things'
  const thing = (name: string, spec: JsonObject): JsonObject => ({
    apiVersion: 'own.example.com/v1',
    kind: 'Thing',
    metadata: { name },
    spec,
  })
  const jane = { username: 'jane', groups: ['system:masters'] }
  beforeAll(async () => {
    api = await startTestApi()
    const definition = thingDefinition('own.example.com', { 'standalone.api/creator-field': '.spec.approvedBy' })
    await api.send('POST', DEFINITIONS, definition)
    await api.eventually(things, ({ status }) => status === 200)
  })
  afterAll(() => api.stop())

  it('is filled with the user on create', async () => {
    const { json } = await api.send('POST', things, thing('a', { plan: 'x' }), { user: jane })
    expect(json.spec).toEqual({ plan: 'x', approvedBy: 'jane' })
  })

  it('cannot name somebody else', async () => {
    const { status, json } = await api.send('POST', things, thing('b', { approvedBy: 'joe' }), { user: jane })
    expect([status, json.reason]).toEqual([403, 'Forbidden'])
  })

  it.each([
    ['application/merge-patch+json', { spec: { approvedBy: 'joe' } }],
    ['application/merge-patch+json', { spec: { approvedBy: null } }],
    ['application/json-patch+json', [{ op: 'replace', path: '/spec/approvedBy', value: 'joe' }]],
  ])('cannot be changed afterwards (%s)', async (type, patch) => {
    await api.send('POST', things, thing('c', {}), { user: jane })
    const { status } = await api.send('PATCH', `${things}/c`, patch, { headers: { 'content-type': type } })
    expect(status).toBe(403)
  })

  it('cannot be claimed by server-side apply either', async () => {
    const { status } = await api.send('PATCH', `${things}/d?fieldManager=m`, thing('d', { approvedBy: 'joe' }), {
      headers: { 'content-type': 'application/apply-patch+yaml' },
      user: jane,
    })
    expect(status).toBe(403)
  })
})

describe('what is left over', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startTestApi()
  })
  afterAll(() => api.stop())
  const create = async (name: string, owner?: JsonObject, extra: JsonObject = {}): Promise<JsonObject> => {
    const ownerReferences = owner
      ? [{ apiVersion: 'v1', kind: 'ConfigMap', name: metaOf(owner).name!, uid: metaOf(owner).uid!, ...extra }]
      : []
    const { status, json } = await api.send('POST', CONFIG_MAPS, { metadata: { name, ownerReferences } })
    expect(status).toBe(201)
    return json
  }
  const gone = (name: string) => api.eventually(`${CONFIG_MAPS}/${name}`, ({ status }) => status === 404)

  it('goes with its owner, and so do the dependents of dependents', async () => {
    const owner = await create('owner')
    const child = await create('child', owner)
    await create('grandchild', child)
    await api.send('DELETE', `${CONFIG_MAPS}/owner`)
    await gone('child')
    await gone('grandchild')
  })

  it('goes when its owner had never been there', async () => {
    await create('lost', { metadata: { name: 'nobody', uid: 'none' } })
    await gone('lost')
  })

  it('stays when it is to be orphaned, without the reference', async () => {
    const owner = await create('parent')
    await create('orphan', owner)
    await api.send('DELETE', `${CONFIG_MAPS}/parent?propagationPolicy=Orphan`)
    await gone('parent')
    const { json } = await api.eventually(`${CONFIG_MAPS}/orphan`, ({ json }) => !metaOf(json).ownerReferences)
    expect(metaOf(json).name).toBe('orphan')
  })

  it('goes before its owner when that is asked for', async () => {
    const owner = await create('last')
    await create('first', owner, { blockOwnerDeletion: true })
    const { json } = await api.send('GET', CONFIG_MAPS)
    const watched = api.watch(
      `/api/v1/configmaps?watch=1&resourceVersion=${metaOf(json).resourceVersion}`,
      (events) => events.filter(({ type }) => type === 'DELETED').length === 2,
    )
    await api.send('DELETE', `${CONFIG_MAPS}/last?propagationPolicy=Foreground`)
    const deleted = (await watched).filter(({ type }) => type === 'DELETED')
    expect(deleted.map(({ object }) => metaOf(object).name)).toEqual(['first', 'last'])
  })

  it('is taken away with its namespace, after a crash in the middle too', async () => {
    await api.send('POST', '/api/v1/namespaces', { metadata: { name: 'doomed' } })
    for (const name of ['a', 'b'])
      await api.send('POST', '/api/v1/namespaces/doomed/configmaps', { metadata: { name } })
    await api.send('DELETE', '/api/v1/namespaces/doomed')
    await api.restart()
    await api.eventually('/api/v1/namespaces/doomed', ({ status }) => status === 404)
    expect((await api.send('GET', '/api/v1/namespaces/doomed/configmaps')).json.items).toEqual([])
  })
})

describe('hostile input', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startTestApi()
  })
  afterAll(() => api.stop())

  it.each([
    ['a path that is no percent-encoding', 'GET', '/api/v1/namespaces/%zz', undefined, 400],
    ['a path that climbs', 'GET', '/api/v1/namespaces/../../etc', undefined, 404],
    ['a body of more than 3 MiB', 'POST', CONFIG_MAPS, 'x'.repeat(3 * 1024 * 1024 + 1), 413],
    ['a body nested beyond reason', 'POST', CONFIG_MAPS, '['.repeat(200_000), 400],
    ['a name that is no name', 'POST', CONFIG_MAPS, { metadata: { name: '../x' } }, 422],
    ['a prototype in the data', 'POST', CONFIG_MAPS, '{"metadata":{"name":"proto"},"data":{"__proto__":"x"}}', 201],
    ['a selector that is none', 'GET', `${CONFIG_MAPS}?labelSelector=%3D%3D`, undefined, 400],
  ] as const)('%s is answered, and nothing breaks', async (_what, method, url, body, expected) => {
    expect((await api.send(method, url, body)).status).toBe(expected)
    expect((await api.send('GET', '/readyz')).status).toBe(200)
  })

  it('a YAML body that multiplies by aliases is refused', async () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'
        .split('')
        .map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`),
    ]
    const { status } = await api.send('POST', CONFIG_MAPS, bomb.join('\n'), {
      headers: { 'content-type': 'application/yaml' },
    })
    expect(status).toBe(400)
  })
})

describe('an update', () => {
  it('of what nobody keeps was written for its time alone, when a second had passed', async () => {
    let now = Date.UTC(2026, 0, 1)
    const api = await startTestApi({ clock: () => new Date(now) })
    const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases'
    const lease = { metadata: { name: 'a' }, spec: { holderIdentity: 'x', strategy: 'one' } }
    const { json: before } = await api.send('POST', leases, lease)
    now += 5_000
    const { json: after } = await api.send('PUT', `${leases}/a`, {
      ...before,
      spec: { ...lease.spec, strategy: 'other' },
    })
    expect(after).toEqual(before)
    await api.stop()
  })
})
