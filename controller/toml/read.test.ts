import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Declaration } from './declaration.ts'
import { limits, read } from './read.ts'

const readText = (text: string) => read([{ path: 'a.toml', text }])

/** The one declaration of a text that has no problem at all. */
function one(text: string): Declaration {
  const { declarations, diagnostics } = readText(text)
  expect(diagnostics).toEqual([])
  expect(declarations).toHaveLength(1)
  return declarations[0]!
}

/** `line:column severity code: message` of each diagnostic. */
const problems = (text: string): string[] =>
  readText(text).diagnostics.map(
    ({ severity, code, message, position }) => `${position.line}:${position.column} ${severity} ${code}: ${message}`,
  )

const config = (kind: string, lines: string) => one(`[[${kind}]]\nname = "a"\n[${kind}.config]\n${lines}`).spec

describe('read understands a block', () => {
  it.each<[sentence: string, text: string]>([
    ['with a config table', '[[server]]\nname = "a"\n[server.config]\naddress = "x"'],
    ['of the plural table', '[[servers]]\nname = "a"\n[servers.config]\naddress = "x"'],
    ['with dotted config', '[[server]]\nname = "a"\nconfig.address = "x"'],
    ['with inline config', '[[server]]\nname = "a"\nconfig = { address = "x" }'],
    ['written as an inline list', 'server = [{ name = "a", config.address = "x" }]'],
    ['behind a byte order mark', '\ufeff[[server]]\nname = "a"\nconfig.address = "x"'],
    ['with CRLF', '[[server]]\r\nname = "a"\r\n[server.config]\r\naddress = "x"\r\n'],
  ])('%s', (_, text) => {
    expect(one(text)).toMatchObject({ kind: 'Server', name: 'a', spec: { address: 'x' }, secrets: {} })
  })

  it('with wrapper fields, config and operator flattened', () => {
    const text = `[[stack]]
name = "web"
description = "the site"
tags = ["prod"]
deploy = true
after = ["db"]
[stack.config]
server = "s1"
[stack.operator]
deletion_policy = "Orphan"
profiles = "a, b"`
    expect(one(text).spec).toEqual({
      description: 'the site',
      tags: ['prod'],
      deploy: true,
      after: ['db'],
      server: 's1',
      operator: { deletionPolicy: 'Orphan', profiles: ['a', 'b'] },
    })
  })

  it('and says where its header is', () => {
    const { declarations } = readText(
      '# c\n[[server]]\nname = "a"\n\n  [[server]]\nname = "b"\n[[stack]]\nname = "c"\n',
    )
    expect(declarations.map(({ name, position }) => [name, position.line, position.column])).toEqual([
      ['a', 2, 1],
      ['b', 5, 3],
      ['c', 7, 1],
    ])
  })
})

