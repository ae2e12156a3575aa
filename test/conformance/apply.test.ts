import { expect } from 'vitest'
import { conformance, type JsonObject } from './kit/scenario.ts'
import { widgetCrd } from './kit/widgets.ts'

const promise = conformance('apply', { crds: (group) => [widgetCrd(group)] })

const cm = (data: JsonObject, metadata: JsonObject = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...metadata },
  data,
})
const wg = (group: string, spec: JsonObject, metadata: JsonObject = {}) => ({
  apiVersion: `${group}/v1`,
  kind: 'Widget',
  metadata: { name: 'a', ...metadata },
  spec,
})

promise(
  'An apply creates, changes nothing when repeated, and removes what it gives up',
  async ({ patch, core, custom, group }) => {
    await patch('apply', `${core}/configmaps/a?fieldManager=one`, cm({ a: '1', b: '2' }, { labels: { l: 'v' } }))
    await patch('apply', `${core}/configmaps/a?fieldManager=one`, cm({ a: '1', b: '2' }, { labels: { l: 'v' } }))
    await patch('apply', `${core}/configmaps/a?fieldManager=one`, cm({ a: '3' }))
    await patch('apply', `${custom}/widgets/a?fieldManager=one`, wg(group, { size: 1, attrs: { a: '1', b: '2' } }))
    await patch('apply', `${custom}/widgets/a?fieldManager=one`, wg(group, { attrs: { a: '1' } }))
    await patch('apply', `${custom}/widgets/a?fieldManager=one`, {
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name: 'a' },
    })
  },
)

promise('Two managers own what each applied; equal values are shared', async ({ patch, custom, group }) => {
  await patch('apply', `${custom}/widgets/a?fieldManager=one`, wg(group, { size: 1, attrs: { a: '1' } }))
  await patch('apply', `${custom}/widgets/a?fieldManager=two`, wg(group, { size: 1, attrs: { b: '2' } }))
  await patch('apply', `${custom}/widgets/a?fieldManager=one`, wg(group, { attrs: {} }))
  await patch('apply', `${custom}/widgets/a?fieldManager=two`, wg(group, {}))
})

promise(
  'A value that another manager owns is a conflict, until it is forced',
  async ({ patch, core, custom, group }) => {
    await patch('apply', `${custom}/widgets/a?fieldManager=one`, wg(group, { size: 1, attrs: { a: '1', b: '1' } }), {
      silent: true,
    })
    await patch('apply', `${custom}/widgets/a?fieldManager=three`, wg(group, { on: true }), { silent: true })
    await patch('apply', `${custom}/widgets/a?fieldManager=two`, wg(group, { attrs: { a: '2' } }))
    await patch('apply', `${custom}/widgets/a?fieldManager=two`, wg(group, { size: 2, attrs: { a: '2', b: '2' } }))
    await patch('apply', `${custom}/widgets/a?fieldManager=two&force=true`, wg(group, { size: 2, attrs: { a: '2' } }))
    await patch(
      'apply',
      `${custom}/widgets/a?fieldManager=two&force=maybe`,
      wg(group, { size: 2, attrs: { a: '2' }, on: false }),
    )
    await patch('apply', `${core}/configmaps/a?fieldManager=one`, cm({ a: '1' }), { silent: true })
    await patch('apply', `${core}/configmaps/a?fieldManager=two`, cm({ a: '2' }))
  },
)

promise(
  'A manager that updates conflicts with one that applies, even under one name',
  async ({ send, patch, core }) => {
    await send('POST', `${core}/configmaps?fieldManager=upd`, cm({ a: '1' }), { silent: true })
    await patch('apply', `${core}/configmaps/a?fieldManager=one`, cm({ a: '2' }))
    await patch('apply', `${core}/configmaps/a?fieldManager=upd`, cm({ a: '2' }))
    await patch('apply', `${core}/configmaps/a?fieldManager=upd`, cm({ a: '1' }))
  },
)

promise('An update takes over what it changes', async ({ patch, core }) => {
  await patch('apply', `${core}/configmaps/a?fieldManager=one`, cm({ a: '1', b: '1' }), { silent: true })
  await patch('merge', `${core}/configmaps/a?fieldManager=two`, { data: { a: '2', c: '3' } })
  await patch('merge', `${core}/configmaps/a?fieldManager=three`, { data: { b: null } })
  await patch('apply', `${core}/configmaps/a?fieldManager=one`, cm({ a: '1' }))
  await patch('apply', `${core}/configmaps/a?fieldManager=one&force=true`, cm({}))
})

