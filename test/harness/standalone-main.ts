/**
 * The standalone API alone in a process, for tests. usage: standalone-main.ts DIR
 * Serves on a free port with its data under DIR, and writes the path of its kubeconfig to `DIR/kubeconfig.path` when it is ready.
 */
import { renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { startApiServer } from '../../standalone/server.ts'

const dir = process.argv[2]
if (dir === undefined) throw new Error('usage: standalone-main.ts DIR')
const log = (level: string) => (fields: Record<string, unknown>, message: string) =>
  console.error(level, message, fields.err ?? '', JSON.stringify(fields))
const api = await startApiServer({
  dataDir: path.join(dir, 'data'),
  listen: { host: '127.0.0.1', port: 0 },
  logger: { info: log('info'), error: log('error') },
})
const marker = path.join(dir, 'kubeconfig.path')
writeFileSync(`${marker}.new`, api.kubeconfigPath ?? '')
renameSync(`${marker}.new`, marker)
process.once('SIGTERM', () => {
  api.close().then(
    () => process.exit(0),
    () => process.exit(1),
  )
})
