import { WaitingError } from '../engine/errors.ts'
import type { RegistryAuth } from '../hosts/port.ts'
import { isPlainObject } from '../json.ts'
import type { SecretData, SecretReader } from './secrets.ts'

/** Type of Secrets that hold an account at an image registry: data `domain`, `username`, `password` (or `token`). */
export const REGISTRY_ACCOUNT_TYPE = 'komodo.dev/registry-account'

const DOCKER_HUB = 'docker.io'

/**
 * The registry that an image reference names, by Docker's own rule: the part before the first slash is a registry if it has a dot or
 * a colon or is `localhost`; everything else is on Docker Hub.
 */
export function registryOf(image: string): string {
  const slash = image.indexOf('/')
  if (slash < 0) return DOCKER_HUB
  const first = image.slice(0, slash)
  if (first === 'index.docker.io' || first === 'registry-1.docker.io') return DOCKER_HUB
  return first.includes('.') || first.includes(':') || first === 'localhost' ? first : DOCKER_HUB
}

export interface RegistryLogin {
  namespace: string
  registry: string
  /** User name of the account to look up among Secrets of `REGISTRY_ACCOUNT_TYPE`; empty: none. */
  account: string
  /** Name of a Secret that goes before the account. */
  credentials?: string | undefined
  /** Condition that missing credentials belong to. */
  condition: string
}

/** Credentials to pull with; `undefined` when none are asked for. Throws `WaitingError` while they are missing. */
export async function registryAuth(
  login: RegistryLogin,
  secrets: SecretReader,
  signal: AbortSignal,
): Promise<RegistryAuth | undefined> {
  const { namespace, registry, account, credentials, condition } = login
  if (credentials !== undefined && credentials !== '') {
    const data = await secrets.read(namespace, credentials, signal)
    const auth = data === undefined ? undefined : authFrom(data, registry)
    if (auth !== undefined) return auth
    throw new WaitingError(
      condition,
      'CredentialsNotFound',
      data === undefined
        ? `Secret "${credentials}" is not there: create it with \`username\` and \`password\` for ${registry}`
        : `Secret "${credentials}" has no login for ${registry}: it needs \`username\` and \`password\`, or \`.dockerconfigjson\` with that registry`,
      60_000,
    )
  }
  if (account === '') return undefined
  for (const data of await secrets.ofType(namespace, REGISTRY_ACCOUNT_TYPE, signal)) {
    if ((data.get('domain') ?? DOCKER_HUB) !== registry || data.get('username') !== account) continue
    const auth = authFrom(data, registry)
    if (auth !== undefined) return auth
  }
  throw new WaitingError(
    condition,
    'RegistryAccountNotFound',
    `there is no account "${account}" for registry ${registry}: create a Secret of type ${REGISTRY_ACCOUNT_TYPE} with \`domain\`, \`username\` and \`password\``,
    60_000,
  )
}

function authFrom(data: SecretData, registry: string): RegistryAuth | undefined {
  const dockerConfig = data.get('.dockerconfigjson')
  if (dockerConfig !== undefined) return fromDockerConfig(dockerConfig, registry)
  // A login that says where it belongs goes nowhere else.
  if ((data.get('domain') ?? registry) !== registry) return undefined
  const username = data.get('username')
  const password = data.get('password') ?? data.get('token')
  return username === undefined || password === undefined ? undefined : { serverAddress: registry, username, password }
}

function fromDockerConfig(text: string, registry: string): RegistryAuth | undefined {
  let config: unknown
  try {
    config = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isPlainObject(config) || !isPlainObject(config.auths)) return undefined
  for (const [address, entry] of Object.entries(config.auths)) {
    const host = address.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
    if (registryOf(`${host}/x`) !== registry || !isPlainObject(entry)) continue
    const [user, ...rest] =
      typeof entry.auth === 'string' ? Buffer.from(entry.auth, 'base64').toString('utf8').split(':') : []
    const username = typeof entry.username === 'string' ? entry.username : user
    const password = typeof entry.password === 'string' ? entry.password : rest.join(':')
    if (username !== undefined && username !== '' && password !== '')
      return { serverAddress: registry, username, password }
  }
  return undefined
}
