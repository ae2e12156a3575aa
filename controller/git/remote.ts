import { isAbsolute } from 'node:path'
import { SourceError } from './errors.ts'

/** A repository and the revision that is wanted of it. */
export interface GitRemote {
  /** `https://`, `http://` or `file://`, or an absolute path; never with credentials in it. */
  url: string
  branch: string
  /** Hash to stay at; empty: the head of the branch. */
  commit: string
  credentials?: GitCredentials
}

export interface GitCredentials {
  username: string
  password: string
}

/** The fields that Komodo's resources have in common, and the `operator` ones that go before them. */
export interface GitRepositorySpec {
  gitProvider: string
  gitHttps: boolean
  repo: string
  operator: { url?: string }
}

/** `{https|http}://{provider}/{repo}`, as Komodo has it, but without credentials: those never stand in a URL. */
export function remoteUrl({ gitProvider, gitHttps, repo, operator }: GitRepositorySpec): string {
  if (operator.url) return operator.url
  return `${gitHttps ? 'https' : 'http'}://${gitProvider.trim()}/${repo.trim().replace(/^\/+/, '')}`
}

const MAX_URL = 2_048

/** Throws `InvalidSource` for anything that git could take for something else than a plain repository and a plain revision. */
export function checkRemote({ url, branch, commit }: GitRemote, allowLocal: boolean): void {
  checkUrl(url, allowLocal)
  if (commit !== '' && !/^[0-9a-f]{7,64}$/i.test(commit)) {
    throw invalid(`commit ${show(commit)} is not a commit hash; give at least the first 7 of its hexadecimal digits`)
  }
  if (!isBranchName(branch)) throw invalid(`branch ${show(branch)} is not a name that a git branch can have`)
}

function checkUrl(url: string, allowLocal: boolean): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
  if (url.length > MAX_URL || /[\u0000-\u0020\u007f]/.test(url)) {
    throw invalid(`the repository's URL has white space or control characters in it, or is too long`)
  }
  if (isAbsolute(url) || url.startsWith('file://')) {
    if (!allowLocal)
      throw new SourceError('Refused', `${url} is a path on the controller's machine, which is not allowed here`)
    return
  }
  const parsed = URL.parse(url)
  if (parsed === null || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') || parsed.hostname === '') {
    throw invalid(`${show(url)} is not the URL of a repository; write https://host/owner/name, file:///path or /path`)
  }
  if (parsed.username !== '' || parsed.password !== '') {
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
export const placeOf = (url: string): string => URL.parse(url)?.host || url

const invalid = (message: string): SourceError => new SourceError('InvalidSource', message)
const show = (text: string): string => JSON.stringify(text.slice(0, 200))
