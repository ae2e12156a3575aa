import { describe, expect, it } from 'vitest'
import type { Diagnostic } from '../controller/toml/declaration.ts'
import { ciReport } from './ci-report.ts'

const fault = (over: Partial<Diagnostic> = {}, line = 3): Diagnostic => ({
  severity: 'error',
  code: 'WrongType',
  message: 'expected text',
  position: { file: 'komodo/web.toml', line, column: 7 },
  ...over,
})

describe('annotations of GitHub Actions', () => {
  it.each<[what: string, diagnostic: Diagnostic, command: string]>([
    ['an error', fault(), '::error file=komodo/web.toml,line=3,col=7,title=WrongType::expected text'],
    [
      'a warning',
      fault({ severity: 'warning' }),
      '::warning file=komodo/web.toml,line=3,col=7,title=WrongType::expected text',
    ],
    [
      'text that would end the command',
      fault({ message: '100%\n::error::fooled' }),
      '::error file=komodo/web.toml,line=3,col=7,title=WrongType::100%25%0A::error::fooled',
    ],
    [
      'a file whose name would add properties',
      fault({ position: { file: 'a,line=9:b.toml', line: 1, column: 1 } }),
      '::error file=a%2Cline=9%3Ab.toml,line=1,col=1,title=WrongType::expected text',
    ],
    [
      'no file',
      fault({ position: { file: '', line: 1, column: 1 } }),
      '::error line=1,col=1,title=WrongType::expected text',
    ],
  ])('show %s', (_, diagnostic, command) => {
    expect(ciReport('github', [diagnostic])).toBe(command)
  })

  it('are nothing when nothing is wrong', () => {
    expect(ciReport('github', [])).toBe('')
  })
})

describe('the code quality report of GitLab', () => {
  const report = (diagnostics: readonly Diagnostic[]) =>
    JSON.parse(ciReport('gitlab', diagnostics)) as { fingerprint: string }[]

  it('says what, where and how bad', () => {
    expect(report([fault({ severity: 'warning' })])).toEqual([
      {
        description: 'expected text',
        check_name: 'WrongType',
        fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
        severity: 'minor',
        location: { path: 'komodo/web.toml', lines: { begin: 3 } },
      },
    ])
  })

  it('knows a fault that only moved, and tells two of a kind apart', () => {
    const [before] = report([fault()])
    const [after, second] = report([fault({}, 30), fault({}, 40)])
    expect(after!.fingerprint).toBe(before!.fingerprint)
    expect(second!.fingerprint).not.toBe(before!.fingerprint)
  })
})

it('a SARIF log names each rule once, and the place of each fault', () => {
  const { runs } = JSON.parse(ciReport('sarif', [fault(), fault({}, 9)])) as { runs: [Record<string, unknown>] }
  expect(runs[0]).toMatchObject({
    tool: { driver: { name: 'komodo validate', rules: [{ id: 'WrongType' }] } },
    results: [
      {
        ruleId: 'WrongType',
        level: 'error',
        locations: [{ physicalLocation: { region: { startLine: 3, startColumn: 7 } } }],
      },
      { locations: [{ physicalLocation: { artifactLocation: { uri: 'komodo/web.toml' }, region: { startLine: 9 } } }] },
    ],
  })
})

it('a file whose name would end the path of a URI is still found by a SARIF log', () => {
  const odd = fault({ position: { file: 'a b/c#d?.toml', line: 1, column: 1 } })
  expect(ciReport('sarif', [odd])).toContain('"uri": "a%20b/c%23d%3F.toml"')
})
