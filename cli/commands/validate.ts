import type { ParsedFiles } from '../../controller/toml/declaration.ts'
import type { CommandContext } from '../context.ts'
import { counted, isError, loadDeclarations, printDiagnostics } from '../declarations.ts'
import { type ExitCode, exit } from '../exit.ts'
import { planOffline } from '../offline-plan.ts'

export interface ValidateOptions {
  output?: 'json'
}

/** Reads TOML as a sync would and says what is wrong with it. Needs no cluster. */
export const validate = async (
  paths: readonly string[],
  options: ValidateOptions,
  { terminal, cwd, signal }: CommandContext,
): Promise<ExitCode> => {
  const parsed: ParsedFiles = { declarations: [], diagnostics: [] }
  for (const path of paths) {
    const one = await loadDeclarations(path, cwd, signal)
    parsed.declarations.push(...one.declarations)
    parsed.diagnostics.push(...one.diagnostics)
  }
  const problems = planOffline(parsed).problems
  for (const { severity, reason, kind, name, message, positions } of problems) {
    const position = positions[0] ?? { file: '', line: 1, column: 1 }
    parsed.diagnostics.push({ severity, code: reason, message: `${kind} "${name}" ${message}`, position })
  }
  const errors = parsed.diagnostics.filter(isError).length
  if (options.output === 'json') {
    const { declarations, diagnostics } = parsed
    const declared = declarations.map(({ kind, name, position }) => ({ kind, name, position }))
    terminal.print(JSON.stringify({ declared, diagnostics }, null, 2))
    return errors > 0 ? exit.error : exit.ok
  }
  printDiagnostics(parsed, terminal)
  const { paint } = terminal
  const warnings = parsed.diagnostics.length - errors
  const verdict = errors > 0 ? paint.red(counted(errors, 'error')) : paint.green('no errors')
  terminal.print(`${counted(parsed.declarations.length, 'object')}: ${verdict}, ${counted(warnings, 'warning')}`)
  return errors > 0 ? exit.error : exit.ok
}
