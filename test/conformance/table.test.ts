import { conformance } from './kit/scenario.ts'
import { widgetCrd } from './kit/widgets.ts'

const promise = conformance('table', { crds: (group) => [widgetCrd(group)] })

const headers = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }

promise('Columns of custom resources come from their CRD', async ({ send, patch, custom, group }) => {
  const widget = (name: string, spec: object) => ({
    apiVersion: `${group}/v1`,
    kind: 'Widget',
    metadata: { name, labels: { app: 'x' } },
    spec,
  })
  const full = { size: 1, color: 'red', ports: [{ port: 5 }, { port: 6 }], due: '2999-01-01T00:00:00Z' }
  await send('POST', `${custom}/widgets`, widget('full', full), { silent: true })
  await patch(
    'merge',
    `${custom}/widgets/full/status`,
    { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
    { silent: true },
  )
  await send('POST', `${custom}/widgets`, widget('bare', { due: '2001-01-01T00:00:00Z' }), { silent: true })
  const scrub = { headers }
  await send('GET', `${custom}/widgets/full`, undefined, scrub)
  await send('GET', `${custom}/widgets/full?includeObject=None`, undefined, scrub)
  await send('GET', `${custom}/widgets/full?includeObject=Object`, undefined, scrub)
  await send('GET', `${custom}/widgets/full?includeObject=Maybe`, undefined, scrub)
  await send('GET', `${custom}/widgets?limit=1&includeObject=None`, undefined, scrub)
  await send('GET', `${custom}/widgets/none`, undefined, scrub)
})

promise('Columns of built-in kinds are those of Kubernetes', async ({ send, record, core, namespace, group }) => {
  const id = group.slice(0, 6)
  const rbac = 'rbac.authorization.k8s.io'
  await send(
    'POST',
    `${core}/configmaps`,
    { metadata: { name: 'a' }, data: { a: '', b: '' }, binaryData: { c: '' } },
    { silent: true },
  )
  await send('POST', `${core}/secrets`, { metadata: { name: 'a' }, stringData: { a: 'b' } }, { silent: true })
  await send('POST', `${core}/serviceaccounts`, { metadata: { name: 'a' }, secrets: [{ name: 'x' }] }, { silent: true })
  await send(
    'POST',
    `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
    { metadata: { name: 'a' }, spec: { holderIdentity: 'me' } },
    { silent: true },
  )
  await send('POST', `/apis/${rbac}/v1/namespaces/${namespace}/roles`, { metadata: { name: 'a' } }, { silent: true })
  const subjects = [
    { kind: 'User', apiGroup: rbac, name: 'u' },
    { kind: 'Group', apiGroup: rbac, name: 'g' },
    { kind: 'ServiceAccount', namespace, name: 's' },
  ]
  await send(
    'POST',
    `/apis/${rbac}/v1/namespaces/${namespace}/rolebindings`,
    { metadata: { name: 'a' }, roleRef: { apiGroup: rbac, kind: 'Role', name: 'a' }, subjects },
    { silent: true },
  )
  await send('POST', `/apis/${rbac}/v1/clusterroles`, { metadata: { name: `a-${id}` } }, { silent: true })
  await send(
    'POST',
    `/apis/${rbac}/v1/clusterrolebindings`,
    { metadata: { name: `a-${id}` }, roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: `a-${id}` }, subjects },
    { silent: true },
  )
  const event = {
    metadata: { name: 'a' },
    involvedObject: { kind: 'ConfigMap', name: 'a', namespace, fieldPath: 'data' },
    reason: 'Why',
    message: 'Because\n',
    type: 'Normal',
    count: 3,
    source: { component: 'me', host: 'here' },
  }
  await send('POST', `${core}/events`, event, { silent: true })
  const paths = [
    `/api/v1/namespaces/${namespace}`,
    `${core}/configmaps/a`,
    `${core}/secrets/a`,
    `${core}/serviceaccounts/a`,
    `${core}/events/a`,
    `/apis/events.k8s.io/v1/namespaces/${namespace}/events/a`,
    `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/a`,
    `/apis/${rbac}/v1/namespaces/${namespace}/roles/a`,
    `/apis/${rbac}/v1/namespaces/${namespace}/rolebindings/a`,
    `/apis/${rbac}/v1/clusterroles/a-${id}`,
    `/apis/${rbac}/v1/clusterrolebindings/a-${id}`,
    `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`,
  ]
  for (const path of paths) {
    const { json } = await send('GET', `${path}?includeObject=None`, undefined, { headers, silent: true })
    // Each server documents columns in its own words.
    const columnDefinitions = (json.columnDefinitions as { description: string }[]).map(
      ({ description: _, ...column }) => column,
    )
    record(path, { ...json, columnDefinitions })
  }
})
