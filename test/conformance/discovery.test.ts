import { expect, inject } from 'vitest'
import { waitUntil } from '../harness/wait-until.ts'
import { conformance, type JsonObject } from './kit/scenario.ts'
import { widgetCrd } from './kit/widgets.ts'

const promise = conformance('discovery', { crds: (group) => [widgetCrd(group)], openApi: true })

/** What the standalone API serves; the real one serves more, which is left out of the comparison. */
const served: Record<string, readonly string[]> = {
  v1: [
    'configmaps',
    'events',
    'namespaces',
    'namespaces/finalize',
    'namespaces/status',
    'secrets',
    'serviceaccounts',
    'serviceaccounts/token',
  ],
  'apiextensions.k8s.io/v1': ['customresourcedefinitions', 'customresourcedefinitions/status'],
  'authentication.k8s.io/v1': ['selfsubjectreviews', 'tokenreviews'],
  'authorization.k8s.io/v1': [
    'localsubjectaccessreviews',
    'selfsubjectaccessreviews',
    'selfsubjectrulesreviews',
    'subjectaccessreviews',
  ],
  'coordination.k8s.io/v1': ['leases'],
  'events.k8s.io/v1': ['events'],
  'rbac.authorization.k8s.io/v1': ['clusterrolebindings', 'clusterroles', 'rolebindings', 'roles'],
}

type Resource = { name: string; storageVersionHash?: string }
const withoutHash = ({ storageVersionHash: _, ...resource }: Resource) => resource

