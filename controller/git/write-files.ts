import { chmod, lstat, mkdir, readFile, readlink, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SourceError } from './errors.ts'
import { formatBytes, type SourceLimits } from './limits.ts'
import type { TreeIndex } from './tree-index.ts'
import { MANIFEST, readManifest, removeWritten, writeManifest } from './written-files.ts'

/** Read and written at a time. */
const BATCH_BYTES = 16 * 1024 * 1024

/**
 * Makes the folder equal to the index. What somebody else put there stays. Never writes through a link, so a hostile tree cannot
 * reach out of the folder; links that lead out are not made. Killed in the middle, the next run completes it.
 */
export async function writeFiles<Ref>(
  directory: string,
  index: TreeIndex<Ref>,
  read: (refs: readonly Ref[]) => Promise<ReadonlyMap<Ref, Uint8Array>>,
  limits: SourceLimits,
  signal: AbortSignal,
): Promise<void> {
  const files: { path: string; ref: Ref; sizeBytes: number; executable: boolean }[] = []
  const links: { path: string; target: string }[] = []
  let total = 0
  for (const { path, entry } of index.all()) {
    if (path === MANIFEST || path.split('/').includes('.git')) continue
    if (entry.kind === 'file') {
      files.push({ path, ...entry })
      total += entry.sizeBytes
    } else if (!leadsOut(path, entry.target)) links.push({ path, target: entry.target })
  }
  if (total > limits.totalBytes) {
    const [have, most] = [formatBytes(total), formatBytes(limits.totalBytes)]
    throw new SourceError('TooLarge', `the repository has ${have}; at most ${most} are copied`)
  }

  await mkdir(directory, { recursive: true })
  const wanted = new Set([...files, ...links].map(({ path }) => path))
  const before = await readManifest(directory)
  await writeManifest(directory, new Set([...before, ...wanted]))
  for (const path of before) if (!wanted.has(path)) await removeWritten(directory, path)

  for (let start = 0; start < files.length; ) {
    let end = start
    for (let bytes = 0; end < files.length && (end === start || bytes < BATCH_BYTES); end += 1)
      bytes += files[end]?.sizeBytes ?? 0
    const batch = files.slice(start, end)
    const contents = await read(batch.map(({ ref }) => ref))
    for (const { path, ref, executable } of batch) {
      signal.throwIfAborted()
      await writeOne(directory, path, contents.get(ref) ?? new Uint8Array(), executable ? 0o755 : 0o644)
    }
    start = end
  }
  for (const { path, target } of links) await linkOne(directory, path, target)
  await writeManifest(directory, wanted)
}

function leadsOut(path: string, target: string): boolean {
  if (target.startsWith('/')) return true
  let depth = path.split('/').length - 1
  for (const part of target.split('/')) {
    if (part === '..') depth -= 1
    else if (part !== '' && part !== '.') depth += 1
    if (depth < 0) return true
  }
  return false
}

async function writeOne(directory: string, path: string, contents: Uint8Array, mode: number): Promise<void> {
  const target = await cleared(directory, path)
  const existing = await lstat(target).catch(() => undefined)
  if (
    existing?.isFile() &&
    existing.size === contents.length &&
    Buffer.compare(await readFile(target), contents) === 0
  ) {
    if ((existing.mode & 0o777) !== mode) await chmod(target, mode)
    return
  }
  const temporary = join(dirname(target), `.komodo-new-${process.pid}`)
  await writeFile(temporary, contents, { mode })
  await chmod(temporary, mode)
  await rename(temporary, target)
}

async function linkOne(directory: string, path: string, target: string): Promise<void> {
  const at = await cleared(directory, path)
  if ((await readlink(at).catch(() => undefined)) === target) return
  await rm(at, { force: true })
  await symlink(target, at)
}

/** The path on disk, with real folders all the way: what stands in the way as a link or a file is removed. */
async function cleared(directory: string, path: string): Promise<string> {
  let at = directory
  const parts = path.split('/')
  const name = parts.pop() ?? ''
  for (const part of parts) {
    at = join(at, part)
    const stat = await lstat(at).catch(() => undefined)
    if (stat?.isDirectory()) continue
    if (stat !== undefined) await rm(at)
    await mkdir(at)
  }
  const target = join(at, name)
  const stat = await lstat(target).catch(() => undefined)
  if (stat?.isDirectory()) {
    try {
      await rmdir(target)
    } catch (error) {
      throw new SourceError('NotAFile', `${path} must be a file, but a folder with other files is in its place`, {
        cause: error,
      })
    }
  }
  return target
}
