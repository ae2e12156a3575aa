import type { KubeObject } from '../api/meta.ts'
import type { ImageRegistry } from '../api/v1alpha1/image-registry.ts'
import type { Server } from '../api/v1alpha1/server.ts'
import { WaitingError } from '../engine/errors.ts'
import type { Lister } from '../engine/lister.ts'
import type { Wake } from '../engine/reconciler.ts'
import type { RegistryAuth } from '../hosts/port.ts'
import { isPlainObject } from '../json.ts'
import { Accounts } from './accounts.ts'
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

/** A domain as people and Docker's own files write it: with a scheme, a path, or one of the names of Docker Hub. */
export const registryDomain = (domain: string): string =>
  registryOf(
    `${
      domain
        .trim()
        .replace(/^https?:\/\//, '')
        .replace(/\/.*$/, '') || DOCKER_HUB
    }/x`,
  )

export interface RegistryLogin {
  namespace: string
  registry: string
  /** User name of the account at the registry; empty: none. */
  account: string
  /** Name of a Secret that goes before the account. */
  credentials?: string | undefined
  /** Server that pulls. */
  server: string
  /** Condition that missing credentials belong to. */
  condition: string
}

/** Logins at image registries: from Secrets that objects name, and from accounts. */
export interface Registries {
  /** Credentials to pull with; `undefined` when none are asked for. Throws `WaitingError` while they are missing. */
  authFor(login: RegistryLogin, signal: AbortSignal): Promise<RegistryAuth | undefined>
  /** Wakes objects when an account that they name appears, changes or goes. To be called once for a kind: it declares an index. */
  wake<T extends KubeObject>(
    users: Lister<T>,
    loginOf: (object: Readonly<T>) => Pick<RegistryLogin, 'registry' | 'account'>,
  ): Wake
}

export function registriesOf(options: {
  providers: Lister<ImageRegistry>
  servers: Lister<Server>
  secrets: SecretReader
}): Registries {
  const { secrets } = options
  const accounts = new Accounts({ ...options, secretType: REGISTRY_ACCOUNT_TYPE, canonical: registryDomain })
  return {
    async authFor(login, signal) {
      const { namespace, account, server, condition } = login
      const registry = registryDomain(login.registry)
      if (login.credentials) return named({ ...login, registry }, login.credentials, secrets, signal)
      if (account === '') return undefined
      const found = await accounts.find({ namespace, domain: registry, username: account, server }, signal)
      if (!('missing' in found) && found.token !== '') {
        return { serverAddress: registry, username: account, password: found.token }
      }
      const why = 'missing' in found ? found.missing : `; ${found.where} has no \`password\``
      const advice = `declare it in an ImageRegistry (TOML: [[image_registry]]), or create a Secret of type ${REGISTRY_ACCOUNT_TYPE} with \`domain\`, \`username\` and \`password\``
      throw new WaitingError(
        condition,
        'RegistryAccountNotFound',
        `there is no account "${account}" for registry ${registry}${why}: ${advice}`,
        60_000,
      )
    },
    wake: (users, loginOf) =>
      accounts.wake(users, (object) => {
        const { registry, account } = loginOf(object)
        return account === '' ? [] : [{ domain: registry, username: account }]
      }),
  }
}

async function named(
  { namespace, registry, condition }: RegistryLogin,
  name: string,
  secrets: SecretReader,
  signal: AbortSignal,
): Promise<RegistryAuth> {
  const data = await secrets.read(namespace, name, signal)
  const auth = data === undefined ? undefined : authFrom(data, registry)
  if (auth !== undefined) return auth
  throw new WaitingError(
    condition,
    'CredentialsNotFound',
    data === undefined
      ? `Secret "${name}" is not there: create it with \`username\` and \`password\` for ${registry}`
      : `Secret "${name}" has no login for ${registry}: it needs \`username\` and \`password\`, or \`.dockerconfigjson\` with that registry`,
    60_000,
  )
}

function authFrom(data: SecretData, registry: string): RegistryAuth | undefined {
  const dockerConfig = data.get('.dockerconfigjson')
  if (dockerConfig !== undefined) return fromDockerConfig(dockerConfig, registry)
  // A login that says where it belongs goes nowhere else.
  if (registryDomain(data.get('domain') ?? registry) !== registry) return undefined
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
    if (registryDomain(address) !== registry || !isPlainObject(entry)) continue
    const [user, ...rest] =
      typeof entry.auth === 'string' ? Buffer.from(entry.auth, 'base64').toString('utf8').split(':') : []
    const username = typeof entry.username === 'string' ? entry.username : user
    const password = typeof entry.password === 'string' ? entry.password : rest.join(':')
    if (username !== undefined && username !== '' && password !== '')
      return { serverAddress: registry, username, password }
  }
  return undefined
}
