import { isAbsolute } from 'node:path'
import { SourceError } from './errors.ts'

/** A repository and the revision that is wanted of it. */
export interface GitRemote {
  /** `https://`, `http://`, `ssh://` or `file://`, `user@host:path`, or an absolute path; never with a password in it. */
  url: string
  branch: string
  /** Hash to stay at; empty: the head of the branch. */
  commit: string
  /** Whether the files of submodules are part of it. */
  submodules?: boolean
  credentials?: GitCredentials
}

/** What a host is shown, and what it has to show. Which part is used depends on the transport. */
export interface GitCredentials {
  basic?: { username: string; password: string }
  /** Token of `Authorization: Bearer`, for hosts that take it there. */
  bearer?: string
  /** `user`: at the host, when the URL names none. */
  ssh?: { privateKey: string; knownHosts: string; user?: string }
  /** Certificates (PEM) of who may have signed the host's; instead of the ones that the machine trusts. */
  ca?: string
  client?: { certificate: string; key: string }
}

/** The fields that Komodo's resources have in common, and the `operator` ones that go before them. */
export interface GitRepositorySpec {
  gitProvider: string
  gitHttps: boolean
  gitAccount: string
  repo: string
  branch: string
  commit: string
  operator: { url?: string; credentials?: string; submodules?: boolean }
}

/** `{https|http}://{provider}/{repo}`, as Komodo has it, but without credentials: those never stand in a URL. */
export function remoteUrl({
  gitProvider,
  gitHttps,
  repo,
  operator,
}: Pick<GitRepositorySpec, 'gitProvider' | 'gitHttps' | 'repo'> & { operator: { url?: string } }): string {
  if (operator.url) return withPlainHost(operator.url)
  return withPlainHost(
    `${gitHttps ? 'https' : 'http'}://${withoutScheme(gitProvider)}/${repo.trim().replace(/^\/+/, '')}`,
  )
}

/** The host as `addressOf` has it, which is how git has to ask for its login: in small letters, without a port that goes without saying. */
export function withPlainHost(url: string): string {
  const { transport, host } = addressOf(url) ?? {}
  if (transport !== 'http' && transport !== 'https') return url
  const [written = ''] = /^[^/]*\/\/[^/?#]*/.exec(url) ?? []
  // With a login in it, it is refused later.
  return written.includes('@') ? url : `${transport}://${host}${url.slice(written.length)}`
}

/** A host with its port, as people write it in a domain, also as a URL, in the spelling that addresses have. */
export function plainDomain(domain: string, transport: 'http' | 'https' = 'https'): string {
  const host = withoutScheme(domain).replace(/\/.*$/, '')
  return URL.parse(`${transport}://${host}`)?.host ?? host
}

const withoutScheme = (domain: string): string => domain.trim().replace(/^https?:\/\//i, '')

/** How a remote is reached, and where. */
export interface RemoteAddress {
  transport: 'http' | 'https' | 'ssh' | 'file'
  /** With the port if one is given; the path for `file`. */
  host: string
  /** Without port. */
  hostname: string
  /** In the URL, for `ssh`. */
  user?: string
}

/** `undefined` for what is no address of a repository. */
export function addressOf(url: string): RemoteAddress | undefined {
  if (isAbsolute(url) || url.startsWith('file://')) return { transport: 'file', host: url, hostname: url }
  // As git: without a scheme, a colon before the first slash makes it an address of ssh. Only with a user, so that nothing else does.
  const scp = /^([^@/:]+)@(\[[^\]/]+\]|[^@/:]+):(?!\/\/|:)(.+)$/.exec(url)
  if (scp !== null) {
    const [, user = '', host = '', path = ''] = scp
    return isHost(host) && !path.startsWith('-') ? ssh(host, host, user) : undefined
  }
  const parsed = URL.parse(url)
  if (parsed === null || !isHost(parsed.hostname)) return undefined
  const { protocol, host, hostname, username } = parsed
  if (protocol === 'https:' || protocol === 'http:') {
    // Written in any other way, git takes it for another host than we do, and sends it the login of ours.
    if (url.includes('\\') || !/^https?:\/\/[^/]/i.test(url)) return undefined
    return { transport: protocol === 'https:' ? 'https' : 'http', host, hostname }
  }
  return protocol === 'ssh:' ? ssh(host, hostname, username) : undefined
}

/** A user is given to ssh as an argument, and no option. */
const ssh = (host: string, hostname: string, user: string): RemoteAddress | undefined =>
  user === ''
    ? { transport: 'ssh', host, hostname }
    : /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/.test(user)
      ? { transport: 'ssh', host, hostname, user }
      : undefined

/** Names and addresses; nothing that begins like an option. */
const isHost = (host: string): boolean => /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_][A-Za-z0-9._-]*)$/.test(host)

const MAX_URL = 2_048

/** Throws `InvalidSource` for anything that git could take for something else than a plain repository and a plain revision. */
export function checkRemote({ url, branch, commit }: GitRemote, allowLocal: boolean): void {
  checkUrl(url, allowLocal)
  if (commit !== '' && !/^[0-9a-f]{7,64}$/i.test(commit)) {
    throw invalid(`commit ${show(commit)} is not a commit hash; give at least the first 7 of its hexadecimal digits`)
  }
  if (!isBranchName(branch)) throw invalid(`branch ${show(branch)} is not a name that a git branch can have`)
}

export function checkUrl(url: string, allowLocal: boolean): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
  if (url.length > MAX_URL || /[\u0000-\u0020\u007f]/.test(url)) {
    throw invalid(`the repository's URL has white space or control characters in it, or is too long`)
  }
  const address = addressOf(url)
  if (address === undefined) {
    throw invalid(
      `${show(url)} is not the URL of a repository; write https://host/owner/name, ssh://git@host/owner/name, file:///path or /path`,
    )
  }
  if (address.transport === 'file') {
    if (allowLocal) return
    throw new SourceError('Refused', `${url} is a path on the controller's machine, which is not allowed here`)
  }
  const parsed = URL.parse(url)
  if (parsed?.password || (parsed?.username && address.transport !== 'ssh')) {
    throw invalid(
      `the repository's URL has credentials in it; put them into a Secret and name that in operator.credentials`,
    )
  }
}

/** The rules of git-check-ref-format, and nothing that could be read as an option. */
export function isBranchName(name: string): boolean {
  if (name === '' || name.length > 250 || name === '@' || name.startsWith('-') || name.endsWith('.')) return false
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
  if (/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{/.test(name)) return false
  return name.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'))
}

/** What people call the place: the host, or the path. */
export const placeOf = (url: string): string => addressOf(url)?.host ?? url

const invalid = (message: string): SourceError => new SourceError('InvalidSource', message)
const show = (text: string): string => JSON.stringify(text.slice(0, 200))
