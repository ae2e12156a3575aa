import { expect } from 'vitest'
import { conformance } from './kit/scenario.ts'
import { widgetCrd } from './kit/widgets.ts'

const promise = conformance('kubectl-cluster', { crds: (group) => [widgetCrd(group)], cli: true })

/** Of the resources and groups, those that the standalone API has; the real one has more. */
const ours = (group: string) => (output: string) => {
  const kinds = [
    'ConfigMap',
    'Event',
    'Namespace',
    'Secret',
    'ServiceAccount',
    'CustomResourceDefinition',
    'Lease',
    'Role',
    'RoleBinding',
    'ClusterRole',
    'ClusterRoleBinding',
    'SelfSubjectReview',
    'TokenReview',
    'SelfSubjectAccessReview',
    'SelfSubjectRulesReview',
    'SubjectAccessReview',
    'Widget',
  ]
  return output
    .split('\n')
    .filter(
      (line) =>
        kinds.includes(line.trim().split(/\s+/).at(-1) ?? '') &&
        !/\s[a-z]{6}\.example\.com/.test(line.replaceAll(group, 'GROUP')),
    )
    .map((line) => line.trim().split(/\s+/).join(' '))
    .join('\n')
    .concat('\n')
}

promise('kubectl api-resources lists what is served', async ({ kubectl, group }) => {
  await kubectl('api-resources', { scrub: ours(group) })
  await kubectl(`api-resources --api-group=${group} -o wide`)
  await kubectl(`api-resources --api-group=${group} -o name`)
  await kubectl('api-resources --api-group=coordination.k8s.io --no-headers')
})

promise('kubectl api-versions lists group versions', async ({ kubectl, group }) => {
  const output = await kubectl('api-versions', { silent: true })
  const versions = output.trim().split('\n')
  for (const version of [
    'apiextensions.k8s.io/v1',
    'authentication.k8s.io/v1',
    'authorization.k8s.io/v1',
    'coordination.k8s.io/v1',
    'events.k8s.io/v1',
    'rbac.authorization.k8s.io/v1',
    'v1',
    `${group}/v1`,
    `${group}/v1beta1`,
  ]) {
    expect(versions).toContain(version)
  }
})

promise('kubectl version finds the server without a warning', async ({ cli }) => {
  const version = await cli.kubectl(['version', '-o', 'json'])
  expect(version.stderr).toBe('')
  expect((JSON.parse(version.stdout) as { serverVersion: { minor: string } }).serverVersion.minor).toBe('34')
})

promise('kubectl auth tells what one may do, and who one is', async ({ kubectl, group }) => {
  const as = `ann-${group.slice(0, 6)}`
  await kubectl('create role reader --verb=get,list --resource=configmaps', { silent: true })
  await kubectl(`create rolebinding reader --role=reader --user=${as}`, { silent: true })
  await kubectl(`wait --for=create rolebinding/reader --timeout=5s`, { silent: true })
  await new Promise((resolve) => setTimeout(resolve, 1_000)) // the authorizer learns of roles by a watch
  await kubectl(`auth can-i get configmaps --as=${as}`)
  await kubectl(`auth can-i delete configmaps --as=${as}`)
  await kubectl(`auth can-i get configmaps -A --as=${as}`)
  await kubectl(`auth can-i '*' '*'`)
  await kubectl(`auth can-i get /healthz --as=${as}`)
  await kubectl(`auth can-i get nothings --as=${as}`)
  await kubectl(`auth whoami --as=${as} --as-group=devs --as-group=system:authenticated`)
  await kubectl(`get secrets --as=${as}`)
  await kubectl(`get configmap none --as=${as}`)
  await kubectl(`create configmap x --as=${as}`)
})

promise('kubectl auth reconcile brings RBAC to a file', async ({ kubectl, namespace }) => {
  const role = (verbs: string) =>
    `apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r, namespace: ${namespace}}\nrules:\n- apiGroups: [""]\n  resources: [configmaps]\n  verbs: [${verbs}]\n`
  await kubectl('auth reconcile -f -', { stdin: role('get') })
  await kubectl('auth reconcile -f -', { stdin: role('get, list') })
})

promise('kubectl create namespace and delete it with what it holds', async ({ kubectl, namespace }) => {
  await kubectl(`create namespace ${namespace}-2`)
  await kubectl(`create configmap a -n ${namespace}-2`)
  await kubectl(`get namespace ${namespace}-2`, { scrub: (output) => output.replace(/\d+s/g, 'AGE') })
  await kubectl(`delete namespace ${namespace}-2`)
  await kubectl(`get namespace ${namespace}-2`)
})

promise('kubectl get --raw reads any path', async ({ kubectl }) => {
  await kubectl('get --raw /healthz')
  await kubectl('get --raw /nothing')
})

promise('kubectl create token does not bind to what is not there', async ({ kubectl }) => {
  await kubectl('create serviceaccount bot')
  await kubectl('create token bot --bound-object-kind Secret --bound-object-name none')
  await kubectl('create token bot --duration 5m')
})
