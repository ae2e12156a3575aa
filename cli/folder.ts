import { lstat, stat } from 'node:fs/promises'
import path from 'node:path'
import { openDirectory } from '../controller/git/directory-tree.ts'
import { readDeclarationFiles } from '../controller/sync/files.ts'
import type { Diagnostic, SourceFile } from '../controller/toml/declaration.ts'
import { CommandError } from './exit.ts'

/** The TOML files of a folder, before anybody looks into them. */
export interface FolderFiles {
  /** By their paths from where the user stands. */
  files: readonly SourceFile[]
  /** Of what is no file to read. */
  diagnostics: readonly Diagnostic[]
}

/** A folder or a single file on this machine, read by the same rules as a ResourceSync reads its source. */
export const readFolder = async (source: string, cwd: string, signal: AbortSignal): Promise<FolderFiles> => {
  const absolute = path.resolve(cwd, source)
  const info = await stat(absolute).catch(() => undefined)
  if (info === undefined) throw new CommandError(`${source} does not exist`)
  const [folder, entry] = info.isDirectory() ? [absolute, '.'] : [path.dirname(absolute), path.basename(absolute)]
  // Beside a file there may be a whole home directory; a link may lead to anywhere in it.
  const isFile = (await lstat(absolute)).isFile()
  // Nobody asks for the revision of a folder that is read once.
  const tree = await openDirectory(folder, signal, { counts: () => false, ...(isFile && { only: entry }) })
  const { files, diagnostics } = await readDeclarationFiles(tree, [entry], signal)
  const shown = path.relative(cwd, folder)
  return {
    files: files.map(({ path: file, text }) => ({ path: path.join(shown, file), text })),
    diagnostics: diagnostics.map((one) => inFolder(said(one, info.isDirectory()), shown)),
  }
}

/** Who names a path here knows of no `resource_path`. */
const said = (diagnostic: Diagnostic, isFolder: boolean): Diagnostic => {
  if (diagnostic.code !== 'NothingToRead') return diagnostic
  const message = isFolder ? 'the folder holds no .toml file' : 'the file is not read: its name does not end in .toml'
  return { ...diagnostic, message }
}

const inFolder = (diagnostic: Diagnostic, folder: string): Diagnostic => ({
  ...diagnostic,
  position: { ...diagnostic.position, file: path.join(folder, diagnostic.position.file) },
})
