import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestApi } from '../harness/kube-apiserver.ts'
import { haveKubectl, type Kubectl, kubectlFor } from '../harness/kubectl.ts'
import { addFieldOfContributing, type ScratchCopy, scratchCopy } from '../harness/scratch-copy.ts'
import { startStandaloneApi } from '../harness/standalone-api.ts'

/** The other half of scripts/add-a-field.test.ts: what kubectl makes of the line that CONTRIBUTING.md shows. */
describe.skipIf(!haveKubectl())('the field of CONTRIBUTING.md, in kubectl', () => {
  let copy: ScratchCopy
  let api: TestApi
  let kubectl: Kubectl['kubectl']
  beforeAll(async () => {
    copy = scratchCopy()
    addFieldOfContributing(copy)
    copy.run('scripts/generate.ts')
    api = await startStandaloneApi(path.join(copy.directory, 'api'))
    const home = path.join(copy.directory, 'home')
    ;({ kubectl } = kubectlFor({ kubeconfig: api.kubeconfig, home, namespace: 'default' }))
    expect((await kubectl(['apply', '-f', path.join(copy.directory, 'crds')])).stderr).toBe('')
    await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'])
  })
  afterAll(async () => {
    await api?.stop()
    copy?.remove()
  })

  it('is explained', async () => {
    const { stdout } = await kubectl(['explain', 'servers.komodo.dev.spec.rack'])
    expect(stdout).toMatch(/FIELD: rack <string>/)
    expect(stdout).toMatch(/Rack the host stands in/)
    expect(stdout).toMatch(/b12/)
  })

  it('is taken and given back, and a misspelt one is refused', async () => {
    const server = (spec: object) =>
      JSON.stringify({ apiVersion: 'komodo.dev/v1alpha1', kind: 'Server', metadata: { name: 'a' }, spec })
    await kubectl(['create', '-f', '-'], { stdin: server({ rack: 'b12' }) })
    const { stdout } = await kubectl(['get', 'server', 'a', '-o', 'jsonpath={.spec.rack}'])
    expect(stdout).toBe('b12')
    expect((await kubectl(['replace', '-f', '-'], { stdin: server({ rak: 'b12' }) })).stderr).toContain('rak')
  })
})
