import { expect } from 'vitest'
import { waitUntil } from '../harness/wait-until.ts'
import { conformance, type JsonObject, type Scenario } from './kit/scenario.ts'
import { widgetCrd } from './kit/widgets.ts'

const promise = conformance('auth', { crds: (group) => [widgetCrd(group)] })

const rbac = 'rbac.authorization.k8s.io'
const rbacPath = (namespace: string) => `/apis/${rbac}/v1/namespaces/${namespace}`

/** Authorizers learn of roles by a watch: a moment later than we do. */
const eventually = (probe: () => Promise<unknown>) => ({
  toBe: (wanted: unknown) =>
    waitUntil(`${wanted}`, async () => ((await probe()) === wanted ? true : undefined), { timeoutMs: 10_000 }),
})

/** Gives `user` what `rules` say in the test's namespace. */
const grant = async ({ send, namespace }: Scenario, user: string, rules: object[]) => {
  await send('POST', `${rbacPath(namespace)}/roles`, { metadata: { name: `r-${user}` }, rules }, { silent: true })
  const binding = {
    metadata: { name: `b-${user}` },
    roleRef: { apiGroup: rbac, kind: 'Role', name: `r-${user}` },
    subjects: [{ kind: 'User', apiGroup: rbac, name: user }],
  }
  const { status, body } = await send('POST', `${rbacPath(namespace)}/rolebindings`, binding, { silent: true })
  expect(status, body).toBe(201)
}

promise('A bad token is 401 everywhere, also on health', async ({ send, core }) => {
  for (const path of [`${core}/configmaps`, '/healthz', '/version', '/nothing']) {
    await send('GET', path, undefined, { credentials: 'none', headers: { authorization: 'Bearer wrong' } })
  }
})

promise('Without credentials one is anonymous, and may read little', async ({ send, core, group }) => {
  await send('GET', `${core}/configmaps`, undefined, { credentials: 'none' })
  await send('GET', `${core}/configmaps/a`, undefined, { credentials: 'none' })
  await send('POST', `${core}/configmaps`, { metadata: { name: 'a' } }, { credentials: 'none' })
  await send('GET', '/api/v1/namespaces', undefined, { credentials: 'none' })
  await send('GET', `/apis/${group}/v1`, undefined, { credentials: 'none' })
  await send('GET', '/healthz', undefined, { credentials: 'none' })
  await send('GET', '/metrics', undefined, { credentials: 'none' })
  await send('GET', `${core}/configmaps`, undefined, { credentials: 'none', headers: { authorization: 'Basic YTpi' } })
})

