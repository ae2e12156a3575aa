import { expect } from 'vitest'
import { waitUntil } from '../harness/wait-until.ts'
import { conformance, type JsonObject } from './kit/scenario.ts'

const promise = conformance('crd')

const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const version = (name: string, more: JsonObject = {}) => ({
  name,
  served: true,
  storage: true,
  schema: { openAPIV3Schema: anything },
  ...more,
})

/** A CRD in a group of the test's own. `spec` overrides. */
const crd = (group: string, spec: JsonObject = {}, plural = 'things') => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: { group, scope: 'Namespaced', names: { plural, kind: 'Thing' }, versions: [version('v1')], ...spec },
})

const groupOf = (namespace: string) => `${namespace.slice(2)}.own.example.com`
const established = ({ json }: { json: JsonObject }) =>
  ((json.status as { conditions?: { type: string; status: string }[] } | undefined)?.conditions ?? []).some(
    ({ type, status }) => type === 'Established' && status === 'True',
  )

promise(
  'A CRD is accepted, established, served, and gone again with its objects',
  async ({ send, until, namespace }) => {
    const group = groupOf(namespace)
    await send('POST', crds, crd(group))
    await until('Established', `${crds}/things.${group}`, established)
    await send('GET', `${crds}/things.${group}`)
    const list = `/apis/${group}/v1/namespaces/${namespace}/things`
    await until('the resource', list, ({ status }) => status === 200)
    await send('POST', list, { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'a' }, free: { form: [1] } })
    await send('DELETE', `${crds}/things.${group}`, undefined, { silent: true })
    await until('the CRD to go', `${crds}/things.${group}`, ({ status }) => status === 404)
    await until('the resource to go', list, ({ status }) => status === 404)
    await send('GET', list)
    await send('POST', crds, crd(group), { silent: true })
    await until('the resource again', list, ({ status }) => status === 200)
    const { json } = await send('GET', list, undefined, { silent: true })
    expect(json.items).toEqual([])
  },
)

promise('A name that is taken is not accepted', async ({ send, until, namespace }) => {
  const group = groupOf(namespace)
  await send('POST', crds, crd(group), { silent: true })
  await until('Established', `${crds}/things.${group}`, established)
  const clashes: [string, JsonObject][] = [
    ['others', { plural: 'others', kind: 'Thing' }],
    ['fourths', { plural: 'fourths', kind: 'Fourth', listKind: 'ThingList' }],
    ['fifths', { plural: 'fifths', kind: 'Fifth', singular: 'thing' }],
    ['sixths', { plural: 'sixths', kind: 'Sixth', shortNames: ['things'] }],
  ]
  for (const [plural, names] of clashes) {
    await send('POST', crds, crd(group, { names }, plural), { silent: true })
    await until(
      'a verdict',
      `${crds}/${plural}.${group}`,
      ({ json }) => ((json.status as { conditions?: object[] } | undefined)?.conditions ?? []).length > 0,
    )
    await send('GET', `${crds}/${plural}.${group}`)
  }
})

promise('A CRD that does not fit is refused with every cause', async ({ send, namespace }) => {
  const group = groupOf(namespace)
  const bad: JsonObject[] = [
    { ...crd(group), metadata: { name: 'wrong.example.com' } },
    crd(group, { group: 'UPPER' }),
    crd(group, { scope: 'Everywhere' }),
    crd(group, { scope: undefined }),
    crd(group, { versions: [] }),
    crd(group, { versions: [version('v1'), version('v1')] }),
    crd(group, { versions: [version('v1', { storage: false })] }),
    crd(group, { versions: [version('v1'), version('v2')] }),
    crd(group, { versions: [version('V1')] }),
    crd(group, { versions: [version('v1', { schema: undefined })] }),
    crd(group, { versions: [version('v1', { schema: {} })] }),
    crd(group, { names: { plural: 'things' } }),
    crd(group, { names: { plural: 'Things', kind: 'thing!' } }),
    crd(group, { names: { plural: 'things', kind: 'Thing', shortNames: ['Bad_'], categories: ['Bad_'] } }),
    crd(group, {
      versions: [version('v1', { additionalPrinterColumns: [{ name: 'X', type: 'color', jsonPath: 'spec.x' }] })],
    }),
    crd(group, { versions: [version('v1', { selectableFields: [{ jsonPath: '.spec.nope' }] })] }),
    crd(group, { preserveUnknownFields: true }),
    crd('k8s.io'),
  ]
  for (const object of bad) await send('POST', crds, object)
})

