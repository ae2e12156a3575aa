import type { Diagnostic, ParsedFiles, SourcePosition } from '../controller/toml/declaration.ts'
import { read } from '../controller/toml/read.ts'
import { type FolderFiles, readFolder } from './folder.ts'
import type { Terminal } from './terminal.ts'

/** What a folder or a single file on this machine declares. */
export const loadDeclarations = async (source: string, cwd: string, signal: AbortSignal): Promise<ParsedFiles> =>
  parseFiles(await readFolder(source, cwd, signal))

export const parseFiles = ({ files, diagnostics }: FolderFiles): ParsedFiles => {
  const parsed = read(files)
  return { ...parsed, diagnostics: [...diagnostics, ...parsed.diagnostics] }
}

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
