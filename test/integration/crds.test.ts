import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { haveKubeApiserver, startKubeApiserver, type TestApi } from '../harness/kube-apiserver.ts'
import { haveKubectl, type Kubectl, kubectlFor } from '../harness/kubectl.ts'
import { startStandaloneApi } from '../harness/standalone-api.ts'

const crds = path.resolve(import.meta.dirname, '../../crds')
const apis = [
  { name: 'a real kube-apiserver', start: startKubeApiserver, missing: !haveKubeApiserver() || !haveKubectl() },
  { name: 'the standalone API', start: startStandaloneApi, missing: !haveKubectl() },
]
if (process.env.CI === 'true' && apis.some(({ missing }) => missing)) {
  throw new Error('kube-apiserver or kubectl is missing: run `make setup`')
}

describe.each(apis)('$name takes our CRDs', ({ name, start, missing }) => {
  const dir = mkdtempSync(path.join(tmpdir(), 'komodo-crds-'))
  let api: TestApi
  let kubectl: Kubectl['kubectl']

  beforeAll(async () => {
    if (missing) return
    api = await start(path.join(dir, 'api'))
    ;({ kubectl } = kubectlFor({ kubeconfig: api.kubeconfig, home: path.join(dir, 'home'), namespace: 'default' }))
    const applied = await kubectl(['apply', '-f', crds])
    expect(applied.stderr).toBe('')
    await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'])
  })
  afterAll(async () => {
    await api?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  const when = it.skipIf(missing)
  const create = (manifest: object, ...flags: string[]) =>
    kubectl(['create', '-f', '-', '-o', 'json', ...flags], { stdin: JSON.stringify(manifest) })

  when('and fills in every default, also of an object that says nothing', async () => {
    const { stdout, stderr } = await create({
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'Stack',
      metadata: { name: 'a' },
    })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout).spec).toMatchObject({
      autoPull: true,
      branch: 'main',
      preDeploy: { command: '', path: '', shellMode: false },
      operator: { deletionPolicy: 'Delete', removeOrphans: true, profiles: [] },
    })
  })

  when('and an image without its type', async () => {
    const spec = { image: { params: { image: 'nginx' } } }
    const { stdout } = await create({
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'Deployment',
      metadata: { name: 'a' },
      spec,
    })
    expect(JSON.parse(stdout).spec.image).toEqual({ type: 'Image', params: { image: 'nginx' } })
  })

  when('and refuses what the schema does not allow', async () => {
    const spec = { operator: { interval: '5' }, restart: 'sometimes', prots: '80:80' }
    const { code, stderr } = await create({
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'Deployment',
      metadata: { name: 'b' },
      spec,
    })
    expect(code).toBe(1)
    expect(stderr).toContain('unknown field "spec.prots"')
  })

  when('and explains the fields', async () => {
    const { stdout } = await kubectl([
      'explain',
      'stack.spec.operator.removeOrphans',
      '--api-version=komodo.dev/v1alpha1',
    ])
    expect(stdout).toContain('FIELD: removeOrphans <boolean>')
    expect(stdout).toContain('Remove containers of services that the compose files no longer have.')
  })

  when('and lists all kinds by their category', async () => {
    const { stdout } = await kubectl(['get', 'komodo', '-o', 'name'])
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['stack.komodo.dev/a', 'deployment.komodo.dev/a']))
  })

  const plan = {
    apiVersion: 'komodo.dev/v1alpha1',
    kind: 'Plan',
    metadata: { name: 'p' },
    spec: {
      sync: 's',
      revision: 'r',
      digest: 'd',
      part: 1,
      parts: 1,
      summary: { create: 0, update: 0, delete: 0, deploy: 0 },
      changes: [],
    },
  }

  // The standalone API stores CEL rules and does not run them.
  if (name === 'the standalone API') return

  when('and keeps a plan as it was made', async () => {
    await create(plan)
    const patch = JSON.stringify({ spec: { digest: 'other' } })
    const { code, stderr } = await kubectl(['patch', 'plan', 'p', '--type=merge', '-p', patch])
    expect(code).toBe(1)
    expect(stderr).toContain('never changes')
  })
})
