import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { haveKubeApiserver, startKubeApiserver, type TestApi } from '../harness/kube-apiserver.ts'
import { readKubeconfig } from '../harness/kubeconfig.ts'
import { startStandaloneApi } from '../harness/standalone-api.ts'
import './kit/context.d.ts'
import { HttpClient } from './kit/http.ts'

/**
 * Runs once before all conformance tests. `KOMODO_CONFORMANCE_KUBECONFIG` names the API to test; `real` in its place starts a
 * kube-apiserver; unset, the standalone API is started. `UPDATE_GOLDENS=1` writes the expected outputs, and only the real one may.
 */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const { KOMODO_CONFORMANCE_KUBECONFIG: wanted = '', UPDATE_GOLDENS: update = '', CI: ci = '' } = process.env
  if (update !== '' && wanted === '') throw new Error('goldens are written from a real kube-apiserver only')
  const scratch = mkdtempSync(path.join(tmpdir(), 'conformance-'))
  const api = await target(wanted, path.join(scratch, 'api'))
  project.provide('kubeconfig', api.kubeconfig)
  project.provide('target', (await servesPods(api.kubeconfig)) ? 'real' : 'standalone')
  project.provide('disposable', wanted === '' || wanted === 'real')
  project.provide('updateGoldens', update !== '')
  project.provide('ci', ci !== '' && ci !== 'false')
  project.provide('scratch', scratch)
  return async () => {
    await api.stop()
    rmSync(scratch, { recursive: true, force: true })
  }
}

const target = async (wanted: string, dir: string): Promise<TestApi> => {
  if (wanted === '') return await startStandaloneApi(dir)
  if (wanted !== 'real') return { kubeconfig: path.resolve(wanted), stop: async () => {} }
  if (!haveKubeApiserver()) throw new Error('there is no kube-apiserver: run scripts/setup/kube-apiserver.sh')
  return await startKubeApiserver(dir)
}

/** What tells the two apart whatever they say of themselves. */
const servesPods = async (kubeconfig: string): Promise<boolean> => {
  const http = new HttpClient(readKubeconfig(kubeconfig))
  try {
    const { status, body } = await http.send({ method: 'GET', path: '/api/v1' })
    if (status !== 200) throw new Error(`${kubeconfig}: the API answers ${status}: ${body}`)
    return body.includes('"pods"')
  } finally {
    http.close()
  }
}
