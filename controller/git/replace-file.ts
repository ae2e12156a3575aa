import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chown, lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { SourceError } from './errors.ts'

/**
 * Puts a text in the place of a file in a folder of the user's: wholly or not at all, with the owner and mode the file had. Leads
 * through no link. Rejects with `BranchMoved` when the file is not (any more) what `before` says; `undefined`: there must be none.
 *
 * @param path relative to `directory`, with `/`
 */
export async function replaceFile(
  directory: string,
  path: string,
  before: string | undefined,
  after: string,
): Promise<void> {
  const root = await realpath(directory)
  const target = join(root, path)
  const folder = dirname(target)
  if (before === undefined) await makeFolder(root, path)
  const real = await realpath(folder)
  if (real !== folder || (folder !== root && !folder.startsWith(root + sep))) {
    throw new SourceError('OutsideRoot', `${path} is behind a link, and is not written through it`)
  }
  const temporary = join(folder, `.komodo-${randomBytes(6).toString('hex')}`)
  try {
    const stat = await lstat(target).catch(() => undefined)
    if (stat !== undefined && !stat.isFile()) throw new SourceError('NotAFile', `${path} is not a file`)
    if ((stat === undefined ? undefined : await textOf(target)) !== before) {
      throw new SourceError('BranchMoved', `somebody else changed ${path} meanwhile`)
    }
    const mode = stat === undefined ? 0o644 : stat.mode & 0o7777
    const handle = await open(temporary, 'wx', mode)
    try {
      await handle.writeFile(after)
      await handle.chmod(mode)
      await handle.sync()
    } finally {
      await handle.close()
    }
    // Only root may give files away; others own what they write anyway.
    if (stat !== undefined) await chown(temporary, stat.uid, stat.gid).catch(() => undefined)
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error instanceof SourceError ? error : cannotWrite(path, error)
  }
}

async function textOf(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

/** Folders that are not there yet, one by one, so that no link on the way is followed. */
async function makeFolder(root: string, path: string): Promise<void> {
  let at = root
  for (const part of path.split('/').slice(0, -1)) {
    at = join(at, part)
    try {
      await mkdir(at)
    } catch (error) {
      const stat = await lstat(at).catch(() => undefined)
      if (!stat?.isDirectory()) throw cannotWrite(path, error)
    }
  }
}

const cannotWrite = (path: string, error: unknown): SourceError => {
  const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  const message = `${path} cannot be written on the controller's machine (${why}); is it mounted read-only, or somebody else's?`
  return new SourceError('NotWritable', message, { cause: error })
}
