import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { broughtFiles, MANIFEST, removeAllWritten } from '../controller/git/written-files.ts'
import {
  HostRejectedError,
  type RepoObservation,
  type RepoPlace,
  type RepoReport,
  type RepoRequest,
} from '../controller/hosts/port.ts'
import { afterPull, envFileOf } from './after-pull.ts'
import { confinedPath, isDirectory, isInside, removeFile, toFileError, writePrivateFile } from './confined-path.ts'
import { type CommandTools, Stages } from './stages.ts'

/** Where repositories live on this host. */
export interface RepoRoots {
  /** Each Repo has a directory of its own below it. */
  repos: string
  /** Other directories that Repos may name by an absolute path. */
  allowed: readonly string[]
}

/**
 * What is in a directory, and whose it is. Kept beside the directories and not in them, where a repository could bring a record of its
 * own. Without `hash` a pull is under way, or did not come to its end.
 */
interface PullRecord {
  owner: string
  directory: string
  cloned: boolean
  /** Written besides the tree, absolute. */
  files: readonly string[]
  revision?: string
  hash?: string
}

/** No directory of a Repo is called so: names begin with a letter or a digit. */
const recordsName = '.pulled'

export const observeRepo = async (roots: RepoRoots, place: RepoPlace): Promise<RepoObservation | undefined> => {
  const directory = await repoDirectory(roots, place)
  const record = await readRecord(roots, directory)
  if (record?.owner !== place.owner || record.hash === undefined || record.revision === undefined) return undefined
  return (await isDirectory(directory)) ? { directory, revision: record.revision, hash: record.hash } : undefined
}

export const pullRepo = async (
  tools: CommandTools,
  roots: RepoRoots,
  request: RepoRequest,
  signal: AbortSignal,
): Promise<RepoReport> => {
  const stages = new Stages(tools, request.secrets, signal)
  const { owner, tree, hash } = request
  const { revision } = tree
  return stages.guard('Write Files', async () => {
    const directory = await repoDirectory(roots, request)
    const before = await ownRecord(roots, directory, owner)
    const cloned = before?.cloned === true && (await isDirectory(directory))
    const files = await claim(directory, request)
    // What an earlier pull wrote belongs to the Repo until it is removed.
    const record = { owner, directory, cloned, files: [...new Set([...(before?.files ?? []), ...files])] }
    await writeRecord(roots, record)
    try {
      await tree.writeTo(directory, signal)
    } catch (error) {
      signal.throwIfAborted()
      throw toFileError(error, `write the files of ${owner}`)
    }
    // The tree may have one of its own where an env file was.
    const kept = new Set([...files, ...(await broughtFiles(directory))])
    for (const file of before?.files ?? []) if (!kept.has(file)) await removeFile(file)
    const remember = () => writeRecord(roots, { ...record, cloned: true })
    await afterPull(directory, request, { cloned, remember }, stages)
    await writeRecord(roots, { owner, directory, cloned: true, files, revision, hash })
    return { directory, log: stages.log }
  })
}

/** What commands or people made there stays; the names of the first few are given back. */
export const removeRepo = async (roots: RepoRoots, place: RepoPlace): Promise<{ left: readonly string[] }> => {
  const directory = await repoDirectory(roots, place)
  const record = await readRecord(roots, directory)
  if (record?.owner !== place.owner) return { left: [] }
  for (const file of record.files) await removeFile(file)
  await removeAllWritten(directory)
  // Only when it is empty.
  await rmdir(directory).catch(() => {})
  const left = await namesIn(directory)
  await rm(recordPath(roots, directory), { force: true })
  return { left: left.slice(0, 5) }
}

/** Absolute. Throws `PathOutsideRoot` or `InvalidArgument` for a place where no Repo may be. */
const repoDirectory = async ({ repos, allowed }: RepoRoots, { directory }: RepoPlace): Promise<string> => {
  await mkdir(repos, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw toFileError(error, `make the directory of repositories ${repos}`)
  })
  if (!isAbsolute(directory)) {
    if (!/^[\p{L}\p{N}_]/u.test(directory)) {
      throw new HostRejectedError('InvalidArgument', `"${directory}" cannot be the directory of a Repo`)
    }
    return confinedPath(repos, directory)
  }
  const root = [repos, ...allowed].find((candidate) => isInside(resolve(candidate), resolve(directory)))
  if (root === undefined || isInside(resolve(directory), repos) || isInside(join(repos, recordsName), directory)) {
    const where = [repos, ...allowed].join(', ')
    throw new HostRejectedError(
      'PathOutsideRoot',
      `directory ${directory} is under none of the directories where this agent may put repositories (${where}): allow it in the configuration of the agent`,
    )
  }
  return confinedPath(root, directory)
}

/** Throws `DirectoryTaken` when another Repo has it, and `DirectoryNotEmpty` when somebody has files there that we know nothing of. */
const ownRecord = async (roots: RepoRoots, directory: string, owner: string): Promise<PullRecord | undefined> => {
  const record = await readRecord(roots, directory)
  if (record !== undefined && record.owner !== owner) {
    throw new HostRejectedError(
      'DirectoryTaken',
      `${directory} belongs to the Repo ${record.owner}: set another \`path\``,
    )
  }
  if (record !== undefined) return record
  const names = await namesIn(directory)
  // A clone that Komodo or git made is taken over.
  if (names.length === 0 || names.includes('.git') || names.includes(MANIFEST)) return undefined
  throw new HostRejectedError(
    'DirectoryNotEmpty',
    `${directory} has files already (${names.slice(0, 3).join(', ')}) and is no clone: empty it, or set another \`path\``,
  )
}

/** Makes the directory. Gives back the files that will be written besides the tree. */
const claim = async (directory: string, request: RepoRequest): Promise<readonly string[]> => {
  await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    throw toFileError(error, `make the directory ${directory}`)
  })
  return envFileOf(directory, request)
}

const namesIn = (directory: string): Promise<string[]> => readdir(directory).catch(() => [])

const recordPath = ({ repos }: RepoRoots, directory: string): string =>
  join(repos, recordsName, `${createHash('sha256').update(directory).digest('hex').slice(0, 32)}.json`)

const writeRecord = (roots: RepoRoots, record: PullRecord): Promise<void> =>
  writePrivateFile(recordPath(roots, record.directory), JSON.stringify(record))

const readRecord = async (roots: RepoRoots, directory: string): Promise<PullRecord | undefined> => {
  const text = await readFile(recordPath(roots, directory), 'utf8').catch(() => undefined)
  try {
    return text === undefined ? undefined : (JSON.parse(text) as PullRecord)
  } catch {
    return undefined
  }
}
