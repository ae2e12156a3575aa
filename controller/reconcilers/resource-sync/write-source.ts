import { posix } from 'node:path'
import { fieldManager } from '../../api/names.ts'
import type { ResourceSync } from '../../api/v1alpha1/resource-sync.ts'
import { resourceSyncKind } from '../../api/v1alpha1/resource-sync.ts'
import { SourceError } from '../../git/errors.ts'
import type { GitSources } from '../../git/git-cache.ts'
import type { GitRemote } from '../../git/remote.ts'
import { replaceFile } from '../../git/replace-file.ts'
import type { BrowsableTree } from '../../git/tree.ts'
import { isConflict, type KubeClient } from '../../kube/client.ts'
import { confine, type DeclarationFiles } from '../../sync/files.ts'
import type { ChangedFile } from '../../sync/write-back/rewrite.ts'

/** What is to be written, and how it is to be told. */
export interface SourceChange {
  files: readonly ChangedFile[]
  /** How the files were kept when they were read. */
  kept: DeclarationFiles['kept']
  author: { name: string; email: string }
  message: string
  /** Push for review to this branch; empty: to the branch that is read. */
  branch: string
  at: number
}

/** Writing is all or nothing for a file, and rejects with `SourceError`: `BranchMoved` when somebody else was first. */
export interface SourceWriting {
  /** Whether the sync reads a file of this path. */
  reads(path: string): boolean
  /** The only file that the sync reads, when it is one. */
  onlyFile: string | undefined
  /** Why a file cannot be written, or made, at this path; missing where nothing stands in the way. */
  obstacle?(path: string, kept: DeclarationFiles['kept']): string | undefined
  /** Says where it was written to: `commit 1d0c2e1`. */
  write(change: SourceChange, signal: AbortSignal): Promise<string>
  /** Whether all of it stands on the branch for review; missing where there are no branches. */
  isOnReview?(change: SourceChange, signal: AbortSignal): Promise<boolean>
}

/** Path of the file that is `spec.fileContents`. */
export const INLINE = 'fileContents'

/** What `resource_path` says of files that may not be there yet. */
export function selectionOf(resourcePath: readonly string[]): Pick<SourceWriting, 'reads' | 'onlyFile'> {
  const entries = resourcePath.flatMap((entry) => (entry.trim() === '' ? [] : (confine(entry.trim()) ?? [])))
  const [only = ''] = entries
  return {
    reads: (path) =>
      entries.length === 0 || entries.some((entry) => entry === '' || path === entry || path.startsWith(`${entry}/`)),
    onlyFile: entries.length === 1 && only.endsWith('.toml') ? only : undefined,
  }
}

export function inlineWriting(sync: Readonly<ResourceSync>, client: KubeClient): SourceWriting {
  return {
    reads: (path) => path === INLINE,
    onlyFile: INLINE,
    async write({ files }, signal) {
      const { name, namespace = '', resourceVersion } = sync.metadata
      const fileContents = files.find(({ path }) => path === INLINE)?.after
      const body = { metadata: { resourceVersion }, spec: { fileContents } }
      const options = { fieldManager: fieldManager.controller, signal }
      try {
        await client.patch(resourceSyncKind, { namespace, name }, { type: 'merge', body }, options)
      } catch (error) {
        if (!isConflict(error)) throw error
        throw new SourceError('BranchMoved', 'somebody else changed the sync meanwhile', { cause: error })
      }
      return 'fileContents'
    },
  }
}

export const hostWriting = (directory: string, tree: BrowsableTree): Pick<SourceWriting, 'write' | 'obstacle'> => ({
  obstacle: (path, kept) => obstacleIn(tree, path, kept),
  async write({ files, kept }, signal) {
    for (const file of files) {
      signal.throwIfAborted()
      const { path, before, after } = withMarks(file, kept)
      await replaceFile(directory, realPathOf(tree, path, kept), before, after)
    }
    return files.length === 1 ? `${files[0]?.path}` : `${files.length} files`
  },
})

