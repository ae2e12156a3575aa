import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Diagnostic, ParsedFiles, SourcePosition } from '../../controller/toml/declaration.ts'
import { type CiFormat, ciReport } from '../ci-report.ts'
import type { CommandContext } from '../context.ts'
import { counted, isError, loadDeclarations, printDiagnostics } from '../declarations.ts'
import { CommandError, type ExitCode, exit } from '../exit.ts'
import { planOffline } from '../offline-plan.ts'
import { readApart } from '../read-apart.ts'

export interface ValidateOptions {
  output?: 'json'
  format: 'text' | CiFormat
  /** Folder that is read as a whole; only what concerns the paths is reported. */
  within?: string
  /** Warnings count as errors. */
  strict?: boolean
  /** Root of the repository, where CI systems expect paths to start; default: the current folder. */
  repository?: string
}

/** Reads TOML as a sync would and says what is wrong with it. Needs no cluster. */
export const validate = async (
  paths: readonly string[],
  options: ValidateOptions,
  { terminal, cwd, signal }: CommandContext,
): Promise<ExitCode> => {
  const sources = options.within === undefined ? paths : [options.within]
  const concerned = options.within === undefined ? () => true : below(paths, cwd)
  const parsed: ParsedFiles = { declarations: [], diagnostics: [] }
  const read = new Set<string>()
  for (const source of sources) {
    const one = await loadDeclarations(source, cwd, signal)
    // A file that is named twice, or is in a folder that is named too, declares its objects once.
    const isNew = ({ position }: { position: SourcePosition }): boolean => !read.has(position.file)
    const [declarations, diagnostics] = [one.declarations.filter(isNew), one.diagnostics.filter(isNew)]
    parsed.declarations.push(...declarations)
    parsed.diagnostics.push(...diagnostics)
    for (const { position } of [...declarations, ...diagnostics]) read.add(position.file)
  }
  const declarations = parsed.declarations.filter(({ position }) => concerned(position.file))
  const diagnostics = [
    ...parsed.diagnostics.filter(({ position }) => concerned(position.file)),
    ...planProblems(parsed, concerned),
  ]
  const errors = diagnostics.filter(isError).length
  const failed = errors > 0 || (options.strict === true && diagnostics.length > 0)
  const verdict = failed ? exit.error : exit.ok
  if (options.output === 'json') {
    const declared = declarations.map(({ kind, name, position }) => ({ kind, name, position }))
    terminal.print(JSON.stringify({ declared, diagnostics }, null, 2))
    return verdict
  }
  const { paint } = terminal
  const warnings = counted(diagnostics.length - errors, 'warning')
  const summary = `${counted(declarations.length, 'object')}: ${errors > 0 ? paint.red(counted(errors, 'error')) : paint.green('no errors')}, ${warnings}`
  if (options.format === 'text') {
    printDiagnostics({ diagnostics }, terminal)
    terminal.print(summary)
    return verdict
  }
  const report = ciReport(options.format, fromRoot(diagnostics, path.resolve(cwd, options.repository ?? '.'), cwd))
  if (report !== '') terminal.print(report)
  terminal.note(summary)
  return verdict
}

/** What only shows when all files are seen together. It concerns every place that takes part in it, and is told at the first of those. */
function planProblems(parsed: ParsedFiles, concerned: (file: string) => boolean): Diagnostic[] {
  return planOffline(parsed).problems.flatMap((problem) => {
    const { severity, reason, kind, name, positions } = problem
    const message = `${problem.message}${readApart(problem, parsed.declarations)}`
    const position = positions.find(({ file }) => concerned(file))
    if (positions.length > 0 && position === undefined) return []
    const place = position ?? { file: '', line: 1, column: 1 }
    return [{ severity, code: reason, message: `${kind} "${name}" ${message}`, position: place }]
  })
}

/** Whether a file, named as diagnostics name it, is one of these or in one of them. */
function below(paths: readonly string[], cwd: string): (file: string) => boolean {
  const places = paths.map((place) => path.resolve(cwd, place))
  // A file that was just removed has nothing wrong in it; a name that was never there is a slip.
  if (places.every((place) => !existsSync(place))) throw new CommandError(`${paths.join(', ')} does not exist`)
  return (file) => {
    const absolute = path.resolve(cwd, file)
    return places.some((place) => absolute === place || absolute.startsWith(place.replace(/\/?$/, '/')))
  }
}

const fromRoot = (diagnostics: readonly Diagnostic[], root: string, cwd: string): Diagnostic[] =>
  diagnostics.map((diagnostic) => {
    const { file } = diagnostic.position
    const shown = file === '' ? '' : path.relative(root, path.resolve(cwd, file)).replaceAll(path.sep, '/')
    return { ...diagnostic, position: { ...diagnostic.position, file: shown } }
  })
