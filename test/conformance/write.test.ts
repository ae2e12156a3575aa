import { conformance } from './kit/scenario.ts'
import { widgetCrd } from './kit/widgets.ts'

const promise = conformance('write', { crds: (group) => [widgetCrd(group)] })

const configMap = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
})

promise('A create answers the object with uid, version, time and owner of its fields', async ({ send, core }) => {
  await send('POST', `${core}/configmaps`, configMap('a', { data: { k: 'v' }, binaryData: { b: 'AAE=' } }))
  await send('GET', `${core}/configmaps/a`)
})

promise(
  'Built-in kinds take a body without kind and apiVersion, custom resources do not',
  async ({ send, core, custom, group }) => {
    await send('POST', `${core}/configmaps`, { metadata: { name: 'a' } })
    await send('POST', `${custom}/widgets`, { metadata: { name: 'a' } })
    await send('POST', `${custom}/widgets`, { kind: 'Widget', metadata: { name: 'a' } })
    await send('POST', `${custom}/widgets`, { apiVersion: `${group}/v2`, kind: 'Widget', metadata: { name: 'a' } })
    await send('POST', `${custom}/widgets`, { apiVersion: `${group}/v1`, kind: 'Gadget', metadata: { name: 'a' } })
    await send('POST', `${core}/configmaps`, { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'a' } })
    await send('POST', `${core}/configmaps`, { kind: 'ConfigMap', apiVersion: 'v2', metadata: { name: 'a' } })
  },
)

promise('A create of a name that exists is refused', async ({ send, core, custom, group }) => {
  await send('POST', `${core}/configmaps`, configMap('a'), { silent: true })
  await send('POST', `${core}/configmaps`, configMap('a'))
  const widget = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' } }
  await send('POST', `${custom}/widgets`, widget, { silent: true })
  await send('POST', `${custom}/widgets`, widget)
})

promise('A create with a resourceVersion is refused', async ({ send, core, custom, group }) => {
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a', resourceVersion: '5' } })
  await send('POST', `${custom}/widgets`, {
    apiVersion: `${group}/v1`,
    kind: 'Widget',
    metadata: { name: 'a', resourceVersion: '5' },
  })
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a', resourceVersion: '0' } })
})

promise(
  'A create ignores uid, creationTimestamp, deletionTimestamp, generation and status that a client sends',
  async ({ send, core, custom, group }) => {
    const metadata = {
      name: 'a',
      uid: '11111111-1111-1111-1111-111111111111',
      creationTimestamp: '2001-01-01T00:00:00Z',
      deletionTimestamp: '2001-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 5,
      generation: 7,
      selfLink: '/x',
    }
    await send('POST', `${core}/configmaps`, { metadata })
    await send('POST', `${custom}/widgets`, {
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata,
      spec: {},
      status: { phase: 'Old' },
    })
  },
)

promise('A name or namespace that does not fit is refused', async ({ send, core, custom, group, namespace }) => {
  for (const name of ['', 'UPPER', 'with space', '-a', 'a..b', 'a'.repeat(254)])
    await send('POST', `${core}/configmaps`, configMap(name))
  await send('POST', `${core}/configmaps`, { metadata: {} })
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a', namespace: 'other' } })
  await send('POST', `${custom}/widgets`, { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'UPPER' } })
  await send('POST', `${custom}/widgets`, {
    apiVersion: `${group}/v1`,
    kind: 'Widget',
    metadata: { name: 'a', namespace: 'other' },
  })
  await send('POST', `/api/v1/namespaces/not-there-${namespace}/configmaps`, configMap('a'))
  await send('POST', `/apis/${group}/v1/namespaces/not-there-${namespace}/widgets`, {
    apiVersion: `${group}/v1`,
    kind: 'Widget',
    metadata: { name: 'a' },
  })
  await send('POST', '/api/v1/namespaces', { metadata: { name: 'has.dots' } })
  await send('POST', '/api/v1/configmaps', configMap('a'))
})

promise(
  'Labels, annotations, finalizers and owners that do not fit are refused with every cause',
  async ({ send, core, custom, group }) => {
    const metadata = {
      name: 'a',
      labels: { 'bad key': 'v' },
      annotations: { 'bad key': 'v' },
      finalizers: ['nodomain', 'bad value!', 'kubernetes'],
      ownerReferences: [
        { apiVersion: '', kind: '', name: '', uid: '' },
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'u', controller: true },
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'y', uid: 'v', controller: true },
      ],
    }
    await send('POST', `${core}/configmaps`, { metadata })
    await send('POST', `${custom}/widgets`, { apiVersion: `${group}/v1`, kind: 'Widget', metadata })
  },
)

promise('generateName gives five more characters', async ({ send, core }) => {
  const { json, status } = await send(
    'POST',
    `${core}/configmaps`,
    { metadata: { generateName: 'gen-' } },
    { silent: true },
  )
  const name = (json.metadata as { name: string }).name
  if (status !== 201 || !/^gen-[a-z0-9]{5}$/.test(name)) throw new Error(`status ${status}, name ${name}`)
  await send('POST', `${core}/configmaps`, { metadata: { generateName: 'Bad_' } }, { silent: true }).then(
    ({ status: refused }) => {
      if (refused !== 422) throw new Error(`status ${refused}`)
    },
  )
})

