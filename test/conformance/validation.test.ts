import { expect } from 'vitest'
import { conformance, type JsonObject } from './kit/scenario.ts'
import { widgetCrd } from './kit/widgets.ts'

const promise = conformance('validation', { crds: (group) => [widgetCrd(group)] })

const wg = (group: string, spec: JsonObject, name = 'a') => ({
  apiVersion: `${group}/v1`,
  kind: 'Widget',
  metadata: { name },
  spec,
})

promise(
  'Unknown fields are warned of, dropped silently, or refused, as asked',
  async ({ send, patch, custom, core, group }) => {
    const object = {
      ...wg(group, { size: 1, nope: 1, nested: { must: 'x', deeper: { no: 1 } }, ports: [{ port: 1, who: 'x' }] }),
      extra: true,
    }
    await send('POST', `${custom}/widgets`, object)
    await send('POST', `${custom}/widgets?fieldValidation=Ignore`, { ...object, metadata: { name: 'b', nope: 1 } })
    await send('POST', `${custom}/widgets?fieldValidation=Warn`, { ...object, metadata: { name: 'c', nope: 1 } })
    await send('POST', `${custom}/widgets?fieldValidation=Strict`, { ...object, metadata: { name: 'd', nope: 1 } })
    await send('POST', `${custom}/widgets?fieldValidation=Maybe`, object)
    await send('POST', `${core}/configmaps`, { metadata: { name: 'a', nope: 1 }, data: { k: 'v' }, extra: true })
    await send('POST', `${core}/configmaps?fieldValidation=Strict`, { metadata: { name: 'b', nope: 1 }, extra: true })
    await send('POST', `${core}/configmaps?fieldValidation=Ignore`, { metadata: { name: 'c' }, extra: true })
    await patch('merge', `${custom}/widgets/a?fieldValidation=Strict`, { spec: { nope: 2 } })
    await patch('merge', `${custom}/widgets/a`, { spec: { nope: 2 } })
    await patch('merge', `${core}/configmaps/a?fieldValidation=Strict`, { extra: 1 })
    await patch('merge', `${core}/configmaps/a`, { extra: 1 })
    await patch('merge', `${core}/configmaps/a?fieldValidation=Maybe`, {})
    await send('PUT', `${core}/configmaps/a?fieldValidation=Maybe`, { metadata: { name: 'a' } })
  },
)

promise('Keys that come twice are warned of or refused', async ({ send, custom, core, group }) => {
  const text = `{"apiVersion":"${group}/v1","kind":"Widget","metadata":{"name":"a"},"spec":{"size":1,"size":2}}`
  await send('POST', `${custom}/widgets?fieldValidation=Strict`, text)
  await send('POST', `${custom}/widgets`, text)
  await send('POST', `${core}/configmaps?fieldValidation=Strict`, '{"metadata":{"name":"a"},"data":{"k":"1","k":"2"}}')
  await send('POST', `${core}/configmaps`, '{"metadata":{"name":"a"},"data":{"k":"1","k":"2"}}')
})

promise(
  'A value that breaks the schema of a custom resource is refused with its path',
  async ({ send, custom, group }) => {
    // One fault each: the real server goes through the properties in no order.
    const faults: JsonObject[] = [
      { size: 'big' },
      { size: 1.5 },
      { size: -1 },
      { size: 101 },
      { color: 'pink' },
      { name: 'toolong' },
      { name: 'ABC' },
      { ratio: 'x' },
      { on: 'true' },
      { due: 'yesterday' },
      { list: [] },
      { list: ['a', 'b', 'c', 'd'] },
      { list: 'a' },
      { list: ['a', 5, null] },
      { tags: ['a', 'a'] },
      { ports: [{ port: 1 }, { port: 1, proto: 'TCP' }] },
      { ports: [{ proto: 'TCP' }] },
      { ports: [{}] },
      { port: true },
      { attrs: { a: 1 } },
      { attrs: [] },
      { nested: {} },
      { nested: { must: 5 } },
      { nested: 'x' },
      { one: {} },
      { one: { a: 'x', b: 'y' } },
    ]
    for (const spec of faults) await send('POST', `${custom}/widgets`, wg(group, spec))
    await send('POST', `${custom}/widgets`, {
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name: 'a' },
      spec: [],
    })
    await send('POST', `${custom}/widgets`, {
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name: 'a', labels: { a: 5 } },
      spec: {},
    })
    await send('POST', `${custom}/widgets`, { apiVersion: `${group}/v1`, kind: 'Widget', metadata: 'a' })
  },
)

