import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Declaration } from './declaration.ts'
import { read } from './read.ts'
import { blockModelOf, type FieldModel } from './vocabulary.ts'

/**
 * The pages of Komodo's documentation that the users of this project asked for, beside the project when they are there: every TOML block
 * in them is read without a word, and means what the page says. The older page came out of HTML that ate angle brackets, headers and
 * some keys; what it lost is put back here, line by line. docs/seeds.md goes through the sentences.
 */
const seeds = path.join(import.meta.dirname, '../../../shared/seeds')
const present = existsSync(seeds)
const page = (name: string): string => readFileSync(path.join(seeds, name), 'utf8')

/** Read without error and without warning, by `Kind name`. */
function declared(text: string): Map<string, Declaration> {
  const { declarations, diagnostics } = read([{ path: 'seed.toml', text }])
  expect(diagnostics.map(({ severity, position, message }) => `${severity} ${position.line} ${message}`)).toEqual([])
  return new Map(declarations.map((one) => [`${one.kind} ${one.name}`, one]))
}

const specOf = <Spec>(all: ReadonlyMap<string, Declaration>, name: string): Spec => (all.get(name)?.spec ?? {}) as Spec

/** The ```toml blocks of a page. */
const blocksOf = (text: string): string =>
  [...text.matchAll(/```toml\n([\s\S]*?)```/g)].map(([, block]) => block).join('\n')

/** What the HTML of the older page lost: where, and what. */
const losses: readonly (readonly [at: string, insteadOf: string])[] = [
  ['Builder and build\n', '\n'],
  ['config.params.security_group_ids = [\n', 'config.params.security_group_ids = ["sg-xxxxxxxxxxxxxxxxxx"]\n'],
  ['name = "test_logger"\n', '[[build]]\nname = "test_logger"\n'],
  ['value = "http://localhost:4317"', 'name = "OTLP_ENDPOINT"\nvalue = "http://localhost:4317"'],
  ['name = "test-logger-02"\n', '[[deployment]]\nname = "test-logger-02"\n'],
  ['name = "test-stack"\n', '[[stack]]\nname = "test-stack"\n'],
  ['name = "test-procedure"\n', '[[procedure]]\nname = "test-procedure"\n'],
  ['name = "Build stuff"\n', '[[procedure.config.stage]]\nname = "Build stuff"\n'],
  [
    'enabled = true },\n\nname = "Deploy test logger 1"',
    'enabled = true },\n]\n[[procedure.config.stage]]\nname = "Deploy test logger 1"',
  ],
  [
    'enabled = true }\n\nname = "Deploy test logger 2"',
    'enabled = true }\n]\n[[procedure.config.stage]]\nname = "Deploy test logger 2"',
  ],
  ['"test-logger-02", enabled = true }\n', '"test-logger-02", enabled = true }\n]\n'],
  ['{ execution.type = "RunBuild", = ', '{ execution.type = "RunBuild", execution.params.build = '],
  ['name = "komodo-periphery"\ndescription', '[[repo]]\nname = "komodo-periphery"\ndescription'],
  ['User Group:\n', '\n'],
  ['name = "groupo"\n', '[[user_group]]\nname = "groupo"\n'],
  ['level = "Execute" },\n\n', 'level = "Execute" },\n]\n'],
]

function olderPage(): string {
  let text = page('000_1a6e4df329a59c9c.txt')
  text = `${text.slice(text.indexOf('Example Declarations') + 'Example Declarations'.length)}\n\n`
  for (const [at, instead] of losses) {
    expect(text, at).toContain(at)
    text = text.replace(at, () => instead)
  }
  return text
    .replaceAll(
      'config.image.type = "Build" = "test_logger"',
      'config.image.type = "Build"\nconfig.image.params.build = "test_logger"',
    )
    .replaceAll(/(target\.type = "\w+"), = /g, '$1, target.id = ')
}

const deployments = {
  'Deployment test-logger-01': {
    deploy: true,
    server: 'server-01',
    image: { type: 'Build', params: { build: 'test_logger' } },
    labels: 'deployment.type = logger\n',
  },
  'Deployment test-logger-02': { deploy: true, after: ['test-logger-01'], server: 'server-01' },
  'Stack test-stack': {
    deploy: true,
    after: ['test-logger-01'],
    server: 'server-prod',
    filePaths: ['mongo.yaml', 'redis.yaml'],
    gitAccount: 'mbecker20',
    repo: 'mbecker20/stack_test',
  },
}

const both = {
  ...deployments,
  'Server server-prod': {
    description: 'the prod server',
    tags: ['prod'],
    address: 'http://localhost:8120',
    region: 'AshburnDc1',
    enabled: true,
  },
  'Builder builder-01': {
    type: 'Aws',
    params: { region: 'us-east-2', amiId: 'ami-0e9bd154667944680', assignPublicIp: true, usePublicIp: true },
  },
  'Build test_logger': {
    builder: 'builder-01',
    repo: 'mbecker20/test_logger',
    branch: 'master',
    gitAccount: 'mbecker20',
  },
  'Variable OTLP_ENDPOINT': { value: 'http://localhost:4317' },
  'UserGroup groupo': { users: ['mbecker20', 'karamvirsingh98'] },
}

