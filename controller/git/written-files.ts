import { lstat, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Lists what an earlier revision put into a folder, so that a later one removes exactly that. */
export const MANIFEST = '.komodo-files'

export async function readManifest(directory: string): Promise<string[]> {
  const text = await readFile(join(directory, MANIFEST), 'utf8').catch(() => '')
  return text.split('\0').filter((path) => path !== '' && !path.startsWith('/') && !path.split('/').includes('..'))
}

/** What the newest revision put into a folder, as whole paths. */
export const broughtFiles = async (directory: string): Promise<string[]> =>
  (await readManifest(directory)).map((path) => join(directory, path))

export async function writeManifest(directory: string, paths: ReadonlySet<string>): Promise<void> {
  const target = join(directory, MANIFEST)
  await writeFile(`${target}.new`, [...paths].join('\0'))
  await rename(`${target}.new`, target)
}

/** Removes one file that was written, and the folders that are empty without it. Never goes through a link. */
export async function removeWritten(directory: string, path: string): Promise<void> {
  let folder = directory
  for (const part of path.split('/').slice(0, -1)) {
    folder = join(folder, part)
    const stat = await lstat(folder).catch(() => undefined)
    if (!stat?.isDirectory()) return
  }
  const target = join(directory, path)
  const stat = await lstat(target).catch(() => undefined)
  if (stat === undefined || stat.isDirectory()) return
  await rm(target)
  // The first that is not empty ends it.
  for (let parent = dirname(target); parent !== directory && parent.startsWith(directory); parent = dirname(parent)) {
    try {
      await rmdir(parent)
    } catch {
      return
    }
  }
}

/** Removes all that was written; what somebody else put there stays. */
export async function removeAllWritten(directory: string): Promise<void> {
  for (const path of await readManifest(directory)) await removeWritten(directory, path)
  await rm(join(directory, MANIFEST), { force: true })
}