describe('read brings each value into the shape of the field', () => {
  it.each<[sentence: string, kind: string, lines: string, spec: Record<string, unknown>]>([
    ['an older spelling', 'deployment', 'server_id = "s1"', { server: 's1' }],
    ['a list of texts as one text', 'stack', 'file_paths = "a.yaml, b.yaml # c"', { filePaths: ['a.yaml', 'b.yaml'] }],
    ['a list of texts', 'stack', 'file_paths = ["a.yaml", "b,c"]', { filePaths: ['a.yaml', 'b,c'] }],
    ['key-value text without line end', 'stack', 'environment = "A = 1"', { environment: 'A = 1\n' }],
    ['empty key-value text', 'stack', 'environment = ""', { environment: '' }],
    [
      'an environment as a list',
      'deployment',
      'environment = [{ variable = "A", value = "1" }, { variable = "B", value = "2" }]',
      { environment: '  A = 1\n  B = 2\n' },
    ],
    ['labels as a list', 'deployment', 'labels = [{ variable = "a.b", value = "1" }]', { labels: '  a.b: 1\n' }],
    ['ports as a list', 'deployment', 'ports = [{ local = "80", container = "8080" }]', { ports: '  80: 8080\n' }],
    [
      'captions of signals as a list',
      'deployment',
      'term_signal_labels = [{ signal = "SIGTERM", label = "stop" }]',
      { termSignalLabels: '  SIGTERM: stop\n' },
    ],
    ['file contents', 'stack', 'file_contents = "services: {}  \\n\\n"', { fileContents: 'services: {}\n' }],
    ['blank file contents', 'stack', 'file_contents = " \\n "', { fileContents: '' }],
    ['another spelling of a value', 'deployment', 'termination_signal = "15"', { terminationSignal: 'SIGTERM' }],
    ['a whole number where a number is expected', 'server', 'cpu_warning = 80', { cpuWarning: 80 }],
    ['a number', 'server', 'cpu_warning = 80.5', { cpuWarning: 80.5 }],
    [
      'an env file by path',
      'stack',
      'additional_env_files = ["a.env", { path = "b.env", track = false }]',
      { additionalEnvFiles: [{ path: 'a.env' }, { path: 'b.env', track: false }] },
    ],
    [
      'a config file with short keys',
      'stack',
      'config_files = [{ path = "a", service = "web", req = "restart" }]',
      { configFiles: [{ path: 'a', services: ['web'], requires: 'Restart' }] },
    ],
    [
      'an image',
      'deployment',
      'image.type = "Image"\nimage.params.image = "nginx"',
      { image: { type: 'Image', params: { image: 'nginx' } } },
    ],
    [
      'a build, by its older key, with a version',
      'deployment',
      'image = { params = { build_id = "b", version = "1.2" }, type = "Build" }',
      { image: { type: 'Build', params: { build: 'b', version: '1.2.0' } } },
    ],
    [
      'a version as a table; 0.0.0 is none',
      'deployment',
      'image = { type = "Build", params = { build = "b", version = { major = 0, minor = 0, patch = 0 } } }',
      { image: { type: 'Build', params: { build: 'b' } } },
    ],
    [
      'a deletion budget as a share',
      'resource_sync',
      'delete = true\n[resource_sync.operator]\ndeletion_budget = "10%"',
      {
        delete: true,
        operator: { deletionBudget: '10%' },
      },
    ],
    [
      'our own keys as custom resources spell them',
      'resource_sync',
      '[resource_sync.operator]\ndeletionBudget = 3\nsuspend = true',
      {
        operator: { deletionBudget: 3, suspend: true },
      },
    ],
    [
      'a deletion budget as a count',
      'resource_sync',
      '[resource_sync.operator]\ndeletion_budget = 3',
      {
        operator: { deletionBudget: 3 },
      },
    ],
  ])('%s', (_, kind, lines, spec) => {
    expect(config(kind, lines)).toEqual(spec)
  })
})

describe('read takes what older files have', () => {
  it.each<[sentence: string, registry: string, spec: unknown]>([
    [
      'a registry in its older form',
      '{ type = "Standard", params = { account = "a" } }',
      [{ domain: 'docker.io', account: 'a' }],
    ],
    ['no registry in its older form', '{ type = "None", params = {} }', []],
    ['one registry', '{ domain = "ghcr.io" }', [{ domain: 'ghcr.io' }]],
    ['several registries', '[{ domain = "a.b" }, { domain = "c.d" }]', [{ domain: 'a.b' }, { domain: 'c.d' }]],
  ])('%s', (_, registry, imageRegistry) => {
    const text = `[[build]]\nname = "a"\nconfig.image_registry = ${registry}`
    const { declarations, diagnostics } = read([{ path: 'a.toml', text }])
    expect(diagnostics).toEqual([])
    expect(declarations[0]!.spec).toEqual({ imageRegistry })
  })
})

