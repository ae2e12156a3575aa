import { createHash } from 'node:crypto'
import { classify, scrub } from './classify.ts'
import { parseListing, type Repository } from './commit-tree.ts'
import { SourceError } from './errors.ts'
import type { GitExit } from './git-process.ts'
import { type GitRemote, isBranchName } from './remote.ts'

/** A commit that is to be made and pushed. */
export interface NewCommit {
  /** Full hash of the commit it builds on, which is in the cache. */
  base: string
  /** Texts by path from the root. What else `base` holds stays. */
  files: ReadonlyMap<string, string>
  author: { name: string; email: string }
  message: string
  /** Milliseconds since the epoch. */
  at: number
  branch: string
  /** Full hash of what the branch is at; empty: there is no such branch. When it has moved on, nothing is pushed. */
  expected: string
}

/** Throws `InvalidSource` for what git could take for something else. */
export function checkCommit({ branch, author, message, files }: NewCommit): void {
  if (!isBranchName(branch)) throw invalid(`${JSON.stringify(branch)} is not a name that a git branch can have`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
  if (/[<>\u0000-\u001f\u007f]/.test(author.name + author.email) || author.name.trim() === '') {
    throw invalid('name and e-mail address of the author of commits cannot hold "<", ">" or control characters')
  }
  if (message.trim() === '' || message.includes('\0')) throw invalid('the message of commits is empty')
  for (const path of files.keys()) {
    const parts = path.split('/')
    if (
      parts.some((part) => part === '' || part === '.' || part === '..' || /^\.git$/i.test(part)) ||
      path.includes('\0')
    ) {
      throw invalid(`${JSON.stringify(path)} cannot be the path of a file in a repository`)
    }
    const folder = foldersOf(path).find((one) => one !== path && files.has(one))
    if (folder !== undefined) throw invalid(`${JSON.stringify(folder)} cannot be both a file and a folder`)
  }
}

/** The path, and the folders above it. */
const foldersOf = (path: string): string[] => {
  const parts = path.split('/')
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

const invalid = (message: string): SourceError => new SourceError('InvalidSource', message)

/** Names of our own for commits that are pushed, one for each branch. */
const refForPush = (branch: string): string =>
  `refs/komodo/push-${createHash('sha256').update(branch).digest('hex').slice(0, 32)}`

/**
 * What `git fast-import` takes: the commit comes into being without a work tree or an index. `executable` are those of the files
 * that are programs already.
 */
function importStream({ base, files, author, message, at, branch }: NewCommit, executable: ReadonlySet<string>) {
  const person = `${author.name.trim()} <${author.email.trim()}> ${Math.floor(at / 1000)} +0000`
  const parts = [
    'feature done\n',
    `commit ${refForPush(branch)}\n`,
    `author ${person}\ncommitter ${person}\n`,
    data(message),
    `from ${base}\n`,
  ]
  for (const [path, text] of files) {
    parts.push(`M ${executable.has(path) ? '100755' : '100644'} inline ${quoted(path)}\n`, data(text))
  }
  parts.push('done\n')
  return parts.join('')
}

const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`

const quoted = (path: string): string => `"${path.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`

/** The hash of the commit, which is in the repository from then on and nowhere else. */
export async function makeCommit(repository: Repository, commit: NewCommit, signal: AbortSignal): Promise<string> {
  const { git, directory, limits } = repository
  const maxBytes = limits.entries * 300
  const places = new Set([...commit.files.keys()].flatMap(foldersOf))
  const list = ['ls-tree', '-z', '-l', '--full-tree', commit.base, '--', ...places]
  const listed = parseListing((await git.bytes(directory, list, { maxBytes, signal })).toString())
  for (const { mode, path } of listed) {
    // Git lists all that a folder holds.
    if (!places.has(path)) continue
    const isFile = mode === '100644' || mode === '100755'
    // A file in the place of a folder would go with all that it says.
    if (commit.files.has(path) ? isFile : mode === '040000') continue
    const what = isFile ? 'a file' : mode === '160000' ? 'a submodule' : mode === '120000' ? 'a link' : 'a folder'
    throw new SourceError('NotWritable', `${path} is ${what} of the repository, and is not written through`)
  }
  const executable = new Set(listed.flatMap(({ mode, path }) => (mode === '100755' ? [path] : [])))
  const input = importStream(commit, executable)
  await git.bytes(directory, ['fast-import', '--quiet', '--force'], { input, maxBytes, signal })
  const find = ['rev-parse', '--verify', '--end-of-options', refForPush(commit.branch)]
  return (await git.bytes(directory, find, { maxBytes, signal })).toString().trim()
}

/** Only if the branch is still at what is expected. */
export function pushArguments({ url }: GitRemote, { branch, expected }: NewCommit, hash: string): string[] {
  const ref = `refs/heads/${branch}`
  return ['push', '--porcelain', `--force-with-lease=${ref}:${expected}`, '--', url, `${hash}:${ref}`]
}

export function pushFailure({ message }: GitExit, remote: GitRemote, { branch }: NewCommit): SourceError {
  // A hook, a protected branch, or one that is checked out there.
  const refused = /\[remote rejected\] \(([^)]+)\)/i.exec(message)?.[1]
  if (refused !== undefined && !/cannot lock ref|failed to update ref|incorrect old value/i.test(refused)) {
    const said = message.split('\n').flatMap((line) => /^remote: *(.*\S)/.exec(line)?.[1] ?? [])
    const why = scrub([refused, ...said].join('; '), remote).slice(0, 500)
    return new SourceError('PushRefused', `${remote.url} refuses a push to "${branch}": ${why}`)
  }
  if (/\[(remote )?rejected\]/i.test(message)) {
    return new SourceError('BranchMoved', `somebody else pushed to "${branch}" of ${remote.url} meanwhile`)
  }
  return classify(message, remote)
}
