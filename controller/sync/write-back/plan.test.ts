import { describe, expect, it } from 'vitest'
import {
  applied,
  declare,
  emptyWorld,
  fieldsOf,
  input,
  object,
  type PlanWorld,
} from '../../../test/build/plan-world.ts'
import type { KubeObject } from '../../api/meta.ts'
import { annotation } from '../../api/names.ts'
import { isPlainObject, type PlainObject } from '../../json.ts'
import { read } from '../../toml/read.ts'
import { planSync } from '../plan.ts'
import type { ManagedInput, PlanInput, SyncPlan } from '../sync-plan.ts'
import { planWriteBack } from './plan.ts'

type Files = Readonly<Record<string, string>>

const filesOf = (files: Files) => Object.entries(files).map(([path, text]) => ({ path, text }))

function plan(
  files: Files,
  world: PlanWorld,
  managed: Partial<ManagedInput> = {},
  more: Partial<PlanInput> = {},
): SyncPlan {
  const { declarations, diagnostics } = read(filesOf(files))
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  const places = { reads: () => true, onlyFile: undefined, newObjects: undefined, deleted: new Map<string, string>() }
  return planSync(
    input(declarations, world, { managed: { planWriteBack, files: filesOf(files), ...places, ...managed }, ...more }),
  )
}

const worldOf = (files: Files): PlanWorld => applied(plan(files, emptyWorld), emptyWorld)

/** As if somebody had patched the spec: the fields are theirs from then on. `undefined` takes a field away. */
function patched(
  world: PlanWorld,
  kind: string,
  name: string,
  patch: PlainObject,
  manager = 'kubectl-patch',
): PlanWorld {
  const objects = (world.live.get(kind) ?? []).map((one) => {
    if (one.metadata.name !== name) return one
    const spec = merged(one.spec as PlainObject, patch)
    const managedFields = (one.metadata.managedFields ?? []).map((entry) => ({
      ...entry,
      fieldsV1: { 'f:spec': lost((entry.fieldsV1 as { 'f:spec': PlainObject })['f:spec'], patch) },
    }))
    const entry = { manager, operation: 'Update' as const, fieldsV1: { 'f:spec': fieldsOf(patch) } }
    return { ...one, metadata: { ...one.metadata, managedFields: [...managedFields, entry] }, spec }
  })
  return { ...world, live: new Map<string, readonly KubeObject[]>([...world.live, [kind, objects]]) }
}

function merged(spec: PlainObject, patch: PlainObject): PlainObject {
  const result = { ...spec }
  for (const [key, value] of Object.entries(patch)) {
    const inner = result[key]
    if (value === undefined) delete result[key]
    else result[key] = isPlainObject(value) && isPlainObject(inner) ? merged(inner, value) : value
  }
  return result
}

function lost(fields: PlainObject, patch: PlainObject): PlainObject {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, inner]) => {
      const change = patch[key.slice(2)]
      if (!(key.slice(2) in patch)) return [[key, inner]]
      return isPlainObject(change) ? [[key, lost(inner as PlainObject, change)]] : []
    }),
  )
}

const writeBacks = ({ writeBacks: all }: SyncPlan): string[] =>
  all.map(({ sort, kind, name, source, fields }) => {
    const changes = fields.map(({ path, from, to }) => `${path}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`)
    return `${sort} ${kind.definition.kind} ${name} (${source}) ${changes.join(', ')}`.trim()
  })

const rewritten = (files: Files, { writtenFiles }: SyncPlan): Files => ({
  ...files,
  ...Object.fromEntries(writtenFiles.map((file) => [file.path, file.after])),
})

const problems = (one: SyncPlan): string[] => one.problems.map(({ reason, message }) => `${reason}: ${message}`)

const files: Files = {
  'servers.toml': '# hosts\n[[server]]\nname = "h1" # the first\nconfig.address = "a"\n',
  'apps/web.toml':
    '[[stack]]\nname = "web"\ntags = ["prod"]\n[stack.config]\nserver_id = "h1" # where\nenvironment = """\nA = 1\n"""\n',
}

