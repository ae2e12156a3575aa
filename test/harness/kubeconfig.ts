import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'

/** What an HTTPS client needs from a kubeconfig's current context. */
export interface ClusterAccess {
  server: URL
  ca: string | undefined
  token?: string
  cert?: string
  key?: string
}

interface KubeconfigFile {
  'current-context': string
  contexts: { name: string; context: { cluster: string; user: string } }[]
  clusters: {
    name: string
    cluster: { server: string; 'certificate-authority'?: string; 'certificate-authority-data'?: string }
  }[]
  users: {
    name: string
    user: {
      token?: string
      'client-certificate'?: string
      'client-certificate-data'?: string
      'client-key'?: string
      'client-key-data'?: string
    }
  }[]
}

/** Reads certificates and tokens; exec plugins are not for tests. */
export const readKubeconfig = (file: string): ClusterAccess => {
  const config = parse(readFileSync(file, 'utf8')) as KubeconfigFile
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster
  const user = config.users.find(({ name }) => name === context?.user)?.user
  if (cluster === undefined || user === undefined) throw new Error(`${file}: the current context is incomplete`)
  const pem = (data: string | undefined, name: string | undefined) => {
    if (data !== undefined) return Buffer.from(data, 'base64').toString()
    return name === undefined ? undefined : readFileSync(path.resolve(path.dirname(file), name), 'utf8')
  }
  const cert = pem(user['client-certificate-data'], user['client-certificate'])
  const key = pem(user['client-key-data'], user['client-key'])
  return {
    server: new URL(cluster.server),
    ca: pem(cluster['certificate-authority-data'], cluster['certificate-authority']),
    ...(user.token === undefined ? {} : { token: user.token }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  }
}

/** A kubeconfig for one server and one bearer token. */
export const kubeconfigText = (server: string, caFile: string, token: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name: 'test', user: { token } }],
  })