promise('A list by keys merges entry by entry', async ({ patch, custom, group }) => {
  const at = `${custom}/widgets/a`
  await patch(
    'apply',
    `${at}?fieldManager=one`,
    wg(group, {
      ports: [
        { port: 1, name: 'a' },
        { port: 2, proto: 'UDP' },
      ],
    }),
  )
  await patch('apply', `${at}?fieldManager=two`, wg(group, { ports: [{ port: 3 }, { port: 1, more: { k: 'v' } }] }))
  await patch('apply', `${at}?fieldManager=two`, wg(group, { ports: [{ port: 1, name: 'b' }] }))
  await patch('apply', `${at}?fieldManager=one`, wg(group, { ports: [{ port: 2, proto: 'UDP' }] }))
  await patch('apply', `${at}?fieldManager=one`, wg(group, { ports: [] }))
  await patch('merge', `${at}?fieldManager=three`, { spec: { ports: [{ port: 9 }] } })
  await patch('apply', `${at}?fieldManager=two`, wg(group, {}))
})

promise('A set merges by value', async ({ patch, custom, group }) => {
  const at = `${custom}/widgets/a`
  await patch('apply', `${at}?fieldManager=one`, wg(group, { tags: ['a', 'b'] }))
  await patch('apply', `${at}?fieldManager=two`, wg(group, { tags: ['b', 'c'] }))
  await patch('apply', `${at}?fieldManager=one`, wg(group, { tags: ['a'] }))
  await patch('apply', `${at}?fieldManager=two`, wg(group, { tags: [] }))
  await patch('merge', `${at}?fieldManager=three`, { spec: { tags: ['z', 'a'] } })
})

promise('Atomic maps and lists belong to one manager as a whole', async ({ patch, custom, group }) => {
  const at = `${custom}/widgets/a`
  await patch('apply', `${at}?fieldManager=one`, wg(group, { fixed: { a: '1' }, list: ['a'], any: { deep: { x: 1 } } }))
  await patch('apply', `${at}?fieldManager=two`, wg(group, { fixed: { b: '1' } }))
  await patch('apply', `${at}?fieldManager=two`, wg(group, { list: ['a', 'b'] }))
  await patch(
    'apply',
    `${at}?fieldManager=two&force=true`,
    wg(group, { list: ['b'], fixed: { b: '1' }, any: { deep: { y: 2 } } }),
  )
  await patch('apply', `${at}?fieldManager=one`, wg(group, { fixed: { b: '1' } }))
})

promise(
  'Defaults belong to a creator, never to an applier, and come back when a value is given up',
  async ({ send, patch, custom, group }) => {
    await send('POST', `${custom}/widgets`, wg(group, {}), { silent: false })
    await patch(
      'apply',
      `${custom}/widgets/b?fieldManager=one`,
      wg(group, { replicas: 5, nested: { must: 'x', deep: {} } }, { name: 'b' }),
    )
    await patch('apply', `${custom}/widgets/b?fieldManager=one`, wg(group, {}, { name: 'b' }))
  },
)

promise('null and empty values are applied as what they are', async ({ patch, custom, group }) => {
  const at = `${custom}/widgets/a`
  await patch('apply', `${at}?fieldManager=one`, wg(group, { nick: null, attrs: {}, tags: [], name: '' }))
  await patch('apply', `${at}?fieldManager=one`, wg(group, { size: null }))
  await patch('apply', `${at}?fieldManager=one`, {
    apiVersion: `${group}/v1`,
    kind: 'Widget',
    metadata: { name: 'a' },
    spec: null,
  })
})

promise('Status is applied through its subresource and owned apart', async ({ patch, custom, group }) => {
  const at = `${custom}/widgets/a`
  const status = (conditions: JsonObject[], more: JsonObject = {}) => ({
    apiVersion: `${group}/v1`,
    kind: 'Widget',
    metadata: { name: 'a' },
    status: { conditions, ...more },
  })
  await patch('apply', `${at}?fieldManager=one`, { ...wg(group, { size: 1 }), status: { phase: 'Lost' } })
  await patch('apply', `${at}/status?fieldManager=one`, status([{ type: 'Ready', status: 'True' }], { phase: 'Up' }))
  await patch('apply', `${at}/status?fieldManager=two`, status([{ type: 'Synced', status: 'False' }]))
  await patch('apply', `${at}/status?fieldManager=two`, status([{ type: 'Ready', status: 'False' }]))
  await patch('apply', `${at}/status?fieldManager=one`, {
    ...status([]),
    spec: { size: 9 },
    metadata: { name: 'a', labels: { l: 'v' } },
  })
  await patch('apply', `${custom}/widgets/none/status?fieldManager=one`, { ...status([]), metadata: { name: 'none' } })
})

