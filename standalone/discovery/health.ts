import type { Route } from '../http/handler.ts'
import { methodNotServed } from '../http/status.ts'

/** What clients are told to expect: the behaviour of this release of Kubernetes. */
export const KUBERNETES_VERSION = { major: '1', minor: '34', gitVersion: 'v1.34.4' }

const PLAIN: Record<string, string> = {
  'content-type': 'text/plain; charset=utf-8',
  'x-content-type-options': 'nosniff',
}
const JSON_TYPE: Record<string, string> = { 'content-type': 'application/json' }

/** `/healthz`, `/livez`, `/readyz` and `/version`. */
export const healthRoute: Route = ({ method }, { path, query }) => {
  const match = /^\/(healthz|livez|readyz)(?:\/(ping|etcd))?$/.exec(path)
  if (match) {
    const name = match[1]
    const verbose = query.has('verbose') && !match[2]
    const text = verbose ? `[+]ping ok\n[+]etcd ok\n${name} check passed\n` : 'ok'
    return { status: 200, headers: PLAIN, body: method === 'HEAD' ? '' : text }
  }
  if (path === '/version' || path === '/version/') {
    if (method !== 'GET') throw methodNotServed()
    const version = {
      ...KUBERNETES_VERSION,
      gitCommit: '',
      gitTreeState: '',
      buildDate: '',
      goVersion: '',
      compiler: '',
      platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
    }
    return { status: 200, headers: JSON_TYPE, body: JSON.stringify(version, null, 2) }
  }
  return undefined
}
