import { lstat, stat } from 'node:fs/promises'
import path from 'node:path'
import { openDirectory } from '../controller/git/directory-tree.ts'
import { readDeclarationFiles } from '../controller/sync/files.ts'
import type { Diagnostic, ParsedFiles, SourcePosition } from '../controller/toml/declaration.ts'
import { read } from '../controller/toml/read.ts'
import { CommandError } from './exit.ts'
import type { Terminal } from './terminal.ts'

/** What a folder or a single file on this machine declares, read by the same rules as a ResourceSync reads its source. */
export const loadDeclarations = async (source: string, cwd: string, signal: AbortSignal): Promise<ParsedFiles> => {
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
  const placed = files.map(({ path: file, text }) => ({ path: path.join(shown, file), text }))
  const parsed = read(placed)
  const found = diagnostics.map((one) => inFolder(said(one, info.isDirectory()), shown))
  return { ...parsed, diagnostics: [...found, ...parsed.diagnostics] }
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

export const isError = ({ severity }: Diagnostic): boolean => severity === 'error'

/** An error that makes the whole revision unusable, not one block. */
export const refusesAll = (diagnostic: Diagnostic): boolean => isError(diagnostic) && diagnostic.block === undefined

/** `file:line:column`, as editors and CI systems link it. */
export const formatPlace = ({ file, line, column }: SourcePosition): string => `${file}:${line}:${column}`

export const printDiagnostics = (
  { diagnostics }: Pick<ParsedFiles, 'diagnostics'>,
  { note, paint }: Terminal,
): void => {
  for (const { severity, message, position, code } of diagnostics) {
    const tone = severity === 'error' ? paint.red : paint.yellow
    note(`${formatPlace(position)}: ${tone(`${severity}:`)} ${message} ${paint.dim(`[${code}]`)}`)
  }
}

export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