promise('Each group version lists its resources as the real one does', async ({ send, record }) => {
  for (const [groupVersion, names] of Object.entries(served)) {
    const path = groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`
    const { json } = await send('GET', path, undefined, { silent: true })
    const resources = (json.resources as Resource[]).filter(({ name }) => names.includes(name)).map(withoutHash)
    expect(resources.map(({ name }) => name).sort(), groupVersion).toEqual([...names].sort())
    const extra = (json.resources as Resource[]).filter(({ name }) => !names.includes(name)).map(({ name }) => name)
    if (inject('target') === 'standalone') expect(extra, groupVersion).toEqual([])
    record(path, { ...json, resources: resources.sort((a, b) => a.name.localeCompare(b.name)) })
  }
})

promise('Groups are listed with their versions', async ({ send, record, group }) => {
  const { serverAddressByClientCIDRs: _, ...core } = (await send('GET', '/api', undefined, { silent: true })).json
  record('/api', core)
  const { json } = await send('GET', '/apis', undefined, { silent: true })
  const groups = (json.groups as { name: string; versions: { version: string }[] }[]).filter(
    ({ name }) => name !== group,
  )
  for (const groupVersion of Object.keys(served).filter((name) => name !== 'v1')) {
    const [name, version] = groupVersion.split('/')
    expect(groups.find((entry) => entry.name === name)?.versions.map((entry) => entry.version)).toContain(version)
  }
})

promise('A custom resource is discovered as its CRD says', async ({ send, group }) => {
  const hidden = { silent: true }
  const { json } = await send('GET', `/apis/${group}/v1`, undefined, hidden)
  expect(json.resources).toEqual([
    {
      name: 'widgets',
      singularName: 'widget',
      namespaced: true,
      kind: 'Widget',
      verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
      shortNames: [`wg${group.slice(0, 6)}`],
      categories: [`cat${group.slice(0, 6)}`],
      storageVersionHash: expect.any(String),
    },
    { name: 'widgets/status', singularName: '', namespaced: true, kind: 'Widget', verbs: ['get', 'patch', 'update'] },
  ])
  await send('GET', `/apis/${group}`)
  await send('GET', '/apis/coordination.k8s.io')
})

promise('Aggregated discovery answers everything at once', async ({ send, group }) => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
  for (const path of ['/api', '/apis']) {
    const { json, headers, status } = await send('GET', path, undefined, { headers: { accept }, silent: true })
    expect([status, headers['content-type'], json.kind, json.apiVersion]).toEqual([
      200,
      accept,
      'APIGroupDiscoveryList',
      'apidiscovery.k8s.io/v2',
    ])
    expect(headers.etag).toMatch(/^"[0-9A-F]{128}"$/)
    expect(headers.vary).toBe('Accept')
    // Other tests add CRDs meanwhile, so the answer may have changed between two requests.
    await waitUntil('an unchanged answer', async () => {
      const first = await send('GET', path, undefined, { headers: { accept }, silent: true })
      const known = { accept, 'if-none-match': String(first.headers.etag) }
      const again = await send('GET', path, undefined, { headers: known, silent: true })
      return again.status === 304 && again.body === '' ? true : undefined
    })
  }
  const { json } = await send('GET', '/apis', undefined, { headers: { accept }, silent: true })
  const own = (json.items as { metadata: { name: string }; versions: JsonObject[] }[]).find(
    ({ metadata }) => metadata.name === group,
  )
  expect(own?.versions).toEqual([
    {
      version: 'v1',
      freshness: 'Current',
      resources: [
        {
          resource: 'widgets',
          responseKind: { group, version: 'v1', kind: 'Widget' },
          scope: 'Namespaced',
          singularResource: 'widget',
          verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
          shortNames: [`wg${group.slice(0, 6)}`],
          categories: [`cat${group.slice(0, 6)}`],
          subresources: [
            {
              subresource: 'status',
              responseKind: { group, version: 'v1', kind: 'Widget' },
              verbs: ['get', 'patch', 'update'],
            },
          ],
        },
      ],
    },
    expect.objectContaining({ version: 'v1beta1' }),
  ])
})

promise('OpenAPI v3 has an index of documents whose hashes are their addresses', async ({ send, group }) => {
  const { body, headers } = await send('GET', '/openapi/v3', undefined, { silent: true })
  expect(headers['content-type']).toBe('text/plain; charset=utf-8')
  const { paths } = JSON.parse(body) as { paths: Record<string, { serverRelativeURL: string }> }
  for (const path of ['api/v1', 'apis/coordination.k8s.io/v1', `apis/${group}/v1`, `apis/${group}/v1beta1`]) {
    expect(paths[path]?.serverRelativeURL, path).toMatch(new RegExp(`^/openapi/v3/${path}\\?hash=[0-9A-F]+$`))
  }
  const address = paths[`apis/${group}/v1`]?.serverRelativeURL ?? ''
  const document = await send('GET', address, undefined, { silent: true })
  expect(document.status).toBe(200)
  expect(document.headers['cache-control']).toContain('public')
  const { openapi, components } = document.json as {
    openapi: string
    components: { schemas: Record<string, JsonObject> }
  }
  expect(openapi).toBe('3.0.0')
  const widget = components.schemas[`${group.split('.').reverse().join('.')}.v1.Widget`]
  expect(widget).toBeDefined()
  expect(widget?.['x-kubernetes-group-version-kind']).toEqual([{ group, kind: 'Widget', version: 'v1' }])
  const operations = document.json.paths as Record<
    string,
    Record<string, { parameters?: { name: string }[]; 'x-kubernetes-action'?: string }>
  >
  const patch = operations[`/apis/${group}/v1/namespaces/{namespace}/widgets/{name}`]?.patch
  expect(patch?.['x-kubernetes-action']).toBe('patch')
  expect(patch?.parameters?.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['dryRun', 'fieldManager', 'fieldValidation', 'force']),
  )
})

promise('OpenAPI v3 describes a custom resource as its CRD does', async ({ send, group, record }) => {
  const { json } = await send('GET', `/openapi/v3/apis/${group}/v1`, undefined, { silent: true })
  const { schemas } = json.components as {
    schemas: Record<string, { properties: JsonObject; description: string; type: string }>
  }
  const widget = schemas[`${group.split('.').reverse().join('.')}.v1.Widget`]
  expect([widget?.type, widget?.description]).toEqual(['object', 'A widget.'])
  record('Widget', widget)
})

promise('OpenAPI v2 is served', async ({ send, group }) => {
  const { json, status } = await send('GET', '/openapi/v2', undefined, { silent: true })
  expect([status, json.swagger]).toEqual([200, '2.0'])
  const definitions = json.definitions as Record<string, JsonObject>
  for (const name of [
    'io.k8s.api.core.v1.ConfigMap',
    'io.k8s.api.coordination.v1.Lease',
    'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
  ]) {
    expect(definitions[name], name).toBeDefined()
  }
  expect(
    Object.values(definitions).some((entry) =>
      JSON.stringify(entry['x-kubernetes-group-version-kind'] ?? '').includes(group),
    ),
  ).toBe(true)
})
