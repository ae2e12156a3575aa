import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  actions,
  applied,
  declare,
  deploys,
  edited,
  emptyWorld,
  input,
  object,
  observed,
  type PlanWorld,
  worldAfter,
} from '../../test/build/plan-world.ts'
import type { KubeObject } from '../api/meta.ts'
import { annotation } from '../api/names.ts'
import type { PlainObject } from '../json.ts'
import type { Declaration } from '../toml/declaration.ts'
import { planSync } from './plan.ts'

describe('creating and updating', () => {
  it('creates what is not there, servers before stacks before deployments', () => {
    const plan = planSync(
      input([declare('Deployment', 'd'), declare('Stack', 's'), declare('Server', 'h'), declare('Variable', 'V')]),
    )
    expect(actions(plan)).toEqual(['create Variable/V', 'create Server/h', 'create Stack/s', 'create Deployment/d'])
    expect(plan.summary).toEqual({ create: 4, update: 0, delete: 0, deploy: 0 })
  })

  it('is empty when everything is as declared', () => {
    const declarations = [
      declare('Server', 'prod 1', { address: 'local', tags: ['a b'] }),
      declare('Stack', 'My Stack!'),
    ]
    const plan = planSync(input(declarations, worldAfter(declarations)))
    expect(plan.changes).toEqual([])
    expect(plan.digest).toBe('')
  })

  it.each([
    {
      name: 'a field that is no longer declared goes back to its default',
      before: { address: 'a', region: 'r' },
      now: { address: 'a' },
      fields: [{ path: 'region', from: 'r', to: '' }],
    },
    {
      name: 'a default that is declared, or no longer declared, is no difference',
      before: { autoPrune: true },
      now: {},
      fields: undefined,
    },
    {
      name: 'the order of tags counts, as in Komodo',
      before: { tags: ['b', 'a'] },
      now: { tags: ['a', 'b'] },
      fields: [{ path: 'tags', from: ['b', 'a'], to: ['a', 'b'] }],
    },
    {
      name: 'text is compared as text',
      before: { address: 'A = 1\n' },
      now: { address: 'A=1' },
      fields: [{ path: 'address', from: 'A = 1\n', to: 'A=1' }],
    },
    {
      name: 'nested fields are named by their path',
      before: { operator: { interval: '1m' } },
      now: { operator: { interval: '5m' } },
      fields: [{ path: 'operator.interval', from: '1m', to: '5m' }],
    },
  ])('$name', ({ before, now, fields }) => {
    const plan = planSync(input([declare('Server', 'h', now)], worldAfter([declare('Server', 'h', before)])))
    const [change] = plan.changes
    expect(change && 'fields' in change ? change.fields : undefined).toEqual(fields)
  })

  it('leaves alone what somebody else set and nobody declared', () => {
    const world = edited(worldAfter([declare('Server', 'h', { address: 'a' })]), 'Server', 'h', { region: 'mars' })
    expect(planSync(input([declare('Server', 'h', { address: 'a' })], world)).changes).toEqual([])
  })

  it('takes back what somebody else changed and is declared', () => {
    const world = edited(worldAfter([declare('Server', 'h', { address: 'a' })]), 'Server', 'h', { address: 'evil' })
    const [change] = planSync(input([declare('Server', 'h', { address: 'a' })], world)).changes
    expect(change && 'fields' in change && change.fields).toEqual([{ path: 'address', from: 'evil', to: 'a' }])
  })

  it('adopts an object that somebody made by hand under the same name', () => {
    const made = object('Server', 'h', { address: 'old' }, { owner: 'kubectl' })
    const world: PlanWorld = { ...emptyWorld, live: new Map([['Server', [made]]]) }
    expect(actions(planSync(input([declare('Server', 'h', { address: 'a' })], world)))).toEqual(['update Server/h'])
  })

  it('finds a stack under the name that Komodo would have stored', () => {
    const world = worldAfter([declare('Stack', 'my_stack_', { description: 'x' })])
    expect(actions(planSync(input([declare('Stack', 'My Stack!', { description: 'x' })], world)))).toEqual([])
  })

  it('gives two names that would share a slug distinct objects', () => {
    const plan = planSync(input([declare('Server', 'a b'), declare('Server', 'a-b')]))
    const names = plan.changes.map((change) => (change.action === 'delete' ? '' : change.desired.objectName))
    expect(new Set(names).size).toBe(2)
    expect(names).toContain('a-b')
  })
})

