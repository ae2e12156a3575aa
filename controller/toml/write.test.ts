import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { parse } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { syncKinds } from '../sync/kinds.ts'
import { read } from './read.ts'
import { scan } from './scan.ts'
import { anyObject, objectOf } from './testkit/arbitrary-objects.ts'
import { blockModelOf, blockModels } from './vocabulary.ts'
import { type WritableObject, writeBlock, writeFile, writeValue } from './write.ts'

const options = { integersAsBigInt: true } as const

/** The document as Komodo reads it: backslashes between two `"""` doubled, wherever those stand. */
const asKomodo = (text: string) =>
  parse(
    text
      .split('"""')
      .map((part, index) => (index % 2 === 1 ? part.replaceAll('\\', '\\\\') : part))
      .join('"""'),
    options,
  )

const complete = ({ kind, name, spec }: WritableObject) => ({
  kind,
  name,
  spec: syncKinds.get(kind)!.withDefaults(spec),
})

/** What we read of a text, and Komodo reads alike. */
function readBack(text: string): readonly WritableObject[] {
  expect(asKomodo(text)).toEqual(parse(scan(text).text, options))
  const { declarations, diagnostics } = read([{ path: 'written.toml', text }])
  expect(diagnostics, text).toEqual([])
  return declarations.map(({ kind, name, spec, secrets }) => {
    expect(secrets).toEqual({})
    return { kind, name, spec }
  })
}

describe('what is written is read back the same, by us and by Komodo', () => {
  const kinds = [...new Map([...blockModels.values()].map((model) => [model.kind, model]))]

  it.each(kinds)('%s', (_, model) => {
    fc.assert(
      fc.property(objectOf(model), (object) => {
        expect(readBack(writeBlock(object)).map(complete)).toEqual([complete(object)])
      }),
      { numRuns: 60 },
    )
  })

  it('a file of many', () => {
    fc.assert(
      fc.property(fc.array(anyObject, { maxLength: 6 }), (objects) => {
        const kept = readBack(writeFile(objects)).map(complete)
        expect(kept).toHaveLength(objects.length)
        expect(kept).toEqual(expect.arrayContaining(objects.map(complete)))
      }),
      { numRuns: 60 },
    )
  })
})

/** Public repositories of people who use Komodo; beside the project when there are any. */
const corpus = join(import.meta.dirname, '../../../shared/corpus')

describe.skipIf(!existsSync(corpus))('every repository of the corpus is read, written and read back the same', () => {
  const repositories = existsSync(corpus)
    ? readdirSync(corpus).filter((name) => statSync(join(corpus, name)).isDirectory())
    : []

  it.each(repositories)('%s', (repository) => {
    const root = join(corpus, repository)
    const paths = (readdirSync(root, { recursive: true }) as string[]).filter((path) => path.endsWith('.toml')).sort()
    const { declarations } = read(paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })))
    const objects = declarations.map(({ kind, name, spec }) => complete({ kind, name, spec }))
    const text = writeFile(objects)
    expect(readBack(text).map(complete)).toEqual([...Map.groupBy(objects, ({ kind }) => kind).values()].flat())
    expect(writeFile(objects.map(complete))).toBe(text)
  })
})

