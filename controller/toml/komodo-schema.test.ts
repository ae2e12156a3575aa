import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { read } from './read.ts'
import { type BlockModel, blockModels, type FieldModel, type TableModel, type ValueModel } from './vocabulary.ts'

/**
 * A description of Komodo's own types, beside the project when there is one. Nothing that Komodo has may be missing here: not a
 * field, a spelling, a default or a value.
 */
const file = join(import.meta.dirname, '../../../shared/reference/komodo-schema.json')

interface KomodoField {
  type: KomodoType
  default?: unknown
  aliases?: readonly string[]
  tomlName?: string
  required?: boolean
  inputFormat?: string
  reference?: string
  sinceTag?: string
  enumAliases?: Readonly<Record<string, readonly string[]>>
  appliesTo?: readonly string[]
}

interface KomodoType {
  type?: string
  $ref?: string
  items?: KomodoType
}

interface KomodoStruct {
  fields?: Readonly<Record<string, KomodoField>>
  variants?: Readonly<Record<string, { fields: Readonly<Record<string, KomodoField>> }>>
  values?: readonly string[]
  aliases?: Readonly<Record<string, readonly string[]>>
  variantsRef?: string
  taggedUnion?: unknown
  tomlTable?: string
  tomlTableAliases?: readonly string[]
}

type Reference = Readonly<Record<string, unknown>>

const reference: Reference = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Reference) : {}