describe.skipIf(!present)('seed 000, sync resources (older page)', () => {
  const all = present ? declared(olderPage()) : new Map<string, Declaration>()

  it.each(Object.entries(both))('%s', (name, spec) => {
    expect(all.get(name)?.spec).toMatchObject(spec)
  })

  it('has nothing else', () => {
    expect([...all.keys()].filter((name) => !(name in both)).sort()).toEqual([
      'Procedure test-procedure',
      'Repo komodo-periphery',
    ])
  })

  it('keeps key-value text, comments and variables in it as they are written', () => {
    const { environment, volumes } = all.get('Deployment test-logger-01')?.spec ?? {}
    expect(environment).toMatch(/^OTLP_ENDPOINT = \[\[OTLP_ENDPOINT\]\] # interpolate/)
    expect(volumes).toBe('/data/logs = /etc/logs\n/data/config = /etc/config\n')
  })

  it('reads stages, each with what runs in parallel', () => {
    const { stages } = specOf<{ stages: { name: string; executions: unknown[] }[] }>(all, 'Procedure test-procedure')
    expect(stages.map(({ name, executions }) => [name, executions.length])).toEqual([
      ['Build stuff', 2],
      ['Deploy test logger 1', 1],
      ['Deploy test logger 2', 1],
    ])
  })

  it('reads a command that goes on over lines', () => {
    const { onPull, server } = all.get('Repo komodo-periphery')?.spec ?? {}
    expect(server).toBe('server-01')
    expect(onPull).toEqual({
      path: '.',
      command:
        '/root/.cargo/bin/cargo build -p komodo_periphery --release && \\\ncp ./target/release/periphery /root/periphery\n',
    })
  })

  it('reads permissions by name and by regular expression', () => {
    expect(all.get('UserGroup groupo')?.spec).toMatchObject({
      all: { build: { level: 'Execute' }, alerter: { level: 'Write' } },
      permissions: [
        { target: { type: 'Repo', id: 'komodo-periphery' }, level: 'Execute' },
        { target: { type: 'Server', id: '\\^(.+)-(.+)$\\' }, level: 'Read' },
        { target: { type: 'Deployment', id: '\\^immich\\' }, level: 'Execute' },
      ],
    })
  })
})

describe.skipIf(!present)('seed 001, sync resources (newer page)', () => {
  const all = present ? declared(blocksOf(page('001_815b6fe20aac2f6e.txt'))) : new Map<string, Declaration>()

  it.each(Object.entries(both))('%s', (name, spec) => {
    expect(all.get(name)?.spec).toMatchObject(spec)
  })

  it('has nothing else', () => {
    expect([...all.keys()].filter((name) => !(name in both)).sort()).toEqual([
      'Procedure test-procedure',
      'Repo komodo-periphery',
      'ResourceSync resource-sync',
    ])
  })

  it('takes the older form of an image registry for what it meant', () => {
    expect(all.get('Build test_logger')?.spec.imageRegistry).toEqual([
      { domain: 'github.com', account: 'your_username', organization: 'your_organization' },
    ])
  })

  it('reads stages and executions, with batches by pattern, and what is left out', () => {
    const { stages } = specOf<{ stages: object[] }>(all, 'Procedure test-procedure')
    expect(stages).toMatchObject([
      {
        name: 'Build stuff',
        executions: [
          { execution: { type: 'RunBuild', params: { build: 'test_logger' } } },
          { execution: { type: 'BatchRunBuild', params: { pattern: 'foo-* , \\^bar-.*$\\' } } },
          { execution: { type: 'PullRepo', params: { repo: 'komodo-periphery' } } },
        ],
      },
      { executions: [{}, { execution: { params: { deployment: 'test-logger-03' } }, enabled: false }] },
      { enabled: false },
    ])
  })

  it('reads a sync of several files', () => {
    expect(all.get('ResourceSync resource-sync')?.spec).toEqual({
      gitProvider: 'git.mogh.tech',
      gitAccount: 'mbecker20',
      repo: 'moghtech/komodo',
      resourcePath: ['stacks.toml', 'repos.toml'],
    })
  })

  it('reads levels with specifics', () => {
    expect(all.get('UserGroup groupo')?.spec).toMatchObject({
      everyone: false,
      all: {
        server: { level: 'Write', specific: ['Attach', 'Logs', 'Inspect', 'Terminal', 'Processes'] },
        build: { level: 'Execute' },
        builder: { level: 'Read', specific: ['Attach'] },
      },
    })
  })
})

/** `| field | description | default |` of a page whose lists lost their first bars. */
const tableOf = (text: string, from: string, to: string): string[][] =>
  text
    .slice(text.indexOf(from), text.indexOf(to))
    .split('\n')
    .map((line) => line.replace(/\|$/, '').replace(/^\| /, '').split(' | '))
    .filter((cells) => cells.length === 3 && /^[a-z_]+$/.test(cells[0]?.replace(/ \|.*/, '') ?? ''))

const fieldOf = (kind: string, key: string): FieldModel | undefined => {
  const model = blockModelOf(kind)
  return model?.config?.table.byKey.get(key) ?? model?.block.byKey.get(key)
}

/** A default as the page writes it. `—` is none; `[]` and `""` are what a list or a text has when nobody says anything. */
function writtenDefault(field: FieldModel): string {
  const value = field.default
  if (value === undefined) return field.value.type === 'list' ? '[]' : field.value.type === 'text' ? '""' : '—'
  if (value === '') return '""'
  return Array.isArray(value) && value.length === 0 ? '[]' : String(value)
}

describe.skipIf(!present)('seed 003, builds', () => {
  const text = present ? page('003_c5c443f9c5d26f74.txt') : ''
  const fields = tableOf(text, 'Config fields', 'Image Versioning')

  it('names fields that there are, with their defaults', () => {
    expect(fields.length).toBeGreaterThan(25)
    for (const [key = '', , written = ''] of fields) {
      const field = fieldOf('Build', key)
      expect(field, key).toBeDefined()
      if (field === undefined || key === 'builder' || key === 'pre_build') continue
      // Nothing given is 0.0.0, and says so nowhere.
      expect(key === 'version' ? '0.0.0' : writtenDefault(field), key).toBe(written.trim())
    }
  })

  it('[[build]] with several registries', () => {
    const block = text.slice(text.indexOf('[[build]]'), text.indexOf('Config fields'))
    const registries = /\[build\.config\]\n(image_registry = \[\n\{ domain[\s\S]*?docker\.io[\s\S]*?\n\])/.exec(
      text,
    )?.[1]
    expect(declared(block).get('Build my-app')?.spec).toMatchObject({
      builder: 'builder-01',
      imageRegistry: [{ domain: 'ghcr.io', account: 'my-user', organization: 'my-org' }],
    })
    expect(declared(`[[build]]\nname = "a"\n[build.config]\n${registries}`).get('Build a')?.spec.imageRegistry).toEqual(
      [
        { domain: 'ghcr.io', account: 'my-user', organization: 'my-org' },
        { domain: 'docker.io', account: 'my-user' },
      ],
    )
  })

  it('[[builder]] of AWS, whose user data keeps its backslashes', () => {
    const block = text.slice(text.indexOf('[[builder]]'), text.indexOf('To create the AMI'))
    const { type, params } = specOf<{ type: string; params: Record<string, unknown> }>(
      declared(block),
      'Builder builder-01',
    )
    expect(type).toBe('Aws')
    expect(params).toMatchObject({
      instanceType: 'c5.2xlarge',
      keyPairName: 'ssh-key',
      securityGroupIds: ['sg-xxxxxxxxxxxxxxxxxx'],
    })
    expect(params.userData).toContain('curl -sSL \\\nhttps://')
  })
})

describe.skipIf(!present)('seed 004, providers', () => {
  const text = present ? page('004_0a011ac9897332fd.txt') : ''
  const blocks = text
    .split('\n')
    .filter((line) => /^(\[\[|domain =|https =|accounts =|organizations =|\{ username|\])/.test(line))
    .join('\n')
  const all = present ? declared(blocks) : new Map<string, Declaration>()

  it('git accounts, by domain, over http where it says so; no token stays in a spec', () => {
    expect(all.get('GitProvider localhost:3000')).toMatchObject({
      spec: { domain: 'localhost:3000', https: false, accounts: [{ username: 'my-user' }] },
      secrets: { 'accounts.0.token': 'access_token' },
    })
    for (const name of ['GitProvider github.com', 'GitProvider git.example.com']) expect(all.has(name), name).toBe(true)
    for (const { spec } of all.values()) expect(JSON.stringify(spec)).not.toMatch(/token"|ghp_|dckr_/)
  })

  it('registries under the older name of their table, with organizations', () => {
    expect(all.get('ImageRegistry docker.io')?.spec).toMatchObject({ organizations: ['MyOrg'] })
    expect(all.get('ImageRegistry registry.example.com')?.spec).toMatchObject({ organizations: ['MyTeam'] })
    expect(all.has('ImageRegistry ghcr.io')).toBe(true)
  })

  it('names fields that there are, with their defaults', () => {
    const tables: readonly [string, string[][]][] = [
      ['GitProvider', tableOf(text, 'Git Providers\n', 'Docker Registries\n')],
      ['ImageRegistry', tableOf(text, 'Docker Registries\n', 'When configuring a Build, select the registry domain')],
    ]
    for (const [kind, rows] of tables) {
      expect(rows.map(([key]) => key)).toHaveLength(3)
      for (const [key = '', written = ''] of rows) {
        const field = fieldOf(kind, key)
        expect(field && writtenDefault(field), `${kind} ${key}`).toBe(written.trim())
      }
    }
  })
})