/** `kind`, `spec` and the text of a block named `x`. */
describe('a block is written as people write it', () => {
  it.each<[sentence: string, kind: string, spec: Record<string, unknown>, lines: string[]]>([
    [
      'what is default is left out',
      'Server',
      { cpuWarning: 90, tags: [], description: '' },
      ['[[server]]', 'name = "x"'],
    ],
    [
      'keys of the block come first, its settings that Komodo does not have last',
      'Stack',
      {
        operator: { suspend: true, profiles: ['debug'] },
        server: 'web',
        after: ['db'],
        deploy: true,
        tags: ['prod', 'eu'],
      },
      [
        '[[stack]]',
        'name = "x"',
        'tags = ["prod", "eu"]',
        'deploy = true',
        'after = ["db"]',
        '[stack.config]',
        'server = "web"',
        '[stack.operator]',
        'suspend = true',
        'profiles = ["debug"]',
      ],
    ],
    [
      'text of several lines stands between three quotes, as it is',
      'Stack',
      { environment: '  A = 1\n  B = "C:\\temp"\n' },
      ['[[stack]]', 'name = "x"', '[stack.config]', 'environment = """', '  A = 1', '  B = "C:\\temp"', '"""'],
    ],
    [
      'nested tables become dotted keys',
      'Repo',
      { onPull: { path: 'app', command: 'make' } },
      ['[[repo]]', 'name = "x"', '[repo.config]', 'on_pull.path = "app"', 'on_pull.command = "make"'],
    ],
    [
      'a tagged union always has its params',
      'Alerter',
      { endpoint: { type: 'Slack', params: {} } },
      ['[[alerter]]', 'name = "x"', '[alerter.config]', 'endpoint.type = "Slack"', 'endpoint.params = {}'],
    ],
    [
      'a builder is a tagged union itself',
      'Builder',
      { type: 'Server', params: { servers: ['a'] } },
      ['[[builder]]', 'name = "x"', '[builder.config]', 'type = "Server"', 'params.servers = ["a"]'],
    ],
    [
      'a builder that says nothing needs no config',
      'Builder',
      { type: 'Url', params: {} },
      ['[[builder]]', 'name = "x"'],
    ],
    [
      'each stage of a procedure has a header',
      'Procedure',
      {
        schedule: '0 0 3 * * *',
        stages: [
          {
            name: 'first',
            executions: [
              { execution: { type: 'Deploy', params: { deployment: 'd1' } }, enabled: true },
              { execution: { type: 'BatchDeployStack', params: { pattern: '\\^a$\\' } }, enabled: false },
            ],
          },
        ],
        operator: { suspend: true },
      },
      [
        '[[procedure]]',
        'name = "x"',
        '[procedure.config]',
        'schedule = "0 0 3 * * *"',
        '[[procedure.config.stage]]',
        'name = "first"',
        'executions = [',
        '  { execution.type = "Deploy", execution.params.deployment = "d1" },',
        '  { execution.type = "BatchDeployStack", execution.params.pattern = "\\\\^a$\\\\", enabled = false },',
        ']',
        '[procedure.operator]',
        'suspend = true',
      ],
    ],
    [
      'a table of one key that a text can stand for is that text',
      'UserGroup',
      { all: { server: { level: 'Read' }, stack: { level: 'Write', specific: ['Logs'] }, build: {} } },
      [
        '[[user_group]]',
        'name = "x"',
        'all.Server = "Read"',
        'all.Stack = { level = "Write", specific = ["Logs"] }',
        'all.Build = {}',
      ],
    ],
    [
      'an empty text in place of a default is not lost',
      'Deployment',
      { network: '' },
      ['[[deployment]]', 'name = "x"', '[deployment.config]', 'network = ""'],
    ],
    [
      'a secret is a reference, never a value',
      'Variable',
      { value: 'hunter2', isSecret: true, valueFrom: { secretKeyRef: { name: 'variable-x', key: 'value' } } },
      [
        '[[variable]]',
        'name = "x"',
        'value_from.secret_key_ref = { name = "variable-x", key = "value" }',
        'is_secret = true',
      ],
    ],
    [
      'an account stands as in the configuration of Komodo',
      'GitProvider',
      { domain: 'github.com', accounts: [{ username: 'bot', tokenFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
      [
        '[[git_provider]]',
        'name = "x"',
        'domain = "github.com"',
        'accounts = [{ username = "bot", token_from.secret_key_ref = { name = "s", key = "k" } }]',
      ],
    ],
  ])('%s', (_, kind, spec, lines) => {
    expect(writeBlock({ kind, name: 'x', spec })).toBe(`${lines.join('\n')}\n`)
  })

  it.each<[key: string, value: unknown, written: string]>([
    ['environment', 'A=1\nB=2\n', '"""\nA=1\nB=2\n"""'],
    ['run_directory', 'a\\b', '"a\\\\b"'],
    ['auto_pull', false, 'false'],
    ['additional_env_files', [{ path: 'a' }, { path: 'b', track: false }], '["a", { path = "b", track = false }]'],
  ])('the value of %s alone', (key, value, written) => {
    expect(writeValue(value, blockModelOf('Stack')!.config!.table.byKey.get(key)!.value)).toBe(written)
  })

  it('nobody mistakes half a character for a whole one', () => {
    expect(writeBlock({ kind: 'Server', name: 'x', spec: { region: 'a\ud800b' } })).toContain('region = "a\ufffdb"')
  })

  it('a kind that TOML does not have is a mistake of the caller', () => {
    expect(() => writeBlock({ kind: 'Plan', name: 'x', spec: {} })).toThrow('TOML cannot declare a Plan')
  })
})

describe('V 4.4 writing', () => {
  const written = (kind: string, spec: Record<string, unknown>): string => writeBlock({ kind, name: 's', spec })
  const stage = (...executions: unknown[]) => ({ stages: [{ name: 'one', executions }] })

  it.each<[row: string, kind: string, spec: Record<string, unknown>, output: string]>([
    ['tags `["prod","eu"]` | `tags = ["prod", "eu"]`', 'Server', { tags: ['prod', 'eu'] }, 'tags = ["prod", "eu"]\n'],
    [
      'three 10-char tags | multi-line list; ours: one line up to 100 columns',
      'Server',
      { tags: ['aaaaaaaaaa', 'bbbbbbbbbb', 'cccccccccc'] },
      'tags = ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"]\n',
    ],
    [
      'description `say "hi"` | `description = "say \\"hi\\""`',
      'Server',
      { description: 'say "hi"' },
      'description = "say \\"hi\\""\n',
    ],
    [
      'env `"  A = 1\\n  B = 2\\n"` | `environment = """` / `  A = 1` / `  B = 2` / `"""`',
      'Stack',
      { environment: '  A = 1\n  B = 2\n' },
      'environment = """\n  A = 1\n  B = 2\n"""\n',
    ],
    [
      '`image_registry=[{ghcr.io,u,""}]` | three lines; ours: one when it fits',
      'Build',
      { imageRegistry: [{ domain: 'ghcr.io', account: 'u', organization: '' }] },
      'image_registry = [{ domain = "ghcr.io", account = "u" }]\n',
    ],
    ['`cpu_warning` 90 (default) | omitted', 'Server', { cpuWarning: 90 }, '[[server]]\nname = "s"\n'],
    [
      '91 -> `cpu_warning = 91.0`; ours: 91, which is the same number',
      'Server',
      { cpuWarning: 91 },
      'cpu_warning = 91\n',
    ],
    [
      'server with only defaults | `[[server]]` / `name = "s"` / `[server.config]` / (empty line); ours: no empty table',
      'Server',
      {},
      '[[server]]\nname = "s"\n',
    ],
    [
      'stage with Deploy d1 | `enabled = true` always; ours: what is default is left out here, too',
      'Procedure',
      stage({ execution: { type: 'Deploy', params: { deployment: 'd1' } }, enabled: true }),
      'executions = [{ execution.type = "Deploy", execution.params.deployment = "d1" }]\n',
    ],
    [
      'permissions entry | `  { target.type = "Server", target.id = "s1", level = "Read" }`',
      'UserGroup',
      { permissions: [{ target: { type: 'Server', id: 's1' }, level: 'Read', specific: [] }] },
      'permissions = [{ target.type = "Server", target.id = "s1", level = "Read" }]\n',
    ],
  ])('%s', (_, kind, spec, output) => {
    const text = written(kind, spec)
    expect(text.endsWith(output), text).toBe(true)
  })
})

describe('§27.12, §4.5 what Komodo cannot write is written', () => {
  it.each<[what: string, kind: string, spec: Record<string, unknown>]>([
    ['a pattern between backslashes', 'UserGroup', { permissions: [{ target: { type: 'Stack', id: '\\^a$\\' } }] }],
    ['what looks like an escape', 'Server', { description: 'caf\\u00e9 \\t C:\\temp\\' }],
    ['three quotes in lines', 'Stack', { environment: 'A = """\nB = 1\n' }],
    ['a control character', 'Server', { description: 'a\u0007b\u001b[31m' }],
    ['a line end in a list', 'Stack', { extraArgs: ['a\nb'] }],
    ['an empty text in place of a default', 'Deployment', { network: '' }],
    ['an endpoint without url', 'Alerter', { endpoint: { type: 'Slack', params: { url: '' } } }],
    ['a filter by name', 'Alerter', { resources: [{ type: 'Server', id: 'web 1' }] }],
    ['a switch that is off', 'Swarm', { sendUnhealthyAlerts: false }],
    ['deploy and after', 'Stack', { deploy: true, after: ['db'] }],
    ['a reference to what is not there', 'Stack', { server: 'gone' }],
  ])('%s', (_, kind, spec) => {
    const object = { kind, name: 's', spec }
    expect(readBack(writeBlock(object)).map(complete)).toEqual([complete(object)])
  })
})