describe('read keeps secrets out of the spec', () => {
  it('of a variable that is one', () => {
    const secret = one('[[variable]]\nname = "TOKEN"\nvalue = "hunter2"\nis_secret = true')
    expect(secret).toMatchObject({ spec: { isSecret: true }, secrets: { value: 'hunter2' } })
    expect(JSON.stringify(secret.spec)).not.toContain('hunter2')
  })

  it('but not of a variable that is none', () => {
    expect(one('[[variable]]\nname = "A"\nvalue = "1"')).toMatchObject({ spec: { value: '1' }, secrets: {} })
  })

  it.each([
    ['server', 'passkey', 'passkey'],
    ['stack', 'webhook_secret', 'webhookSecret'],
    ['resource_sync', 'webhook_secret', 'webhookSecret'],
  ])('of a %s in %s', (kind, key, name) => {
    const found = one(`[[${kind}]]\nname = "a"\nconfig.${key} = "hunter2"`)
    expect(found.spec).toEqual({})
    expect(found.secrets).toEqual({ [name]: 'hunter2' })
  })

  it('and out of every message', () => {
    const canary = 'k9-canary'
    for (const text of [
      `[[variable]]\nname = "A"\nis_secret = true\nvalue = ["${canary}"]`,
      `[[variable]]\nname = "A"\nis_secret = true\nvalue = "${canary}`,
      `[[server]]\nname = "a"\nconfig.passkey = { a = "${canary}" }`,
      `[[stack]]\nname = "a"\nconfig.environment = ["${canary}"]`,
    ]) {
      const { diagnostics } = readText(text)
      expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true)
      expect(JSON.stringify(diagnostics)).not.toContain(canary)
    }
  })
})

describe('read takes backslashes in multi-line strings literally, like Komodo, and everything else as TOML', () => {
  const q = '"""'
  it.each<[sentence: string, lines: string, value: string]>([
    ['a continuation in a script', `command = ${q}\na && \\\nb${q}`, 'a && \\\nb'],
    ['an escape sequence', `command = ${q}a\\tb\\u0041${q}`, 'a\\tb\\u0041'],
    ['a backslash at the end', `command = ${q}a\\${q}`, 'a\\'],
    ['quotes at the end', `command = ${q}a""${q}`, 'a""'],
    ['a one-line string with escapes', 'command = "a\\tb\\\\c"', 'a\tb\\c'],
    ['a pattern in a one-line string', 'command = "\\\\^bar-.*$\\\\"', '\\^bar-.*$\\'],
    ['a multi-line string behind a comment with the delimiter', `# ${q} \\\ncommand = ${q}\\n${q}`, '\\n'],
    ['a one-line string behind a literal with the delimiter', `network = '${q}'\ncommand = "a\\tb"`, 'a\tb'],
    ['a multi-line literal with the delimiter', `command = '''\n${q} \\ ${q}'''`, `${q} \\ ${q}`],
    ['line ends of Windows', `command = ${q}\r\na\r\nb${q}`, 'a\r\nb'],
    ['the escapes of TOML 1.1', 'command = "\\e\\x41"', '\u001bA'],
  ])('%s', (_, lines, value) => {
    expect(config('deployment', lines).command).toBe(value)
  })

  it('inline tables over several lines, with comments and a comma behind', () => {
    expect(config('stack', 'pre_deploy = {\n  path = "a", # here\n  command = "b",\n}')).toEqual({
      preDeploy: { path: 'a', command: 'b\n' },
    })
  })
})

describe('read says of text that is no TOML what people most often have done', () => {
  it.each<[sentence: string, text: string, says: string]>([
    [
      'a merge that nobody finished',
      '<<<<<<< HEAD\n[[stack]]',
      'illegal character in key; the line is left over from a git merge.',
    ],
    [
      'its middle',
      '[[stack]]\nname = "a"\n=======\n',
      'unexpected end of key; the line is left over from a git merge.',
    ],
    [
      'a pattern with one backslash',
      'p = "\\^web-.*"',
      `unrecognised escape sequence; in "..." a backslash is written twice, in '...' once.`,
    ],
    [
      'a pattern that escapes its own end',
      'p = "web\\"\nq = 1',
      `control characters are not allowed in strings; in "..." a backslash is written twice, in '...' once.`,
    ],
    ['a text without quotes', 'name = web', `invalid value; a text stands in quotes, "..." or '...'.`],
    [
      'a text in the quotes of a word processor',
      'name = “web”',
      `invalid value; a text stands in quotes, "..." or '...'.`,
    ],
    ['a flag in capitals', 'deploy = True', 'invalid value; true and false are written in small letters.'],
    ['YAML', 'name: web', 'illegal character in key; between key and value stands "=".'],
    ['a comment of another language', '// stacks', 'illegal character in key; a comment begins with "#".'],
    ['JSON', '{ "stack": [] }', 'illegal character in key; this looks like JSON.'],
    ['and of the rest only what the parser says', 'port = 08', 'illegal leading zero.'],
  ])('%s', (_, text, says) => {
    expect(problems(text)).toEqual([expect.stringMatching(/^\d+:\d+ error InvalidToml: Not valid TOML: /)])
    expect(problems(text)[0]).toContain(`: ${says}`)
  })
})