describe('secrets', () => {
  it('that were plain and now come from a Secret of the user are not shown for a last time', () => {
    const world = worldAfter([declare('Variable', 'TOKEN', { value: 'hunter22' })])
    const valueFrom = { secretKeyRef: { name: 'mine', key: 'token' } }
    const { changes } = planSync(input([declare('Variable', 'TOKEN', { isSecret: true, valueFrom })], world))
    expect(changes).toMatchObject([{ fields: expect.arrayContaining([{ path: 'value', secret: true }]) }])
    expect(JSON.stringify(changes)).not.toContain('hunter22')
  })

  const canary = 'hunter2-canary'
  const secret = declare('Variable', 'TOKEN', { isSecret: true }, { secrets: { value: canary } })

  it('stay when the value is no longer declared but the Secret that holds it is named, as an export does it', () => {
    const valueFrom = { secretKeyRef: { name: 'variable-token', key: 'value' } }
    const exported = declare('Variable', 'TOKEN', { isSecret: true, valueFrom })
    const world = worldAfter([secret])
    const unownedSecrets = new Set(['variable-token'])
    const plan = planSync(input([exported], world, { unownedSecrets }))
    expect(plan.changes).toEqual([])
    expect(plan.looseSecrets.remove).toEqual([])
  })

  it('never reach another field that names the key at which they are kept', () => {
    const tokenFrom = { secretKeyRef: { name: 'gitprovider-ghcr.io', key: 'accounts.0.token' } }
    const accounts = [{ username: 'new' }, { username: 'old', tokenFrom }]
    const provider = declare('GitProvider', 'ghcr.io', { accounts }, { secrets: { 'accounts.0.token': canary } })
    const plan = planSync(input([provider]))
    expect(plan.changes).toEqual([])
    expect(plan.problems).toMatchObject([{ severity: 'error', reason: 'SecretKeyTaken', name: 'ghcr.io' }])
  })

  it('go to a Secret and never into the plan', () => {
    const plan = planSync(input([secret]))
    const [change] = plan.changes
    expect(change).toMatchObject({
      desired: {
        spec: { isSecret: true, valueFrom: { secretKeyRef: { name: 'variable-token', key: 'value' } } },
        secret: { name: 'variable-token', data: { value: canary } },
      },
    })
    expect(JSON.stringify(change && 'fields' in change && change.fields)).not.toContain(canary)
    expect(plan.digest).not.toContain(canary)
  })

  it('do not show their value once more when they stop being plain', () => {
    const world = worldAfter([declare('Variable', 'TOKEN', { value: canary })])
    const [change] = planSync(input([secret], world)).changes
    expect(change).toMatchObject({ fields: expect.arrayContaining([{ path: 'value', secret: true }]) })
    expect(JSON.stringify(change && 'fields' in change && change.fields)).not.toContain(canary)
  })

  it('that change are an update without values, and another digest', () => {
    const world = worldAfter([secret])
    const digestOf = (value: string): string => {
      const plan = planSync(input([{ ...secret, secrets: { value } }], world))
      expect(plan.changes).toMatchObject([{ action: 'update', fields: [{ path: 'value', secret: true }] }])
      return plan.digest
    }
    expect(digestOf('one')).not.toBe(digestOf('two'))
    expect(digestOf('one')).toBe(digestOf('one'))
    expect(planSync(input([secret], world)).changes).toEqual([])
  })
})

describe('scope', () => {
  it('applies variables only with include_variables, the rest only with include_resources', () => {
    const declarations = [declare('Variable', 'V'), declare('Server', 'h')]
    const scope = input([]).scope
    const only = (changes: Partial<typeof scope>): string[] =>
      actions(planSync(input(declarations, emptyWorld, { scope: { ...scope, ...changes } })))
    expect(only({ includeVariables: false })).toEqual(['create Server/h'])
    expect(only({ includeResources: false })).toEqual(['create Variable/V'])
  })

  it('takes only what carries every one of match_tags; variables have no tags', () => {
    const declarations = [
      declare('Server', 'both', { tags: ['x', 'y'] }),
      declare('Server', 'one', { tags: ['x'] }),
      declare('Variable', 'V'),
    ]
    const scope = { ...input([]).scope, matchTags: ['x', 'y'] }
    expect(actions(planSync(input(declarations, emptyWorld, { scope })))).toEqual([
      'create Variable/V',
      'create Server/both',
    ])
  })
})

