import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { actions, applied, deploys, emptyWorld, input, observed, type PlanWorld } from '../../test/build/plan-world.ts'
import { openDirectory } from '../git/directory-tree.ts'
import type { Declaration, SourceFile } from '../toml/declaration.ts'
import { read } from '../toml/read.ts'
import { blockModels } from '../toml/vocabulary.ts'
import { readDeclarationFiles } from './files.ts'
import { planSync } from './plan.ts'
import type { PlanInput } from './sync-plan.ts'

/**
 * What is weak in Komodo Core 2.3.2, by the numbers of its list (§27), and is not so here: as far as reading and planning go.
 * docs/komodo-vectors.md says where the other numbers are.
 */

const toml = (text: string): Declaration[] => read([{ path: 'a.toml', text }]).declarations
const planOf = (text: string, world: PlanWorld = emptyWorld, changes: Partial<PlanInput> = {}) =>
  planSync(input(toml(text), world, changes))
const worldOf = (text: string): PlanWorld => applied(planOf(text), emptyWorld)
const on = (kind: string, name: string, more = '') => `[[${kind}]]\nname = "${name}"\ndeploy = true\n${more}\n`
const scope = input([]).scope

describe('§27.2 names in `after` mean what they say', () => {
  it.each([
    ['a Deployment after a Stack', on('stack', 's') + on('deployment', 'd', 'after = ["s"]'), ['1 s', '2 d']],
    [
      'a Stack after a Deployment that is new',
      on('stack', 's', 'after = ["d"]') + on('deployment', 'd'),
      ['1 d', '2 s'],
    ],
  ])('%s', (_, text, rounds) => {
    expect(deploys(planOf(text)).map((line) => line.split(':')[0])).toEqual(rounds)
  })
})

describe('§27.3 a circle of `after` neither hangs nor crashes', () => {
  const circle = on('deployment', 'a', 'after = ["b"]') + on('deployment', 'b', 'after = ["a"]')
  const states = ['running', 'exited'] as const

  it.each(states)('when its members are %s and unchanged', (state) => {
    const ready = state === 'running' ? 'True' : 'False'
    const world = ['a', 'b'].reduce((w, name) => observed(w, 'Deployment', name, state, ready), worldOf(circle))
    const plan = planOf(circle, world)
    expect(plan.deploys).toEqual([])
    expect(plan.problems.map(({ reason }) => reason)).toEqual(['DependencyCycle', 'DependencyCycle'])
  })

  it('when there are thousands in it, and it stays cheap to tell', () => {
    const many = Array.from({ length: 20_000 }, (_, i) =>
      on('stack', `s${i}`, `after = ["s${(i + 1) % 20_000}"]`),
    ).join('')
    const { problems } = planOf(many)
    expect(problems).toHaveLength(20_000)
    for (const { message } of problems) expect(message.length).toBeLessThan(300)
  })
})

it('§27.4 include_resources = false deploys nothing', () => {
  const text = `${on('stack', 's')}[[variable]]\nname = "V"\nvalue = "1"\n`
  const plan = planOf(text, worldOf(on('stack', 's')), { scope: { ...scope, includeResources: false } })
  expect(actions(plan)).toEqual(['create Variable/V'])
  expect(plan.deploys).toEqual([])
})

it('§27.4 match_tags deploys nothing that does not carry them', () => {
  const text = on('stack', 's', 'tags = ["x"]') + on('stack', 'other')
  expect(deploys(planOf(text, emptyWorld, { scope: { ...scope, matchTags: ['x'] } }))).toEqual(['1 s: it is new'])
})

it('§27.6 what others need is deleted last', () => {
  const all = `[[server]]\nname = "h"\n[[repo]]\nname = "r"\n[[stack]]\nname = "s"\n[[deployment]]\nname = "d"\n[[procedure]]\nname = "p"\n`
  const plan = planOf('[[variable]]\nname = "V"\n', worldOf(all), { prune: true })
  expect(actions(plan).filter((line) => line.startsWith('delete'))).toEqual([
    'delete Procedure/p',
    'delete Deployment/d',
    'delete Stack/s',
    'delete Repo/r',
    'delete Server/h',
  ])
})