describe('read takes a list for a command, as Komodo does', () => {
  it.each<[sentence: string, list: string, command: Record<string, unknown>]>([
    [
      'for its keys in their order',
      '["scripts", "sh a.sh", true]',
      { path: 'scripts', command: 'sh a.sh\n', shellMode: true },
    ],
    ['for the first ones only', '["sh a.sh"]', { path: 'sh a.sh' }],
  ])('%s', (_, list, preDeploy) => {
    const { declarations, diagnostics } = readText(`[[stack]]\nname = "a"\nconfig.pre_deploy = ${list}`)
    expect(declarations[0]!.spec).toEqual({ preDeploy })
    expect(diagnostics).toMatchObject([
      {
        severity: 'warning',
        message: `"pre_deploy" takes a table; a list is read, as by Komodo, as its "path", "command", "shell_mode" in this order.`,
      },
    ])
  })

  it('and an empty list for no command', () => {
    expect(config('repo', 'on_pull = []')).toEqual({ onPull: {} })
  })

  it.each([
    ['["sh a.sh", ["b"]]', '"command" takes text, not a list.'],
    ['[{ command = "sh a.sh" }]', '"pre_deploy" takes a table with "path", "command", "shell_mode", not a list.'],
  ])('but refuses %s', (list, message) => {
    const said = problems(`[[stack]]\nname = "a"\nconfig.pre_deploy = ${list}`)
    expect(said.at(-1)).toBe(`3:8 error WrongType: ${message}`)
  })
})

describe('read warns of what Komodo would silently ignore', () => {
  it.each<[sentence: string, text: string, warning: string]>([
    [
      'a misspelt key, with the nearest known one',
      '[[stack]]\nname = "a"\n[stack.config]\nenviroment = "A=1"',
      '4:1 warning UnknownKey: Unknown key "enviroment"; did you mean "environment"?',
    ],
    [
      'a misspelt wrapper key',
      '[[stack]]\nnmae = "a"\nname = "b"',
      '2:1 warning UnknownKey: Unknown key "nmae"; it is ignored.',
    ],
    [
      'a key in an inline table',
      '[[stack]]\nname = "a"\nconfig = { server = "s", projct_name = "p" }',
      '3:26 warning UnknownKey: Unknown key "projct_name"; did you mean "project_name"?',
    ],
    [
      'a key in a list of tables',
      '[[stack]]\nname = "a"\n[stack.config]\nconfig_files = [\n  { path = "a" },\n  { path = "b", requirs = "None" },\n]',
      '6:17 warning UnknownKey: Unknown key "requirs"; did you mean "requires"?',
    ],
    [
      'a key of the config table in the block',
      '[[stack]]\nname = "a"\nserver = "s"',
      '3:1 warning MisplacedKey: "server" belongs in [stack.config]; here it is ignored.',
    ],
    [
      'a key of the block in the config table',
      '[[stack]]\nname = "a"\n[stack.config]\ntags = []',
      '4:1 warning MisplacedKey: "tags" belongs in [[stack]] itself; here it is ignored.',
    ],
    [
      'a key of the config table that slipped below another one',
      '[[deployment]]\nname = "a"\n[deployment.config.image]\ntype = "Image"\nparams.image = "x"\nnetwork = "n"',
      '6:1 warning MisplacedKey: "network" belongs in [deployment.config]; here it is ignored.',
    ],
    [
      'deploy on something that cannot be deployed',
      '[[server]]\nname = "a"\ndeploy = true',
      '3:1 warning MisplacedKey: "deploy" belongs in a [[deployment]] or [[stack]]; here it is ignored.',
    ],
    [
      'a misspelt table',
      '[[deploymnt]]\nname = "a"',
      '1:1 warning UnknownTable: Unknown table "deploymnt"; did you mean [[deployment]]?',
    ],
    [
      'a param of the other variant',
      '[[deployment]]\nname = "a"\nconfig.image = { type = "Image", params = { image = "x", build = "b" } }',
      '3:58 warning MisplacedKey: "build" means nothing with type "Image"; here it is ignored.',
    ],
    [
      'a reference to a variable with a name that none has',
      '[[stack]]\nname = "a"\n[stack.config]\nenvironment = """\nKEY=[[PI-HOLE_KEY]]\n"""',
      '4:1 warning NoReference: "[[PI-HOLE_KEY]]" is no reference to a variable and stays as it is: between the brackets stands a name of letters, digits and "_", not a digit first, and nothing else.',
    ],
  ])('%s', (_, text, warning) => {
    expect(problems(text)).toEqual([warning])
  })

  it('but not of a name like none where nothing is replaced', () => {
    config('stack', 'run_directory = "[[PI-HOLE]]"')
    config('stack', 'environment = "A=[[PI-HOLE]]"\nskip_secret_interp = true')
  })
})

