import { SourceError } from './errors.ts'
import {
  addressOf,
  type GitCredentials,
  type GitRemote,
  type GitRepositorySpec,
  plainDomain,
  type RemoteAddress,
  remoteUrl,
} from './remote.ts'

/** Secrets with this type are logins at a git provider: `domain`, `username` and any of the ways of `credentialsOf`. */
export const GIT_ACCOUNT_TYPE = 'komodo.dev/git-account'

/** Decoded values of a Secret by key. */
type SecretData = ReadonlyMap<string, string>

/**
 * The login that a Secret holds, under the keys that people know: `username` and `password`; `token`, alone, with `username`, or as
 * `user:token`, as Komodo takes it; `bearer` (`bearerToken`); `identity` (`ssh-privatekey`) with `known_hosts`; `ca.crt` (`caFile`);
 * `tls.crt` with `tls.key`. `undefined` when it holds none.
 */
export function credentialsOf(data: SecretData): GitCredentials | undefined {
  const value = (...keys: readonly string[]): string | undefined =>
    keys.map((key) => data.get(key)?.trim()).find((found) => found !== undefined && found !== '')
  const basic = basicOf(data)
  const bearer = value('bearer', 'bearerToken')
  const privateKey = value('identity', 'ssh-privatekey')
  const user = value('username')
  const ca = value('ca.crt', 'caFile')
  const [certificate, key] = [value('tls.crt'), value('tls.key')]
  const credentials: GitCredentials = {
    ...(basic !== undefined && { basic }),
    ...(bearer !== undefined && { bearer }),
    ...(privateKey !== undefined && {
      ssh: {
        privateKey: lines(privateKey),
        knownHosts: lines(value('known_hosts') ?? ''),
        ...(user !== undefined && { user }),
      },
    }),
    ...(ca !== undefined && { ca: lines(ca) }),
    ...(certificate !== undefined &&
      key !== undefined && { client: { certificate: lines(certificate), key: lines(key) } }),
  }
  return Object.keys(credentials).length === 0 ? undefined : credentials
}

function basicOf(data: SecretData): GitCredentials['basic'] {
  const username = data.get('username')?.trim()
  const password = (data.get('password') ?? data.get('token'))?.trim()
  if (!password) return undefined
  const colon = data.has('password') ? -1 : password.indexOf(':')
  if (colon > 0) return { username: password.slice(0, colon).trim(), password: password.slice(colon + 1).trim() }
  return { username: username || 'token', password }
}

/** ssh refuses a key without a line end at its end, and with the line ends of other systems. */
const lines = (text: string): string => `${text.replaceAll('\r', '')}\n`

/** What must never be shown. */
export const secretsOf = ({ credentials }: Pick<GitRemote, 'credentials'>): string[] =>
  [
    credentials?.basic?.password,
    credentials?.bearer,
    credentials?.ssh?.privateKey.trim(),
    credentials?.client?.key.trim(),
  ].filter((secret): secret is string => secret !== undefined && secret !== '')

/** git ends an answer, and http a header, at the end of a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
const controlCharacter = /[\u0000-\u001f\u007f]/

/** Where an account or a Secret was found. */
export interface FoundLogin {
  credentials: GitCredentials
  /** Host that it is for; nothing: any. */
  domain?: string | undefined
  /** Over https or http, whatever the object says. */
  https?: boolean | undefined
  /** For messages: `Secret "login"`. */
  where: string
}

/** The host of the account that `gitAccount` names: that of the URL, where one is given. */
export const accountDomain = ({ gitProvider, operator }: Pick<GitRepositorySpec, 'gitProvider' | 'operator'>): string =>
  (operator.url && addressOf(operator.url)?.host) || gitProvider.trim()

