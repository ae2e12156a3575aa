import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { ApiEndpoint } from './https-transport.ts'

/** The file says something that cannot be used; the message names the file and the entry. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError'
}

export interface ClusterAccess extends ApiEndpoint {
  /** Of the context, or where the pod runs. */
  namespace?: string
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
/** A mounted token is replaced by the kubelet well before it expires. */
const TOKEN_TTL_MS = 60_000

/** The access a pod has by its service account. */
export const inClusterAccess = async (
  host: string,
  port: string,
  directory = SERVICE_ACCOUNT,
): Promise<ClusterAccess> => ({
  server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
  certificateAuthority: await readFile(path.join(directory, 'ca.crt'), 'utf8'),
  bearerToken: tokenFromFile(path.join(directory, 'token')),
  namespace: (await readFile(path.join(directory, 'namespace'), 'utf8')).trim(),
})

/**
 * The access that a kubeconfig's context gives: certificates, tokens and token files, read here; plugins (`exec`, auth providers)
 * through @kubernetes/client-node, which is loaded only then, since it costs some 50 MB and half a second.
 */
export const loadKubeconfig = async (file: string, contextName?: string): Promise<ClusterAccess> => {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new KubeconfigError(`the kubeconfig ${file} cannot be read: ${cause.message}`)
  })
  const config = await parseKubeconfig(text, file)
  const wanted = contextName ?? config['current-context']
  if (wanted === undefined || wanted === '')
    throw new KubeconfigError(`${file} has no current-context: choose one with --context`)
  const context = entry(config.contexts, wanted, 'context', file).context ?? {}
  const cluster = entry(config.clusters, context.cluster ?? '', 'cluster', file).cluster ?? {}
  const user = context.user === undefined ? {} : (entry(config.users, context.user, 'user', file).user ?? {})
  if (cluster.server === undefined) throw new KubeconfigError(`${file}: cluster "${context.cluster}" has no server`)

  const folder = path.dirname(file)
  const access: ClusterAccess = {
    server: cluster.server,
    certificateAuthority: await pem(cluster['certificate-authority-data'], cluster['certificate-authority'], folder),
    tlsServerName: cluster['tls-server-name'],
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'],
    clientCertificate: await pem(user['client-certificate-data'], user['client-certificate'], folder),
    clientKey: await pem(user['client-key-data'], user['client-key'], folder),
    namespace: context.namespace,
  }
  if (user.exec !== undefined || user['auth-provider'] !== undefined) {
    return { ...access, ...(await pluginAccess(file, wanted)) }
  }
  if (user.tokenFile !== undefined) access.bearerToken = tokenFromFile(path.resolve(folder, user.tokenFile))
  else if (user.token !== undefined) {
    const token = user.token
    access.bearerToken = async () => token
  } else if (user.username !== undefined) {
    throw new KubeconfigError(`${file}: user "${context.user}" signs in by password, which Kubernetes removed in 1.19`)
  }
  return access
}

interface Kubeconfig {
  'current-context'?: string
  contexts?: { name: string; context?: { cluster?: string; user?: string; namespace?: string } }[]
  clusters?: {
    name: string
    cluster?: {
      server?: string
      'certificate-authority'?: string
      'certificate-authority-data'?: string
      'tls-server-name'?: string
      'insecure-skip-tls-verify'?: boolean
    }
  }[]
  users?: {
    name: string
    user?: {
      'client-certificate'?: string
      'client-certificate-data'?: string
      'client-key'?: string
      'client-key-data'?: string
      token?: string
      tokenFile?: string
      username?: string
      exec?: unknown
      'auth-provider'?: unknown
    }
  }[]
}

const parseKubeconfig = async (text: string, file: string): Promise<Kubeconfig> => {
  const parsed: unknown = fromJson(text) ?? (await fromYaml(text, file))
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new KubeconfigError(`${file} is not a kubeconfig: expected a map`)
  }
  return parsed as Kubeconfig
}

/** JSON, which is what we write ourselves, is YAML that needs no parser to be loaded: that takes longer than many a command. */
const fromJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const fromYaml = async (text: string, file: string): Promise<unknown> => {
  const { parse } = await import('yaml')
  try {
    return parse(text)
  } catch (cause) {
    throw new KubeconfigError(`${file} is not YAML: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

const entry = <E extends { name: string }>(entries: E[] | undefined, name: string, what: string, file: string): E => {
  const found = Array.isArray(entries) ? entries.find((candidate) => candidate?.name === name) : undefined
  if (found === undefined) throw new KubeconfigError(`${file} has no ${what} "${name}"`)
  return found
}

const pem = async (data: string | undefined, file: string | undefined, folder: string): Promise<string | undefined> => {
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8')
  return file === undefined ? undefined : readFile(path.resolve(folder, file), 'utf8')
}

const tokenFromFile = (file: string): (() => Promise<string>) => {
  let token = ''
  let readAt = Number.NEGATIVE_INFINITY
  return async () => {
    const now = performance.now()
    if (now - readAt > TOKEN_TTL_MS) {
      token = (await readFile(file, 'utf8')).trim()
      readAt = now
    }
    return token
  }
}

const pluginAccess = async (file: string, context: string): Promise<Partial<ClusterAccess>> => {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  config.loadFromFile(file)
  config.setCurrentContext(context)
  const options: { headers?: Record<string, unknown>; cert?: unknown; key?: unknown } = {}
  await config.applyToHTTPSOptions(options as Parameters<typeof config.applyToHTTPSOptions>[0])
  const text = (value: unknown): string | undefined =>
    value === undefined ? undefined : Buffer.isBuffer(value) ? value.toString('utf8') : String(value)
  return {
    clientCertificate: text(options.cert),
    clientKey: text(options.key),
    // Asked again each time: the plugin's token expires, and client-node knows when.
    bearerToken: async () => {
      const fresh: typeof options = {}
      await config.applyToHTTPSOptions(fresh as Parameters<typeof config.applyToHTTPSOptions>[0])
      const header = text(fresh.headers?.Authorization) ?? ''
      return header.replace(/^Bearer /, '')
    },
  }
}