export function gitWriting(
  git: GitSources,
  remote: GitRemote,
  tree: BrowsableTree,
): Pick<SourceWriting, 'write' | 'obstacle' | 'isOnReview'> {
  const filesOf = ({ files, kept }: SourceChange): Map<string, string> =>
    new Map(files.map((file) => [realPathOf(tree, file.path, kept), withMarks(file, kept).after]))
  const reviewOf = async (branch: string, signal: AbortSignal): Promise<BrowsableTree | undefined> => {
    try {
      return await git.open({ ...remote, branch }, signal)
    } catch (error) {
      if (error instanceof SourceError && error.reason === 'BranchNotFound') return undefined
      throw error
    }
  }
  return {
    obstacle: (path, kept) => obstacleIn(tree, path, kept),
    async write(change, signal) {
      if (remote.commit !== '') {
        const message =
          'the sync stays at one commit, and nothing can be pushed onto that; follow a branch, or set managed = false'
        throw new SourceError('InvalidSource', message)
      }
      const { author, message, at } = change
      const commit = { base: tree.revision, files: filesOf(change), author, message, at }
      if (change.branch === '' || change.branch === remote.branch) {
        const hash = await git.push(remote, { ...commit, branch: remote.branch, expected: tree.revision }, signal)
        return `commit ${hash.slice(0, 10)}`
      }
      const review = await reviewOf(change.branch, signal)
      if (review !== undefined && review.author !== author.email && review.revision !== tree.revision) {
        const whose = `somebody else (${review.author}) committed to the branch "${change.branch}"`
        throw new SourceError('PushRefused', `${whose}; merge or delete it, then it is made anew`)
      }
      const pushed = { ...commit, branch: change.branch, expected: review?.revision ?? '' }
      const hash = await git.push(remote, pushed, signal)
      return `commit ${hash.slice(0, 10)} on ${change.branch}`
    },
    async isOnReview(change, signal) {
      const review = await reviewOf(change.branch, signal)
      if (review === undefined) return false
      const files = filesOf(change)
      const there = await review.readAll([...files.keys()], signal)
      return [...files.values()].every((text, index) => there[index] && Buffer.from(there[index]).toString() === text)
    },
  }
}

/** As it stands in the source, with the byte order mark that its text was read without. */
function withMarks({ path, before, after }: ChangedFile, kept: SourceChange['kept']): ChangedFile {
  const mark = kept.get(path)?.hasMark === true ? '\ufeff' : ''
  return { path, before: before === undefined ? undefined : mark + before, after: mark + after }
}

/** What would be lost, or is another repository's. */
function obstacleIn(tree: BrowsableTree, path: string, kept: SourceChange['kept']): string | undefined {
  const real = realPathOf(tree, path, kept)
  const submodules = [...(tree.submodules ?? []), ...(tree.leftOut ?? [])]
  const within = submodules.find((one) => real.startsWith(`${one}/`))
  if (within !== undefined) return `it is in the submodule ${within}, which is a repository of its own`
  if (kept.has(path)) return undefined
  for (let folder = posix.dirname(real); folder !== '.'; folder = posix.dirname(folder)) {
    if (tree.walk(folder)?.files.some((file) => file.path === folder)) return `${folder} is a file, not a folder`
  }
  if (tree.walk(real) === undefined) return undefined
  const known = [...kept].find(([, { realPath }]) => realPath === real)
  return known === undefined ? `${real} is there, and is not read` : `the file is read as ${known[0]}; name it so`
}

/** Of a new file: below links of the source, where the files beside it really are. */
function realPathOf(tree: BrowsableTree, path: string, kept: SourceChange['kept']): string {
  const known = kept.get(path)?.realPath
  if (known !== undefined) return known
  for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) {
    const beside = tree.walk(folder)?.files.find((file) => file.path !== file.realPath)
    if (beside === undefined || !beside.realPath.endsWith(beside.path.slice(folder.length))) continue
    return beside.realPath.slice(0, -beside.path.slice(folder.length).length) + path.slice(folder.length)
  }
  return path
}