promise('An apply that does not fit the schema is refused', async ({ patch, custom, core, group }) => {
  const at = `${custom}/widgets/a?fieldManager=one`
  await patch('apply', at, wg(group, { size: 'big' }))
  await patch('apply', at, wg(group, { nope: 1 }))
  await patch('apply', at, wg(group, { ports: [{ port: 1 }, { port: 1 }] }))
  await patch('apply', at, wg(group, { ports: [{ proto: 'TCP' }] }))
  await patch('apply', at, wg(group, { ports: { port: 1 } }))
  await patch('apply', at, wg(group, { tags: ['a', 'a'] }))
  await patch('apply', at, wg(group, { attrs: ['a'] }))
  await patch('apply', at, wg(group, { attrs: { a: 5 } }))
  await patch('apply', at, wg(group, { on: 'yes' }))
  await patch('apply', at, wg(group, { color: 'pink' }))
  await patch('apply', at, wg(group, { color: 5 }))
  await patch('apply', `${at}&fieldValidation=Ignore`, wg(group, { nope: 1 }))
  await patch('apply', `${core}/configmaps/a?fieldManager=one`, cm({ a: 5 }))
  await patch('apply', `${core}/configmaps/a?fieldManager=one`, { ...cm({}), nope: 1 })
  await patch('apply', `${core}/configmaps/a?fieldManager=one`, cm({ 'bad key': '' }))
})

promise('An apply must name its manager, its kind and the name of the URL', async ({ patch, core, custom, group }) => {
  await patch('apply', `${core}/configmaps/a`, cm({}))
  await patch('apply', `${core}/configmaps/a?fieldManager=one`, { ...cm({}), kind: 'Secret' })
  await patch('apply', `${core}/configmaps/a?fieldManager=one`, { ...cm({}), apiVersion: 'v2' })
  await patch('apply', `${core}/configmaps/a?fieldManager=one`, cm({}, { name: 'b' }))
  await patch('apply', `${core}/configmaps/a?fieldManager=one`, cm({}, { namespace: 'other' }))
  await patch('apply', `${core}/configmaps/a?fieldManager=one`, { data: {} })
  await patch(
    'apply',
    `${core}/configmaps/a?fieldManager=one`,
    cm({}, { managedFields: [{ manager: 'x', operation: 'Apply' }] }),
  )
  await patch('apply', `${core}/configmaps/a?fieldManager=one`, cm({}, { resourceVersion: '1' }))
  await patch('apply', `${core}/configmaps/a?fieldManager=one`, cm({}, { uid: '11111111-1111-1111-1111-111111111111' }))
  // The words for broken YAML are those of the parser.
  const broken = await patch('apply', `${core}/configmaps/a?fieldManager=one`, 'not: [yaml', { silent: true })
  expect([broken.status, broken.json.reason]).toEqual([400, 'BadRequest'])
  expect(broken.json.message).toMatch(/^error decoding YAML: error converting YAML to JSON: yaml: /)
  await patch('apply', `${core}/configmaps/a?fieldManager=one`, '[]')
  await patch('apply', `${custom}/widgets/a`, wg(group, {}))
  await patch('apply', `${custom}/widgets/a?fieldManager=one`, { ...wg(group, {}), kind: 'Gadget' })
  await patch('apply', `${custom}/widgets/a?fieldManager=one`, wg(group, {}, { name: 'b' }))
  await patch('apply', `${custom}/widgets/a?fieldManager=one`, wg(group, {}, { resourceVersion: '1' }))
  await patch('merge', `${core}/configmaps/a?fieldManager=one&force=true`, {})
})

promise('An apply is YAML', async ({ patch, core }) => {
  await patch(
    'apply',
    `${core}/configmaps/a?fieldManager=one`,
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: "v"}\n',
  )
  await patch(
    'apply',
    `${core}/configmaps/a?fieldManager=one`,
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: y}\n',
  )
})

