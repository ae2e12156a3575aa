import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { parseDuration } from '../../api/duration.ts'
import { pathName } from '../../api/name-rules.ts'
import { komodoNameOf } from '../../api/names.ts'
import type { Repo } from '../../api/v1alpha1/repo.ts'
import type { ResourceSync } from '../../api/v1alpha1/resource-sync.ts'
import { StalledError, TransientError, WaitingError } from '../../engine/errors.ts'
import type { Lister } from '../../engine/lister.ts'
import { secretsOf } from '../../git/credentials.ts'
import { openDirectory } from '../../git/directory-tree.ts'
import { SourceError } from '../../git/errors.ts'
import type { GitSources } from '../../git/git-cache.ts'
import type { BrowsableTree } from '../../git/tree.ts'
import type { KubeClient } from '../../kube/client.ts'
import { confine, type DeclarationFiles, readDeclarationFiles } from '../../sync/files.ts'
import type { GitAccess } from '../git-access.ts'
import { linkedRepoOf } from '../source/linked-repo.ts'
import { isAskedToLook, oldest } from '../source/open-tree.ts'
import { gitWriting, hostWriting, INLINE, inlineWriting, type SourceWriting, selectionOf } from './write-source.ts'

const SOURCE_READY = 'SourceReady'

export interface SourceDeps {
  client: KubeClient
  git: GitSources
  access: GitAccess
  repos: Lister<Repo>
  /** `files_on_host` of a sync is the folder of its name in here. */
  syncDirectory: string
}

export interface SyncSource {
  /** For status: where the declaration comes from. */
  description: string
  /** A commit hash, or a digest of the contents. */
  revision: string
  /** First line of the commit message; empty where there is no commit. */
  message: string
  /** The files that count. */
  files(signal: AbortSignal): Promise<DeclarationFiles>
  /** Another file of it, `undefined` when there is none; missing where a source has no files. */
  read?: BrowsableTree['read']
  /** Where new files would be read, and how all are written. */
  writing: SourceWriting
}

/** Files on the host, then a repository (a Repo's, or its own), then what is written in the object itself: the first that is given, as in Komodo. */
export async function openSource(
  sync: ResourceSync,
  { client, git, access, repos, syncDirectory }: SourceDeps,
  signal: AbortSignal,
  redact: (secrets: string[]) => void,
): Promise<SyncSource> {
  const { spec, metadata } = sync
  const selection = selectionOf(spec.resourcePath)
  try {
    if (spec.filesOnHost) {
      const directory = join(syncDirectory, folderOf(komodoNameOf(sync)))
      const tree = await openFolder(directory, spec.operator.secretFiles, signal)
      const writing = { ...selection, ...hostWriting(directory, tree) }
      return treeSource(directory, tree, spec.resourcePath, writing)
    }
    // Its path, environment and commands concern servers, not syncs.
    const settings = linkedRepoOf(sync, repos, SOURCE_READY)?.spec ?? spec
    if (settings.repo !== '' || settings.operator.url) {
      const remote = await access.remoteOf(settings, { namespace: metadata.namespace ?? '' }, signal)
      redact(secretsOf(remote))
      const { url, branch, commit } = remote
      // Who changed the sync wants to see what is there now.
      const isNew = metadata.generation !== sync.status?.observedGeneration
      const maxAgeMs = isNew || isAskedToLook(sync) ? 0 : oldest(parseDuration(spec.operator.interval))
      const tree = await git.open(remote, signal, { maxAgeMs })
      const writing = { ...selection, ...gitWriting(git, remote, tree) }
      return treeSource(`${url} ${commit === '' ? branch : commit}`, tree, spec.resourcePath, writing)
    }
  } catch (error) {
    return rethrowSource(error)
  }
  if (spec.fileContents.trim() === '') {
    const message = 'no source is given: set repo (or operator.url), filesOnHost, or fileContents'
    throw new StalledError(SOURCE_READY, 'NoSource', message)
  }
  const text = spec.fileContents
  return {
    description: 'fileContents',
    revision: `sha256:${createHash('sha256').update(text).digest('hex')}`,
    message: '',
    files: async () => ({ files: [{ path: INLINE, text }], diagnostics: [], kept: new Map() }),
    writing: inlineWriting(sync, client),
  }
}

async function openFolder(
  directory: string,
  secretFiles: readonly string[],
  signal: AbortSignal,
): Promise<BrowsableTree> {
  const others = new Set(secretFiles.map(confine))
  try {
    return await openDirectory(directory, signal, {
      counts: (path) => path.endsWith('.toml') || others.has(path),
    })
  } catch (error) {
    if (!(error instanceof SourceError) || error.reason !== 'PathNotFound') throw error
    const message = `${error.message}; filesOnHost reads the folder of the sync's name: make it, and put the files (or a mount) there`
    throw new SourceError('PathNotFound', message, { cause: error })
  }
}

/** A name is a text of the user's, and must not lead out of the folder of all syncs. */
function folderOf(name: string): string {
  const folder = pathName(name)
  if (folder !== '' && folder !== '.' && folder !== '..' && !/[/\0]/.test(folder)) return folder
  const message = `${JSON.stringify(name)} cannot be the name of a folder, and filesOnHost reads the folder of the sync's name; rename the sync`
  throw new StalledError(SOURCE_READY, 'InvalidSource', message)
}

const treeSource = (
  description: string,
  tree: BrowsableTree,
  resourcePath: readonly string[],
  writing: SourceWriting,
): SyncSource => ({
  description,
  revision: tree.revision,
  message: tree.message,
  files: (signal) => readDeclarationFiles(tree, resourcePath, signal),
  read: (path, signal) => tree.read(path, signal),
  writing,
})

/** What a failure of a source means for the sync. */
export function rethrowSource(error: unknown): never {
  throw error instanceof SourceError ? consequence(error) : error
}

function consequence(error: SourceError): Error {
  const { reason, message } = error
  if (error.permanent) return new StalledError(SOURCE_READY, reason, message, { cause: error })
  // A Secret or account that appears wakes the sync.
  if (reason === 'CredentialsMissing') return new WaitingError(SOURCE_READY, reason, message)
  return new TransientError(SOURCE_READY, reason, message, { cause: error })
}
