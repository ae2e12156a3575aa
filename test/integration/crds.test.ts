import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { haveKubeApiserver, startKubeApiserver, type TestApi } from '../harness/kube-apiserver.ts'
import { haveKubectl, type Kubectl, kubectlFor } from '../harness/kubectl.ts'

const crds = path.resolve(import.meta.dirname, '../../crds')
const missing = !haveKubeApiserver() || !haveKubectl()
if (missing && process.env.CI === 'true') throw new Error('kube-apiserver and kubectl are missing: run `make setup`')

describe.skipIf(missing)('a real kube-apiserver takes our CRDs', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'komodo-crds-'))
  let api: TestApi
  let kubectl: Kubectl['kubectl']

  beforeAll(async () => {
    api = await startKubeApiserver(path.join(dir, 'api'))
    ;({ kubectl } = kubectlFor({ kubeconfig: api.kubeconfig, home: path.join(dir, 'home'), namespace: 'default' }))
    const applied = await kubectl(['apply', '-f', crds])
    expect(applied.stderr).toBe('')
    await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'])
  })
  afterAll(async () => {
    await api?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  const create = (manifest: object, ...flags: string[]) =>
    kubectl(['create', '-f', '-', '-o', 'json', ...flags], { stdin: JSON.stringify(manifest) })

  it('and fills in every default, also of an object that says nothing', async () => {
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

  it('and an image without its type', async () => {
    const spec = { image: { params: { image: 'nginx' } } }
    const { stdout } = await create({
      apiVersion: 'komodo.dev/v1alpha1',
      kind: 'Deployment',
      metadata: { name: 'a' },
      spec,
    })
    expect(JSON.parse(stdout).spec.image).toEqual({ type: 'Image', params: { image: 'nginx' } })
  })

  it('and refuses what the schema does not allow', async () => {
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

  it('and explains the fields', async () => {
    const { stdout } = await kubectl([
      'explain',
      'stack.spec.operator.removeOrphans',
      '--api-version=komodo.dev/v1alpha1',
    ])
    expect(stdout).toContain('FIELD: removeOrphans <boolean>')
    expect(stdout).toContain('Remove containers of services that the compose files no longer have.')
  })

  it('and lists all kinds by their category', async () => {
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

  it('and keeps a plan as it was made', async () => {
    await create(plan)
    const patch = JSON.stringify({ spec: { digest: 'other' } })
    const { code, stderr } = await kubectl(['patch', 'plan', 'p', '--type=merge', '-p', patch])
    expect(code).toBe(1)
    expect(stderr).toContain('never changes')
  })
})