describe('read refuses, and says what is expected and where', () => {
  it.each<[sentence: string, text: string, error: string]>([
    [
      'text for a flag',
      '[[stack]]\nname = "a"\nconfig.auto_pull = "yes"',
      '3:8 error WrongType: "auto_pull" takes true or false, not text.',
    ],
    [
      'a date for text',
      '[[server]]\nname = "a"\nconfig.region = 2026-01-01',
      '3:8 error WrongType: "region" takes text, not a date or time.',
    ],
    [
      'a fraction for a whole number',
      '[[deployment]]\nname = "a"\nconfig.termination_timeout = 1.5',
      '3:8 error WrongType: "termination_timeout" takes a whole number, not a number with a fraction.',
    ],
    [
      'a number beyond 32 bits',
      '[[deployment]]\nname = "a"\nconfig.termination_timeout = 3000000000',
      '3:8 error OutOfRange: "termination_timeout" must be between -1 and 2147483647.',
    ],
    [
      'nan',
      '[[server]]\nname = "a"\nconfig.cpu_warning = nan',
      '3:8 error WrongType: "cpu_warning" takes a finite number, not a number that is not finite.',
    ],
    [
      'text where only a list is taken',
      '[[stack]]\nname = "a"\ntags = "prod"',
      '3:1 error WrongType: "tags" takes a list of texts, ["a", "b"], not text.',
    ],
    [
      'a value that is not one of the known ones',
      '[[deployment]]\nname = "a"\nconfig.restart = "unless_stopped"',
      '3:8 error UnknownValue: "restart" is one of "no", "on-failure", "always", "unless-stopped", not "unless_stopped"; did you mean "unless-stopped"?',
    ],
    [
      'a key together with its older spelling',
      '[[stack]]\nname = "a"\n[stack.config]\nserver = "s"\nserver_id = "s"',
      '5:1 error DuplicateKey: "server" and "server_id" are two spellings of one key; keep "server".',
    ],
    [
      'a secret together with the Secret that holds it',
      '[[server]]\nname = "a"\n[server.config]\npasskey = "x"\npasskey_from.secret_key_ref = { name = "s", key = "k" }',
      '5:1 error DuplicateKey: "passkey" and "passkey_from" both say what the secret is; keep one of them.',
    ],
    [
      'a reference to a Secret without name',
      '[[server]]\nname = "a"\n[server.config]\npasskey_from.secret_key_ref = { name = "", key = "k" }',
      '4:33 error EmptyValue: "name" must not be empty.',
    ],
    [
      'the value of a secret variable together with the Secret that holds it',
      '[[variable]]\nname = "A"\nis_secret = true\nvalue = "x"\nvalue_from.secret_key_ref = { name = "s", key = "k" }',
      '5:1 error DuplicateKey: "value" and "value_from" both say what the secret is; keep one of them.',
    ],
    [
      'a token in a list together with the Secret that holds it',
      '[[git_provider]]\naccounts = [{ username = "a", token = "x", token_from.secret_key_ref = { name = "s", key = "k" } }]',
      '2:44 error DuplicateKey: "token" and "token_from" both say what the secret is; keep one of them.',
    ],
    [
      'a tagged table without params',
      '[[deployment]]\nname = "a"\nconfig.image.type = "Image"',
      '3:8 error MissingKey: "image" needs "params": a table; write {} when there is nothing to set.',
    ],
    [
      'a list entry without its path',
      '[[stack]]\nname = "a"\nconfig.additional_env_files = [{ track = true }]',
      '3:32 error MissingKey: "path" is missing: Path of the file, relative to the run directory. Example: `config/app.conf`.',
    ],
    [
      'a duration without unit',
      '[[server]]\nname = "a"\noperator.interval = "5"',
      '3:10 error WrongType: "interval" takes a duration such as "90s", "5m" or "1h30m", not text.',
    ],
    [
      'a bad version',
      '[[deployment]]\nname = "a"\nconfig.image = { type = "Build", params = { version = "latest" } }',
      '3:45 error WrongType: "version" takes a version such as "1.2.3", not text.',
    ],
    [
      'a name that Komodo takes for an id',
      '[[stack]]\nname = "64b7f0c2a9e4d1f3b2c5a6d7"',
      '2:1 error InvalidName: "64b7f0c2a9e4d1f3b2c5a6d7" looks like a database id of Komodo and cannot be a name.',
    ],
    [
      'a name that no variable can have',
      '[[variable]]\nname = "a-b"',
      '2:1 error InvalidName: "a-b" cannot be the name of a variable: use letters, digits and "_", not a digit first.',
    ],
    [
      'config that is no table',
      '[[stack]]\nname = "a"\nconfig = 1',
      '3:1 error WrongType: "config" takes a table, not a whole number.',
    ],
    [
      'one entry of a list, and which',
      '[[stack]]\nname = "a"\ntags = ["b", 1]',
      '3:14 error WrongType: Entry 2 of "tags" takes text, not a whole number.',
    ],
    [
      'an image as one text, with the keys it takes',
      '[[deployment]]\nname = "a"\nconfig.image = "web:1"',
      '3:8 error WrongType: "image" takes a table with "type", "params", not text.',
    ],
  ])('%s: that block alone', (_, text, error) => {
    expect(problems(text)).toEqual([error])
    const other = '\n[[server]]\nname = "other"\n'
    const { declarations, diagnostics } = readText(text + other)
    expect(declarations.filter(({ name }) => name !== 'other')).toEqual([])
    expect(declarations.map(({ name }) => name)).toContain('other')
    expect(diagnostics[0]!.block).toMatchObject({ name: expect.any(String), kind: expect.any(String) })
  })

  it.each<[sentence: string, text: string, error: string]>([
    [
      'a block without name',
      '[[stack]]\nnmae = "a"',
      '1:1 error MissingName: This [[stack]] has no name; add name = "...".',
    ],
    [
      'an empty string for a name, or a blank one',
      '[[stack]]\nname = " "',
      '2:1 error MissingName: This [[stack]] has an empty name; add name = "...".',
    ],
    [
      'a name that is not text',
      '[[stack]]\nname = 1',
      '2:1 error MissingName: This [[stack]] has a name that is not text; add name = "...".',
    ],
    [
      'one pair of brackets',
      '[server]\nname = "a"',
      '1:1 error WrongType: "server" must be a list of blocks; write [[server]] with two brackets.',
    ],
    [
      'both spellings of a table',
      '[[stack]]\nname = "a"\n[[stacks]]\nname = "b"',
      '3:1 error DuplicateTable: [[stack]] and [[stacks]] are two spellings of one table; use one of them in a file.',
    ],
    ['no end of a string', '[[stack]]\nname = "a', '2:8 error InvalidToml: Not valid TOML: unfinished string.'],
    [
      'one key twice',
      '[[stack]]\nname = "a"\nname = "b"',
      '3:1 error InvalidToml: Not valid TOML: trying to redefine an already defined table or value.',
    ],
    [
      'a dotted key into a table above which Komodo takes, with a way to write it',
      '[[deployment]]\nname = "a"\n[deployment.config.image.params]\nimage = "x"\n[deployment.config]\nimage.type = "Image"',
      '6:1 error InvalidToml: Not valid TOML: trying to redefine an already defined table or value; a dotted key cannot lead into a table that has a header above: put the key below a header of that table.',
    ],
    [
      'something wrong behind a multi-line string with backslashes, in the place where it is in the file',
      'a = """\\ \\ \\ \\"""  b',
      '1:20 error InvalidToml: Not valid TOML: each key-value declaration must be followed by an end-of-line.',
    ],
    ['brackets without end', `a = ${'['.repeat(500)}`, expect.stringContaining('excessively nested')],
  ])('%s: the whole revision', (_, text, error) => {
    expect(problems(text)).toEqual([error])
    expect(readText(text).diagnostics[0]).not.toHaveProperty('block')
  })

  it('and the way to write it that a dotted key into a table above is told works', () => {
    const text =
      '[[deployment]]\nname = "a"\n[deployment.config.image.params]\nimage = "x"\n[deployment.config.image]\ntype = "Image"'
    expect(one(text).spec).toMatchObject({ image: { type: 'Image', params: { image: 'x' } } })
  })

  it('tables within tables without end in a value that may hold anything: that block alone', () => {
    const text = (depth: number) =>
      `[[procedure]]\nname = "a"\n[[procedure.config.stage]]\nname = "s"\nexecutions = [{ execution.type = "RunAction", execution.params = { action = "x", args.${'a.'.repeat(depth)}a = 1 } }]\n[[server]]\nname = "other"`
    expect(problems(text(50))).toEqual([])
    const { declarations, diagnostics } = readText(text(100_000))
    expect(diagnostics).toMatchObject([{ code: 'TooDeep', block: { kind: 'Procedure' }, position: { line: 5 } }])
    expect(declarations.map(({ name }) => name)).toEqual(['other'])
  })

  it('more keys than memory is worth, without reading them', () => {
    const text = `[[stack]]\nname = "a"\n${Array.from({ length: limits.keys }, (_, i) => `k${i} = 1`).join('\n')}`
    expect(problems(text)).toEqual([expect.stringContaining('TooManyKeys')])
  })

  it('a file that is too large, without reading it', () => {
    expect(problems('#'.repeat(limits.characters + 1))).toEqual([expect.stringContaining('FileTooLarge')])
  })

  it('the whole file when it has too many errors to list', () => {
    const blocks = Array.from({ length: 1_000 }, (_, i) => `[[stack]]\nname = "a${i}"\nconfig.auto_pull = 1`)
    const { diagnostics } = readText(blocks.join('\n'))
    expect(diagnostics).toHaveLength(limits.diagnostics + 1)
    expect(diagnostics.at(-1)).toMatchObject({ severity: 'error', code: 'TooManyProblems' })
    expect(diagnostics.at(-1)).not.toHaveProperty('block')
  })
})

