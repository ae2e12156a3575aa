import { SourceError } from './errors.ts'
import type { GitCredentials } from './remote.ts'

/** Secrets with this type are logins at a git provider: `domain`, `username` and `token`. */
export const GIT_ACCOUNT_TYPE = 'komodo.dev/git-account'

/** The part of the Secrets that is needed here; decoded values by key. */
export interface CredentialSecrets {
  read(namespace: string, name: string, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined>
  ofType(namespace: string, type: string, signal: AbortSignal): Promise<readonly ReadonlyMap<string, string>[]>
}

export interface CredentialSpec {
  gitProvider: string
  gitAccount: string
  operator: { credentials?: string; url?: string | undefined }
}

/** The login that an object names, in either way; `undefined` when it names none. Rejects with `CredentialsMissing` when there is no such login. */
export async function findCredentials(
  spec: CredentialSpec,
  namespace: string,
  secrets: CredentialSecrets,
  signal: AbortSignal,
): Promise<GitCredentials | undefined> {
  const { gitProvider, gitAccount, operator } = spec
  if (operator.credentials) {
    const data = await secrets.read(namespace, operator.credentials, signal)
    if (data === undefined) {
      throw missing(
        `there is no Secret "${operator.credentials}" in the namespace ${namespace}; operator.credentials names it`,
      )
    }
    const credentials = credentialsOf(data)
    if (credentials !== undefined) return forHost(spec, data.get('domain'), credentials)
    throw missing(`the Secret "${operator.credentials}" has neither \`username\` and \`password\` nor a \`token\``)
  }
  if (gitAccount === '') return undefined
  const accounts = await secrets.ofType(namespace, GIT_ACCOUNT_TYPE, signal)
  const account = accounts.find((data) => data.get('domain') === gitProvider && data.get('username') === gitAccount)
  const credentials = account && credentialsOf(account)
  if (credentials !== undefined) return forHost(spec, gitProvider, credentials)
  throw missing(
    `there is no login of "${gitAccount}" at ${gitProvider}; make a Secret of type ${GIT_ACCOUNT_TYPE} with domain, username and token`,
  )
}

/** A login that says where it belongs goes nowhere else: who writes a URL may not be allowed to read the Secret. */
function forHost(
  { gitProvider, operator }: CredentialSpec,
  domain: string | undefined,
  credentials: GitCredentials,
): GitCredentials {
  const host = operator.url ? URL.parse(operator.url)?.host : gitProvider.trim()
  if (domain === undefined || !host || host === domain.trim()) return credentials
  throw missing(`the login is for ${domain}, and is not sent to ${host}; correct the URL, or \`domain\` in the Secret`)
}

/** `username` and `password`, or `token`; a token may be `user:token`, as Komodo takes it. */
export function credentialsOf(data: ReadonlyMap<string, string>): GitCredentials | undefined {
  const username = data.get('username')?.trim()
  const password = (data.get('password') ?? data.get('token'))?.trim()
  if (!password) return undefined
  const colon = data.has('password') ? -1 : password.indexOf(':')
  if (colon > 0) return { username: password.slice(0, colon).trim(), password: password.slice(colon + 1).trim() }
  return { username: username || 'token', password }
}

const missing = (message: string): SourceError => new SourceError('CredentialsMissing', message)