promise('A schema that is not structural is refused with every cause', async ({ send, namespace }) => {
  const group = groupOf(namespace)
  const schemas: JsonObject[] = [
    {},
    { type: 'string' },
    { type: 'object', properties: { spec: {} } },
    { type: 'object', properties: { spec: { type: 'thing' } } },
    { type: 'object', properties: { spec: { type: 'array' } } },
    {
      type: 'object',
      properties: {
        spec: { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } },
      },
    },
    { type: 'object', properties: { spec: { type: 'object', additionalProperties: false } } },
    { type: 'object', properties: { spec: { $ref: '#/x' } } },
    { type: 'object', properties: { spec: { type: 'string', pattern: '[' } } },
    { type: 'object', properties: { spec: { type: 'object', anyOf: [{ properties: { a: { type: 'string' } } }] } } },
    { type: 'object', properties: { spec: { type: 'string', uniqueItems: true } } },
    { type: 'object', properties: { spec: { type: 'integer', default: 'x' } } },
    {
      type: 'object',
      properties: { spec: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'bag' } },
    },
    {
      type: 'object',
      properties: { spec: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'map' } },
    },
    {
      type: 'object',
      properties: {
        spec: {
          type: 'array',
          items: { type: 'object', properties: { k: { type: 'string' } } },
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['k'],
        },
      },
    },
    {
      type: 'object',
      properties: { spec: { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'set' } },
    },
    { type: 'object', properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } },
    { type: 'object', properties: { spec: { type: 'object', 'x-kubernetes-embedded-resource': true } } },
    { type: 'object', properties: { spec: { type: 'string', 'x-kubernetes-int-or-string': true } } },
    { type: 'object', properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': false } } },
    { type: 'object', properties: { spec: { type: 'string', nullable: true, default: null } } },
  ]
  for (const openAPIV3Schema of schemas)
    await send('POST', crds, crd(group, { versions: [version('v1', { schema: { openAPIV3Schema } })] }))
})

promise(
  'Versions without conversion differ in their apiVersion only; an unserved one is not there',
  async ({ send, until, namespace }) => {
    const group = groupOf(namespace)
    const versions = [
      version('v1'),
      version('v2', { storage: false }),
      version('v3', { storage: false, served: false }),
      version('v1beta1', { storage: false, deprecated: true }),
    ]
    await send('POST', crds, crd(group, { versions }), { silent: true })
    const at = (name: string) => `/apis/${group}/${name}/namespaces/${namespace}/things`
    for (const name of ['v1', 'v2', 'v1beta1']) await until(name, at(name), ({ status }) => status === 200)
    await send('POST', at('v2'), { apiVersion: `${group}/v2`, kind: 'Thing', metadata: { name: 'a' }, spec: { x: 1 } })
    await send('GET', `${at('v1')}/a`)
    await send('GET', `${at('v1beta1')}/a`)
    await send('GET', at('v3'))
    await send('GET', `/apis/${group}`)
  },
)

promise('What a CRD may not change stays', async ({ send, patch, until, namespace }) => {
  const group = groupOf(namespace)
  await send('POST', crds, crd(group), { silent: true })
  await until('Established', `${crds}/things.${group}`, established)
  const at = `${crds}/things.${group}`
  await patch('merge', at, { spec: { group: 'other.example.com' } })
  await patch('merge', at, { spec: { scope: 'Cluster' } })
  await patch('merge', at, { spec: { names: { plural: 'stuff' } } })
  await patch('merge', at, { spec: { names: { kind: 'Other' } } })
  await patch('merge', at, { spec: { versions: [version('v2')] } })
})