promise(
  'managedFields can be cleared, and what comes after belongs to before-first-apply',
  async ({ send, patch, core }) => {
    await send('POST', `${core}/configmaps?fieldManager=one`, cm({ a: '1' }), { silent: true })
    await patch('merge', `${core}/configmaps/a?fieldManager=one`, { metadata: { managedFields: [] } })
    await patch('merge', `${core}/configmaps/a?fieldManager=one`, { metadata: { managedFields: [{}] } })
    await patch('merge', `${core}/configmaps/a?fieldManager=two`, { data: { b: '2' } })
    await patch('apply', `${core}/configmaps/a?fieldManager=three`, cm({ c: '3' }))
    await patch('apply', `${core}/configmaps/a?fieldManager=three`, cm({ a: '3' }))
  },
)

promise('Broken managedFields in a request are ignored', async ({ send, patch, core }) => {
  await send('POST', `${core}/configmaps?fieldManager=one`, cm({ a: '1' }), { silent: true })
  await patch('merge', `${core}/configmaps/a?fieldManager=two`, {
    metadata: {
      managedFields: [{ manager: 'x', operation: 'Jump', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} }],
    },
  })
  await patch('merge', `${core}/configmaps/a?fieldManager=two`, {
    metadata: {
      managedFields: [
        { manager: 'x', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'q:x': {} } },
      ],
    },
  })
  await patch('merge', `${core}/configmaps/a?fieldManager=two`, {
    metadata: {
      managedFields: [
        {
          manager: 'x',
          operation: 'Update',
          apiVersion: 'v1',
          time: '2020-01-01T00:00:00Z',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { 'f:a': {} } },
        },
      ],
    },
  })
})

promise('Many updaters are folded into the oldest', async ({ patch, core, send }) => {
  await send('POST', `${core}/configmaps?fieldManager=m0`, cm({ k0: '0' }), { silent: true })
  for (let index = 1; index < 12; index++) {
    await patch(
      'merge',
      `${core}/configmaps/a?fieldManager=m${index}`,
      { data: { [`k${index}`]: '' } },
      { silent: true },
    )
  }
  const { json } = await send('GET', `${core}/configmaps/a`, undefined, { silent: true })
  const managers = (json.metadata as { managedFields: { manager: string }[] }).managedFields.map(
    ({ manager }) => manager,
  )
  // Which of the equally old ones go first is not promised; how many stay is.
  if (managers.length > 11 || !managers.includes('ancient-changes')) throw new Error(managers.join())
})

promise('Labels, annotations, finalizers and owners are merged by key', async ({ send, patch, core, namespace }) => {
  // Owners that are there: the collector would take an orphan away.
  const own = (await send('GET', `/api/v1/namespaces/${namespace}`, undefined, { silent: true })).json
  const other = (await send('GET', '/api/v1/namespaces/default', undefined, { silent: true })).json
  const uidOf = (object: JsonObject) => (object.metadata as { uid: string }).uid
  const owner = (name: string, uid: string) => ({ apiVersion: 'v1', kind: 'Namespace', name, uid })
  await patch(
    'apply',
    `${core}/configmaps/a?fieldManager=one`,
    cm({}, { labels: { a: '1' }, finalizers: ['ex.org/a'], ownerReferences: [owner(namespace, uidOf(own))] }),
  )
  await patch(
    'apply',
    `${core}/configmaps/a?fieldManager=two`,
    cm(
      {},
      {
        labels: { b: '1' },
        annotations: { c: '1' },
        finalizers: ['ex.org/b'],
        ownerReferences: [owner('default', uidOf(other))],
      },
    ),
  )
  await patch('apply', `${core}/configmaps/a?fieldManager=one`, cm({}))
})

promise('A dry-run apply stores nothing', async ({ send, patch, core }) => {
  await patch('apply', `${core}/configmaps/a?fieldManager=one&dryRun=All`, cm({ a: '1' }))
  await send('GET', `${core}/configmaps/a`)
  await patch('apply', `${core}/configmaps/a?fieldManager=one`, cm({ a: '1' }), { silent: true })
  await patch('apply', `${core}/configmaps/a?fieldManager=two&dryRun=All`, cm({ a: '2' }))
  await patch('apply', `${core}/configmaps/a?fieldManager=two&dryRun=All&force=true`, cm({ a: '2' }))
})

promise('An apply of nothing names no kind', async ({ patch, core, custom }) => {
  for (const body of ['', 'null', '# nothing', '---']) {
    await patch('apply', `${core}/configmaps/a?fieldManager=one`, body)
    await patch('apply', `${custom}/widgets/a?fieldManager=one`, body)
  }
})