describe('one name declared twice', () => {
  it('identical: is applied once, with a warning that names both places', () => {
    const plan = planSync(input([declare('Server', 'h'), declare('Server', 'h', {}, { file: 'b.toml', line: 7 })]))
    expect(actions(plan)).toEqual(['create Server/h'])
    expect(plan.problems).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('a.toml:1 and b.toml:7') },
    ])
  })

  it('different: that object alone is refused, the others go on, and it is not pruned either', () => {
    const world = worldAfter([declare('Server', 'h'), declare('Server', 'other')])
    const declarations = [
      declare('Server', 'h', { address: '1' }),
      declare('Server', 'h', { address: '2' }),
      declare('Server', 'other', { address: '3' }),
    ]
    const plan = planSync(input(declarations, world, { prune: true }))
    expect(actions(plan)).toEqual(['update Server/other'])
    expect(plan.problems).toMatchObject([{ severity: 'error', reason: 'DeclaredTwice', name: 'h' }])
    expect(plan.inventory).toContain('Server/h')
  })
})

describe('deleting', () => {
  const two = [declare('Server', 'h'), declare('Stack', 's'), declare('Deployment', 'd'), declare('Server', 'keep')]
  const rest = [declare('Server', 'keep')]

  it('happens only when asked for; without, what is gone from the files stays in the inventory', () => {
    const plan = planSync(input(rest, worldAfter(two)))
    expect(plan.changes).toEqual([])
    expect(plan.inventory).toContain('Server/h')
  })

  it('goes children first', () => {
    const plan = planSync(input(rest, worldAfter(two), { prune: true }))
    expect(actions(plan)).toEqual(['delete Deployment/d', 'delete Stack/s', 'delete Server/h'])
  })

  it('never touches what is not in the inventory', () => {
    const world = { ...worldAfter(two), inventory: new Set<string>() }
    expect(planSync(input(rest, world, { prune: true })).changes).toEqual([])
  })

  it('never touches what somebody took over', () => {
    const world = worldAfter(two)
    const stack = world.live.get('Stack')?.[0]
    const taken = { ...stack, metadata: { ...stack?.metadata, annotations: { [annotation.sync]: 'default/gone' } } }
    const live = new Map(world.live).set('Stack', [taken as KubeObject])
    expect(actions(planSync(input(rest, { ...world, live }, { prune: true })))).not.toContain('delete Stack/s')
  })

  it.each([
    { name: 'the source declares nothing', declarations: [], changes: {}, reason: 'EmptySource' },
    { name: 'part of it could not be read', declarations: rest, changes: { partial: true }, reason: 'PartialSource' },
    { name: 'it is over the budget', declarations: rest, changes: { deletionBudget: 2 }, reason: 'OverBudget' },
  ])('deletes nothing at all when $name', ({ declarations, changes, reason }) => {
    const plan = planSync(input(declarations, worldAfter(two), { prune: true, ...changes }))
    expect(plan.changes).toEqual([])
    expect(plan.withheld).toMatchObject({ reason })
    expect(plan.inventory).toContain('Stack/s')
  })

  it('leaves alone what falls out of scope: other tags, variables or resources no longer included', () => {
    const tagged = [
      declare('Server', 'h', { tags: ['x'] }),
      declare('Variable', 'V'),
      declare('Server', 'keep', { tags: ['y'] }),
    ]
    const world = worldAfter(tagged)
    const now = [declare('Server', 'keep', { tags: ['y'] })]
    const scope = input([]).scope
    const deleted = (changes: Partial<typeof scope>): string[] =>
      actions(planSync(input(now, world, { prune: true, scope: { ...scope, ...changes } })))
    expect(deleted({})).toEqual(['delete Server/h', 'delete Variable/V'])
    expect(deleted({ matchTags: ['y'] })).toEqual(['delete Variable/V'])
    expect(deleted({ includeVariables: false })).toEqual(['delete Server/h'])
    expect(deleted({ includeResources: false })).toEqual(['delete Variable/V'])
  })

  it('never deletes the sync itself', () => {
    const world = worldAfter([declare('ResourceSync', 'infra'), ...rest])
    expect(planSync(input(rest, world, { prune: true })).changes).toEqual([])
  })

  it('does not ask twice for what is on its way out, and keeps it in the inventory', () => {
    const world = worldAfter(two)
    const live = new Map(world.live).set(
      'Stack',
      (world.live.get('Stack') ?? []).map((one) => ({
        ...one,
        metadata: { ...one.metadata, deletionTimestamp: 'now' },
      })),
    )
    const plan = planSync(input(rest, { ...world, live }, { prune: true }))
    expect(actions(plan)).toEqual(['delete Deployment/d', 'delete Server/h'])
    expect([...plan.deleting]).toEqual(['Stack/s'])
    expect(plan.inventory).toContain('Stack/s')
  })
})

