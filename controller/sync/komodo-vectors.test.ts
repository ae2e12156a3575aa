import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  actions,
  applied,
  deploys,
  emptyWorld,
  input,
  object,
  observed,
  type PlanWorld,
} from '../../test/build/plan-world.ts'
import { openDirectory } from '../git/directory-tree.ts'
import type { Declaration } from '../toml/declaration.ts'
import { read } from '../toml/read.ts'
import { readDeclarationFiles } from './files.ts'
import { narrowPlan, type Selected, selectChanges } from './narrow-plan.ts'
import { planSync } from './plan.ts'
import { describeChanges } from './plan-parts.ts'
import type { PlanInput } from './sync-plan.ts'

/**
 * Vectors of what Komodo Core 2.3.2 does, row by row; docs/komodo-vectors.md says where the others are. A title that goes on behind
 * "ours:" is a row where we differ on purpose.
 */

const toml = (text: string): Declaration[] => {
  const { declarations, diagnostics } = read([{ path: 'a.toml', text }])
  expect(diagnostics).toEqual([])
  return declarations
}

const planOf = (text: string, world: PlanWorld = emptyWorld, changes: Partial<PlanInput> = {}) =>
  planSync(input(toml(text), world, changes))

const worldOf = (text: string, world: PlanWorld = emptyWorld): PlanWorld => applied(planOf(text, world), world)

const fieldsOf = (text: string, world: PlanWorld) =>
  planOf(text, world).changes.flatMap((change) => (change.action === 'delete' ? [] : change.fields))

describe('V 2.3 file detection', () => {
  const base = mkdtempSync(path.join(tmpdir(), 'komodo-vectors-'))
  afterAll(() => rmSync(base, { recursive: true, force: true }))
  let serial = 0

  it.each<[row: string, files: string[], resourcePath: string[], read: string[], said: string[]]>([
    ['`a.toml`, `b.txt` | `["a.toml"]`: a only', ['a.toml', 'b.txt'], ['a.toml'], ['a.toml'], []],
    [
      '`a.toml`, `b.txt` | `["b.txt"]`: nothing, no error; ours: with a warning',
      ['a.toml', 'b.txt'],
      ['b.txt'],
      [],
      ['warning NothingToRead b.txt'],
    ],
    [
      '`x/a.toml`, `x/y/b.toml`, `x/c.yaml` | `["x"]`: a and b',
      ['x/a.toml', 'x/y/b.toml', 'x/c.yaml'],
      ['x'],
      ['x/a.toml', 'x/y/b.toml'],
      [],
    ],
    [
      '`x/a.toml` | `["x", "x/a.toml"]`: ours: once, for a file that is named twice is one file',
      ['x/a.toml'],
      ['x', 'x/a.toml'],
      ['x/a.toml'],
      [],
    ],
    ['(nothing) | `["nope.toml"]`: an error', [], ['nope.toml'], [], ['error PathNotFound nope.toml']],
    [
      '`x/bad.toml` (syntax error), `x/ok.toml` | `["x"]`: ok is read, one error; ours: it names the file, not the folder',
      ['x/bad.toml', 'x/ok.toml'],
      ['x'],
      ['x/ok.toml'],
      ['error InvalidToml x/bad.toml'],
    ],
    [
      '`a.toml` | `[]`: nothing; ours: everything, with a warning, so that `delete` does not remove it all',
      ['a.toml'],
      [],
      ['a.toml'],
      ['warning EmptyResourcePath '],
    ],
    ['`.github/a.toml` | `["."]`: read', ['.github/a.toml'], ['.'], ['.github/a.toml'], []],
  ])('%s', async (_, files, resourcePath, wanted, said) => {
    const root = path.join(base, `${serial++}`)
    mkdirSync(root)
    for (const file of files) {
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
      writeFileSync(
        path.join(root, file),
        file.includes('bad') ? '[[server' : `[[server]]\nname = "${path.basename(file)}"`,
      )
    }
    const { signal } = new AbortController()
    const found = await readDeclarationFiles(await openDirectory(root, signal), resourcePath, signal)
    const { declarations, diagnostics } = read(found.files)
    expect(declarations.map(({ position }) => position.file)).toEqual(wanted)
    expect(
      [...found.diagnostics, ...diagnostics].map(
        ({ severity, code, position }) => `${severity} ${code} ${position.file}`,
      ),
    ).toEqual(said)
  })
})