function at(ref: string): KomodoStruct {
  let here: unknown = reference
  for (const step of ref.replace(/^#\//, '').split('/')) here = (here as Record<string, unknown>)[step]
  return here as KomodoStruct
}

const gaps: string[] = []
const check = (where: string, what: string, found: unknown, wanted: unknown) => {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    gaps.push(`${where}: ${what} is ${JSON.stringify(found)}, Komodo has ${JSON.stringify(wanted)}`)
  }
}

/** Where ours has no default on purpose. */
const noDefault = [
  // A param of an image or endpoint that is not given is missing here; Komodo stores an empty or a made-up one.
  /^Deployment\.image\.(Image|Build)\./,
  /^Alerter\.endpoint\.\w+\./,
  // What an execution is not told, whoever runs it decides.
  /^Procedure\.stages\.executions\.execution\./,
  // 0.0.0 is how Komodo spells "none"; here it is missing.
  /^Build\.version$/,
  // Whoever launches the server gives it the volume and the script.
  /^ServerTemplate\.Aws\.volumes$/,
  /^ServerTemplate\.\w+\.user_data$/,
]

/** Where ours need not be given: the volumes of both clouds are one type. */
const optional = [/^ServerTemplate\.\w+\.volumes\./]

/** Kinds that Komodo has no table for: it keeps them in its database, and accounts in configuration files. */
const withoutTable = ['GitProvider', 'ImageRegistry', 'OnboardingKey']

/** What Komodo notes about an object, which nobody declares. */
const notes = ['OnboardingKey.onboarded', 'OnboardingKey.created_at']

function compareTable(where: string, model: TableModel, fields: Readonly<Record<string, KomodoField>>): void {
  for (const [key, komodo] of Object.entries(fields)) compareField(`${where}.${key}`, key, model, komodo)
}

function compareField(where: string, key: string, model: TableModel, komodo: KomodoField): void {
  const field = model.byKey.get(key)
  if (notes.includes(where)) return
  if (!field) {
    gaps.push(`${where} is missing`)
    return
  }
  check(where, 'key', field.key, komodo.tomlName ?? key)
  for (const alias of komodo.aliases ?? []) check(where, `alias ${alias}`, model.byKey.get(alias) === field, true)
  if (withoutTable.some((kind) => where === `${kind}.accounts`)) check(where, 'default', field.default, [])
  else if (komodo.required) {
    if (!optional.some((pattern) => pattern.test(where))) check(where, 'required', field.required, true)
  } else if (!noDefault.some((pattern) => pattern.test(where))) {
    check(where, 'default', comparable(field.default), comparable(komodo.default))
  }
  if (komodo.reference) check(where, 'reference', field.references, komodo.reference)
  const since = komodo.sinceTag?.replace(/^v/, '')
  if (since && /^\d/.test(since) && !since.includes('earlier') && where.split('.').length === 2) {
    check(where, 'since', field.since, since)
  }
  if (komodo.inputFormat && komodo.inputFormat !== 'Version') {
    const shapes: Record<string, string> = {
      'AdditionalEnvFile[]': 'path',
      'StackFileDependency[]': 'path',
      PermissionLevelAndSpecifics: 'level',
      ItemOrVec: 'TableOrList',
    }
    check(where, 'shape', shapeOf(field.value), shapes[komodo.inputFormat] ?? komodo.inputFormat)
  }
  compareType(where, field.value, komodo)
}

function compareType(where: string, value: ValueModel, komodo: KomodoField): void {
  const { type } = komodo
  const ref = type.$ref ?? type.items?.$ref
  if (!ref) {
    const types: Record<string, string> = {
      string: 'text',
      array: 'list',
      object: value.type === 'map' ? 'map' : 'table',
    }
    check(where, 'type', value.type, types[type.type ?? ''] ?? type.type)
    return
  }
  const struct = at(ref)
  const inner = value.type === 'list' ? value.item : value
  if (struct.values) {
    if (inner.type !== 'choice') {
      gaps.push(`${where}: not a choice`)
      return
    }
    check(where, 'values', inner.values, struct.values)
    for (const [canonical, others] of Object.entries(struct.aliases ?? {})) {
      for (const other of others) check(where, `spelling ${other}`, inner.spellings.get(other), canonical)
    }
    return
  }
  const variants = ref === '#/executions' ? executionsOf(reference) : variantsOf(struct)
  if (variants) {
    if (inner.type !== 'table' || !inner.variants) gaps.push(`${where}: no variants`)
    else compareVariants(where, inner.variants, variants)
    return
  }
  if (inner.type === 'table') compareTable(where, inner.table, struct.fields ?? {})
  else if (!ref.endsWith('/Version')) gaps.push(`${where}: not a table`)
}

type Variants = Readonly<Record<string, { fields: Readonly<Record<string, KomodoField>> }>>

const variantsOf = ({ variants, variantsRef }: KomodoStruct): Variants | undefined =>
  variantsRef ? (at(variantsRef) as Variants) : variants

const executionsOf = ({ executions }: Reference): Variants =>
  Object.fromEntries(
    Object.entries(executions as Record<string, { params?: Record<string, KomodoField> }>).map(([name, { params }]) => [
      name,
      { fields: params ?? {} },
    ]),
  )

function compareVariants(where: string, ours: ReadonlyMap<string, TableModel>, komodo: Variants): void {
  check(where, 'variants', [...ours.keys()], Object.keys(komodo))
  for (const [variant, { fields }] of Object.entries(komodo)) {
    const params = ours.get(variant)
    if (params) compareTable(`${where}.${variant}`, params, fields)
  }
}

/** Nested defaults stand in the nested fields here, and in one object there. */
function comparable(value: unknown): unknown {
  if (value === null) return undefined
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const json = JSON.stringify(value)
  return json === '{}' || json === '{"path":"","command":"","shell_mode":false}' ? {} : value
}

function shapeOf(value: ValueModel): string | undefined {
  if ('shape' in value && value.shape) return value.shape
  if (value.type === 'table') return value.shorthand ?? shapeOf(value.table.fields[0]!.value)
  return value.type === 'list' ? shapeOf(value.item) : undefined
}

const komodoFields = (table: TableModel): readonly FieldModel[] => table.fields.filter(({ own }) => !own)

const wrapperKeys = (model: BlockModel): readonly FieldModel[] =>
  komodoFields(model.block).filter(({ key }) => key !== 'operator')

describe.skipIf(!existsSync(file))('the kinds have everything that Komodo has', () => {
  it.each([...new Set(blockModels.values())].map((model) => [model.kind, model] as const))('%s', (kind, model) => {
    gaps.length = 0
    const komodo = at(['GitProvider', 'ImageRegistry'].includes(kind) ? `structs/${kind}` : kind)
    if (!withoutTable.includes(kind)) {
      check(kind, 'table', model.toml.table, komodo.tomlTable)
      check(kind, 'other tables', model.toml.aliases, komodo.tomlTableAliases)
    }
    const { name: _, ...fields } = komodo.fields ?? {}
    if (model.config?.variants) compareVariants(kind, model.config.variants, variantsOf(komodo) ?? {})
    else compareTable(kind, model.config?.table ?? model.block, fields)
    if (model.config) {
      const { name: _name, config: _config, ...wrapper } = at('ResourceToml').fields ?? {}
      const applying = Object.entries(wrapper).filter(([, { appliesTo }]) => !appliesTo || appliesTo.includes(kind))
      compareTable(kind, model.block, Object.fromEntries(applying))
      check(kind, 'wrapper keys', wrapperKeys(model).length, applying.length)
      check(kind, 'number of fields', komodoFields(model.config.table).length, Object.keys(fields).length)
    }
    expect(gaps).toEqual([])
  })
})

/** Files for older releases, by what the reference names: what is read of them, and what the reader says about it. */
const older: Readonly<Record<string, readonly [toml: string, spec: unknown, says: readonly string[]][]>> = {
  'Server.timeout_seconds': [
    [
      '[[server]]\nname = "a"\nconfig.timeout_seconds = 3',
      {},
      [
        '"timeout_seconds" ended in Komodo 2.0 and is ignored: how long a host may take to answer depends on what it is asked.',
      ],
    ],
  ],
  'ServerBuilder.server_id': [
    [
      '[[builder]]\nname = "a"\nconfig = { type = "Server", params = { server_id = "s" } }',
      { type: 'Server', params: { servers: ['s'] } },
      [],
    ],
  ],
  'AwsBuilder.docker_registries': [
    [
      '[[builder]]\nname = "a"\nconfig = { type = "Aws", params = { docker_registries = [{ domain = "ghcr.io", accounts = [{ username = "u" }] }] } }',
      { type: 'Aws', params: { imageRegistries: [{ domain: 'ghcr.io', accounts: [{ username: 'u' }] }] } },
      ['"docker_registries" became "image_registries" in Komodo 2.3, which ignores the older name; rename it.'],
    ],
    [
      '[[builder]]\nname = "a"\nconfig = { type = "Aws", params = { docker_registries = [], image_registries = [] } }',
      { type: 'Aws', params: { imageRegistries: [] } },
      ['"docker_registries" is an older name of "image_registries", which stands here too; it is ignored.'],
    ],
  ],
  'Stack.additional_env_files': [
    [
      '[[stack]]\nname = "a"\nconfig.additional_env_files = "a.env, b.env"',
      { additionalEnvFiles: [{ path: 'a.env' }, { path: 'b.env' }] },
      ['"additional_env_files" became a list in Komodo 2.0, which refuses a text; write ["a", "b"].'],
    ],
  ],
  'Build.image_registry': [
    [
      '[[build]]\nname = "a"\nconfig.image_registry = { type = "Standard", params = { account = "u" } }',
      { imageRegistry: [{ domain: 'docker.io', account: 'u' }] },
      [],
    ],
    ['[[build]]\nname = "a"\nconfig.image_registry = { type = "None", params = {} }', { imageRegistry: [] }, []],
    [
      '[[build]]\nname = "a"\nconfig.image_registry = { type = "AwsEcr", params = "label" }',
      { imageRegistry: [{}] },
      [
        '"type" ended in Komodo 1.15 and is ignored: write { domain = "...", account = "..." }.',
        '"params" ended in Komodo 1.15 and is ignored: write { domain = "...", account = "..." }.',
      ],
    ],
    [
      '[[build]]\nname = "a"\nconfig.image_registry = { domain = "ghcr.io", account = "u" }',
      { imageRegistry: [{ domain: 'ghcr.io', account: 'u' }] },
      [],
    ],
  ],
  'ResourceToml.latest_hash': [
    [
      '[[stack]]\nname = "a"\nlatest_hash = true',
      {},
      ['"latest_hash" ended in Komodo 1.15.6 and is ignored: `deploy = true` always deploys the newest commit.'],
    ],
  ],
  'ResourcesToml.server_template': [['[[server_template]]\nname = "a"', {}, []]],
  'ResourceSync.resource_path': [
    ['[[resource_sync]]\nname = "a"\nconfig.resource_path = "a.toml"', { resourcePath: ['a.toml'] }, []],
  ],
  'DockerRegistryAccount.rename': [
    ['[[docker_registry]]\ndomain = "ghcr.io"\naccounts = []', { domain: 'ghcr.io', accounts: [] }, []],
  ],
  'ExecutionVariant.RemoveContainer': [
    [
      '[[procedure]]\nname = "a"\nconfig.stage = [{ name = "s", executions = [{ execution.type = "RemoveContainer", execution.params.deployment = "d" }] }]',
      {
        stages: [
          { name: 's', executions: [{ execution: { type: 'DestroyDeployment', params: { deployment: 'd' } } }] },
        ],
      },
      [
        '"RemoveContainer" of a deployment became "DestroyDeployment" in Komodo 1.14, which refuses the older name; rename it.',
      ],
    ],
    [
      '[[procedure]]\nname = "a"\nconfig.stage = [{ name = "s", executions = [{ execution.type = "StopContainer", execution.params = { server = "s", container = "c" } }] }]',
      {
        stages: [
          {
            name: 's',
            executions: [{ execution: { type: 'StopContainer', params: { server: 's', container: 'c' } } }],
          },
        ],
      },
      [],
    ],
  ],
  // Komodo has no such objects any more; an entry about one is an error here as there.
  'ResourceTargetVariant.ServerTemplate': [],
  // What follows stands in the text of the reference only, or is older than what it covers.
  'DeployStack.service': [
    [
      '[[procedure]]\nname = "a"\nconfig.stage = [{ name = "s", executions = [{ execution.type = "DeployStack", execution.params = { stack = "a", service = "web" } }] }]',
      {
        stages: [
          {
            name: 's',
            executions: [{ execution: { type: 'DeployStack', params: { stack: 'a', services: ['web'] } } }],
          },
        ],
      },
      ['"service" became "services" in Komodo 1.17, which ignores the older name; rename it.'],
    ],
  ],
  'Repo.github_account': [
    [
      '[[repo]]\nname = "a"\nconfig.github_account = "u"',
      { gitAccount: 'u' },
      ['"github_account" became "git_account" before Komodo 1.13, which ignores the older name; rename it.'],
    ],
  ],
  'Build.docker_account': [
    [
      '[[build]]\nname = "a"\nconfig.docker_account = "u"',
      {},
      [
        '"docker_account" ended before Komodo 1.13 and is ignored: write image_registry = { domain = "docker.io", account = "...", organization = "..." }.',
      ],
    ],
  ],
  'Procedure.executions': [
    [
      '[[procedure]]\nname = "a"\nconfig.executions = []',
      {},
      [
        '"executions" ended before Komodo 1.13 and is ignored: write [[procedure.config.stage]], one for all executions that run at the same time.',
      ],
    ],
  ],
}

describe('a file for an older release of Komodo means what it meant, or is told what became of it', () => {
  it.each(Object.entries(older).flatMap(([what, cases]) => cases.map((one) => [what, ...one] as const)))(
    '%s: %s',
    (_, text, spec, says) => {
      const { declarations, diagnostics } = read([{ path: 'a.toml', text }])
      expect(diagnostics.map(({ message }) => message)).toEqual(says)
      expect(declarations.map((declaration) => declaration.spec)).toEqual([spec])
    },
  )

  it.skipIf(!existsSync(file))('nothing that the reference names is missing', () => {
    const { changedOrRemoved } = reference.legacy as { changedOrRemoved: Record<string, Record<string, unknown>> }
    const enums = reference.enums as Record<string, { removed?: Record<string, string> }>
    const named = [
      ...Object.entries(changedOrRemoved).map(([type, keys]) => [type, Object.keys(keys)] as const),
      ...Object.entries(enums).map(([name, { removed = {} }]) => [name, Object.keys(removed)] as const),
    ].flatMap(([type, keys]) => keys.map((key) => `${type}.${key}`))
    expect(Object.keys(older)).toEqual(expect.arrayContaining(named))
  })
})