promise('An update with an old resourceVersion conflicts', async ({ send, core, custom, group }) => {
  const first = await send('POST', `${core}/configmaps`, configMap('a', { data: { k: '1' } }))
  await send('PUT', `${core}/configmaps/a`, { ...first.json, data: { k: '2' } })
  await send('PUT', `${core}/configmaps/a`, { ...first.json, data: { k: '3' } })
  const widget = await send(
    'POST',
    `${custom}/widgets`,
    { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' } },
    { silent: true },
  )
  await send('PUT', `${custom}/widgets/a`, { ...widget.json, spec: { size: 1 } }, { silent: true })
  await send('PUT', `${custom}/widgets/a`, { ...widget.json, spec: { size: 2 } })
})

promise('An update that changes nothing keeps the resourceVersion', async ({ send, core }) => {
  const first = await send('POST', `${core}/configmaps`, configMap('a', { data: { k: '1' } }))
  await send('PUT', `${core}/configmaps/a`, first.json)
})

promise(
  'An update without resourceVersion is taken by some kinds and refused by others',
  async ({ send, core, custom, group }) => {
    await send('POST', `${core}/configmaps`, configMap('a'), { silent: true })
    await send('PUT', `${core}/configmaps/a`, configMap('a', { data: { k: 'v' } }))
    await send('PUT', `${core}/configmaps/a`, { metadata: { name: 'a', resourceVersion: '0' } })
    await send('PUT', `${core}/configmaps/a`, { metadata: { name: 'a', resourceVersion: 'abc' } })
    const widget = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' } }
    await send('POST', `${custom}/widgets`, widget, { silent: true })
    await send('PUT', `${custom}/widgets/a`, widget)
    await send('PUT', `${custom}/widgets/a/status`, widget)
    const leases = `/apis/coordination.k8s.io/v1/namespaces/${core.split('/').at(-1)}/leases`
    await send('POST', leases, { metadata: { name: 'a' } }, { silent: true })
    await send('PUT', `${leases}/a`, { metadata: { name: 'a' } })
  },
)

promise(
  'An update of a name that is not there creates some kinds and is refused by others',
  async ({ send, core, custom, group, namespace }) => {
    await send('PUT', `${core}/configmaps/none`, configMap('none'))
    await send('PUT', `${core}/secrets/none`, { metadata: { name: 'none' } })
    await send('PUT', `${core}/serviceaccounts/none`, { metadata: { name: 'none' } })
    await send('PUT', `${custom}/widgets/none`, {
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name: 'none' },
    })
    await send('PUT', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/new`, { metadata: { name: 'new' } })
    await send('PUT', `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/new`, {
      metadata: { name: 'new' },
    })
    await send('PUT', `${core}/events/new`, {
      metadata: { name: 'new' },
      involvedObject: { namespace, kind: 'ConfigMap', name: 'a' },
    })
  },
)

promise('An update may not change the name, the uid or the namespace', async ({ send, core, custom, group }) => {
  await send('POST', `${core}/configmaps`, configMap('a'), { silent: true })
  await send('PUT', `${core}/configmaps/a`, configMap('b'))
  await send('PUT', `${core}/configmaps/a`, { metadata: { name: 'a', uid: '11111111-1111-1111-1111-111111111111' } })
  await send('PUT', `${core}/configmaps/a`, { metadata: { name: 'a', namespace: 'other' } })
  await send('PUT', `${core}/configmaps/a`, { metadata: { name: 'a', creationTimestamp: '2001-01-01T00:00:00Z' } })
  const created = await send(
    'POST',
    `${custom}/widgets`,
    { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' } },
    { silent: true },
  )
  const metadata = created.json.metadata as object
  await send('PUT', `${custom}/widgets/a`, {
    ...created.json,
    metadata: { ...metadata, uid: '11111111-1111-1111-1111-111111111111' },
  })
  await send('PUT', `${custom}/widgets/a`, { ...created.json, metadata: { ...metadata, name: 'b' } })
})

promise(
  'generation counts changes of the spec of custom resources only',
  async ({ send, patch, custom, core, group }) => {
    await send('POST', `${custom}/widgets`, {
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name: 'a' },
      spec: { size: 1 },
    })
    await patch('merge', `${custom}/widgets/a`, { metadata: { labels: { a: 'b' } } })
    await patch('merge', `${custom}/widgets/a`, { spec: { size: 2 } })
    await patch('merge', `${custom}/widgets/a/status`, { status: { phase: 'Ready' } })
    await send('POST', `${core}/configmaps`, { metadata: { name: 'a', generation: 7 } })
    await patch('merge', `${core}/configmaps/a`, { data: { a: 'b' } })
  },
)

promise(
  'The main resource does not touch status, and /status touches nothing but status',
  async ({ send, custom, group }) => {
    const created = await send(
      'POST',
      `${custom}/widgets`,
      {
        apiVersion: `${group}/v1`,
        kind: 'Widget',
        metadata: { name: 'a' },
        spec: { size: 1 },
        status: { phase: 'No' },
      },
      { silent: true },
    )
    const object = created.json
    const changed = {
      ...object,
      metadata: { ...(object.metadata as object), labels: { l: 'v' } },
      spec: { size: 5 },
      status: { phase: 'Ready' },
    }
    const afterStatus = await send('PUT', `${custom}/widgets/a/status`, changed)
    await send('PUT', `${custom}/widgets/a`, { ...afterStatus.json, spec: { size: 9 }, status: { phase: 'Lost' } })
    await send('GET', `${custom}/widgets/a/status`)
    await send('POST', `${custom}/widgets/a/status`, object)
    await send('DELETE', `${custom}/widgets/a/status`)
    await send('GET', `${custom}/widgets/a/scale`)
    await send('PUT', `${custom}/widgets/none/status`, { ...object, metadata: { name: 'none', resourceVersion: '1' } })
  },
)

promise('A dry run answers as if and stores nothing', async ({ send, patch, core, custom, group }) => {
  await send('POST', `${core}/configmaps?dryRun=All`, configMap('a', { data: { k: 'v' } }), { silent: true })
  await send('GET', `${core}/configmaps/a`)
  const widget = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' }, spec: { size: 1 } }
  await send('POST', `${custom}/widgets`, widget, { silent: true })
  await patch('merge', `${custom}/widgets/a?dryRun=All`, { spec: { size: 2 } })
  await send('DELETE', `${custom}/widgets/a?dryRun=All`)
  await send('GET', `${custom}/widgets/a`)
  await send('POST', `${core}/configmaps?dryRun=Some`, configMap('b'))
  await send('POST', `${core}/configmaps?dryRun=All&dryRun=All`, configMap('b'), { silent: true })
  await send('DELETE', `${core}/configmaps/none?dryRun=Some`)
  await patch('merge', `${custom}/widgets/a?dryRun=Some`, { spec: { size: 2 } })
})

promise('The field manager is what the client says, else the first part of its User-Agent', async ({ send, core }) => {
  await send('POST', `${core}/configmaps?fieldManager=me`, configMap('a', { data: { k: 'v' } }))
  await send('POST', `${core}/configmaps`, configMap('b', { data: { k: 'v' } }), {
    headers: { 'user-agent': 'kubelet/v1.2 (linux) x' },
  })
  await send('POST', `${core}/configmaps?fieldManager=${'m'.repeat(129)}`, configMap('c'))
  await send('POST', `${core}/configmaps?fieldManager=a%00b`, configMap('c'))
})

promise('An update must name its object', async ({ send, core, custom, group }) => {
  await send('PUT', `${core}/configmaps/a`, { metadata: {} })
  await send('PUT', `${custom}/widgets/a`, { apiVersion: `${group}/v1`, kind: 'Widget', metadata: {} })
})

promise('No update sends an object into deletion', async ({ send, patch, core, custom, group }) => {
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a', finalizers: ['ex.org/a'] } }, { silent: true })
  const object = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' } }
  await send('POST', `${custom}/widgets`, object, { silent: true })
  for (const at of [`${core}/configmaps/a`, `${custom}/widgets/a`]) {
    await patch('merge', at, { metadata: { deletionTimestamp: '2024-01-02T03:04:05Z' } })
    await patch('merge', at, { metadata: { deletionGracePeriodSeconds: 5 } })
  }
  await send('DELETE', `${core}/configmaps/a`)
  await patch('merge', `${core}/configmaps/a`, { metadata: { deletionGracePeriodSeconds: 5 } })
})

promise('The version of an owner has one slash at most', async ({ send, core }) => {
  for (const apiVersion of ['a/b/c', 'a/', '/v1', 'v1']) {
    const ownerReferences = [{ apiVersion, kind: 'ConfigMap', name: 'a', uid: '11111111-1111-1111-1111-111111111111' }]
    await send('POST', `${core}/configmaps?dryRun=All`, { metadata: { name: 'a', ownerReferences } })
  }
})

promise('A short finalizer of a custom resource is warned of once', async ({ send, patch, custom, group }) => {
  const finalizers = ['short', 'a', 'short', 'orphan', 'ex.org/a']
  await send('POST', `${custom}/widgets`, {
    apiVersion: `${group}/v1`,
    kind: 'Widget',
    metadata: { name: 'a', finalizers },
  })
  await patch('merge', `${custom}/widgets/a`, { metadata: { finalizers: ['short', 'other'] } })
  await patch('merge', `${custom}/widgets/a`, { metadata: { finalizers: ['with blank'] } })
})

promise('What was warned of is warned of when the request is refused, too', async ({ send, core, custom, group }) => {
  await send('POST', `${core}/configmaps`, { metadata: { name: 'BAD' }, unknown: 1 })
  await send('POST', `${custom}/widgets`, {
    apiVersion: `${group}/v1`,
    kind: 'Widget',
    metadata: { name: 'BAD' },
    no: 1,
  })
  await send('GET', `${custom.replace('/v1/', '/v1beta1/')}/widgets/none`)
})