describe('V 2.6 diff', () => {
  const block = (kind: string, config: string, wrapper = '') =>
    `[[${kind}]]\nname = "a"\n${wrapper}\n[${kind}.config]\n${config}\n`
  const id = '64b7f0c2a9e4d1f3b2c5a6d7'
  /** As a build leaves it behind: nobody declared it. */
  const built = (version: string): PlanWorld => ({
    ...emptyWorld,
    live: new Map([['Build', [object('Build', 'a', { version }, { owner: 'kubectl' })]]]),
  })
  const versionOf = (text: string) => fieldsOf(text, built('1.4.2')).filter(({ path }) => path === 'version')

  it.each<[row: string, fields: () => unknown, expected: unknown]>([
    [
      'server `{address:"a", region:"r"}` | `address="a"`: the default comes back',
      () => fieldsOf(block('server', 'address="a"'), worldOf(block('server', 'address="a"\nregion="r"'))),
      [{ path: 'region', from: 'r', to: '' }],
    ],
    [
      'deployment `server_id=<id of s1>` | `server = "s1"`: none',
      () => fieldsOf(block('deployment', 'server = "s1"'), worldOf(block('deployment', 'server_id = "s1"'))),
      [],
    ],
    [
      'deployment `server_id=<id of s1>` | `server = "<id of s1>"`: changed (always); ours: once, then quiet',
      () => {
        const text = block('deployment', `server = "${id}"`)
        const world = worldOf(block('deployment', 'server = "s1"'))
        return [fieldsOf(text, world).length, fieldsOf(text, worldOf(text, world)).length]
      },
      [1, 0],
    ],
    [
      'stack tags `[b,a]` | `tags=["a","b"]`: tags update',
      () => fieldsOf(block('stack', '', 'tags=["a","b"]'), worldOf(block('stack', '', 'tags=["b","a"]'))),
      [{ path: 'tags', from: ['b', 'a'], to: ['a', 'b'] }],
    ],
    ['build version 1.4.2 | no version: none', () => versionOf(block('build', '')), []],
    [
      'build version 1.4.2 | `version="2.0.0"`: version update',
      () => versionOf(block('build', 'version="2.0.0"')),
      [{ path: 'version', from: '1.4.2', to: '2.0.0' }],
    ],
    [
      'env `"A = 1\\n"` | `"A=1"`: changed (text)',
      () =>
        fieldsOf(block('deployment', 'environment = "A=1"'), worldOf(block('deployment', 'environment = "A = 1\\n"'))),
      [{ path: 'environment', from: 'A = 1\n', to: 'A=1\n' }],
    ],
    [
      'server `auto_prune=true` (default) | omitted: none',
      () => fieldsOf(block('server', ''), worldOf(block('server', 'auto_prune=true'))),
      [],
    ],
  ])('%s', (_, fields, expected) => {
    expect(fields()).toEqual(expected)
  })
})

