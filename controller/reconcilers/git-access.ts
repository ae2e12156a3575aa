import { type KubeObject, keyOf, keyText } from '../api/meta.ts'
import type { GitProvider } from '../api/v1alpha1/git-provider.ts'
import type { Server } from '../api/v1alpha1/server.ts'
import type { Lister } from '../engine/lister.ts'
import type { Wake } from '../engine/reconciler.ts'
import { accountDomain, credentialsOf, type FoundLogin, GIT_ACCOUNT_TYPE, remoteWith } from '../git/credentials.ts'
import { SourceError } from '../git/errors.ts'
import { type GitCredentials, type GitRemote, type GitRepositorySpec, plainDomain } from '../git/remote.ts'
import { type Account, Accounts } from './accounts.ts'
import type { SecretReader } from './secrets.ts'

/** Who wants a repository. */
export interface GitUser {
  namespace: string
  /** That it runs on; nothing: accounts that are only for some Servers are not for it. */
  server?: string | undefined
}

/** The one way from what an object says of its repository to what git is to be asked, for every kind that reads one. */
export interface GitAccess {
  /** Rejects with `SourceError`; `CredentialsMissing` while a login that is named is not there: what makes it appear wakes the object. */
  remoteOf(spec: Readonly<GitRepositorySpec>, user: GitUser, signal: AbortSignal): Promise<GitRemote>
  /** Wakes the objects of a kind when their login appears, changes or goes. To be called once for a kind: it declares indexes. */
  wake<T extends KubeObject>(
    users: Lister<T>,
    specOf: (object: Readonly<T>) => Readonly<GitRepositorySpec> | undefined,
  ): Wake
}

export function gitAccess(options: {
  providers: Lister<GitProvider>
  servers: Lister<Server>
  secrets: SecretReader
}): GitAccess {
  const { secrets } = options
  const accounts = new Accounts({
    ...options,
    secretType: GIT_ACCOUNT_TYPE,
    canonical: (domain) => plainDomain(domain),
  })

  const namedSecret = async (name: string, namespace: string, signal: AbortSignal): Promise<FoundLogin> => {
    const data = await secrets.read(namespace, name, signal)
    if (data === undefined) {
      throw missing(`there is no Secret "${name}" in the namespace ${namespace}; operator.credentials names it`)
    }
    const where = `Secret "${name}"`
    const credentials = credentialsOf(data)
    if (credentials === undefined) {
      throw missing(
        `the ${where} has no login: neither \`username\` and \`password\`, nor a \`token\`, a \`bearer\`, or \`identity\` and \`known_hosts\``,
      )
    }
    return { credentials, domain: data.get('domain'), where }
  }

  const account = async (
    spec: Readonly<GitRepositorySpec>,
    { namespace, server }: GitUser,
    signal: AbortSignal,
  ): Promise<FoundLogin> => {
    const [domain, username] = [accountDomain(spec), spec.gitAccount]
    const found = await accounts.find({ namespace, domain, username, server }, signal)
    if ('missing' in found) {
      const advice = `declare it in a GitProvider (TOML: [[git_provider]]), or make a Secret of type ${GIT_ACCOUNT_TYPE} with domain, username and token`
      throw missing(`there is no account "${username}" at ${domain}${found.missing}; ${advice}`)
    }
    const { https, where } = found
    return { credentials: loginOf(username, found), domain, ...(https === undefined ? {} : { https }), where }
  }

  return {
    async remoteOf(spec, user, signal) {
      const { credentials } = spec.operator
      if (credentials) return remoteWith(spec, await namedSecret(credentials, user.namespace, signal))
      return remoteWith(spec, spec.gitAccount === '' ? undefined : await account(spec, user, signal))
    },
    wake(users, specOf) {
      users.addIndex(CREDENTIALS, (object) => {
        const name = specOf(object)?.operator.credentials
        return name ? [keyText({ namespace: object.metadata.namespace, name })] : []
      })
      const byAccount = accounts.wake(users, (object) => {
        const spec = specOf(object)
        if (spec === undefined || spec.gitAccount === '') return []
        return [{ domain: accountDomain(spec), username: spec.gitAccount }]
      })
      return (enqueue, signal) => {
        byAccount(enqueue, signal)
        secrets.onChange((namespace, name) => {
          for (const user of users.byIndex(CREDENTIALS, keyText({ namespace, name }))) enqueue(keyOf(user))
        }, signal)
      }
    },
  }
}

/** The account's own token goes first; what else its Secret holds (a key, certificates) counts as well. */
function loginOf(username: string, { data, token }: Account): GitCredentials {
  const { ssh, basic: _, ...rest } = credentialsOf(data) ?? {}
  // Its name is that at the provider; by ssh, everybody is `git` there.
  const key = ssh && { ssh: { privateKey: ssh.privateKey, knownHosts: ssh.knownHosts } }
  if (token === '' || token === ssh?.privateKey.trim()) return { ...rest, ...key }
  const login = new Map([
    ['username', username],
    ['token', token],
  ])
  return { ...rest, ...key, ...credentialsOf(login) }
}

const CREDENTIALS = 'git-credentials'

const missing = (message: string): SourceError => new SourceError('CredentialsMissing', message)
