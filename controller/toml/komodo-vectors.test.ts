import { describe, expect, it } from 'vitest'
import { read } from './read.ts'

/**
 * Vectors of what Komodo Core 2.3.2 does, row by row; docs/komodo-vectors.md says where the others are. A title that goes on behind
 * "ours:" is a row where we differ on purpose.
 */

const of = (text: string) => {
  const { declarations, diagnostics } = read([{ path: 'a.toml', text }])
  return {
    names: declarations.map(({ kind, name }) => `${kind} ${name}`),
    spec: declarations[0]?.spec,
    said: diagnostics.map(({ severity, code, position: { file, line } }) => `${severity} ${code} ${file}:${line}`),
  }
}

const server = { names: ['Server a'], spec: { address: 'x' }, said: [] }

describe('V 2.4 parsing', () => {
  it.each<[row: string, text: string, expected: Partial<ReturnType<typeof of>>]>([
    [
      '`[[server]]` `name = "a"` `[server.config]` `address = "x"`: one server',
      '[[server]]\nname = "a"\n[server.config]\naddress = "x"',
      server,
    ],
    ['`[[servers]]`: same as `[[server]]`', '[[servers]]\nname = "a"\n[servers.config]\naddress = "x"', server],
    [
      '`[[server]]` `name = "a"` `config.address = "x"`: same (dotted form)',
      '[[server]]\nname = "a"\nconfig.address = "x"',
      server,
    ],
    [
      '`[[stack]]` without `name`: error for the file',
      '[[stack]]\ndescription = "x"',
      { names: [], said: ['error MissingName a.toml:1'] },
    ],
    [
      '`[[stack]]` `nmae = "a"` `name = "b"`: stack b; ours: with a warning, a misspelt key is never unnoticed',
      '[[stack]]\nnmae = "a"\nname = "b"',
      { names: ['Stack b'], said: ['warning UnknownKey a.toml:2'] },
    ],
    [
      '`command = """` + `a && \\` newline `b"""`: the value holds the backslash and the line end as written',
      '[[deployment]]\nname = "a"\nconfig.command = """a && \\\nb"""',
      { spec: { command: 'a && \\\nb' }, said: [] },
    ],
    [
      '`pattern = "\\\\^bar-.*$\\\\"` (single-line): the escapes of TOML',
      '[[procedure]]\nname = "a"\n[[procedure.config.stage]]\nname = "s"\nexecutions = [{ execution.type = "BatchRunBuild", execution.params.pattern = "\\\\^bar-.*$\\\\" }]',
      {
        spec: {
          stages: [
            {
              name: 's',
              executions: [{ execution: { type: 'BatchRunBuild', params: { pattern: '\\^bar-.*$\\' } } }],
            },
          ],
        },
        said: [],
      },
    ],
    [
      '`[[build]]` `config.version = "1.2"`: 1.2.0',
      '[[build]]\nname = "a"\nconfig.version = "1.2"',
      { spec: { version: '1.2.0' }, said: [] },
    ],
  ])('%s', (_, text, expected) => {
    expect(of(text)).toMatchObject(expected)
  })
})

const group = (lines: string) => of(`[[user_group]]\nname = "g"\n${lines}`)
const permission = (target: string, level = 'Read') =>
  group(`permissions = [{ target.type = "Server", target.id = "${target}", level = "${level}" }]`)

/** Core replaces a pattern by the objects that it matches while it syncs; here it stays a pattern, so that it also means what comes later. */
describe('V 2.11 user groups', () => {
  it.each<[row: string, read: () => ReturnType<typeof of>, spec: object]>([
    [
      '`id = "\\\\^(.+)-(.+)$\\\\"`, Read | `a-b`, `c`: ours: the pattern is kept as it is',
      () => permission('\\\\^(.+)-(.+)$\\\\'),
      {
        permissions: [{ target: { type: 'Server', id: '\\^(.+)-(.+)$\\' }, level: 'Read' }],
      },
    ],
    [
      '`id = "prod-*"` | `prod-1`, `prod-2`, `xprod-1`: ours: the pattern is kept as it is',
      () => permission('prod-*', 'Execute'),
      {
        permissions: [{ target: { type: 'Server', id: 'prod-*' }, level: 'Execute' }],
      },
    ],
    [
      '`id = "\\\\^immich\\\\"` | `immich_server`, `my-immich`: ours: the pattern is kept as it is',
      () => permission('\\\\^immich\\\\'),
      {
        permissions: [{ target: { type: 'Server', id: '\\^immich\\' }, level: 'Read' }],
      },
    ],
    [
      '`all.Build = "Execute"` | -: base Execute on all Builds',
      () => group('all.Build = "Execute"'),
      { all: { build: { level: 'Execute' } } },
    ],
    [
      '`all.Server = { level = "Write", specific = ["Attach","Logs"] }` | -: Write and the specifics',
      () => group('all.Server = { level = "Write", specific = ["Attach","Logs"] }'),
      { all: { server: { level: 'Write', specific: ['Attach', 'Logs'] } } },
    ],
  ])('%s', (_, group, spec) => {
    expect(group()).toEqual({ names: ['UserGroup g'], spec, said: [] })
  })
})
