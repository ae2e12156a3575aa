import { createHash } from 'node:crypto'
import fs, { constants, type Dirent } from 'node:fs'
import { lstat, readdir, readlink, realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { SourceError } from './errors.ts'
import { defaultLimits, formatBytes, type SourceLimits } from './limits.ts'
import type { BrowsableTree } from './tree.ts'
import { type TreeEntry, TreeIndex } from './tree-index.ts'
import { writeFiles } from './write-files.ts'

/** Files that are looked at or read at the same time. */
const AT_ONCE = 16

/** Descriptors, not the handles of `fs/promises`: to make and to close a handle takes longer than to read a small file. */
const [open, stat, readAt, close] = [promisify(fs.open), promisify(fs.fstat), promisify(fs.read), promisify(fs.close)]

export interface DirectoryOptions {
  /** Which files count for the revision; changes of others go unnoticed. Each of them is read to see whether it changed. */
  counts?: (path: string) => boolean
  limits?: SourceLimits
  /** A file in the folder itself: the folder is taken to hold nothing else, and is not listed. */
  only?: string
}

/**
 * A folder on this machine as it is now. Links are resolved within it and never out of it. `revision` is a digest of the paths and
 * contents that count, so that it changes exactly when they do.
 */
export async function openDirectory(
  directory: string,
  signal: AbortSignal,
  { counts = () => true, limits = defaultLimits, only }: DirectoryOptions = {},
): Promise<BrowsableTree> {
  let root: string
  try {
    root = await realpath(directory)
    if (!(await lstat(root)).isDirectory()) throw new SourceError('NotAFile', `${directory} is not a folder`)
  } catch (error) {
    if (error instanceof SourceError) throw error
    throw new SourceError(
      'PathNotFound',
      `the folder ${directory} does not exist on the controller's machine, or cannot be read`,
      {
        cause: error,
      },
    )
  }
  const entries: [string, TreeEntry<string>][] = []
  const found = only === undefined ? listFolder(root, '', limits, signal) : [await listedFile(root, only)]
  for await (const entry of found) {
    entries.push(entry)
    if (entries.length > limits.entries) break
  }
  const index = new TreeIndex(entries, limits)
  const read = async (path: string): Promise<Uint8Array | undefined> => {
    signal.throwIfAborted()
    const file = index.file(path)
    return file && readBounded(join(root, file.ref), file.ref, limits)
  }
  const readMany = async (refs: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> => {
    const contents = new Map<string, Uint8Array>()
    for (const ref of refs) contents.set(ref, await readBounded(join(root, ref), ref, limits))
    return contents
  }

  const hash = createHash('sha256')
  let total = 0
  for (const { path, sizeBytes } of (index.walk('')?.files ?? []).filter((file) => counts(file.path))) {
    if (sizeBytes <= limits.fileBytes) total += sizeBytes
    if (total > limits.totalBytes) {
      const most = formatBytes(limits.totalBytes)
      throw new SourceError(
        'TooLarge',
        `the files in ${directory} have more than ${most} together; move out what is not needed`,
      )
    }
    // What is too large to read is judged by whoever reads it.
    const contents = sizeBytes <= limits.fileBytes ? await read(path) : undefined
    hash.update(`${path}\0${contents?.length ?? sizeBytes}\0`).update(contents ?? '')
  }
  return {
    revision: `sha256:${hash.digest('hex')}`,
    message: '',
    walk: (path) => index.walk(path),
    read,
    readAll: async (paths) => {
      const all: (Uint8Array | undefined)[] = []
      for (let at = 0; at < paths.length; at += AT_ONCE) {
        all.push(...(await Promise.all(paths.slice(at, at + AT_ONCE).map(read))))
      }
      return all
    },
    writeTo: (target, writeSignal) => writeFiles(target, index, readMany, limits, writeSignal),
  }
}

async function* listFolder(
  root: string,
  folder: string,
  limits: SourceLimits,
  signal: AbortSignal,
): AsyncGenerator<[string, TreeEntry<string>]> {
  signal.throwIfAborted()
  const all = await readdir(join(root, folder), { withFileTypes: true })
  const dirents = all.filter(({ name }) => name !== '.git')
  for (let at = 0; at < dirents.length; at += AT_ONCE) {
    const listed = dirents.slice(at, at + AT_ONCE).map((dirent) => listedEntry(root, folder, dirent))
    for (const entry of await Promise.all(listed)) {
      if (typeof entry !== 'string') yield entry
      // One level too many is listed as a file, so that the index can say that it is too deep.
      else if (entry.split('/').length > limits.depth) yield [`${entry}/...`, { kind: 'other', what: 'folder' }]
      else yield* listFolder(root, entry, limits, signal)
    }
  }
}

/** Of a folder, its path alone. */
async function listedEntry(
  root: string,
  folder: string,
  dirent: Dirent,
): Promise<string | [string, TreeEntry<string>]> {
  const path = folder === '' ? dirent.name : `${folder}/${dirent.name}`
  if (dirent.isDirectory()) return path
  if (dirent.isSymbolicLink()) return [path, { kind: 'link', target: await linkTarget(root, path) }]
  if (dirent.isFile()) return listedFile(root, path)
  return [path, { kind: 'other', what: 'special file' }]
}

async function listedFile(root: string, path: string): Promise<[string, TreeEntry<string>]> {
  const { size, mode } = await lstat(join(root, path))
  return [path, { kind: 'file', sizeBytes: size, executable: (mode & 0o100) !== 0, ref: path }]
}

/** Relative to the folder of the link, also where the link itself is absolute but stays inside. */
async function linkTarget(root: string, path: string): Promise<string> {
  const target = await readlink(join(root, path))
  if (!isAbsolute(target)) return target
  const inside = relative(root, target)
  if (inside === '' || (!inside.startsWith(`..${sep}`) && inside !== '..' && !isAbsolute(inside))) {
    return '../'.repeat(path.split('/').length - 1) + (inside === '' ? '.' : inside)
  }
  return target
}

/** Where an open file really is. A folder on the way to it may have become a link since it was listed. */
async function placeOf(fd: number, absolute: string): Promise<string> {
  try {
    return (await readlink(`/proc/self/fd/${fd}`)).replace(/ \(deleted\)$/, '')
  } catch {
    // Not Linux: the best that can be known.
    return realpath(absolute)
  }
}

/** Whatever happened to the file since it was listed: never follows a link, never reads more than allowed. */
async function readBounded(absolute: string, path: string, limits: SourceLimits): Promise<Uint8Array> {
  const fd = await open(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    if ((await placeOf(fd, absolute)) !== absolute) {
      throw new SourceError(
        'OutsideRoot',
        `${path} was replaced by a link while it was read; only what is inside is read`,
      )
    }
    const { size } = await stat(fd)
    if (size > limits.fileBytes) {
      throw new SourceError(
        'TooLarge',
        `${path} has ${formatBytes(size)}; a file may have at most ${formatBytes(limits.fileBytes)}`,
      )
    }
    const buffer = Buffer.alloc(size)
    const { bytesRead } = await readAt(fd, buffer, 0, size, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await close(fd)
  }
}
