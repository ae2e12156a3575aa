import { randomBytes } from 'node:crypto'
import { lstat, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { HostRejectedError } from '../controller/hosts/port.ts'

/**
 * `path` below `root`, resolved; throws `PathOutsideRoot` when it leads out of it, also by a symbolic link of a part that exists.
 * `root` has to exist.
 */
export const confinedPath = async (root: string, path: string): Promise<string> => {
  const outside = () => new HostRejectedError('PathOutsideRoot', `path "${path}" leads out of ${root}`)
  if (path.includes('\0')) throw outside()
  const target = resolve(root, path)
  if (!isInside(root, target)) throw outside()
  const realRoot = await realpath(root)
  if (!isInside(realRoot, await realPathOf(target))) throw outside()
  return target
}

/** Is `path` `root` itself or below it? Both absolute; no links are followed. */
export const isInside = (root: string, path: string): boolean => {
  const way = relative(root, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

/** The real path of the longest part that exists, with the rest appended. A dangling link counts as leading nowhere good. */
const realPathOf = async (path: string): Promise<string> => {
  try {
    return await realpath(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    if (await lstat(path).catch(() => undefined)) {
      throw new HostRejectedError('PathOutsideRoot', `${path} is a link that leads nowhere`)
    }
    return join(await realPathOf(dirname(path)), path.slice(dirname(path).length))
  }
}

/** Writes a file that only this user can read, whole or not at all; directories above it are made. */
export const writePrivateFile = async (path: string, contents: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(contents)
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw toFileError(error, `write ${path}`)
  }
}

/** Removes a file that was written; a directory that took its place is somebody else's. */
export const removeFile = async (path: string): Promise<void> => {
  const found = await lstat(path).catch(() => undefined)
  if (found !== undefined && !found.isDirectory()) await rm(path, { force: true })
}

export const isFile = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isFile() ?? false

export const isDirectory = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false

/** What a file system refused, with a reason. */
export const toFileError = (error: unknown, what: string): Error => {
  if (error instanceof HostRejectedError) return error
  const { code, message } = error as NodeJS.ErrnoException
  const reason = code === 'ENOSPC' || code === 'EDQUOT' ? 'NoSpace' : 'FileRefused'
  const advice = reason === 'NoSpace' ? ': the disk is full' : ''
  return new HostRejectedError(reason, `could not ${what}${advice} (${code ?? message})`, { cause: error })
}
