import { SourceError } from './errors.ts'
import { addressOf, checkUrl, type GitRemote, withPlainHost } from './remote.ts'

/** Submodules in submodules, and in all. */
export const MAX_SUBMODULE_DEPTH = 5
export const MAX_SUBMODULES = 100

/** A commit of another repository, in the place of a folder. */
export interface Gitlink {
  path: string
  commit: string
}

/** Values of `.gitmodules` as `git config --null --list` prints them: `key LF value NUL`, the key `submodule.<name>.<what>`. */
export function parseGitmodules(text: string): Map<string, string> {
  const byName = new Map<string, { path?: string; url?: string }>()
  for (const entry of text.split('\0')) {
    const [, name = '', what = '', value = ''] = /^submodule\.(.*)\.(path|url)\n(.*)$/s.exec(entry) ?? []
    if (what === '') continue
    const known = byName.get(name) ?? {}
    byName.set(name, { ...known, [what]: value })
  }
  const urls = new Map<string, string>()
  for (const { path, url } of byName.values()) if (path !== undefined && url !== undefined) urls.set(path, url)
  return urls
}

/**
 * Where a submodule is, and how it is reached: over https, http or ssh, or relative to its parent. The login of the parent goes along
 * only to the same host by the same way. Throws `SourceError`: who writes a `.gitmodules` decides nothing more than that.
 */
export function submoduleRemote({ path, commit }: Gitlink, written: string | undefined, parent: GitRemote): GitRemote {
  if (written === undefined || written === '') {
    throw refused(path, `.gitmodules has no url for it; add one, or remove the submodule`)
  }
  const isRelative = /^\.\.?\//.test(written)
  const url = isRelative ? relativeTo(parent.url, written) : withPlainHost(written)
  const [at, from] = [addressOf(url ?? ''), addressOf(parent.url)]
  if (url === undefined || at === undefined || from === undefined) {
    throw refused(path, `${JSON.stringify(written.slice(0, 200))} in .gitmodules is not the URL of a repository`)
  }
  if (isRelative ? at.host !== from.host && at.transport !== 'file' : at.transport === 'file') {
    throw refused(
      path,
      `${JSON.stringify(written.slice(0, 200))} in .gitmodules is not allowed; write a URL of https or ssh`,
    )
  }
  try {
    checkUrl(url, isRelative)
  } catch (error) {
    throw error instanceof SourceError ? about(path, error) : error
  }
  const sameHost = at.transport === from.transport && at.host === from.host
  // The commit is all that counts; without a branch it is looked for on all of them.
  return {
    url,
    branch: '',
    commit,
    submodules: true,
    ...(sameHost && parent.credentials !== undefined ? { credentials: parent.credentials } : {}),
  }
}

/** As git: `../` takes away the last part of the parent's path, `./` nothing. `undefined` when nothing is left to take away. */
function relativeTo(parent: string, written: string): string | undefined {
  let base = parent.replace(/\/+$/, '')
  let rest = written
  for (;;) {
    if (rest.startsWith('./')) rest = rest.slice(2)
    else if (rest.startsWith('../')) {
      const cut = /^(.*)[/:][^/:]+$/s.exec(base)
      if (cut === null) return undefined
      // `git@host:a` and `../b` make `git@host:b`.
      const separator = base[(cut[1] ?? '').length]
      base = separator === ':' && !base.includes('://') ? `${cut[1]}:` : (cut[1] ?? '')
      rest = rest.slice(3)
    } else break
  }
  return base.endsWith(':') ? `${base}${rest}` : `${base}/${rest}`
}

/** The same failure, and which submodule it concerns. */
export const about = (path: string, error: SourceError): SourceError =>
  new SourceError(error.reason, `submodule ${path}: ${error.message}`, { cause: error })

const refused = (path: string, message: string): SourceError =>
  new SourceError('Refused', `submodule ${path}: ${message}`)