promise('A cluster-scoped custom resource has no namespace', async ({ send, until, namespace }) => {
  const group = groupOf(namespace)
  await send('POST', crds, crd(group, { scope: 'Cluster' }), { silent: true })
  await until('the resource', `/apis/${group}/v1/things`, ({ status }) => status === 200)
  await send('POST', `/apis/${group}/v1/things`, { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'a' } })
  await send('POST', `/apis/${group}/v1/things`, {
    apiVersion: `${group}/v1`,
    kind: 'Thing',
    metadata: { name: 'b', namespace },
  })
  await send('GET', `/apis/${group}/v1/namespaces/${namespace}/things`)
  await send('GET', `/apis/${group}/v1/things/a`)
})

promise('A new default shows on objects that were stored before it', async ({ send, patch, until, namespace }) => {
  const group = groupOf(namespace)
  const schema = (properties: JsonObject) => [
    version('v1', {
      schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } },
    }),
  ]
  await send('POST', crds, crd(group, { versions: schema({ a: { type: 'string' } }) }), { silent: true })
  const list = `/apis/${group}/v1/namespaces/${namespace}/things`
  await until('the resource', list, ({ status }) => status === 200)
  await send('POST', list, { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'a' }, spec: { a: 'x' } })
  await patch(
    'merge',
    `${crds}/things.${group}`,
    { spec: { versions: schema({ a: { type: 'string' }, b: { type: 'string', default: 'new' } }) } },
    { silent: true },
  )
  await until('the default', `${list}/a`, ({ body }) => body.includes('new'))
  await send('GET', `${list}/a`)
  await patch(
    'merge',
    `${crds}/things.${group}`,
    { spec: { versions: schema({ b: { type: 'string', default: 'new' } }) } },
    { silent: true },
  )
  await until('the field to go', `${list}/a`, ({ body }) => !body.includes('"a":"x"'))
  await send('GET', `${list}/a`)
})

promise(
  'A fault that was there before does not stop a change of something else',
  async ({ send, patch, until, namespace }) => {
    const group = groupOf(namespace)
    const versions = (maximum: number) => {
      const spec = {
        type: 'object',
        required: ['e'],
        properties: { size: { type: 'integer', maximum }, color: { type: 'string' }, e: { type: 'string' } },
      }
      return [
        version('v1', {
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { spec: maximum === 50 ? spec : { ...spec, required: [] } },
            },
          },
        }),
      ]
    }
    await send('POST', crds, crd(group, { versions: versions(100) }), { silent: true })
    const list = `/apis/${group}/v1/namespaces/${namespace}/things`
    await until('the resource', list, ({ status }) => status === 200)
    const thing = (name: string, spec: JsonObject) => ({
      apiVersion: `${group}/v1`,
      kind: 'Thing',
      metadata: { name },
      spec,
    })
    await send('POST', list, thing('a', { size: 90, e: 'x' }), { silent: true })
    await send('POST', list, thing('bare', { size: 90 }), { silent: true })
    await patch('merge', `${crds}/things.${group}`, { spec: { versions: versions(50) } }, { silent: true })
    await waitUntil('the new maximum', async () => {
      const { status } = await send('POST', `${list}?dryRun=All`, thing('b', { size: 90, e: 'x' }), { silent: true })
      return status === 422 ? true : undefined
    })
    await patch('merge', `${list}/a`, { metadata: { labels: { l: 'v' } } })
    await patch('merge', `${list}/a`, { spec: { color: 'blue' } })
    await patch('merge', `${list}/a`, { spec: { size: 80 } })
    await patch('merge', `${list}/bare`, { metadata: { labels: { l: 'v' } } })
    await patch('merge', `${list}/bare`, { spec: { color: 'blue' } })
    await send('POST', list, thing('b', { size: 90, e: 'x' }))
  },
)
