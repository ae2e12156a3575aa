import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { actions, applied, declare, emptyWorld, input, object, type PlanWorld } from '../../test/build/plan-world.ts'
import type { KubeObject } from '../api/meta.ts'
import { annotation, label } from '../api/names.ts'
import type { Declaration, SourceFile } from '../toml/declaration.ts'
import { read } from '../toml/read.ts'
import { type SyncKind, syncKinds } from './kinds.ts'
import { planSync } from './plan.ts'
import { describeChanges } from './plan-parts.ts'
import { renderPlan } from './render.ts'
import type { SyncPlan } from './sync-plan.ts'

const kindNames = [...syncKinds.keys()]
const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '',
    '/',
    '../..',
    'a/b/c',
    '__proto__',
    'constructor',
    'toString',
    '\u0000',
    '[[X]]',
    '64b7f0c2a9e4d1f3b2c5a6d7',
  ),
)
const json = fc.jsonValue({ maxDepth: 3 })

/** What a database may hold that no API would take now: any spec, any status, any annotation, any owner of any field. */
const stored = fc.record({
  kind: fc.constantFrom(...kindNames),
  name: fc.constantFrom('a', 'b', 'web', 'x-1', 'poison'),
  spec: fc.oneof(
    json,
    fc.dictionary(fc.constantFrom('deploy', 'after', 'tags', 'server', 'value', 'isSecret', 'template'), json),
  ),
  status: fc.oneof(json, fc.record({ state: json, conditions: json, conflicts: json }, { requiredKeys: [] })),
  annotations: fc.dictionary(fc.constantFrom(annotation.name, annotation.sync, annotation.source, 'x'), odd),
  labels: fc.dictionary(fc.oneof(fc.constant(label.sync), odd), odd),
  fields: json,
})

const worldOf = (objects: readonly (typeof stored extends fc.Arbitrary<infer T> ? T : never)[]): PlanWorld => {
  const live = new Map<string, KubeObject[]>()
  for (const { kind, name, spec, status, annotations, labels, fields } of objects) {
    const one = object(kind, name, {}, { annotations, labels, owner: 'sync' })
    const [entry] = one.metadata.managedFields ?? []
    const metadata = { ...one.metadata, managedFields: [{ ...entry, fieldsV1: fields }] } as KubeObject['metadata']
    live.set(kind, [
      ...(live.get(kind) ?? []).filter((other) => other.metadata.name !== name),
      { ...one, metadata, spec, status },
    ])
  }
  return { live, secrets: new Map(), inventory: new Set(objects.map(({ kind, name }) => `${kind}/${name}`)) }
}

const spec = fc.record(
  {
    description: fc.string({ maxLength: 5 }),
    tags: fc.uniqueArray(fc.constantFrom('x', 'y')),
    deploy: fc.boolean(),
    after: fc.array(fc.constantFrom('a', 'b', 'web', 'nobody'), { maxLength: 2 }),
  },
  { requiredKeys: [] },
)
const declaration = fc
  .record({
    kind: fc.constantFrom(...kindNames),
    name: fc.oneof(fc.constantFrom('a', 'b', 'web', 'X 1'), odd),
    spec,
    secret: fc.option(odd, { nil: undefined }),
  })
  .map(({ kind, name, spec: { deploy, after, ...plain }, secret }) => {
    const deployable = syncKinds.get(kind)?.deployable
    const fields = {
      ...plain,
      ...(deployable && deploy !== undefined ? { deploy } : {}),
      ...(deployable && after ? { after } : {}),
    }
    return declare(kind, name, fields, secret === undefined ? {} : { secrets: { value: secret } })
  })
const keyOf = ({ kind, name }: { kind: SyncKind; name: string }): string => `${kind.definition.kind}/${name}`

/** Declared under this name, or under what Komodo makes of it, and as it should be. */
const isInForce = (plan: SyncPlan, kind: string, name: string): boolean => {
  const normalise = syncKinds.get(kind)?.toml.normalizeName ?? ((plain: string) => plain)
  const stored = normalise(name)
  const planned = plan.changes.some(
    (change) => change.action !== 'delete' && keyOf(change.desired) === `${kind}/${stored}`,
  )
  const said = plan.problems.some((problem) => problem.kind === kind && normalise(problem.name) === stored)
  return planned || said || [...plan.inventory].some((key) => key.startsWith(`${kind}/`))
}
const options = { prune: true, deletionBudget: 1_000 }