describe('read never makes an error of many warnings', () => {
  const misspelt = Array.from({ length: 1_000 }, (_, i) => `x${i} = 1`).join('\n')

  it('in a file whose keys Komodo ignores', () => {
    const { declarations, diagnostics } = readText(`[[stack]]\nname = "a"\n${misspelt}`)
    expect(declarations).toHaveLength(1)
    expect(diagnostics).toHaveLength(limits.diagnostics + 1)
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
    expect(diagnostics.at(-1)!.message).toBe('Not listed: 900 more warnings in this file; mend the ones above first.')
  })

  it('and lists the error that stands behind them', () => {
    const { diagnostics } = readText(`[[stack]]\nname = "a"\n${misspelt}\n[[stack]]\nname = "b"\ntags = "t"`)
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toMatchObject([
      { code: 'WrongType', block: { kind: 'Stack', name: 'b' } },
    ])
  })
})

describe('read says once that a file is of another program', () => {
  it.each<[sentence: string, text: string, warnings: string[]]>([
    [
      'however many tables and keys it has',
      'title = "t"\n[tools]\nnode = "24"\n[[rules]]\nid = "r"',
      [`1:1 warning UnknownTable: No block of this file is Komodo's (it has "title" and 2 more); the file is ignored.`],
    ],
    [
      'and still finds the misspelt table in it',
      'title = "t"\n[[stak]]\nname = "a"',
      [
        '2:1 warning UnknownTable: Unknown table "stak"; did you mean [[stack]]?',
        `1:1 warning UnknownTable: No block of this file is Komodo's (it has "title"); the file is ignored.`,
      ],
    ],
    [
      'but names each key that stands beside blocks',
      'title = "t"\nowner = "o"\n[[stack]]\nname = "a"\n[other]',
      [
        '1:1 warning UnknownTable: Unknown key "title"; it is ignored.',
        '2:1 warning UnknownTable: Unknown key "owner"; it is ignored.',
        '5:1 warning UnknownTable: Unknown table "other"; it is ignored.',
      ],
    ],
    ['and says nothing of an empty one', '# nothing yet\n', []],
  ])('%s', (_, text, warnings) => {
    expect(problems(text)).toEqual(warnings)
  })
})