promise('Who may not is told what, in the words of the request', async (scenario) => {
  const { send, patch, core, custom, namespace, group } = scenario
  const as = 'bob'
  await send('GET', `${core}/configmaps`, undefined, { as })
  await send('GET', `${core}/secrets/ok`, undefined, { as })
  await send('GET', `${core}/secrets?fieldSelector=metadata.name%3Dok`, undefined, { as })
  await send('GET', `${core}/secrets?watch=1`, undefined, { as })
  await send('GET', '/api/v1/secrets', undefined, { as })
  await send('GET', `/api/v1/namespaces/${namespace}`, undefined, { as })
  await send('GET', '/api/v1/namespaces', undefined, { as })
  await send('POST', `${core}/configmaps`, '{broken', { as })
  await send('DELETE', `${core}/configmaps/a`, undefined, { as })
  await send('DELETE', `${core}/configmaps`, undefined, { as })
  await patch('merge', `${custom}/widgets/a/status`, {}, { as })
  await send('PUT', `${custom}/widgets/a`, {}, { as })
  await send('GET', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/a`, undefined, { as })
  await send('GET', `${core}/nothings`, undefined, { as })
  await send('GET', `/apis/${group}/v1/nothings`, undefined, { as })
  await send('GET', '/apis/none.example.com/v1/things', undefined, { as })
  await send('GET', '/nothing', undefined, { as })
  await send('GET', `/api/v1/namespaces/not-there-${namespace}/configmaps/a`, undefined, { as })
})

promise('A role grants verbs, names and subresources, and nothing more', async (scenario) => {
  const { send, patch, core, custom, group } = scenario
  const as = `carl-${group.slice(0, 6)}`
  await grant(scenario, as, [
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] },
    { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['ok'] },
    { apiGroups: [group], resources: ['widgets/status'], verbs: ['*'] },
    { apiGroups: ['*'], resources: ['widgets'], verbs: ['create', 'get'] },
  ])
  const status = async (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) =>
    (await send(method, path, body, { as, silent: true })).status
  await scenario.until('the grant', `${core}/configmaps`, () => true)
  await eventually(() => status('GET', `${core}/configmaps`)).toBe(200)
  expect(await status('GET', `${core}/configmaps/none`)).toBe(404)
  expect(await status('GET', `${core}/configmaps?watch=1&timeoutSeconds=1`)).toBe(403)
  expect(await status('POST', `${core}/configmaps`, { metadata: { name: 'a' } })).toBe(403)
  expect(await status('GET', '/api/v1/configmaps')).toBe(403)
  expect(await status('GET', `${core}/secrets/ok`)).toBe(404)
  expect(await status('GET', `${core}/secrets/other`)).toBe(403)
  expect(await status('GET', `${core}/secrets`)).toBe(403)
  expect(
    await status('POST', `${custom}/widgets`, { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' } }),
  ).toBe(201)
  expect(
    (await patch('merge', `${custom}/widgets/a/status`, { status: { phase: 'x' } }, { as, silent: true })).status,
  ).toBe(200)
  expect((await patch('merge', `${custom}/widgets/a`, { spec: { size: 1 } }, { as, silent: true })).status).toBe(403)
  expect(await status('DELETE', `${custom}/widgets/a`)).toBe(403)
  expect(await status('DELETE', `${custom}/widgets`)).toBe(403)
})

promise('An apply that creates needs both patch and create, an update that creates needs create', async (scenario) => {
  const { patch, core, group, namespace, send } = scenario
  const as = `dora-${group.slice(0, 6)}`
  await grant(scenario, as, [
    { apiGroups: ['', 'coordination.k8s.io'], resources: ['configmaps', 'leases'], verbs: ['patch', 'update', 'get'] },
  ])
  await eventually(
    async () => (await send('GET', `${core}/configmaps/a`, undefined, { as, silent: true })).status,
  ).toBe(404)
  await patch(
    'apply',
    `${core}/configmaps/a?fieldManager=x`,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
    { as: 'admin-free', silent: true },
  )
  const refused = await patch(
    'apply',
    `${core}/configmaps/a?fieldManager=x`,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
    { as, silent: true },
  )
  expect([refused.status, refused.json.message]).toEqual([
    403,
    `configmaps "a" is forbidden: User "${as}" cannot create resource "configmaps" in API group "" in the namespace "${namespace}"`,
  ])
  const lease = await send(
    'PUT',
    `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/a`,
    { metadata: { name: 'a' } },
    { as, silent: true },
  )
  expect(lease.status).toBe(403)
})

promise('Nobody grants more than he holds', async (scenario) => {
  const { send, core, namespace, group } = scenario
  const as = `eve-${group.slice(0, 6)}`
  const scrubbed = { as }
  await grant(scenario, as, [
    { apiGroups: [rbac], resources: ['roles', 'rolebindings'], verbs: ['get', 'list', 'create'] },
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] },
  ])
  await eventually(
    async () => (await send('GET', `${rbacPath(namespace)}/roles`, undefined, { as, silent: true })).status,
  ).toBe(200)
  await send(
    'POST',
    `${rbacPath(namespace)}/roles`,
    { metadata: { name: 'held' }, rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }] },
    scrubbed,
  )
  const more = [
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'delete'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
  ]
  await send('POST', `${rbacPath(namespace)}/roles`, { metadata: { name: 'out' }, rules: more }, scrubbed)
  await send('POST', `${rbacPath(namespace)}/roles`, { metadata: { name: 'out' }, rules: more }, { silent: true })
  const bind = (name: string, kind = 'Role') => ({
    metadata: { name: 'b' },
    roleRef: { apiGroup: rbac, kind, name },
    subjects: [{ kind: 'User', apiGroup: rbac, name: as }],
  })
  await send('POST', `${rbacPath(namespace)}/rolebindings`, bind('out'), scrubbed)
  await send('POST', `${rbacPath(namespace)}/rolebindings`, bind('none'), scrubbed)
  await send('POST', `${rbacPath(namespace)}/rolebindings`, bind('held'), { ...scrubbed, silent: true }).then(
    ({ status, body }) => expect(status, body).toBe(201),
  )
  await send('GET', `${core}/configmaps/none`, undefined, scrubbed)
})

promise('RBAC objects that do not fit are refused', async ({ send, namespace, group }) => {
  const roles = `${rbacPath(namespace)}/roles`
  const bindings = `${rbacPath(namespace)}/rolebindings`
  await send('POST', roles, { metadata: { name: 'a' }, rules: [{ apiGroups: [''], resources: ['configmaps'] }] })
  await send('POST', roles, { metadata: { name: 'a' }, rules: [{ verbs: ['get'] }] })
  await send('POST', roles, { metadata: { name: 'a' }, rules: [{ nonResourceURLs: ['/x'], verbs: ['get'] }] })
  await send('POST', `/apis/${rbac}/v1/clusterroles`, {
    metadata: { name: `cr-${group.slice(0, 6)}` },
    rules: [{ nonResourceURLs: ['/x'], resources: ['y'], verbs: ['get'] }],
  })
  await send('POST', bindings, { metadata: { name: 'a' } })
  await send('POST', bindings, {
    metadata: { name: 'a' },
    roleRef: { apiGroup: 'x', kind: 'Thing', name: '' },
    subjects: [{ kind: 'User' }, { kind: 'ServiceAccount', name: 'x' }, { kind: 'Robot', name: 'y' }],
  })
  const binding = {
    metadata: { name: 'a' },
    roleRef: { apiGroup: rbac, kind: 'Role', name: 'x' },
    subjects: [{ kind: 'User', name: 'x' }],
  }
  await send('POST', bindings, binding)
  await send('PUT', `${bindings}/a`, { ...binding, roleRef: { ...binding.roleRef, name: 'y' } })
})

promise('A ClusterRole gathers the rules of those that its selectors pick', async ({ send, group, until }) => {
  const id = group.slice(0, 6)
  const roles = `/apis/${rbac}/v1/clusterroles`
  await send(
    'POST',
    roles,
    {
      metadata: { name: `part-${id}`, labels: { [`aggregate/to-${id}`]: 'true' } },
      rules: [{ apiGroups: [group], resources: ['widgets'], verbs: ['get'] }],
    },
    { silent: true },
  )
  await send(
    'POST',
    roles,
    {
      metadata: { name: `whole-${id}` },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [`aggregate/to-${id}`]: 'true' } }] },
    },
    { silent: true },
  )
  await until('the rules', `${roles}/whole-${id}`, ({ json }) => JSON.stringify(json.rules ?? []).includes(group))
})

promise('Access can be asked about', async (scenario) => {
  const { send, record, namespace, group } = scenario
  const as = `fay-${group.slice(0, 6)}`
  await grant(scenario, as, [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }])
  const self = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  const review = (resourceAttributes: object) => ({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  })
  await eventually(
    async () =>
      (
        (
          await send('POST', self, review({ namespace, verb: 'get', resource: 'configmaps' }), {
            as,
            groups: ['system:authenticated'],
            silent: true,
          })
        ).json.status as { allowed?: boolean } | undefined
      )?.allowed,
  ).toBe(true)
  const options = { as, groups: ['system:authenticated'], silent: true }
  const ask = async (path: string, kind: string, spec: JsonObject, who: object = { silent: true }) => {
    const { status, json } = await send('POST', path, { apiVersion: 'authorization.k8s.io/v1', kind, spec }, who)
    // Reviews are not stored; that the real one tracks their fields means nothing.
    record(`${kind} ${JSON.stringify(spec)}`, { code: status, answer: { ...json, metadata: {} } })
  }
  const askSelf = (spec: JsonObject, who?: object) => ask(self, 'SelfSubjectAccessReview', spec, who)
  await askSelf({ resourceAttributes: { namespace, verb: 'get', resource: 'configmaps' } }, options)
  await askSelf({ resourceAttributes: { namespace, verb: 'list', resource: 'configmaps' } }, options)
  await askSelf({ resourceAttributes: { verb: '*', resource: '*', group: '*' } })
  await askSelf({ nonResourceAttributes: { path: '/metrics', verb: 'get' } }, options)
  await askSelf({}, options)
  const others = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
  const resourceAttributes = { namespace, verb: 'get', resource: 'configmaps' }
  await ask(others, 'SubjectAccessReview', { user: as, resourceAttributes })
  await ask(others, 'SubjectAccessReview', { resourceAttributes })
  await send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, { ...options, silent: false })
})

promise('Impersonation needs a user, and the right to it', async (scenario) => {
  const { send, core, group } = scenario
  const as = `gus-${group.slice(0, 6)}`
  await send('GET', `${core}/configmaps`, undefined, { groups: ['devs'] })
  await send('GET', `${core}/configmaps`, undefined, { as, groups: ['system:masters'], silent: true }).then(
    ({ status }) => expect(status).toBe(200),
  )
  await send(
    'POST',
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    {},
    { as: `system:serviceaccount:${scenario.namespace}:bot` },
  )
  await send(
    'POST',
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    {},
    { as: 'ann', groups: ['g1'], headers: { 'impersonate-uid': 'u1', 'impersonate-extra-scopes': 'view' } },
  )
})
