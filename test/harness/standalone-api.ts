import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import type { TestApi } from './kube-apiserver.ts'
import { startDaemon } from './process.ts'
import { waitUntil } from './wait-until.ts'

/** Starts the standalone API in a process of its own, by plain Node as users do. Data and kubeconfig are under `dir`. */
export const startStandaloneApi = async (dir: string): Promise<TestApi> => {
  mkdirSync(dir, { recursive: true })
  const main = path.join(import.meta.dirname, 'standalone-main.ts')
  const daemon = startDaemon(
    'standalone API',
    [process.execPath, '--disable-warning=ExperimentalWarning', main, dir],
    path.join(dir, 'api.log'),
  )
  const marker = path.join(dir, 'kubeconfig.path')
  await waitUntil('the standalone API to serve', () => (existsSync(marker) ? true : undefined), { daemon })
  const { readFileSync } = await import('node:fs')
  return { kubeconfig: readFileSync(marker, 'utf8'), stop: () => daemon.stop() }
}