describe('§27.7 a name that Komodo would change is found again', () => {
  const tables = [...new Set([...blockModels.values()].map(({ toml: { table } }) => table))].filter(
    (table) => table !== 'variable',
  )

  it.each(tables)('[[%s]]', (table) => {
    const needed = table === 'onboarding_key' ? 'public_key = "x"' : ''
    const text = `[[${table}]]\nname = " My Thing! "\n${needed}`
    expect(planOf(text).changes).toHaveLength(1)
    expect(actions(planOf(text, worldOf(text), { prune: true }))).toEqual([])
  })

  it('and only Stacks and Builds mind no upper case', () => {
    expect(planOf('[[stack]]\nname = "Web"\n[[stack]]\nname = "web"\n').problems.map(({ reason }) => reason)).toEqual([
      'DeclaredTwice',
    ])
    expect(actions(planOf('[[server]]\nname = "Web"\n[[server]]\nname = "web"\n'))).toHaveLength(2)
  })
})

describe('§27.8 files', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'komodo-weak-'))
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  const { signal } = new AbortController()

  it('are walked in order, `.git` is not entered, and an error names its file and line', async () => {
    for (const file of ['z.toml', 'a/2.toml', 'a/10.toml', '.git/x.toml']) {
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
      writeFileSync(path.join(root, file), '')
    }
    writeFileSync(path.join(root, 'a/bad.toml'), '\n\n[[server')
    const { files } = await readDeclarationFiles(await openDirectory(root, signal), ['.'], signal)
    expect(files.map((file) => file.path)).toEqual(['a/10.toml', 'a/2.toml', 'a/bad.toml', 'z.toml'])
    expect(read(files).diagnostics[0]?.position).toMatchObject({ file: 'a/bad.toml', line: 3 })
  })

  it('with unknown keys get a warning at every level', () => {
    const text =
      '[[stack]]\nname = "a"\nnmae = "x"\n[stack.config]\nservr = "x"\npre_deploy = { comand = "x" }\n[tack]\n'
    const { diagnostics } = read([{ path: 'a.toml', text }])
    expect(diagnostics.map(({ severity, position }) => `${severity} ${position.line}`)).toEqual([
      'warning 3',
      'warning 5',
      'warning 6',
      'warning 7',
    ])
  })

  it('that declare one name twice are named, both of them', () => {
    const files: SourceFile[] = ['one', 'two'].map((name) => ({
      path: `${name}.toml`,
      text: `[[server]]\nname = "h"\nconfig.address = "${name}"\n`,
    }))
    const { problems } = planSync(input(read(files).declarations))
    expect(problems.map(({ reason, message }) => [reason, /one\.toml:1 and two\.toml:1/.test(message)])).toEqual([
      ['DeclaredTwice', true],
    ])
  })
})

describe('§27.10 a user group comes to rest', () => {
  const group = (lines: string) => `[[user_group]]\nname = "g"\n${lines}\n`

  it.each([
    ['with users that do not exist', group('users = ["nobody", "ghost"]')],
    [
      'with patterns of different levels that overlap',
      group(
        'permissions = [{ target.type = "Server", target.id = "a*", level = "Read" }, { target.type = "Server", target.id = "*b", level = "Write" }]\n[[server]]\nname = "ab"',
      ),
    ],
    [
      'that names resources of the same run',
      group('permissions = [{ target.type = "Server", target.id = "new", level = "Read" }]\n[[server]]\nname = "new"'),
    ],
    ['with `everyone` and users', group('everyone = true\nusers = ["ann"]')],
    [
      'with level None and specifics',
      group('permissions = [{ target.type = "Server", target.id = "a", level = "None", specific = ["Logs"] }]'),
    ],
  ])('%s', (_, text) => {
    const plan = planOf(text)
    expect(plan.problems).toEqual([])
    expect(actions(planOf(text, applied(plan, emptyWorld)))).toEqual([])
  })
})

describe('§27.13 a `"""` that opens nothing shifts nothing', () => {
  it.each([
    ['in a comment', `# a """ in a comment\n`],
    ['in a literal text', `x = '''a """ in it'''\n`],
    ['in a one-line text', `x = 'a """ in it'\n`],
    ['escaped in a text', 'x = "\\"\\"\\""\n'],
  ])('%s', (_, before) => {
    const text = `${before}[[deployment]]\nname = "a"\n[deployment.config]\ncommand = "a\\tb"\nenvironment = """\nP = ^\\d+$\n"""\n`
    const [declaration] = toml(text)
    expect(declaration?.spec).toEqual({ command: 'a\tb', environment: 'P = ^\\d+$\n' })
  })
})

it('§27.14 what is refused takes nothing else with it', () => {
  const text = `[[server]]\nname = "ok"\n[[server]]\nname = "bad"\nconfig.enabled = "yes"\n${on('stack', 's')}`
  expect(actions(planOf(text))).toEqual(['create Server/ok', 'create Stack/s'])
})
