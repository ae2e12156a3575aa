import { expect } from 'vitest'
import { waitUntil } from '../harness/wait-until.ts'
import { conformance } from './kit/scenario.ts'

const promise = conformance('builtins')

promise(
  'A namespace is born with its label, finalizer, phase and default ServiceAccount',
  async ({ send, patch, namespace, core, until }) => {
    await send('GET', `/api/v1/namespaces/${namespace}`)
    await until('the service account', `${core}/serviceaccounts/default`, ({ status }) => status === 200)
    await send('POST', '/api/v1/namespaces', {
      metadata: { name: `${namespace}-2`, labels: { a: 'b' } },
      spec: { finalizers: ['ex.org/x'] },
    })
    await patch('merge', `/api/v1/namespaces/${namespace}`, {
      metadata: { labels: { 'kubernetes.io/metadata.name': 'lie' } },
    })
    await patch('merge', `/api/v1/namespaces/${namespace}`, {
      spec: { finalizers: [] },
      status: { phase: 'Terminating' },
    })
    await send('POST', '/api/v1/namespaces', { metadata: { name: namespace } })
    const second = `/api/v1/namespaces/${namespace}-2`
    await send(
      'PUT',
      `${second}/finalize`,
      { metadata: { name: `${namespace}-2` }, spec: { finalizers: ['kubernetes'] } },
      { silent: true },
    )
  },
)

promise('A secret turns stringData into data and keeps its type', async ({ send, patch, core }) => {
  await send('POST', `${core}/secrets`, {
    metadata: { name: 'a' },
    data: { a: 'YQ==', b: 'Yg==' },
    stringData: { a: 'other', c: 'c' },
  })
  await patch('merge', `${core}/secrets/a`, { stringData: { d: 'd' } })
  await patch('merge', `${core}/secrets/a`, { type: 'other' })
  await send('POST', `${core}/secrets`, { metadata: { name: 'b' }, data: { a: '***' } })
  await send('POST', `${core}/secrets`, { metadata: { name: 'b' }, data: { 'bad key': '' } })
  await send('POST', `${core}/secrets`, { metadata: { name: 'c' }, immutable: true, data: { a: '' } }, { silent: true })
  await patch('merge', `${core}/secrets/c`, { data: { a: 'YQ==' } })
  await patch('merge', `${core}/secrets/c`, { immutable: false })
  await patch('merge', `${core}/secrets/c`, { metadata: { labels: { l: 'v' } } })
})

promise('A secret of a known type must hold what the type promises', async ({ send, core }) => {
  const types: [string, object][] = [
    ['kubernetes.io/tls', {}],
    ['kubernetes.io/basic-auth', {}],
    ['kubernetes.io/ssh-auth', {}],
    ['kubernetes.io/dockerconfigjson', {}],
    ['kubernetes.io/dockerconfigjson', { '.dockerconfigjson': Buffer.from('no json').toString('base64') }],
    ['kubernetes.io/dockercfg', {}],
    ['kubernetes.io/service-account-token', {}],
    ['ex.org/own', {}],
  ]
  for (const [type, data] of types) await send('POST', `${core}/secrets`, { metadata: { name: 'a' }, type, data })
})

promise('A config map has keys of one kind, and may be immutable', async ({ send, patch, core }) => {
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a' }, data: { 'bad key': '', ok: '' } })
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a' }, data: { '..': '' } })
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a' }, data: { twice: '' }, binaryData: { twice: '' } })
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a' }, binaryData: { b: 'no base64!' } })
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a' }, data: { k: 5 } })
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a' }, data: { k: null } })
  await send(
    'POST',
    `${core}/configmaps`,
    { metadata: { name: 'b' }, immutable: true, data: { a: '' } },
    { silent: true },
  )
  await patch('merge', `${core}/configmaps/b`, { data: { a: 'x' } })
  await patch('merge', `${core}/configmaps/b`, { immutable: null })
})

promise('A lease is strict about its times', async ({ send, namespace }) => {
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
  const lease = (name: string, spec: object) => ({ metadata: { name }, spec })
  await send(
    'POST',
    leases,
    lease('a', {
      holderIdentity: 'me',
      leaseDurationSeconds: 15,
      acquireTime: '2024-01-02T03:04:05.000000Z',
      renewTime: '2024-01-02T03:04:05.123456+01:00',
      leaseTransitions: 1,
    }),
  )
  await send('POST', leases, lease('b', { renewTime: '2024-01-02T03:04:05Z' }))
  await send('POST', leases, lease('b', { renewTime: 'now' }))
  await send('POST', leases, lease('b', { leaseDurationSeconds: 0, leaseTransitions: -1 }))
  await send('POST', leases, lease('b', { leaseDurationSeconds: 'long' }))
  await send('POST', leases, lease('b', { holderIdentity: '' }))
})