describe('two syncs and one object', () => {
  it('the first keeps it, the second is told', () => {
    const stack = object('Stack', 's', {}, { annotations: { [annotation.sync]: 'default/first' } })
    const first = object('ResourceSync', 'first', {})
    const live = new Map([
      ['Stack', [stack]],
      ['ResourceSync', [first]],
    ])
    const plan = planSync(input([declare('Stack', 's'), declare('Server', 'h')], { ...emptyWorld, live }))
    expect(actions(plan)).toEqual(['create Server/h'])
    expect(plan.problems).toMatchObject([{ reason: 'OwnedByOther', message: expect.stringContaining('default/first') }])
  })

  it('the object of a sync that is gone is adopted', () => {
    const stack = object('Stack', 's', {}, { annotations: { [annotation.sync]: 'default/gone' } })
    const plan = planSync(input([declare('Stack', 's')], { ...emptyWorld, live: new Map([['Stack', [stack]]]) }))
    expect(actions(plan)).toEqual(['update Stack/s'])
  })
})

describe('deploying', () => {
  const on = { deploy: true }
  const d = (name: string, spec: PlainObject = {}): Declaration => declare('Deployment', name, { ...on, ...spec })
  const s = (name: string, spec: PlainObject = {}): Declaration => declare('Stack', name, { ...on, ...spec })

  it.each<{
    name: string
    before: Declaration[]
    now: Declaration[]
    rounds: string[]
    state?: [string, string, string, string?]
  }>([
    {
      name: 'new ones go in rounds after each other',
      before: [],
      now: [d('D1'), d('D2', { after: ['D1'] })],
      rounds: ['1 D1: it is new', '2 D2: it is new'],
    },
    {
      name: 'independent ones go together',
      before: [],
      now: [d('D1'), d('D2'), d('D3', { after: ['D1', 'D2'] })],
      rounds: ['1 D1: it is new', '1 D2: it is new', '2 D3: it is new'],
    },
    {
      name: 'a changed parent takes its children along',
      before: [d('D1'), d('D2', { after: ['D1'] })],
      now: [d('D1', { environment: 'A=1' }), d('D2', { after: ['D1'] })],
      rounds: ['1 D1: environment changed', '2 D2: Deployment D1, which it comes after, is deployed'],
    },
    {
      name: 'a parent with deploy = false triggers nothing',
      before: [declare('Deployment', 'D1'), d('D2', { after: ['D1'] })],
      now: [declare('Deployment', 'D1', { environment: 'A=1' }), d('D2', { after: ['D1'] })],
      rounds: [],
    },
    {
      name: 'how something is pulled, proven or stopped counts at its next deploy',
      before: [s('S'), d('D')],
      now: [
        s('S', { autoPull: false, preDeploy: { command: 'make' }, reclone: true, operator: { timeout: '1h' } }),
        d('D', { imageRegistryAccount: 'bot', terminationTimeout: 3, operator: { minReady: '9s' } }),
      ],
      rounds: [],
    },
    {
      name: 'settings that Komodo does not have deploy when they change what runs',
      before: [s('S')],
      now: [s('S', { operator: { profiles: ['debug'] } })],
      rounds: ['1 s: operator.profiles changed'],
    },
    {
      name: 'a stopped one is healed',
      before: [d('D1')],
      now: [d('D1')],
      state: ['Deployment', 'd1', 'exited'],
      rounds: ['1 D1: it is exited'],
    },
    {
      name: 'one on a host that does not answer is left alone, and so are its children',
      before: [d('D1'), d('D2', { after: ['D1'] })],
      now: [d('D1'), d('D2', { after: ['D1'] })],
      state: ['Deployment', 'd1', 'exited', 'Unknown'],
      rounds: [],
    },
    {
      name: 'a stack comes after a deployment',
      before: [d('D1'), s('s1', { after: ['D1'] })],
      now: [d('D1', { image: { params: { image: 'x:2' } } }), s('s1', { after: ['D1'] })],
      rounds: ['1 D1: image.params.image changed', '2 s1: Deployment D1, which it comes after, is deployed'],
    },
    {
      name: 'a deployment comes after a stack',
      before: [s('s1'), d('D1', { after: ['s1'] })],
      now: [s('s1', { fileContents: 'x' }), d('D1', { after: ['s1'] })],
      rounds: ['1 s1: fileContents changed', '2 D1: Stack s1, which it comes after, is deployed'],
    },
    {
      name: 'a stack after a deployment of the same name waits for the deployment',
      before: [],
      now: [s('web', { after: ['web'] }), d('web')],
      rounds: ['1 web: it is new', '2 web: it is new'],
    },
    {
      name: 'fields that do not concern what runs deploy nothing',
      before: [d('D1')],
      now: [d('D1', { description: 'x', links: ['y'], sendAlerts: false })],
      rounds: [],
    },
    { name: 'templates are never deployed', before: [], now: [s('t', { template: true })], rounds: [] },
    {
      name: 'a variable that changes deploys exactly what uses it',
      before: [declare('Variable', 'TAG', { value: '1' }), d('D1', { command: 'run [[TAG]]' }), d('D2')],
      now: [declare('Variable', 'TAG', { value: '2' }), d('D1', { command: 'run [[TAG]]' }), d('D2')],
      rounds: ['1 D1: variable TAG changed'],
    },
    {
      name: 'turning deploy on deploys',
      before: [declare('Deployment', 'D1')],
      now: [d('D1')],
      rounds: ['1 D1: deploy was turned on'],
    },
  ])('$name', ({ before, now, rounds, state }) => {
    let world = worldAfter(before)
    if (state) world = observed(world, ...state)
    expect(deploys(planSync(input(now, world)))).toEqual(rounds)
  })

  it('names a circle on each of its members, deploys none of them, and goes on with the others', () => {
    const plan = planSync(
      input([d('A', { after: ['B'] }), d('B', { after: ['A'] }), d('C'), d('self', { after: ['self'] })]),
    )
    expect(deploys(plan)).toEqual(['1 C: it is new'])
    expect(plan.problems.map(({ name, message }) => [name, message.match(/itself: (.*);/)?.[1]])).toEqual([
      ['A', 'Deployment A after Deployment B after Deployment A'],
      ['B', 'Deployment B after Deployment A after Deployment B'],
      ['self', 'Deployment self after Deployment self'],
    ])
    expect(plan.summary.create).toBe(4)
  })

  it('does not let a stopped container change what was approved', () => {
    const world = worldAfter([d('D1')])
    const now = [d('D1'), declare('Server', 'new')]
    const stopped = planSync(input(now, observed(world, 'Deployment', 'd1', 'exited')))
    expect(stopped.deploys).toHaveLength(1)
    expect(stopped.digest).toBe(planSync(input(now, world)).digest)
  })
})

