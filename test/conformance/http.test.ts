import { expect } from 'vitest'
import { conformance } from './kit/scenario.ts'
import { widgetCrd } from './kit/widgets.ts'

const promise = conformance('http', { crds: (group) => [widgetCrd(group)] })

promise(
  'There are two kinds of 404: a Status below the API, plain text elsewhere',
  async ({ send, core, custom, group, namespace }) => {
    const paths = [
      '/nothing',
      '/api/v2',
      '/api/v1/nothings',
      `${core}/nothings`,
      `${core}/configmaps/a/nothing`,
      '/apis/none.example.com',
      '/apis/none.example.com/v1',
      `/apis/none.example.com/v1/namespaces/${namespace}/things`,
      `/apis/${group}/v9`,
      `/apis/${group}/v1/nothings`,
      `${custom}/nothings`,
      `${custom}/widgets/a/nothing`,
      '/apis/coordination.k8s.io/v9/leases',
      '/apis/coordination.k8s.io/v1/nothings',
      '/openapi/v3/apis/none.example.com/v1',
    ]
    for (const path of paths) await send('GET', path)
  },
)

promise('A method that a resource does not have is 405', async ({ send, core, custom }) => {
  await send('POST', `${core}/configmaps/a`, { metadata: { name: 'a' } })
  await send('PUT', `${core}/configmaps`, { metadata: { name: 'a' } })
  await send('PATCH', `${core}/configmaps`, {}, { headers: { 'content-type': 'application/merge-patch+json' } })
  await send('PUT', `${custom}/widgets`, { metadata: { name: 'a' } })
  await send('PATCH', `${custom}/widgets`, {}, { headers: { 'content-type': 'application/merge-patch+json' } })
  await send('DELETE', '/api/v1/namespaces')
  await send('OPTIONS', `${core}/configmaps`)
  await send('OPTIONS', `${custom}/widgets`)
  await send('POST', '/version', {})
  await send('POST', '/api', {})
})

promise('POST to a name creates a custom resource', async ({ send, custom, group }) => {
  await send('POST', `${custom}/widgets/a`, { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' } })
})

promise('HEAD answers custom resources and health, and nothing else', async ({ send, core, custom }) => {
  for (const path of [`${core}/configmaps`, `${core}/configmaps/a`, `${custom}/widgets`, '/healthz', '/version']) {
    const { status, body } = await send('HEAD', path, undefined, { silent: true })
    expect([path, status, body]).toEqual([path, path === '/healthz' || path.startsWith(custom) ? 200 : 405, ''])
  }
})

promise('Accept is negotiated', async ({ send, core, custom, group }) => {
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a' }, data: { k: 'v' } }, { silent: true })
  await send(
    'POST',
    `${custom}/widgets`,
    { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' } },
    { silent: true },
  )
  const accepts = [
    'application/xml',
    'text/html,*/*;q=0.8',
    'application/*',
    'application/json;as=Nothing;g=meta.k8s.io;v=v1',
    'application/json;as=Table;g=meta.k8s.io;v=v9',
    'application/json;as=Table;g=meta.k8s.io;v=v1beta1',
    'application/json;as=Table;g=meta.k8s.io;v=v1,application/json',
    'application/json;charset=utf-8',
  ]
  for (const accept of accepts) {
    await send('GET', `${core}/configmaps/a`, undefined, { headers: { accept } })
    await send('GET', `${custom}/widgets/a`, undefined, { headers: { accept } })
  }
  const pretty = await send('GET', `${core}/configmaps/a?pretty=true`, undefined, { silent: true })
  expect(pretty.body).toContain('\n  "kind": "ConfigMap"')
  const yaml = await send('GET', `${core}/configmaps/a`, undefined, {
    silent: true,
    headers: { accept: 'application/yaml' },
  })
  expect([
    yaml.headers['content-type'],
    yaml.body.startsWith('apiVersion: v1\ndata:\n  k: v\nkind: ConfigMap\n'),
  ]).toEqual(['application/yaml', true])
})

promise('A content type that the server does not read is 415', async ({ send, core, custom }) => {
  for (const type of ['text/plain', 'application/xml', '']) {
    await send('POST', `${core}/configmaps`, '{"metadata":{"name":"a"}}', { headers: { 'content-type': type } })
    await send('POST', `${custom}/widgets`, '{"metadata":{"name":"a"}}', { headers: { 'content-type': type } })
  }
})

promise('A body has a limit of 3 MiB', async ({ send, core, custom }) => {
  const body = JSON.stringify({ metadata: { name: 'a' }, data: { k: 'x'.repeat(3_145_728) } })
  await send('POST', `${core}/configmaps`, body)
  await send('POST', `${custom}/widgets`, body)
})

promise('A config map and a secret have a limit of 1 MiB', async ({ send, core }) => {
  for (const resource of ['configmaps', 'secrets']) {
    const { status, json } = await send(
      'POST',
      `${core}/${resource}`,
      { metadata: { name: 'a' }, data: { k: 'eHh4'.repeat(350_000) } },
      { silent: true },
    )
    expect(status).toBe(422)
    expect(json.message).toMatch(/Too long: may not be more than 1048576 bytes$/)
  }
})

promise('Health and version are served', async ({ send }) => {
  for (const path of ['/healthz', '/livez', '/readyz', '/healthz/ping', '/livez/ping']) await send('GET', path)
  const { json } = await send('GET', '/version', undefined, { silent: true })
  expect([json.major, json.minor, Object.keys(json).includes('gitVersion')]).toEqual(['1', '34', true])
  expect(json.gitVersion).toMatch(/^v1\.34\./)
})

promise('What stands above namespaces is not reached through one', async ({ send, core, namespace, group }) => {
  const merge = { headers: { 'content-type': 'application/merge-patch+json' } }
  await send('GET', `${core}/namespaces`)
  await send('GET', `${core}/namespaces/default`)
  await send('GET', `${core}/namespaces/${namespace}`)
  await send('POST', `${core}/namespaces`, { metadata: { name: 'made-through-another' } })
  await send('PATCH', `${core}/namespaces/default`, {}, merge)
  await send('DELETE', `${core}/namespaces/default`)
  await send('DELETE', `${core}/namespaces`)
  await send('GET', `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/clusterroles`)
  await send('GET', `/apis/${group}/v1/namespaces/${namespace}/namespaces`)
})