promise('An event is one object in two groups', async ({ send, core, namespace }) => {
  const involvedObject = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace, uid: 'u1' }
  await send('POST', `${core}/events`, {
    metadata: { name: 'a' },
    involvedObject,
    reason: 'Why',
    message: 'Because',
    type: 'Normal',
    source: { component: 'me' },
    firstTimestamp: '2024-01-02T03:04:05Z',
    lastTimestamp: '2024-01-02T03:04:05Z',
    count: 1,
  })
  await send('GET', `/apis/events.k8s.io/v1/namespaces/${namespace}/events/a`)
  const modern = {
    metadata: { name: 'b' },
    regarding: involvedObject,
    reason: 'Why',
    note: 'Because',
    type: 'Warning',
    action: 'Look',
    reportingController: 'ex.org/me',
    reportingInstance: 'me-1',
    eventTime: '2024-01-02T03:04:05.000000Z',
  }
  const events = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`
  await send('POST', events, modern)
  await send('GET', `${core}/events/b`)
  await send('POST', events, {
    ...modern,
    metadata: { name: 'c' },
    reason: '',
    action: '',
    type: 'Odd',
    reportingController: '',
  })
  await send('POST', events, { ...modern, metadata: { name: 'c' }, eventTime: '2024-01-02T03:04:05Z' })
  await send('POST', `${core}/events`, {
    metadata: { name: 'd' },
    involvedObject: { ...involvedObject, namespace: 'other' },
  })
  for (const selector of [
    'involvedObject.name=a',
    'involvedObject.kind=ConfigMap,reason=Why,type=Warning',
    'source=me',
    'reportingComponent=ex.org/me',
  ]) {
    await send('GET', `${core}/events?fieldSelector=${encodeURIComponent(selector)}`, undefined, {
      headers: { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' },
    })
  }
})

promise('A ServiceAccount gets a token on request', async ({ send, core, namespace }) => {
  await send('POST', `${core}/serviceaccounts`, { metadata: { name: 'bot' } }, { silent: true })
  const { status, json } = await send('POST', `${core}/serviceaccounts/bot/token`, { spec: {} }, { silent: true })
  const token = (json.status as { token?: string } | undefined)?.token
  if (status !== 201 || token === undefined) throw new Error(`status ${status}`)
  const headers = { authorization: `Bearer ${token}` }
  await send(
    'POST',
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    {},
    { credentials: 'none', headers, silent: true },
  ).then((answer) => {
    const { userInfo } = answer.json.status as { userInfo: { username: string; groups: string[] } }
    const expected = [
      `system:serviceaccount:${namespace}:bot`,
      'system:serviceaccounts',
      `system:serviceaccounts:${namespace}`,
      'system:authenticated',
    ]
    if ([userInfo.username, ...userInfo.groups].join() !== expected.join()) throw new Error(answer.body)
  })
  const refused = await send('GET', `${core}/configmaps`, undefined, { credentials: 'none', headers, silent: true })
  if (
    refused.json.message !==
    `configmaps is forbidden: User "system:serviceaccount:${namespace}:bot" cannot list resource "configmaps" in API group "" in the namespace "${namespace}"`
  ) {
    throw new Error(refused.body)
  }
})

promise('A token ends with the secret it is bound to, or is not given', async ({ send, core }) => {
  await send('POST', `${core}/serviceaccounts`, { metadata: { name: 'bot' } }, { silent: true })
  const secret = await send('POST', `${core}/secrets`, { metadata: { name: 'bond' } }, { silent: true })
  const { uid } = secret.json.metadata as { uid: string }
  const ask = (spec: object, silent = false) => send('POST', `${core}/serviceaccounts/bot/token`, { spec }, { silent })
  const bond = { apiVersion: 'v1', kind: 'Secret', name: 'bond' }
  await ask({ boundObjectRef: { ...bond, name: 'none' } })
  await ask({ boundObjectRef: { ...bond, uid: '11111111-1111-1111-1111-111111111111' } })
  await ask({ boundObjectRef: { ...bond, kind: 'ConfigMap' } })
  await ask({ boundObjectRef: { ...bond, kind: 'Pod' } })
  await ask({ boundObjectRef: {} })
  await ask({ boundObjectRef: 'bond' })
  await ask({ expirationSeconds: 5_000_000_000 })
  await ask({ expirationSeconds: 'x' })
  await ask({ audiences: 'x' })
  await ask({ audiences: [5] })
  const { json } = await ask({ boundObjectRef: { ...bond, uid } }, true)
  const { token } = json.status as { token: string }
  const whoAmI = () =>
    send(
      'POST',
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      {},
      {
        credentials: 'none',
        headers: { authorization: `Bearer ${token}` },
        silent: true,
      },
    ).then(({ status }) => status)
  expect(await whoAmI()).toBe(201)
  await send('DELETE', `${core}/secrets/bond`, undefined, { silent: true })
  // The real server remembers tokens for some seconds.
  await waitUntil('the token to end', async () => ((await whoAmI()) === 401 ? true : undefined))
  await send('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: {} })
})

promise('A value of null in a map of bytes is an empty one', async ({ send, core }) => {
  await send('POST', `${core}/secrets`, { metadata: { name: 'a' }, data: { a: null } })
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a' }, data: { a: null }, binaryData: { b: null } })
  const empty = { metadata: { name: 'ssh' }, type: 'kubernetes.io/ssh-auth', data: { 'ssh-privatekey': '' } }
  await send('POST', `${core}/secrets`, empty)
  await send('POST', `${core}/secrets`, {
    metadata: { name: 'tls' },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': '' },
  })
})

promise('A lease does not keep what a coordinated election would need', async ({ send, patch, namespace }) => {
  const at = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
  await send('POST', at, {
    metadata: { name: 'a' },
    spec: { strategy: 'OldestEmulationVersion', preferredHolder: 'b' },
  })
  await patch('merge', `${at}/a`, { spec: { strategy: 'any' } })
})