describe('a change that somebody made to an object', () => {
  it('goes to the file and line it came from, and nothing is taken back', () => {
    const world = patched(worldOf(files), 'Stack', 'web', { server: 'h2', environment: 'A = 2\n' })
    const planned = plan(files, world)
    expect(writeBacks(planned)).toEqual([
      'change Stack web (apps/web.toml:1) server: "h1" -> "h2", environment: "A = 1\\n" -> "A = 2\\n"',
    ])
    expect(planned.changes).toEqual([])
    expect(planned.summary).toMatchObject({ update: 0, writeBack: 1 })
    expect(planned.writtenFiles).toEqual([
      {
        path: 'apps/web.toml',
        before: files['apps/web.toml'],
        after: files['apps/web.toml']?.replace('"h1"', '"h2"').replace('A = 1', 'A = 2'),
      },
    ])
  })

  it('is not found again once the file says it, and then only the file can change it', () => {
    const world = patched(worldOf(files), 'Stack', 'web', { server: 'h2' })
    const written = rewritten(files, plan(files, world))
    const next = plan(written, world)
    expect([next.writeBacks, next.changes, next.problems]).toEqual([[], [], []])
    expect(next.unnoted.map(({ desired, force }) => [desired.name, force])).toEqual([['web', false]])
  })

  it('adds a key that the file did not have, and takes one away that the object no longer has', () => {
    const world = patched(worldOf(files), 'Server', 'h1', { region: 'eu' })
    expect(plan(files, world).writtenFiles[0]?.after).toBe(`${files['servers.toml']}config.region = "eu"\n`)
    const declared = { 'a.toml': '[[stack]]\nname = "s"\noperator.url = "/x" # old\nconfig.server = "h"\n' }
    const without = patched(worldOf(declared), 'Stack', 's', { operator: { url: undefined } })
    expect(plan(declared, without).writtenFiles[0]?.after).toBe('[[stack]]\nname = "s"\nconfig.server = "h"\n')
  })

  it('is written without a word about what the API server filled in', () => {
    const procedure = '[[procedure]]\nname = "p"\n[[procedure.config.stage]]\nname = "one" # first\nexecutions = []\n'
    const world = patched(worldOf({ 'p.toml': procedure }), 'Procedure', 'p', {
      stages: [
        { name: 'one', enabled: true, executions: [] },
        { name: 'two', enabled: false, executions: [] },
      ],
    })
    expect(plan({ 'p.toml': procedure }, world).writtenFiles[0]?.after).toBe(
      `${procedure}\n[[procedure.config.stage]]\nname = "two"\nenabled = false\n`,
    )
  })

  it('gives way to the file when that changed, too, and this is said', () => {
    const world = patched(worldOf(files), 'Stack', 'web', { server: 'h2' })
    const planned = plan({ ...files, 'apps/web.toml': files['apps/web.toml']?.replace('"h1"', '"h3"') ?? '' }, world)
    expect(planned.writeBacks).toEqual([])
    expect(planned.changes).toMatchObject([{ action: 'update', fields: [{ path: 'server', from: 'h2', to: 'h3' }] }])
    expect(problems(planned)).toEqual([
      'Overwritten: was changed both here and in apps/web.toml (server): the file is applied',
    ])
  })

  it('gives way to a file that gave the key up, and was lost without a word', () => {
    const world = patched(worldOf(files), 'Stack', 'web', { server: 'h2' })
    const without = { ...files, 'apps/web.toml': files['apps/web.toml']?.replace(/server_id.*\n/, '') ?? '' }
    const planned = plan(without, world)
    expect(planned.changes).toMatchObject([{ fields: [{ path: 'server', from: 'h2', to: '' }] }])
    expect(problems(planned)).toEqual([
      'Overwritten: was changed both here and in apps/web.toml (server): the file is applied',
    ])
  })

  it('of a part of a table whose other part changed in the file gives way, too, and was lost without a word', () => {
    const declared = { 'a.toml': '[[server]]\nname = "h1"\noperator.interval = "1m"\n' }
    const world = patched(worldOf(declared), 'Server', 'h1', { operator: { suspend: true } })
    const planned = plan({ 'a.toml': declared['a.toml'].replace('1m', '2m') }, world)
    expect(planned.writeBacks).toEqual([])
    expect(problems(planned)).toEqual([
      'Overwritten: was changed both here and in a.toml (operator.suspend): the file is applied',
    ])
  })

  it('does not hinder a change of another field in the file, and neither is lost', () => {
    const world = patched(worldOf(files), 'Stack', 'web', { server: 'h2' })
    const changed = { ...files, 'apps/web.toml': files['apps/web.toml']?.replace('A = 1', 'A = 9') ?? '' }
    const planned = plan(changed, world)
    expect(writeBacks(planned)).toEqual(['change Stack web (apps/web.toml:1) server: "h1" -> "h2"'])
    expect(planned.changes).toMatchObject([
      { force: false, desired: { spec: { server: 'h2', environment: 'A = 9\n' } }, fields: [{ path: 'environment' }] },
    ])
    expect(plan(rewritten(changed, planned), applied(planned, world)).writeBacks).toEqual([])
  })

  it('is undone by taking the key out of the file, also when somebody else set it once', () => {
    const world = patched(worldOf(files), 'Server', 'h1', { region: 'eu' })
    const written = rewritten(files, plan(files, world))
    const noted = note(plan(written, world), world)
    const planned = plan(files, noted)
    expect(planned.writeBacks).toEqual([])
    expect(planned.changes).toMatchObject([{ fields: [{ path: 'region', from: 'eu', to: '' }] }])
    expect(planned.problems).toEqual([])
  })

  it('is not a change when the sync itself applied it and the file changed since', () => {
    const planned = plan(
      { ...files, 'servers.toml': '[[server]]\nname = "h1"\nconfig.address = "b"\n' },
      worldOf(files),
    )
    expect(planned.writeBacks).toEqual([])
    expect(planned.changes).toMatchObject([{ fields: [{ path: 'address', from: 'a', to: 'b' }] }])
  })

  it('is no note: taking over what nobody declared so far is a change that a plan shows', () => {
    const theirs = object('Server', 'h1', { address: 'a' })
    const planned = plan(
      { 'servers.toml': files['servers.toml'] ?? '' },
      { ...emptyWorld, live: new Map([['Server', [theirs]]]) },
    )
    expect(planned.unnoted).toEqual([])
    expect(planned.changes).toMatchObject([{ action: 'update', desired: { name: 'h1' } }])
  })

  it('is not written when managed mode has just begun: the file wins, as before', () => {
    const { declarations } = read(filesOf(files))
    const unmanaged = applied(planSync(input(declarations, emptyWorld)), emptyWorld)
    const planned = plan(files, patched(unmanaged, 'Server', 'h1', { address: 'x' }))
    expect(planned.writeBacks).toEqual([])
    expect(planned.changes).toMatchObject([{ fields: [{ path: 'address' }] }])
  })
})