/** The remote of a spec, to be reached with a login, if there is one. Throws `CredentialsMissing` when that is for something else. */
export function remoteWith(spec: GitRepositorySpec, found: FoundLogin | undefined): GitRemote {
  const { branch, commit, operator } = spec
  const plain = { branch, commit, ...(operator.submodules === true && { submodules: true }) }
  const url = urlWith(spec, found)
  const address = addressOf(url)
  if (found === undefined || address === undefined || address.transport === 'file') {
    if (address?.transport === 'ssh') {
      throw missing(
        `${url} is reached by ssh, and there is no key for it; name a Secret with \`identity\` and \`known_hosts\` in operator.credentials`,
      )
    }
    return { url, ...plain }
  }
  const { credentials, domain, where } = found
  const { basic, bearer } = credentials
  if (controlCharacter.test([basic?.username, basic?.password, bearer].join(''))) {
    throw missing(`the login in ${where} has line breaks or control characters in it; correct the Secret`)
  }
  // A login that says where it belongs goes nowhere else: who writes a URL may not be allowed to read the Secret.
  if (domain !== undefined && !isAt(domain, address)) {
    throw missing(
      `the login is for ${domain}, and is not sent to ${address.host}; correct the URL, or \`domain\` in ${where}`,
    )
  }
  if (address.transport === 'ssh') {
    if (credentials.ssh === undefined) {
      throw missing(
        `${url} is reached by ssh, and ${where} holds no key for it; it needs \`identity\` and \`known_hosts\``,
      )
    }
    if (credentials.ssh.knownHosts.trim() === '') {
      throw missing(
        `${where} has an \`identity\` but no \`known_hosts\`, so ${address.host} could be anybody; ${howToKnow(url)}`,
      )
    }
    if (isEncrypted(credentials.ssh.privateKey)) {
      throw missing(`the key in ${where} has a passphrase, and nobody is there to enter it; store one without`)
    }
  } else if (credentials.ssh !== undefined && Object.keys(credentials).length === 1) {
    throw missing(
      `${where} holds a key for ssh, and ${url} is not reached by ssh; write ssh://git@${address.hostname}/...`,
    )
  }
  return { url, ...plain, credentials }
}

/** How to get the line of `known_hosts` for the host of a URL. */
export const howToKnow = (url: string): string => {
  const { host = '', hostname = '' } = addressOf(url) ?? {}
  const port = /:(\d+)$/.exec(host)?.[1]
  const scan = `ssh-keyscan ${port === undefined ? '' : `-p ${port} `}${hostname.replace(/^\[|\]$/g, '')}`
  return `get its line with \`${scan}\`, compare its fingerprint (\`ssh-keygen -lf -\`) with the one that the host publishes, and put it into \`known_hosts\` of the Secret`
}

/** PEM says so; OpenSSH's own format names the cipher after `openssh-key-v1`: `none` for a key without passphrase. */
function isEncrypted(privateKey: string): boolean {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(privateKey)?.[1]
  if (body === undefined) return /\bENCRYPTED\b/.test(privateKey)
  const bytes = Buffer.from(body, 'base64')
  return bytes.toString('latin1', 19, 23) !== 'none' && bytes.toString('latin1', 0, 14) === 'openssh-key-v1'
}

function urlWith(spec: GitRepositorySpec, found: FoundLogin | undefined): string {
  const ssh = found?.credentials.ssh
  const { basic, bearer } = found?.credentials ?? {}
  if (!spec.operator.url && ssh !== undefined && basic === undefined && bearer === undefined) {
    const hostname = URL.parse(`https://${spec.gitProvider.trim()}`)?.hostname ?? spec.gitProvider.trim()
    return `ssh://${encodeURIComponent(ssh.user ?? 'git')}@${hostname}/${spec.repo.trim().replace(/^\/+/, '')}`
  }
  return remoteUrl({ ...spec, gitHttps: found?.https ?? spec.gitHttps })
}

/** A host has one key however it is reached, so for ssh its port (that of http, in `domain`) does not count. */
const isAt = (domain: string, { transport, host, hostname }: RemoteAddress): boolean =>
  transport === 'ssh'
    ? URL.parse(`https://${plainDomain(domain)}`)?.hostname === hostname.toLowerCase()
    : plainDomain(domain, transport === 'http' ? 'http' : 'https') === host

const missing = (message: string): SourceError => new SourceError('CredentialsMissing', message)
