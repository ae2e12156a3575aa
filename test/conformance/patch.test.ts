import { conformance } from './kit/scenario.ts'
import { widgetCrd } from './kit/widgets.ts'

const promise = conformance('patch', { crds: (group) => [widgetCrd(group)] })

promise('A JSON patch does each of its operations', async ({ send, patch, custom, group }) => {
  const spec = { size: 1, list: ['a', 'b'], attrs: { one: '1', 'a/b~c': 'x' } }
  await send(
    'POST',
    `${custom}/widgets`,
    { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' }, spec },
    { silent: true },
  )
  const at = `${custom}/widgets/a`
  await patch('json', at, [
    { op: 'test', path: '/spec/size', value: 1 },
    { op: 'replace', path: '/spec/size', value: 2 },
    { op: 'add', path: '/spec/list/1', value: 'between' },
    { op: 'remove', path: '/spec/attrs/one' },
    { op: 'copy', from: '/spec/attrs/a~1b~0c', path: '/spec/attrs/copy' },
    { op: 'move', from: '/spec/attrs/copy', path: '/spec/attrs/moved' },
  ])
  await patch('json', at, [{ op: 'remove', path: '/spec/list/-1' }])
  await patch('json', at, [{ op: 'add', path: '/spec/list/-', value: 'last' }])
  await patch('json', at, [{ op: 'replace', path: '/spec/attrs/new', value: 'made' }])
  await patch('json', at, [])
})

promise('A JSON patch that cannot be done is refused with one text', async ({ send, patch, core, custom, group }) => {
  await send(
    'POST',
    `${custom}/widgets`,
    { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' }, spec: { size: 1 } },
    { silent: true },
  )
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a' }, data: { k: 'v' } }, { silent: true })
  for (const at of [`${custom}/widgets/a`, `${core}/configmaps/a`]) {
    await patch('json', at, [{ op: 'test', path: '/metadata/name', value: 'b' }])
    await patch('json', at, [{ op: 'remove', path: '/spec/none' }])
    await patch('json', at, [{ op: 'add', path: '/none/none', value: 1 }])
    await patch('json', at, [{ op: 'jump', path: '/spec/size' }])
    await patch('json', at, [{ op: 'replace', path: 'no-slash', value: 1 }])
    await patch('json', at, { op: 'remove', path: '/spec' })
    await patch('json', at, '[')
    await patch('json', at, 'null')
    await patch(
      'json',
      at,
      Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/metadata/name', value: 'a' })),
    )
  }
})

promise(
  'A merge patch merges maps, replaces lists and removes by null',
  async ({ send, patch, core, custom, group }) => {
    const spec = { size: 1, list: ['a', 'b'], attrs: { one: '1', two: '2' }, ports: [{ port: 1 }] }
    await send(
      'POST',
      `${custom}/widgets`,
      { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' }, spec },
      { silent: true },
    )
    await patch('merge', `${custom}/widgets/a`, {
      spec: { list: ['c'], attrs: { one: null, three: '3' }, ports: [{ port: 2 }], nick: null },
    })
    await patch('merge', `${custom}/widgets/a`, { spec: null })
    await patch('merge', `${custom}/widgets/a`, '{')
    await patch('merge', `${custom}/widgets/a`, [])
    await patch('merge', `${custom}/widgets/a`, 'null')
    await patch('merge', `${custom}/widgets/a`, {})
    await send('POST', `${core}/configmaps`, { metadata: { name: 'a' }, data: { k: 'v' } }, { silent: true })
    await patch('merge', `${core}/configmaps/a`, { data: { k: null, l: 'w' } })
    await patch('merge', `${core}/configmaps/a`, { data: null })
    await patch('merge', `${core}/configmaps/a`, { data: 'text' })
    await patch('merge', `${core}/configmaps/a`, [])
    await patch('merge', `${core}/configmaps/a`, '{')
  },
)

promise('A patch may not change the identity of an object', async ({ send, patch, core, custom, group }) => {
  await send(
    'POST',
    `${custom}/widgets`,
    { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' } },
    { silent: true },
  )
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a' } }, { silent: true })
  for (const at of [`${custom}/widgets/a`, `${core}/configmaps/a`]) {
    await patch('merge', at, { metadata: { name: 'b' } })
    await patch('merge', at, { metadata: { uid: '11111111-1111-1111-1111-111111111111' } })
    await patch('merge', at, { metadata: { namespace: 'other' } })
    await patch('merge', at, { kind: 'Other' })
    await patch('merge', at, { apiVersion: 'other/v1' })
    await patch('merge', at, { metadata: { resourceVersion: '1' } }, { silent: true }).then(({ status }) => {
      if (status !== 409) throw new Error(`status ${status}`)
    })
    await patch('merge', at, {
      metadata: { creationTimestamp: null, managedFields: null, generation: null, labels: { l: 'v' } },
    })
  }
})

promise(
  'A patch of a name that is not there is refused, unless it is an apply',
  async ({ patch, core, custom, group }) => {
    for (const type of ['json', 'merge', 'strategic'] as const) {
      const body = type === 'json' ? [] : {}
      await patch(type, `${core}/configmaps/none`, body)
      await patch(type, `${custom}/widgets/none`, body)
    }
    await patch('apply', `${custom}/widgets/none?fieldManager=me`, {
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name: 'none' },
    })
  },
)

promise('A patch of an unknown type is refused', async ({ send, core, custom }) => {
  for (const at of [`${core}/configmaps/a`, `${custom}/widgets/a`]) {
    await send('PATCH', at, {}, { headers: { 'content-type': 'application/json' } })
    await send('PATCH', at, {}, { headers: { 'content-type': 'text/plain' } })
  }
})

promise('A strategic merge patch merges the lists that have a key', async ({ send, patch, core, namespace }) => {
  await send(
    'POST',
    `${core}/serviceaccounts`,
    {
      metadata: { name: 'a', finalizers: ['ex.org/a'] },
      secrets: [{ name: 's1' }],
      imagePullSecrets: [{ name: 'p1' }],
    },
    { silent: true },
  )
  const at = `${core}/serviceaccounts/a`
  await patch('strategic', at, {
    secrets: [{ name: 's2' }],
    imagePullSecrets: [{ name: 'p2' }],
    metadata: { finalizers: ['ex.org/b'] },
  })
  await patch('strategic', at, { secrets: [{ name: 's1', $patch: 'delete' }] })
  await patch('strategic', at, { secrets: [{ $patch: 'replace' }, { name: 's3' }] })
  await patch('strategic', at, { metadata: { '$deleteFromPrimitiveList/finalizers': ['ex.org/a'] } })
  await patch('strategic', at, {
    '$setElementOrder/secrets': [{ name: 's4' }, { name: 's3' }],
    secrets: [{ name: 's4' }],
  })
  await patch('strategic', at, { $patch: 'replace', metadata: { name: 'a', labels: { only: 'this' } } })
  await patch('strategic', at, '[]')
  const ownerOf = async (name: string) => {
    const { json } = await send('GET', `/api/v1/namespaces/${name}`, undefined, { silent: true })
    return { apiVersion: 'v1', kind: 'Namespace', name, uid: (json.metadata as { uid: string }).uid }
  }
  const own = await ownerOf(namespace)
  const other = await ownerOf('default')
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
  await send(
    'POST',
    leases,
    {
      metadata: { name: 'a', ownerReferences: [own] },
      spec: { holderIdentity: 'me' },
    },
    { silent: true },
  )
  await patch('strategic', `${leases}/a`, {
    metadata: { ownerReferences: [other] },
    spec: { holderIdentity: 'you' },
  })
})

promise(
  'A result that does not decode is told with the patched object',
  async ({ send, patch, custom, core, group }) => {
    await send(
      'POST',
      `${custom}/widgets`,
      { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' }, spec: { size: 1 } },
      { silent: true },
    )
    await send('POST', `${core}/configmaps`, { metadata: { name: 'a' } }, { silent: true })
    await patch('merge', `${custom}/widgets/a`, { spec: { size: 'big' } })
    await patch('merge', `${custom}/widgets/a`, { spec: { size: 1000 } })
    await patch('merge', `${core}/configmaps/a`, { data: { k: 5 } })
    await patch('merge', `${core}/configmaps/a`, { metadata: { labels: { 'bad key': 'x' } } })
  },
)

promise('A merge patch keeps the nulls of a list', async ({ send, patch, custom, group }) => {
  const object = {
    apiVersion: `${group}/v1`,
    kind: 'Widget',
    metadata: { name: 'a' },
    spec: { any: { l: [1], o: {} } },
  }
  await send('POST', `${custom}/widgets`, object, { silent: true })
  const at = `${custom}/widgets/a`
  await patch('merge', at, { spec: { any: { l: [null, { d: null }, [null]] } } })
  await patch('merge', at, { spec: { any: { o: [null, 1], n: { a: [null] } } } })
  await patch('merge', at, { spec: { tags: [null] } })
})

promise('A patch may not take away what an object is called', async ({ send, patch, custom, core, group }) => {
  const object = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' } }
  await send('POST', `${custom}/widgets`, object, { silent: true })
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a' } }, { silent: true })
  for (const at of [`${custom}/widgets/a`, `${core}/configmaps/a`]) {
    await patch('merge', at, { metadata: null })
    await patch('merge', at, { metadata: { name: null } })
  }
  await patch('merge', `${custom}/widgets/a`, { kind: null })
  await patch('json', `${custom}/widgets/a`, [{ op: 'replace', path: '/kind', value: 5 }])
  await patch('json', `${custom}/widgets/a`, [{ op: 'replace', path: '/apiVersion', value: 5 }])
})