describe('read names accounts by their domain, as Komodo has them', () => {
  it('when they have no name', () => {
    const { declarations, diagnostics } = readText(`
[[git_provider]]
accounts = [{ username = "u", token = "t0" }]
[[git_provider]]
domain = "localhost:3000"
https = false
account = [{ account = "u", token = "t1" }, { username = "v", token_from.secret_key_ref = { name = "s", key = "k" } }]
[[docker_registry]]
accounts = []
organizations = ["Org"]
[[onboarding_key]]
public_key = "MCow"
`)
    expect(diagnostics).toEqual([])
    expect(declarations.map(({ kind, name, spec, secrets }) => ({ kind, name, spec, secrets }))).toEqual([
      {
        kind: 'GitProvider',
        name: 'github.com',
        spec: { accounts: [{ username: 'u' }] },
        secrets: { 'accounts.0.token': 't0' },
      },
      {
        kind: 'GitProvider',
        name: 'localhost:3000',
        spec: {
          domain: 'localhost:3000',
          https: false,
          accounts: [{ username: 'u' }, { username: 'v', tokenFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
        },
        secrets: { 'accounts.0.token': 't1' },
      },
      { kind: 'ImageRegistry', name: 'docker.io', spec: { accounts: [], organizations: ['Org'] }, secrets: {} },
      { kind: 'OnboardingKey', name: 'MCow', spec: { publicKey: 'MCow' }, secrets: {} },
    ])
  })
})

describe('read survives', () => {
  const fragment = fc.constantFrom(
    '[[stack]]',
    '[[stacks]]',
    '[stack.config]',
    '[[server]]',
    '[server]',
    '[stack.config.image]',
    '[[stack.config]]',
    'name = "a"',
    'config.server = "s"',
    'config = {',
    '}',
    ']',
    '[',
    '"""',
    "'''",
    '"',
    "'",
    '\\',
    '#',
    '=',
    '.',
    ',',
    '\n',
    '\r\n',
    '\ufeff',
    '__proto__ = 1',
    'constructor.a = 1',
    'x = 1979-05-27',
    'a."b.c" = 1',
    '"a" = [{ b = 1 }]',
    '[[a.b]]',
    '\u0000',
    ' ',
  )
  it.each<[sentence: string, text: string]>([
    ['a header without end', `[${'a.'.repeat(200_000)}a]\nx = 1\n[[stack]]`],
    ['a key without end', `[[stack]]\n${'a.'.repeat(200_000)}a = 1`],
    ['thousands of unknown keys', `[[stack]]\n${Array.from({ length: 50_000 }, (_, i) => `k${i} = 1`).join('\n')}`],
    ['a name that goes on and on', `[[stack]]\nname = "${'x'.repeat(1_000_000)}"`],
    ['a key that goes on and on', `[[stack]]\nname = "a"\n${'x'.repeat(1_000_000)} = 1`],
    ['thousands of bad blocks', '[[stack]]\n'.repeat(40_000)],
    ['more blocks than anybody has', '[[stack]]\n'.repeat(limits.blocks + 1)],
  ])('%s, in good time', { timeout: 15_000 }, (_, text) => {
    const started = performance.now()
    const { diagnostics } = readText(text)
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(diagnostics.length).toBeGreaterThan(0)
    for (const { message } of diagnostics) expect(message.length).toBeLessThan(1_000)
  })

  it('every text', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(fragment).map((parts) => parts.join('')),
          fc.array(fragment).map((parts) => parts.join('\n')),
        ),
        (text) => {
          const { diagnostics } = readText(text)
          const lines = text.split('\n')
          for (const { position, message } of diagnostics) {
            expect(message.length).toBeLessThan(1_000)
            expect(lines[position.line - 1]).toBeDefined()
            expect(position.column).toBeGreaterThan(0)
            expect(position.column).toBeLessThanOrEqual(lines[position.line - 1]!.length + 1)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})