promise('Lengths count characters, numbers may be whole floats, ports may be text', async ({ send, custom, group }) => {
  await send(
    'POST',
    `${custom}/widgets`,
    wg(group, { name: 'äöüäö', port: 'http', ratio: 1, due: '2024-01-02T03:04:05+01:00' }, 'a'),
  )
  await send(
    'POST',
    `${custom}/widgets`,
    `{"apiVersion":"${group}/v1","kind":"Widget","metadata":{"name":"b"},"spec":{"size":2.0,"port":80,"ratio":1.50}}`,
  )
})

promise('Defaults fill what is absent or null, at every depth', async ({ send, custom, group }) => {
  await send(
    'POST',
    `${custom}/widgets`,
    wg(group, { replicas: null, nested: { must: 'x', deep: {} }, ports: [{ port: 1 }], nick: null }),
  )
  await send('POST', `${custom}/widgets`, { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'b' } })
})

promise('Where the schema says so, unknown fields stay', async ({ send, custom, group }) => {
  await send(
    'POST',
    `${custom}/widgets?fieldValidation=Strict`,
    wg(group, { any: { deep: [1, { x: null }], text: 'y' } }),
  )
})

promise('A body that is no JSON object is refused', async ({ send, core, custom }) => {
  for (const at of [`${core}/configmaps`, `${custom}/widgets`]) {
    for (const body of [
      '',
      '{',
      'null',
      '[]',
      '"text"',
      '5',
      '{"metadata":5}',
      '{"kind":5}',
      '\u0000',
      '{"metadata":{"name":"a"}} trailing',
    ])
      await send('POST', at, body)
  }
})

promise('YAML bodies are taken', async ({ send, core, custom, group }) => {
  const headers = { 'content-type': 'application/yaml' }
  await send('POST', `${core}/configmaps`, 'metadata: {name: a}\ndata:\n  k: "v"\n', { headers })
  await send(
    'POST',
    `${custom}/widgets`,
    `apiVersion: ${group}/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: 3, on: yes}\n`,
    { headers },
  )
  await send('POST', `${core}/configmaps`, 'metadata: {name: y}\n', { headers })
  // The words for broken YAML are those of the parser.
  const broken = await send('POST', `${core}/configmaps`, 'metadata: [', { headers, silent: true })
  expect([broken.status, broken.json.reason]).toEqual([400, 'BadRequest'])
})

promise('A text that is broken is refused where it breaks, half a character is replaced', async (scenario) => {
  const { send, core, custom, group } = scenario
  for (const text of [
    '{"a":"\\x"}',
    '{"a":"\\u00g0"}',
    '{"a":"\t"}',
    '{"a',
    '{"a":"\\',
    '{"a":tru',
    '{"a":-',
    '\ufeff{}',
    '{"a":é}',
  ]) {
    await send('POST', `${core}/configmaps`, text)
  }
  const halves = '{"first \\ud800":"\\ud800x","pair":"\\ud83d\\ude00","last":"\\udc00"}'
  await send(
    'POST',
    `${custom}/widgets`,
    `{"apiVersion":"${group}/v1","kind":"Widget","metadata":{"name":"a"},"spec":{"any":${halves}}}`,
  )
})