/** As if what is to be noted had been noted. */
function note(planned: SyncPlan, world: PlanWorld): PlanWorld {
  const live = new Map(world.live)
  for (const { desired } of planned.unnoted) {
    const kind = desired.kind.definition.kind
    const noted = { [annotation.declared]: desired.fingerprints ?? '' }
    live.set(
      kind,
      (live.get(kind) ?? []).map((one) =>
        one.metadata.name === desired.objectName
          ? { ...one, metadata: { ...one.metadata, annotations: { ...one.metadata.annotations, ...noted } } }
          : one,
      ),
    )
  }
  return { ...world, live }
}

describe('what cannot be written back', () => {
  it('is left as somebody made it, stops no other, and is said', () => {
    const inline = { 'a.toml': 'stack = [{ name = "s" }]\n[[server]]\nname = "h1"\n' }
    const bad = patched(worldOf(inline), 'Stack', 's', { environment: 'A=1\r\nB=2' })
    const planned = plan(inline, patched(bad, 'Server', 'h1', { address: '\ud800' }))
    expect(writeBacks(planned).join()).toMatch(/change Stack s/)
    expect(planned.changes).toEqual([])
    expect(problems(planned)).toEqual([
      'NotWrittenBack: was changed, and cannot be written back to a.toml:2: its address would be read otherwise; write it into the file by hand, or undo the change',
    ])
  })
})

describe('what a file of secrets declares', () => {
  it('is not written, and it is not said that the file is not read', () => {
    const secret = declare('Variable', 'TOKEN', { isSecret: true }, { secrets: { value: 'canary-6' }, file: 's.yaml' })
    const places = { reads: () => true, onlyFile: undefined, newObjects: undefined, deleted: new Map<string, string>() }
    const managed = { planWriteBack, ...places, files: [], obstacle: () => 's.yaml is there, and is not read' }
    const world = applied(planSync(input([secret], emptyWorld, { managed })), emptyWorld)
    const planned = planSync(input([secret], patched(world, 'Variable', 'token', { description: 'd' }), { managed }))
    expect([planned.writeBacks, planned.changes]).toEqual([[], []])
    expect(problems(planned)).toEqual([
      expect.stringMatching(
        /^NotWrittenBack: was changed, and cannot be written back to s.yaml:1: the file is not one of/,
      ),
    ])
  })
})