describe('V 2.9 execution, as far as the plan decides', () => {
  it('declared server s1 + stack st (server s1), both new: the server first, the stack by its name', () => {
    const plan = planOf('[[stack]]\nname = "st"\nconfig.server = "s1"\n[[server]]\nname = "s1"\n')
    expect(actions(plan)).toEqual(['create Server/s1', 'create Stack/st'])
  })

  it('procedure p1 runs p2, both new, p1 first in file: ours: both in one go, for a name may come later', () => {
    const plan = planOf(`
[[procedure]]
name = "p1"
[[procedure.config.stage]]
name = "s"
executions = [{ execution.type = "RunProcedure", execution.params.procedure = "p2" }]
[[procedure]]
name = "p2"
`)
    expect(actions(plan)).toEqual(['create Procedure/p1', 'create Procedure/p2'])
    expect(plan.problems).toEqual([])
  })

  it('no differences, `deploy=true` stack is Down: the deploy is planned', () => {
    const text = '[[stack]]\nname = "st"\ndeploy = true\n'
    const plan = planOf(text, observed(worldOf(text), 'Stack', 'st', 'down'))
    expect(plan.changes).toEqual([])
    expect(deploys(plan)).toEqual(['1 st: it is down'])
  })

  const scoped = (only: readonly Selected[]) => {
    const before = '[[variable]]\nname = "V"\nvalue = "1"\n[[server]]\nname = "web"\n[[stack]]\nname = "gone"\n'
    const now =
      '[[variable]]\nname = "web"\nvalue = "1"\n[[server]]\nname = "web"\ndescription = "x"\n' +
      '[[stack]]\nname = "web"\ndeploy = true\n[[stack]]\nname = "other"\ndeploy = true\n'
    const world = worldOf(before)
    const plan = planOf(now, world, { prune: true })
    const part = narrowPlan(plan, selectChanges(describeChanges(plan), only), world.inventory)
    return { actions: actions(part), deploys: deploys(part) }
  }

  it('`RunSync {resource_type:"Stack", resources:["web"]}`: that one alone is changed; ours: and nothing else deployed', () => {
    expect(scoped([{ kind: 'Stack', name: 'web' }])).toEqual({
      actions: ['create Stack/web'],
      deploys: ['1 web: it is new'],
    })
  })

  it('`RunSync {resources:["web"]}`: ours: a name goes with its kind; variables and groups are left out unless named', () => {
    const web: Selected[] = ['Server', 'Stack'].map((kind) => ({ kind, name: 'web' }))
    expect(scoped(web)).toEqual({
      actions: ['update Server/web', 'create Stack/web'],
      deploys: ['1 web: it is new'],
    })
  })

  it('Action without `file_contents`, new: ours: quiet at once, nothing is filled in that nobody wrote', () => {
    const text = '[[action]]\nname = "a"\n'
    expect(planOf(text, worldOf(text)).changes).toEqual([])
  })
})

