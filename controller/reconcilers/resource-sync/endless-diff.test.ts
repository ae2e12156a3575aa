import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SyncOperator, startSyncOperator, typeOf } from '../../../test/harness/sync-operator.ts'
import type { ResourceSync } from '../../api/v1alpha1/resource-sync.ts'
import { applyPlan } from '../../sync/apply.ts'
import { syncKinds } from '../../sync/kinds.ts'
import { planSync } from '../../sync/plan.ts'
import type { SourceFile } from '../../toml/declaration.ts'
import { read } from '../../toml/read.ts'
import { gather } from './gather.ts'

/**
 * K#419, K#845: a sync never came to rest: the same change was shown, applied, and shown again. Here: what was applied to a real API,
 * with its defaults and its pruning, leaves nothing to do when it is planned again (promise 3).
 */

let operator: SyncOperator
beforeAll(async () => {
  operator = await startSyncOperator()
})
afterAll(() => operator.close())

const namespace = 'default'
const digestKey = new Uint8Array(32)
const { signal } = new AbortController()

/** As the API would complete it; it is not there itself. */
const sync = (): ResourceSync => {
  const kind = syncKinds.get('ResourceSync')
  const spec = kind?.withDefaults({
    delete: true,
    includeVariables: true,
    includeUserGroups: true,
    operator: { deletionBudget: 10_000 },
  })
  return {
    apiVersion: 'komodo.dev/v1alpha1',
    kind: 'ResourceSync',
    metadata: { name: 'rest', namespace, uid: 'x' },
    spec,
  } as unknown as ResourceSync
}

let inventory: ReadonlySet<string> = new Set()

/** Plans from the API, applies, and plans again. */
async function changesAfterApplying(files: readonly SourceFile[]): Promise<string[]> {
  const { declarations } = read(files)
  const plan = async () =>
    planSync(
      await gather(sync(), { declarations, partial: false }, inventory, { client: operator.client, digestKey, signal }),
    )
  const first = await plan()
  const report = await applyPlan(first, { client: operator.client, namespace, signal })
  expect(report.failures).toEqual([])
  inventory = first.inventory
  const second = await plan()
  return second.changes.map((change) =>
    change.action === 'delete'
      ? `delete ${change.kind.definition.kind} ${change.name}`
      : `${change.action} ${change.desired.kind.definition.kind} ${change.desired.name}: ${change.fields.map((field) => field.path).join(', ')}`,
  )
}

/** Shapes that Komodo Core shows as pending for ever. */
const shapes: readonly [shape: string, text: string][] = [
  ['a name that normalisation changes', '[[stack]]\nname = "My Stack!"\n[[server]]\nname = " prod 1 "\n'],
  [
    'an Alerter with filters by name, by id, and of something that is gone',
    '[[server]]\nname = "s1"\n[[alerter]]\nname = "a"\n[alerter.config]\nendpoint.type = "Custom"\nendpoint.params.url = ""\nresources = [{ type = "Server", id = "s1" }, { type = "Server", id = "64b7f0c2a9e4d1f3b2c5a6d7" }]\nexcept_resources = [{ type = "Server", id = "gone" }]\n',
  ],
  ['a reference written as an id', '[[stack]]\nname = "st"\nconfig.server = "64b7f0c2a9e4d1f3b2c5a6d7"\n'],
  [
    'a tag that looks like an id, repeated and blank tags',
    '[[server]]\nname = "s"\ntags = ["64b7f0c2a9e4d1f3b2c5a6d7", "a", "a", "A", " pad ", ""]\n',
  ],
  [
    'blank entries in lists',
    '[[deployment]]\nname = "d"\nconfig.extra_args = ["", "--a"]\nconfig.links = ["", "a"]\n[[build]]\nname = "b"\nconfig.extra_args = ["", "--a"]\n',
  ],
  ['a variable of several lines', '[[variable]]\nname = "MULTI"\nvalue = """\nline 1\nline 2\n"""\n'],
  [
    'a secret variable, and one without value',
    '[[variable]]\nname = "S"\nvalue = "s3cret"\nis_secret = true\n[[variable]]\nname = "N"\n',
  ],
  ['key-value text that cannot be read', '[[stack]]\nname = "st"\nconfig.environment = "JUSTKEY"\n'],
  [
    'Procedures that run each other and themselves',
    '[[procedure]]\nname = "a"\nconfig.stage = [{ name = "x", executions = [{ execution.type = "RunProcedure", execution.params.procedure = "b" }, { execution.type = "RunProcedure", execution.params.procedure = "a" }] }]\n[[procedure]]\nname = "b"\n',
  ],
  [
    'permissions that overlap, and users that do not exist',
    '[[user_group]]\nname = "g"\nusers = ["ghost"]\npermissions = [{ target.type = "Server", target.id = "a*", level = "Read" }, { target.type = "Server", target.id = "a", level = "Write" }]\n',
  ],
  ['an Action without its file', '[[action]]\nname = "a"\n'],
  ['line ends of Windows', '[[stack]]\r\nname = "crlf"\r\n[stack.config]\r\nenvironment = """\r\nA = 1\r\n"""\r\n'],
  ['a Builder of one type', '[[builder]]\nname = "b"\nconfig = { type = "Aws", params = { region = "eu-west-1" } }\n'],
  [
    'the Builder of another type, with nothing set',
    '[[builder]]\nname = "b"\nconfig = { type = "Url", params = {} }\n',
  ],
]

describe('K#419, K#845: a sync comes to rest', () => {
  it.each(shapes)('with %s', async (_, text) => {
    expect(await changesAfterApplying([{ path: 'a.toml', text }])).toEqual([])
  })

  it('a Builder that changed its type did change', async () => {
    const builder = await operator.client.get(typeOf('Builder'), { namespace, name: 'b' })
    expect(builder.spec).toMatchObject({ type: 'Url' })
  })
})

const shared = path.join(import.meta.dirname, '../../../../shared')
const corpus = path.join(shared, 'corpus')
const probes = path.join(shared, 'reference/core-recordings/probes.json')

describe.skipIf(!existsSync(corpus))('K#419, K#845: the repositories of the corpus come to rest on a real API', () => {
  it.each(existsSync(corpus) ? readdirSync(corpus).filter((name) => !name.includes('.')) : [])(
    '%s',
    async (repository) => {
      const root = path.join(corpus, repository)
      const files = (readdirSync(root, { recursive: true }) as string[])
        .filter((name) => name.endsWith('.toml'))
        .map((name) => ({ path: name, text: readFileSync(path.join(root, name), 'utf8') }))
      expect(await changesAfterApplying(files)).toEqual([])
    },
  )
})

interface Probe {
  id: string
  steps: readonly { files?: Readonly<Record<string, { text: string }>> }[]
}

describe.skipIf(!existsSync(probes))(
  'K#419, K#845: the probes of Core come to rest on a real API, step by step',
  () => {
    const all = existsSync(probes) ? (JSON.parse(readFileSync(probes, 'utf8')) as Probe[]) : []

    it.each(all.map((probe) => [probe.id, probe] as const))('%s', async (_, { steps }) => {
      for (const step of steps) {
        const files = Object.entries(step.files ?? {}).map(([name, { text }]) => ({ path: name, text }))
        expect(await changesAfterApplying(files.filter((file) => file.path.endsWith('.toml')))).toEqual([])
      }
    })
  },
)
