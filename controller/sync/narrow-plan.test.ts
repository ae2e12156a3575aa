import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  actions,
  applied,
  deploys,
  emptyWorld,
  input,
  type PlanWorld,
  worldAfter,
} from '../../test/build/plan-world.ts'
import type { Declaration } from '../toml/declaration.ts'
import { read } from '../toml/read.ts'
import { narrowPlan, type Selected, selectChanges } from './narrow-plan.ts'
import { planSync } from './plan.ts'
import { describeChanges } from './plan-parts.ts'
import type { PlanInput, SyncPlan } from './sync-plan.ts'

const toml = (text: string): Declaration[] => read([{ path: 'a.toml', text }]).declarations
const planOf = (text: string, world: PlanWorld = emptyWorld, changes: Partial<PlanInput> = {}): SyncPlan =>
  planSync(input(toml(text), world, changes))
const narrowed = (plan: SyncPlan, only: readonly Selected[], world: PlanWorld = emptyWorld): SyncPlan =>
  narrowPlan(plan, selectChanges(describeChanges(plan), only), world.inventory)
const worldOf = (text: string): PlanWorld => worldAfter(toml(text))

const stack = (name: string, more = '', wrapper = 'deploy = true') =>
  `[[stack]]\nname = "${name}"\n${wrapper}\n[stack.config]\n${more}\n`
const variable = (name: string, value: string) => `[[variable]]\nname = "${name}"\nvalue = "${value}"\n`

describe('what is selected of a plan', () => {
  const text = `${variable('A', '1')}${stack('web')}${stack('My App')}[[server]]\nname = "h 1"\n`

  it.each<[string, Selected[], string[]]>([
    ['one object', [{ kind: 'Stack', name: 'web' }], ['create Stack/web']],
    ['a kind', [{ kind: 'Stack' }], ['create Stack/my_app', 'create Stack/web']],
    ['a name as it was written', [{ kind: 'Stack', name: 'My App' }], ['create Stack/my_app']],
    ['a name of the object', [{ kind: 'Server', name: 'h-1' }], ['create Server/h 1']],
    ['several', [{ kind: 'Stack', name: 'web' }, { kind: 'Server' }], ['create Server/h 1', 'create Stack/web']],
    ['nothing', [{ kind: 'Stack', name: 'other' }], []],
    ['a name of another kind', [{ kind: 'Deployment', name: 'web' }], []],
  ])('by %s', (_, only, expected) => expect(actions(narrowed(planOf(text), only))).toEqual(expected))

  it('is no variable and no user group unless they are named', () => {
    const plan = planOf(`${text}[[user_group]]\nname = "g"\n`)
    expect(actions(narrowed(plan, [{ kind: 'Server' }]))).toEqual(['create Server/h 1'])
    expect(actions(narrowed(plan, [{ kind: 'Variable', name: 'A' }, { kind: 'UserGroup' }]))).toEqual([
      'create Variable/A',
      'create UserGroup/g',
    ])
  })
})

describe('what a part of a plan deploys', () => {
  const before = `${variable('A', '1')}${stack('web', 'environment = "V=[[A]]"')}${stack('api')}${stack('late', '', 'deploy = true\nafter = ["web"]')}`
  const after = before.replace('"1"', '"2"').replace('[stack.config]\n\n', '[stack.config]\nenvironment = "X=1"\n')
  const world = worldOf(before)

  it('is what its own changes cause, no other object beside it', () => {
    const plan = planOf(after, world)
    expect(deploys(plan).map((line) => line.split(':')[0])).toEqual(['1 api', '1 web', '2 late'])
    expect(describeDeploys(plan, [{ kind: 'Stack', name: 'api' }])).toEqual(['api: environment changed'])
  })

  it('includes who uses a variable of it, and who comes after those, and says why', () => {
    expect(describeDeploys(planOf(after, world), [{ kind: 'Variable' }])).toEqual([
      'web: Variable A changed',
      'late: Stack web, which it comes after, is deployed',
    ])
  })

  it('includes the Stacks that link a Repo of it, when other files or another environment come from there', () => {
    const linked = (branch: string, more = '') =>
      `[[repo]]\nname = "Infra"\n[repo.config]\nrepo = "a/b"\nbranch = "${branch}"\n${more}${stack('web', 'linked_repo = "Infra"')}${stack('api')}`
    const world = worldOf(linked('main'))
    expect(deploys(planOf(linked('live'), world))).toEqual(['1 web: Repo Infra, which it links, changed'])
    expect(describeDeploys(planOf(linked('live'), world), [{ kind: 'Repo' }])).toEqual(['web: Repo Infra changed'])
    expect(deploys(planOf(linked('main', 'webhook_enabled = false\n'), world))).toEqual([])
  })

  it('leaves out what is not there without its own change', () => {
    const more = `${after}${stack('new', 'environment = "V=[[A]]"', 'deploy = true\nafter = ["web"]')}`
    const names = describeDeploys(planOf(more, world), [{ kind: 'Variable' }]).map((line) => line.split(':')[0])
    expect(names).toEqual(['web', 'late'])
  })

  const describeDeploys = (plan: SyncPlan, only: readonly Selected[]) =>
    selectChanges(describeChanges(plan), only)
      .filter(({ action }) => action === 'deploy')
      .map(({ name, reason }) => `${name}: ${reason}`)
})

describe('a part of a plan', () => {
  const kinds = ['Server', 'Stack', 'Variable'] as const
  const object = fc.record({
    kind: fc.constantFrom(...kinds),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    text: fc.constantFrom('1', '2'),
  })
  const declarations = fc.uniqueArray(object, { selector: ({ kind, name }) => `${kind}/${name}`, maxLength: 8 })
  const only = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constantFrom(...kinds) }),
      fc.record({ kind: fc.constantFrom(...kinds), name: fc.constantFrom('a', 'b', 'c', 'd') }),
    ),
    { minLength: 1, maxLength: 3 },
  )
  const write = (objects: readonly { kind: string; name: string; text: string }[]) =>
    objects
      .map(({ kind, name, text }) => `[[${kind.toLowerCase()}]]\nname = "${name}"\ndescription = "${text}"\n`)
      .join('')

  it('applied leaves exactly the rest of the plan, with deletions in it (any selection)', () => {
    fc.assert(
      fc.property(declarations, declarations, only, (old, now, selection) => {
        const world = worldOf(write(old))
        const live = annotated(world)
        const whole = planOf(write(now), live, { prune: true, deletionBudget: 100 })
        const part = narrowed(whole, selection, live)
        const rest = planOf(write(now), annotated(applied(part, live)), { prune: true, deletionBudget: 100 })
        expect([...actions(part), ...actions(rest)].sort()).toEqual(actions(whole).sort())
        if (part.changes.length === whole.changes.length) expect(part.digest).toBe(whole.digest)
        else if (part.changes.length > 0) expect(part.digest).not.toBe(whole.digest)
      }),
    )
  })

  /** As the sync's own: only those are pruned. */
  const annotated = (world: PlanWorld): PlanWorld => ({
    ...world,
    live: new Map(
      [...world.live].map(([kind, objects]) => [
        kind,
        objects.map((one) => ({
          ...one,
          metadata: {
            ...one.metadata,
            annotations: { ...one.metadata.annotations, 'komodo.dev/sync': 'default/infra' },
          },
        })),
      ]),
    ),
  })
})
