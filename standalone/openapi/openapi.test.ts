import { describe, expect, test } from 'vitest'
import { builtinTypes } from '../builtin/types.ts'
import type { JsonObject, ServedResource } from '../schema/contract.ts'
import { widgetModel } from '../schema/widget.fixture.ts'
import { openApiV2 } from './v2.ts'
import { openApiV3, openApiV3Index } from './v3.ts'

const widgets: ServedResource = {
  model: widgetModel(),
  plural: 'widgets',
  singular: 'widget',
  verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: ['status'],
}
const serverVersion = 'v1.34.0'

const references = (document: JsonObject, prefix: string): Set<string> =>
  new Set(
    [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, ref]) => (ref as string).replace(prefix, '')),
  )

describe('OpenAPI 3', () => {
  const document = openApiV3([widgets], { group: 'example.com', version: 'v1', serverVersion })
  const { schemas } = document.components as Record<string, JsonObject>
  const paths = document.paths as Record<string, Record<string, JsonObject>>

  test('defines all that it refers to, for every kind', () => {
    for (const group of new Set(builtinTypes.map(({ model }) => model.group))) {
      const served = builtinTypes.filter(({ model }) => model.group === group)
      const built = openApiV3(served, { group, version: 'v1', serverVersion })
      const names = Object.keys((built.components as Record<string, JsonObject>).schemas as JsonObject)
      for (const name of references(built, '#/components/schemas/')) expect(names).toContain(name)
    }
  })

  test('says what kubectl looks for before it asks for field validation', () => {
    const patch = paths['/apis/example.com/v1/namespaces/{namespace}/widgets/{name}']?.patch as JsonObject
    expect(patch['x-kubernetes-group-version-kind']).toEqual({ group: 'example.com', version: 'v1', kind: 'Widget' })
    expect((patch.parameters as JsonObject[]).map(({ name }) => name)).toEqual([
      'dryRun',
      'fieldManager',
      'fieldValidation',
      'force',
    ])
    expect(Object.keys((patch.requestBody as Record<string, JsonObject>).content as JsonObject)).not.toContain(
      'application/strategic-merge-patch+json',
    )
  })

  test('describes a custom resource with its metadata', () => {
    const schema = schemas?.['com.example.v1.Widget'] as JsonObject
    expect(schema['x-kubernetes-group-version-kind']).toEqual([{ group: 'example.com', kind: 'Widget', version: 'v1' }])
    expect((schema.properties as Record<string, JsonObject>).metadata).toMatchObject({
      allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }],
    })
    const spec = (schema.properties as Record<string, JsonObject>).spec?.properties as Record<string, JsonObject>
    expect(spec.port).toEqual({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] })
    expect(spec.replicas).toEqual({ type: 'integer', default: 3 })
  })

  test('has every path that is served', () => {
    expect(Object.keys(paths)).toEqual([
      '/apis/example.com/v1/namespaces/{namespace}/widgets',
      '/apis/example.com/v1/namespaces/{namespace}/widgets/{name}',
      '/apis/example.com/v1/namespaces/{namespace}/widgets/{name}/status',
      '/apis/example.com/v1/widgets',
    ])
  })

  test('is found through an index that changes with it', () => {
    const index = (text: string): unknown =>
      (openApiV3Index(new Map([['apis/example.com/v1', text]])).paths as JsonObject)['apis/example.com/v1']
    expect(index('a')).toMatchObject({
      serverRelativeURL: expect.stringMatching(/^\/openapi\/v3\/apis\/example\.com\/v1\?hash=[0-9A-F]{128}$/),
    })
    expect(index('a')).not.toEqual(index('b'))
  })
})

test('OpenAPI 2 defines all that it refers to, and leaves out what it cannot say', () => {
  const document = openApiV2([...builtinTypes, widgets], { serverVersion })
  const definitions = document.definitions as Record<string, JsonObject>
  for (const name of references(document, '#/definitions/')) expect(Object.keys(definitions)).toContain(name)
  const spec = ((definitions['com.example.v1.Widget'] as JsonObject).properties as Record<string, JsonObject>).spec
    ?.properties as Record<string, JsonObject>
  expect(spec).toMatchObject({
    port: { 'x-kubernetes-int-or-string': true },
    nick: {},
    any: { 'x-kubernetes-preserve-unknown-fields': true },
  })
  expect(spec.nick).not.toHaveProperty('type')
  expect(JSON.stringify(spec)).not.toMatch(/oneOf|nullable|"default"/)
})