describe('whatever is declared, and whatever is stored', () => {
  it('a plan comes out, can be told, and names what it leaves alone', () => {
    fc.assert(
      fc.property(
        fc.array(declaration, { maxLength: 10 }),
        fc.array(stored, { maxLength: 8 }),
        (declarations, objects) => {
          const plan = planSync(input(declarations, worldOf(objects), options))
          const text = renderPlan(describeChanges(plan), plan.summary)
          expect(text.length).toBeLessThan(200_000)
          for (const { message } of plan.problems) expect(message.length).toBeLessThan(5_000)
          // What is declared is in force, or there is a word about it.
          const spoken = new Set([
            ...plan.problems.map(({ kind, name }) => `${kind}/${name}`),
            ...plan.changes.map((change) => (change.action === 'delete' ? '' : keyOf(change.desired))),
          ])
          const quiet = declarations.filter(({ kind, name }) => !spoken.has(`${kind}/${name}`))
          for (const { kind, name } of quiet) expect(isInForce(plan, kind, name)).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('applying it and planning again gives an empty plan', () => {
    fc.assert(
      fc.property(
        fc.array(declaration, { maxLength: 10 }),
        fc.array(stored, { maxLength: 8 }),
        (declarations, objects) => {
          const world = worldOf(objects)
          const after = applied(planSync(input(declarations, world, options)), world)
          expect(actions(planSync(input(declarations, after, options)))).toEqual([])
        },
      ),
      { numRuns: 300 },
    )
  })

  it('one object that is stored in a bad shape keeps no other from being planned', () => {
    fc.assert(
      fc.property(stored, (poison) => {
        const declarations = [declare('Server', 'honest'), declare('Stack', 'also', { deploy: true })]
        const plan = planSync(input(declarations, worldOf([{ ...poison, name: 'poison' as const }])))
        expect(actions(plan)).toEqual(['create Server/honest', 'create Stack/also'])
      }),
      { numRuns: 300 },
    )
  })
})

describe('the files of a source', () => {
  const block = fc
    .record({
      table: fc.constantFrom('server', 'stack', 'deployment', 'variable'),
      name: fc.constantFrom('A', 'B', 'C', 'D', 'E'),
      extra: fc.constantFrom('', 'description = "x"\n', 'tags = ["t"]\n'),
    })
    .map(({ table, name, extra }) => `[[${table}]]\nname = "${name}"\n${table === 'variable' ? '' : extra}`)
  const plan = (files: readonly SourceFile[]) => {
    const { declarations, diagnostics } = read(files)
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
    return planSync(input(declarations))
  }

  it('mean the same in any order, and however their blocks are spread over them', () => {
    fc.assert(
      fc.property(
        fc.array(block, { maxLength: 10 }),
        fc.array(fc.nat({ max: 3 }), { minLength: 10, maxLength: 10 }),
        fc.nat(),
        (blocks, places, seed) => {
          const together = plan([{ path: 'all.toml', text: blocks.join('\n') }])
          const files = [0, 1, 2, 3].map((file) => ({
            path: `${file}.toml`,
            text: blocks.filter((_, i) => places[i] === file).join('\n'),
          }))
          const shuffled = files
            .map((file, i) => ({ file, rank: (i * 7919 + seed) % 101 }))
            .sort((a, b) => a.rank - b.rank)
          const spread = plan(shuffled.map(({ file }) => file))
          expect(spread.digest).toBe(together.digest)
          expect(actions(spread)).toEqual(actions(together))
          const told = ({ problems }: typeof spread) =>
            problems.map(({ reason, kind, name }) => `${reason} ${kind} ${name}`).sort()
          expect(told(spread)).toEqual(told(together))
        },
      ),
      { numRuns: 200 },
    )
  })

  it('that are empty change nothing', () => {
    const one: Declaration[] = read([{ path: 'a.toml', text: '[[server]]\nname = "a"' }]).declarations
    const more = read([
      { path: '0.toml', text: '' },
      { path: 'a.toml', text: '[[server]]\nname = "a"' },
      { path: 'z.toml', text: '# nothing' },
    ]).declarations
    expect(planSync(input(more, emptyWorld)).digest).toBe(planSync(input(one, emptyWorld)).digest)
  })
})
