import { createHash } from 'node:crypto'
import type { Diagnostic } from '../controller/toml/declaration.ts'
import { VERSION } from '../controller/version.ts'

/** What is wrong with files, in the words of CI systems. Paths are relative to the root of the repository, with `/`. */
export const ciFormats = ['github', 'gitlab', 'sarif'] as const
export type CiFormat = (typeof ciFormats)[number]

export const ciReport = (format: CiFormat, diagnostics: readonly Diagnostic[]): string => reports[format](diagnostics)

const reports: Readonly<Record<CiFormat, (diagnostics: readonly Diagnostic[]) => string>> = {
  github: (diagnostics) => diagnostics.map(workflowCommand).join('\n'),
  gitlab: (diagnostics) => JSON.stringify(codeQuality(diagnostics), null, 2),
  sarif: (diagnostics) => JSON.stringify(sarif(diagnostics), null, 2),
}

/** A workflow command of GitHub Actions, which shows as an annotation at the line. */
function workflowCommand({ severity, code, message, position }: Diagnostic): string {
  const { file, line, column } = position
  const properties = { ...(file !== '' && { file }), line, col: column, title: code }
  const written = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(String(value))}`)
  return `::${severity} ${written.join(',')}::${escapeData(message)}`
}

/** Anything else would end the command, or begin another one. */
const escapeData = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

/** GitLab's Code Quality report. Fingerprints leave the line out, so that a fault that only moves is not a new one. */
function codeQuality(diagnostics: readonly Diagnostic[]): object[] {
  const seen = new Map<string, number>()
  return diagnostics.map(({ severity, code, message, position: { file, line } }) => {
    const identity = JSON.stringify([file, code, message])
    const nth = seen.get(identity) ?? 0
    seen.set(identity, nth + 1)
    return {
      description: message,
      check_name: code,
      fingerprint: createHash('sha256').update(`${identity}${nth}`).digest('hex'),
      severity: severity === 'error' ? 'major' : 'minor',
      location: { path: file, lines: { begin: line } },
    }
  })
}

/** SARIF 2.1.0, which code scanning and many editors read. */
function sarif(diagnostics: readonly Diagnostic[]): object {
  const rules = [...new Set(diagnostics.map(({ code }) => code))].map((id) => ({ id }))
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'komodo validate', version: VERSION, rules } },
        results: diagnostics.map(({ severity, code, message, position: { file, line, column } }) => ({
          ruleId: code,
          level: severity,
          message: { text: message },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: file.split('/').map(encodeURIComponent).join('/') },
                region: { startLine: line, startColumn: column },
              },
            },
          ],
        })),
      },
    ],
  }
}
