import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { access, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writePrivateFile } from './confined-path.ts'

/** A file system in memory, where there is one. */
const MEMORY = '/dev/shm'

/**
 * Writes files that only this user can read (0600 in a directory of 0700), in memory where the host has a place for that, and removes
 * them when `work` ends. What a crash left behind goes with the next call for the same owner.
 *
 * @param owner whose files they are; one call at a time for each
 * @param fallback an existing directory for hosts without such a place
 */
export async function withPrivateFiles<T>(
  owner: string,
  contents: readonly string[],
  fallback: string,
  work: (paths: readonly string[]) => Promise<T>,
  memory: string = MEMORY,
): Promise<T> {
  if (contents.length === 0) return work([])
  const parent = await access(memory, constants.W_OK).then(
    () => memory,
    () => fallback,
  )
  const prefix = `komodo-${createHash('sha256').update(`${fallback}\0${owner}`).digest('hex').slice(0, 16)}-`
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true })
  }
  const directory = await mkdtemp(join(parent, prefix))
  try {
    const paths = contents.map((_, index) => join(directory, `${index}.env`))
    for (const [index, path] of paths.entries()) await writePrivateFile(path, contents[index] ?? '')
    return await work(paths)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