describe('what would be written again and again', () => {
  it('an empty text for a key that a variant does not have makes no commit', () => {
    const declared = { 'a.toml': '[[builder]]\nname = "b"\nconfig = { type = "Server", params.server_id = "h" }\n' }
    const world = patched(worldOf(declared), 'Builder', 'b', { params: { subnetId: '' } })
    const planned = plan(declared, world)
    expect([planned.writeBacks, planned.changes, planned.problems]).toEqual([[], [], []])
  })

  it('an object that is declared twice is written to neither place, and keeps what somebody set', () => {
    const block = '[[server]]\nname = "h1"\nconfig.address = "a"\n'
    const declared = { 'a.toml': block, 'b.toml': block }
    const planned = plan(declared, patched(worldOf(declared), 'Server', 'h1', { address: 'b' }))
    expect([planned.writeBacks, planned.changes, planned.writtenFiles]).toEqual([[], [], []])
    expect(problems(planned)).toEqual([
      'DeclaredTwice: declared more than once, each time the same: a.toml:1 and b.toml:1; remove all but one',
      'NotWrittenBack: was changed, and cannot be written back to a.toml:1: it is declared again at b.toml:1, and one block is to say it alone; write it into the file by hand, or undo the change',
    ])
  })

  it('a deleted object that is declared twice loses neither block', () => {
    const block = '[[server]]\nname = "h1"\n'
    const declared = { 'a.toml': block, 'b.toml': block }
    const world = { ...worldOf(declared), live: new Map() }
    const planned = plan(declared, world, { deleted: new Map([['Server/h1', '']]) }, { prune: true })
    expect(planned.summary).toMatchObject({ create: 1 })
    expect(planned.writtenFiles).toEqual([])
  })
})

describe('a secret', () => {
  const secret = '[[variable]]\nname = "TOKEN"\nvalue = "canary-1"\nis_secret = true # yes\n'

  it('is never written: neither a changed value nor one that somebody put into the spec', () => {
    const declared = { 'a.toml': secret }
    const world = worldOf(declared)
    const leaked = patched(world, 'Variable', 'token', { value: 'canary-2', description: 'd' })
    const planned = plan(declared, leaked)
    expect(planned.writtenFiles[0]?.after).toBe(`${secret}description = "d"\n`)
    const other = { ...world, secrets: new Map([['variable-token', { value: 'canary-3' }]]) }
    expect(plan(declared, other).writeBacks).toEqual([])
  })

  it('that becomes one by a flag is written as the reference to its Secret', () => {
    const declared = { 'a.toml': '[[variable]]\nname = "TOKEN"\nvalue = "plain"\n' }
    const world = patched(worldOf(declared), 'Variable', 'token', {
      isSecret: true,
      value: 'canary-4',
      valueFrom: { secretKeyRef: { name: 'mine', key: 'k' } },
    })
    expect(plan(declared, world).writtenFiles[0]?.after).toBe(
      '[[variable]]\nname = "TOKEN"\nvalue_from.secret_key_ref = { name = "mine", key = "k" }\nis_secret = true\n',
    )
  })

  it('in clear in the file stays there, whatever the object refers to', () => {
    const declared = { 'a.toml': '[[server]]\nname = "h"\nconfig.passkey = "canary-5"\n' }
    const world = patched(worldOf(declared), 'Server', 'h', { passkeyFrom: { secretKeyRef: { name: 'x', key: 'y' } } })
    expect(plan(declared, world).writeBacks).toEqual([])
  })

  it('that the file names by reference changes as one', () => {
    const declared = {
      'a.toml': '[[server]]\nname = "h"\nconfig.passkey_from.secret_key_ref = { name = "a", key = "k" } # vault\n',
    }
    const world = patched(worldOf(declared), 'Server', 'h', { passkeyFrom: { secretKeyRef: { name: 'b', key: 'k' } } })
    expect(plan(declared, world).writtenFiles[0]?.after).toBe(
      '[[server]]\nname = "h"\nconfig.passkey_from.secret_key_ref = { name = "b", key = "k" } # vault\n',
    )
  })
})

