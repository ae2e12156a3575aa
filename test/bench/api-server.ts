// The standalone API in a process of its own, for test/bench/api.ts: says where it is on its standard output.
import { startApiServer } from '../../standalone/server.ts'

const [dataDir = ''] = process.argv.slice(2)
const started = performance.now()
const server = await startApiServer({ dataDir, listen: { host: '127.0.0.1', port: 0 } })
const report = (): void => {
  const { rss, heapUsed } = process.memoryUsage()
  process.send?.({ rss, heapUsed })
}
process.on('message', () => {
  globalThis.gc?.()
  report()
})
process.send?.({ url: server.url, kubeconfig: server.kubeconfigPath, readyMs: performance.now() - started })
process.on('disconnect', () => void server.close().then(() => process.exit(0)))
