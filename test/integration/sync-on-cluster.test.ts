import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe } from 'vitest'
import { resourceSyncSuite } from '../conformance/resource-sync.ts'
import { haveKubeApiserver, startKubeApiserver, type TestApi } from '../harness/kube-apiserver.ts'
import { startSyncOperator } from '../harness/sync-operator.ts'

const missing = !haveKubeApiserver()
if (process.env.CI === 'true' && missing) {
  throw new Error('no kube-apiserver: run scripts/setup/kube-apiserver.sh first')
}

describe.skipIf(missing)('on a real kube-apiserver', () => {
  const directory = mkdtempSync(join(tmpdir(), 'komodo-cluster-'))
  let api: TestApi | undefined
  afterAll(async () => {
    await api?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  resourceSyncSuite(async () => {
    api = await startKubeApiserver(directory)
    return startSyncOperator({ kubeconfig: api.kubeconfig })
  }, 20_000)
})