describe('a new object', () => {
  const named = (annotations: Record<string, string>, spec: PlainObject = { address: 'z' }) => {
    const world = worldOf(files)
    const made = object('Server', 'new', spec, { annotations: { [annotation.sync]: 'infra', ...annotations } })
    return { ...world, live: new Map([...world.live, ['Server', [...(world.live.get('Server') ?? []), made]]]) }
  }
  const block = '[[server]]\nname = "new"\n[server.config]\naddress = "z"\n'

  it('goes where its annotation says, else where the sync says, else into the only file', () => {
    const by = (annotations: Record<string, string>, managed: Partial<ManagedInput> = {}) =>
      plan(files, named(annotations), managed).writtenFiles.map(({ path, after: text }) => [path, text])
    expect(by({ [annotation.file]: 'servers.toml' })).toEqual([['servers.toml', `${files['servers.toml']}\n${block}`]])
    expect(by({}, { newObjects: '{kind}s/{name}.toml', onlyFile: 'x.toml' })).toEqual([['servers/new.toml', block]])
    expect(by({}, { onlyFile: 'servers.toml' })).toEqual([['servers.toml', `${files['servers.toml']}\n${block}`]])
  })

  it.each([
    [{}, {}, /nothing says which file/],
    [{ [annotation.file]: '../up.toml' }, {}, /cannot be its file/],
    [{ [annotation.file]: '/etc/x.toml' }, {}, /cannot be its file/],
    [{ [annotation.file]: 'x.yaml' }, {}, /cannot be its file/],
    [{ [annotation.file]: '.git/x.toml' }, {}, /cannot be its file/],
    [{ [annotation.file]: 'x\ny.toml' }, {}, /cannot be its file/],
    [{ [annotation.file]: 'x.toml' }, { obstacle: (path) => `${path} is taken` }, /^NotWrittenBack.*x.toml is taken/],
    [{ [annotation.file]: 'x.toml' }, { reads: () => false }, /does not read x.toml/],
  ] as [Record<string, string>, Partial<ManagedInput>, RegExp][])(
    'is not written and left alone: %j %j',
    (annotations, managed, message) => {
      const planned = plan(files, named(annotations), managed)
      expect([planned.writeBacks, planned.changes]).toEqual([[], []])
      expect(problems(planned)).toEqual([expect.stringMatching(message)])
    },
  )

  it('is not applied before the file declares it, and then it is only noted', () => {
    const world = named({ [annotation.file]: 'servers.toml' })
    const planned = plan(files, world)
    expect([planned.changes, planned.inventory.has('Server/new')]).toEqual([[], false])
    const next = plan(rewritten(files, planned), world)
    expect([next.writeBacks, next.changes]).toEqual([[], []])
    expect(next.unnoted.map(({ desired }) => desired.name)).toEqual(['new'])
  })

  it('says nothing but what it says, with the defaults that the API server filled in', () => {
    const planned = plan(files, named({ [annotation.file]: 'servers.toml' }))
    expect(writeBacks(planned)).toEqual(['add Server new (servers.toml) address: undefined -> "z"'])
  })

  it('is not one that the sync applied once and that is no longer declared', () => {
    const world = worldOf(files)
    const planned = plan({ 'servers.toml': files['servers.toml'] ?? '' }, world, { onlyFile: 'servers.toml' })
    expect([planned.writeBacks, planned.changes]).toEqual([[], []])
  })
})

describe('a deleted object', () => {
  const world = worldOf(files)
  const without = { ...world, live: new Map([...world.live].filter(([kind]) => kind !== 'Stack')) }
  const note = world.live.get('Stack')?.[0]?.metadata.annotations?.[annotation.declared] ?? ''
  const deleted = new Map([['Stack/web', note]])

  it('goes from its file when it was seen to go and the sync deletes', () => {
    const planned = plan(files, without, { deleted }, { prune: true })
    expect(writeBacks(planned)).toEqual(['remove Stack web (apps/web.toml:1)'])
    expect(planned.changes).toEqual([])
    expect(planned.writtenFiles[0]?.after).toBe('')
  })

  it('is made anew when its block was changed since, and this is said', () => {
    const changed = { ...files, 'apps/web.toml': files['apps/web.toml']?.replace('A = 1', 'A = 9') ?? '' }
    const planned = plan(changed, without, { deleted }, { prune: true })
    expect([planned.writeBacks, planned.summary.create]).toEqual([[], 1])
    expect(problems(planned)).toEqual([
      'Overwritten: was deleted here and changed in apps/web.toml:1: it is made anew; take its block away if it is to go',
    ])
  })

  it('is made anew when nobody saw it go, or the sync does not delete', () => {
    expect(plan(files, without, {}, { prune: true }).summary).toMatchObject({ create: 1 })
    expect(plan(files, without, { deleted }).summary).toMatchObject({ create: 1 })
  })

  it('mass delete (deploy-gotify-alerter#3): beyond the budget all are made anew, and the files stay', () => {
    const planned = plan(files, without, { deleted }, { prune: true, deletionBudget: 0 })
    expect(planned.summary).toEqual({ create: 1, update: 0, delete: 0, deploy: 0 })
    expect(problems(planned)[0]).toMatch(/^OverBudget/)
  })
})