describe('V 3.6 rounds', () => {
  const on = (kind: string, name: string, extra = '', config = '') =>
    `[[${kind}]]\nname = "${name}"\ndeploy = true\n${extra}\n[${kind}.config]\n${config}\n`
  const D = (name: string, extra = '', config = '') => on('deployment', name, extra, config)
  const S = (name: string, extra = '', config = '') => on('stack', name, extra, config)
  const changed = 'environment = "A=1"'

  it.each<
    [
      row: string,
      before: string,
      now: string,
      states: [kind: string, name: string, state: string, ready?: string][],
      rounds: string[],
    ]
  >([
    [
      'D1; D2 after D1 | both not created',
      '',
      D('D1') + D('D2', 'after = ["D1"]'),
      [],
      ['1 D1: it is new', '2 D2: it is new'],
    ],
    [
      'D1; D2 after D1 | D1 env changed and Running; D2 Running unchanged',
      D('D1') + D('D2', 'after = ["D1"]'),
      D('D1', '', changed) + D('D2', 'after = ["D1"]'),
      [
        ['Deployment', 'd1', 'running', 'True'],
        ['Deployment', 'd2', 'running', 'True'],
      ],
      ['1 D1: environment changed', '2 D2: Deployment D1, which it comes after, is deployed'],
    ],
    [
      'D1 (`deploy=false`) changed; D2 after D1, Running',
      D('D1').replace('true', 'false') + D('D2', 'after = ["D1"]'),
      D('D1', '', changed).replace('true', 'false') + D('D2', 'after = ["D1"]'),
      [['Deployment', 'd2', 'running', 'True']],
      [],
    ],
    ['D1 exited', D('D1'), D('D1'), [['Deployment', 'd1', 'exited']], ['1 D1: it is exited']],
    [
      'D1 unknown; D2 after D1 Running',
      D('D1') + D('D2', 'after = ["D1"]'),
      D('D1') + D('D2', 'after = ["D1"]'),
      [
        ['Deployment', 'd1', 'exited', 'Unknown'],
        ['Deployment', 'd2', 'running', 'True'],
      ],
      [],
    ],
    [
      'S1 after D1; D1 exists & changed',
      D('D1') + S('s1', 'after = ["D1"]'),
      D('D1', '', changed) + S('s1', 'after = ["D1"]'),
      [],
      ['1 D1: environment changed', '2 s1: Deployment D1, which it comes after, is deployed'],
    ],
    [
      'D1 after S1; S1 changed: ours: as it should be, first S1 and then D1 (Core takes the name for a Deployment)',
      S('s1') + D('D1', 'after = ["s1"]'),
      S('s1', '', changed) + D('D1', 'after = ["s1"]'),
      [],
      ['1 s1: environment changed', '2 D1: Stack s1, which it comes after, is deployed'],
    ],
    [
      'A after B; B after A; A exited: ours: as it should be, an error on both (Core never finishes)',
      D('A', 'after = ["B"]') + D('B', 'after = ["A"]'),
      D('A', 'after = ["B"]') + D('B', 'after = ["A"]'),
      [['Deployment', 'a', 'exited']],
      [],
    ],
    [
      'D1, D2, D3: D3 after [D1, D2] | all new',
      '',
      D('D1') + D('D2') + D('D3', 'after = ["D1", "D2"]'),
      [],
      ['1 D1: it is new', '1 D2: it is new', '2 D3: it is new'],
    ],
    [
      'D with `server` changed | Running (that the old container goes: reconcilers/deployment)',
      D('D', '', 'server = "s1"'),
      D('D', '', 'server = "s2"'),
      [['Deployment', 'd', 'running', 'True']],
      ['1 D: server changed'],
    ],
  ])('%s', (row, before, now, states, rounds) => {
    let world = before === '' ? emptyWorld : worldOf(before)
    for (const state of states) world = observed(world, ...state)
    const plan = planOf(now, world)
    expect(deploys(plan)).toEqual(rounds)
    expect(plan.problems.map(({ reason }) => reason)).toEqual(
      row.startsWith('A after B') ? ['DependencyCycle', 'DependencyCycle'] : [],
    )
  })
})

/** Rows of 2.8 that the plan decides; those that the sync tells are in reconcilers/resource-sync. */
describe('V 2.8 pending, as far as the plan decides', () => {
  const change = (before: string, now: string) => fieldsOf(now, worldOf(before))

  it('only an exited `deploy=true` deployment: the deploy is shown; ours: nothing waits for approval, it is healed', () => {
    const text = '[[deployment]]\nname = "d"\ndeploy = true\n'
    const plan = planOf(text, observed(worldOf(text), 'Deployment', 'd', 'exited'))
    expect(deploys(plan)).toEqual(['1 d: it is exited'])
    expect(plan.digest).toBe('')
  })

  it('`delete=true`, resource removed from TOML: a delete that says where it stood', () => {
    const world = worldOf('[[server]]\nname = "keep"\n[[server]]\nname = "gone"\n')
    const plan = planOf('[[server]]\nname = "keep"\n', world, { prune: true })
    expect(actions(plan)).toEqual(['delete Server/gone'])
  })

  it('only `template` or only `is_secret` changed: ours: the plan that is shown is the one that is executed', () => {
    expect(change('[[server]]\nname = "x"\ntemplate = false\n', '[[server]]\nname = "x"\ntemplate = true\n')).toEqual([
      { path: 'template', from: false, to: true },
    ])
    const variable = (secret: boolean) => `[[variable]]\nname = "A"\nvalue = "v"\nis_secret = ${secret}\n`
    expect(change(variable(false), variable(true))).toEqual([
      { path: 'isSecret', from: false, to: true },
      { path: 'valueFrom', to: { secretKeyRef: { key: 'value', name: 'variable-a' } } },
      { path: 'value', secret: true },
    ])
  })
})