describe('for any declarations', () => {
  const spec = fc.record(
    {
      description: fc.string({ maxLength: 5 }),
      tags: fc.uniqueArray(fc.constantFrom('x', 'y', 'z')),
      deploy: fc.boolean(),
      after: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 }),
      environment: fc.string({ maxLength: 5 }),
    },
    { requiredKeys: [] },
  )
  const declaration = fc
    .tuple(fc.constantFrom('Server', 'Stack', 'Deployment'), fc.constantFrom('a', 'b', 'c', 'A b', 'd'), spec)
    .map(([kind, name, fields]) => {
      const { deploy: _d, after: _a, environment: _e, ...plain } = fields
      return declare(kind, name, kind === 'Server' ? plain : fields)
    })
  const declarations = fc.array(declaration, { maxLength: 12 })

  it('applying a plan and planning again gives an empty plan', () => {
    fc.assert(
      fc.property(declarations, declarations, (before, now) => {
        const world = worldAfter(before)
        const plan = planSync(input(now, world, { prune: true, deletionBudget: 1000 }))
        const again = planSync(input(now, applied(plan, world), { prune: true, deletionBudget: 1000 }))
        expect(actions(again)).toEqual([])
        expect(again.digest).toBe('')
      }),
    )
  })

  it('the digest does not depend on the order of files, blocks and keys, nor on line numbers', () => {
    fc.assert(
      fc.property(declarations, declarations, fc.nat(), (before, now, seed) => {
        const world = worldAfter(before)
        const shuffled = now
          .map((one, i) => ({ one, rank: (i * 7919 + seed) % 101 }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ one }, i) => ({
            ...one,
            spec: Object.fromEntries(Object.entries(one.spec).reverse()),
            position: { file: `f${i}.toml`, line: i + 1, column: 1 },
          }))
        expect(planSync(input(shuffled, world)).digest).toBe(planSync(input(now, world)).digest)
      }),
    )
  })

  it('nothing outside of the inventory is ever deleted', () => {
    fc.assert(
      fc.property(declarations, declarations, fc.func(fc.boolean()), (before, now, keep) => {
        const world = worldAfter(before)
        const inventory = new Set([...world.inventory].filter((key) => keep(key)))
        const plan = planSync(input(now, { ...world, inventory }, { prune: true, deletionBudget: 1000 }))
        for (const change of plan.changes) {
          if (change.action === 'delete')
            expect(inventory).toContain(`${change.kind.definition.kind}/${change.objectName}`)
        }
      }),
    )
  })
})
