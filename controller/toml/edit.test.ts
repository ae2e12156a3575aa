import { describe, expect, it } from 'vitest'
import { editFile, type FileEdit, type Spec } from './edit.ts'
import { read } from './read.ts'

/** Changes the first declaration of a text (or the one of this name) and reads the result again. */
function change(text: string, to: (spec: Spec) => Spec, name?: string) {
  const { declarations } = read([{ path: 'a.toml', text }])
  const declaration = declarations.find((one) => name === undefined || one.name === name)
  if (declaration === undefined) throw new Error('nothing is declared')
  const { kind, name: its, position, spec } = declaration
  const edited = editFile(text, [{ action: 'change', kind, name: its, at: position, from: spec, to: to(spec) }])
  const again = read([{ path: 'a.toml', text: edited }])
  expect(again.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  expect(again.declarations.find((one) => one.name === declaration.name)?.spec).toEqual(to(spec))
  return edited
}

const without = (spec: Spec, key: string): Spec =>
  Object.fromEntries(Object.entries(spec).filter(([name]) => name !== key))

interface Case {
  name: string
  before: string
  to: (spec: Spec) => Spec
  after: string
}

const cases: Case[] = [
  {
    name: 'a value changes, and everything around it stays',
    before:
      '# mine\n[[server]]   # the big one\nname = "h1"\n\n[server.config]\n  address   =   "a" # rack 3\n  region = "eu"\n',
    to: (spec) => ({ ...spec, address: 'b' }),
    after:
      '# mine\n[[server]]   # the big one\nname = "h1"\n\n[server.config]\n  address   =   "b" # rack 3\n  region = "eu"\n',
  },
  {
    name: 'a key keeps its spelling and its dots',
    before: '[[stack]]\nname = "a"\nconfig.server_id = "h1"\n',
    to: (spec) => ({ ...spec, server: 'h2' }),
    after: '[[stack]]\nname = "a"\nconfig.server_id = "h2"\n',
  },
  {
    name: 'a new key stands behind the last one of its table, indented alike',
    before: '[[stack]]\n  name = "a" # first\n  [stack.config]\n  server = "h1" # host\n\n[[server]]\nname = "h1"\n',
    to: (spec) => ({ ...spec, deploy: true, branch: 'dev' }),
    after:
      '[[stack]]\n  name = "a" # first\n  deploy = true\n  [stack.config]\n  server = "h1" # host\n  branch = "dev"\n\n[[server]]\nname = "h1"\n',
  },
  {
    name: 'a new key of a block without config is dotted',
    before: '[[stack]]\nname = "a"',
    to: (spec) => ({ ...spec, server: 'h1', operator: { suspend: true } }),
    after: '[[stack]]\nname = "a"\noperator.suspend = true\nconfig.server = "h1"',
  },
  {
    name: 'a key that is no longer set goes with its line',
    before: '[[stack]]\nname = "a"\ndeploy = true # yes\n# host\nconfig.server = "h1"\n',
    to: (spec) => without(spec, 'deploy'),
    after: '[[stack]]\nname = "a"\n# host\nconfig.server = "h1"\n',
  },
  {
    name: 'keys of a table in braces come and go with their commas',
    before: '[[deployment]]\nname = "a"\nconfig = { server = "h1", network = "bridge", restart = "no" }\n',
    to: (spec) => ({ ...without(without(spec, 'restart'), 'network'), command: 'x', image: spec.image }),
    after: '[[deployment]]\nname = "a"\nconfig = { server = "h1", command = "x" }\n',
  },
  {
    name: 'a nested table changes where it stands',
    before:
      '[[deployment]]\nname = "a"\n[deployment.config]\nimage.type = "Image"\nimage.params.image = "web:1" # pinned\n',
    to: (spec) => ({ ...spec, image: { type: 'Image', params: { image: 'web:2' } } }),
    after:
      '[[deployment]]\nname = "a"\n[deployment.config]\nimage.type = "Image"\nimage.params.image = "web:2" # pinned\n',
  },
  {
    name: 'a variant changes with its params',
    before: '[[deployment]]\nname = "a"\n[deployment.config.image]\ntype = "Image"\nparams.image = "web:1"\n',
    to: (spec) => ({ ...spec, image: { type: 'Build', params: { build: 'web' } } }),
    after: '[[deployment]]\nname = "a"\n[deployment.config.image]\ntype = "Build"\nparams.build = "web"\n',
  },
  {
    name: 'a text of several lines keeps its quotes',
    before: '[[stack]]\nname = "a"\n[stack.config]\nenvironment = """\n# mine\nA = 1\nB = \\d+ \\\n  x\n"""\n',
    to: (spec) => ({ ...spec, environment: '# mine\nA = 2\nB = \\d+ \\\n  x\n' }),
    after: '[[stack]]\nname = "a"\n[stack.config]\nenvironment = """\n# mine\nA = 2\nB = \\d+ \\\n  x\n"""\n',
  },
  {
    name: 'a literal text stays literal, unless it cannot',
    before: "[[stack]]\nname = \"a\"\ndescription = 'C:\\a'\nconfig.server = 'h'\n",
    to: (spec) => ({ ...spec, description: 'C:\\b', server: "it's" }),
    after: '[[stack]]\nname = "a"\ndescription = \'C:\\b\'\nconfig.server = "it\'s"\n',
  },
  {
    name: 'an element of a list changes in its line',
    before: '[[stack]]\nname = "a"\nconfig.file_paths = [\n  "a.yaml", # first\n  "b.yaml" # second\n]\n',
    to: (spec) => ({ ...spec, filePaths: ['a.yaml', 'c.yaml'] }),
    after: '[[stack]]\nname = "a"\nconfig.file_paths = [\n  "a.yaml", # first\n  "c.yaml" # second\n]\n',
  },
  {
    name: 'elements are added at the end of a list in lines',
    before: '[[stack]]\nname = "a"\nconfig.file_paths = [\n  "a.yaml", # first\n  "b.yaml" # second\n]\n',
    to: (spec) => ({ ...spec, filePaths: ['a.yaml', 'b.yaml', 'c.yaml', 'd.yaml'] }),
    after:
      '[[stack]]\nname = "a"\nconfig.file_paths = [\n  "a.yaml", # first\n  "b.yaml", # second\n  "c.yaml",\n  "d.yaml"\n]\n',
  },
  {
    name: 'elements are added in the middle and at the start',
    before: '[[stack]]\nname = "a"\ntags = ["b", "d"]\nconfig.file_paths = [\n  "b", # b\n  "d", # d\n]\n',
    to: (spec) => ({ ...spec, tags: ['a', 'b', 'c', 'd'], filePaths: ['a', 'b', 'c', 'd'] }),
    after:
      '[[stack]]\nname = "a"\ntags = ["a", "b", "c", "d"]\nconfig.file_paths = [\n  "a",\n  "b", # b\n  "c",\n  "d", # d\n]\n',
  },
  {
    name: 'elements go with their lines',
    before:
      '[[stack]]\nname = "a"\ntags = ["a", "b", "c"]\nconfig.file_paths = [\n  "a", # a\n  "b", # b\n  # of c\n  "c" # c\n]\n',
    to: (spec) => ({ ...spec, tags: ['b'], filePaths: ['a', 'c'] }),
    after: '[[stack]]\nname = "a"\ntags = ["b"]\nconfig.file_paths = [\n  "a", # a\n  # of c\n  "c" # c\n]\n',
  },
  {
    name: 'the last element of a list in lines goes, too',
    before: '[[stack]]\nname = "a"\nconfig.file_paths = [\n  "a", # a\n  "b" # b\n]\nconfig.run_build = true\n',
    to: (spec) => ({ ...spec, filePaths: ['a'] }),
    after: '[[stack]]\nname = "a"\nconfig.file_paths = [\n  "a" # a\n]\nconfig.run_build = true\n',
  },
  {
    name: 'a text with commas becomes a list when it cannot stay',
    before: '[[stack]]\nname = "a"\nconfig.file_paths = "a, b" # two\n',
    to: (spec) => ({ ...spec, filePaths: ['a', 'b', 'c'] }),
    after: '[[stack]]\nname = "a"\nconfig.file_paths = ["a", "b", "c"] # two\n',
  },
  {
    name: 'line ends of another system stay',
    before: '[[stack]]\r\nname = "a"\r\n[stack.config]\r\nserver = "h1"\r\nenvironment = """\r\nA = 1\r\n"""\r\n',
    to: (spec) => ({ ...spec, branch: 'x', server: 'h2', environment: 'A = 2\r\n' }),
    after:
      '[[stack]]\r\nname = "a"\r\n[stack.config]\r\nserver = "h2"\r\nenvironment = """\r\nA = 2\r\n"""\r\nbranch = "x"\r\n',
  },
  {
    name: 'an element is put behind the last one where the list ends on its line',
    before: '[[stack]]\nname = "a"\ntags = ["x", # 1\n  "y"] # end\n',
    to: (spec) => ({ ...spec, tags: ['x', 'y', 'z'] }),
    after: '[[stack]]\nname = "a"\ntags = ["x", # 1\n  "y",\n  "z"] # end\n',
  },
  {
    name: 'the last element goes from a list that ends on its line, and a comment before it stays one',
    before: '[[stack]]\nname = "a"\ntags = ["x", "y", # 1\n  "z"] # end\n',
    to: (spec) => ({ ...spec, tags: ['x', 'y'] }),
    after: '[[stack]]\nname = "a"\ntags = ["x", "y" # 1\n] # end\n',
  },
  {
    name: 'an element in the middle of a line leaves the comment and the line end that follow',
    before: '[[stack]]\nname = "a"\ntags = ["x", "y", # 1\n  "z"]\n',
    to: (spec) => ({ ...spec, tags: ['x', 'z'] }),
    after: '[[stack]]\nname = "a"\ntags = ["x", # 1\n  "z"]\n',
  },
  {
    name: 'a builder loses the last of its parameters, and its section stays with its comments',
    before: '[[builder]]\nname = "b"\n# where\n[builder.config] # cfg\ntype = "Url" # t\nparams.address = "a"\n',
    to: (spec) => ({ ...spec, params: {} }),
    after: '[[builder]]\nname = "b"\n# where\n[builder.config] # cfg\ntype = "Url" # t\nparams = {}\n',
  },
  {
    name: 'a key of an older release is changed where it stands, and does not get a twin',
    before: '[[build]]\nname = "b"\n[build.config]\ngithub_account = "me" # login\n',
    to: (spec) => ({ ...spec, gitAccount: 'you' }),
    after: '[[build]]\nname = "b"\n[build.config]\ngithub_account = "you" # login\n',
  },
  {
    name: 'a key of an older release goes with its line',
    before: '[[build]]\nname = "b"\n[build.config]\ngithub_account = "me" # login\nrepo = "a/b"\n',
    to: (spec) => without(spec, 'gitAccount'),
    after: '[[build]]\nname = "b"\n[build.config]\nrepo = "a/b"\n',
  },
  {
    name: 'a new table of a list with headers has no short form',
    before: '[[stack]]\nname = "a"\n[[stack.config.config_files]]\npath = "x" # x\n',
    to: (spec) => ({ ...spec, configFiles: [{ path: 'x' }, { path: 'y' }, { path: 'z', requires: 'Restart' }] }),
    after:
      '[[stack]]\nname = "a"\n[[stack.config.config_files]]\npath = "x" # x\n\n[[stack.config.config_files]]\npath = "y"\n\n[[stack.config.config_files]]\npath = "z"\nrequires = "Restart"\n',
  },
  {
    name: 'a key of one execution is not taken for the older key of another',
    before:
      '[[procedure]]\nname = "p"\n[[procedure.config.stage]]\nname = "s"\nexecutions = [{ execution.type = "RunStackService", execution.params = { stack = "a", service = "b" } }]\n',
    to: (spec) => ({
      ...spec,
      stages: [
        { name: 's', executions: [{ execution: { type: 'StopStack', params: { stack: 'a', services: ['b'] } } }] },
      ],
    }),
    after:
      '[[procedure]]\nname = "p"\n[[procedure.config.stage]]\nname = "s"\nexecutions = [{ execution.type = "StopStack", execution.params = { stack = "a", services = ["b"] } }]\n',
  },
  {
    name: 'a table that stands for a list of one is changed in place',
    before: '[[build]]\nname = "b"\n[build.config.image_registry] # one\ndomain = "d" # dom\n',
    to: (spec) => ({ ...spec, imageRegistry: [{ domain: 'e' }] }),
    after: '[[build]]\nname = "b"\n[build.config.image_registry] # one\ndomain = "e" # dom\n',
  },
  {
    name: 'a text of several lines that is new ends its own lines like the file',
    before: '[[stack]]\r\nname = "a"\r\nconfig.server = "h"\r\n',
    to: (spec) => ({ ...spec, environment: 'A = 1\nB = 2\n' }),
    after: '[[stack]]\r\nname = "a"\r\nconfig.server = "h"\r\nconfig.environment = """\r\nA = 1\nB = 2\n"""\r\n',
  },
]

describe('changing a block', () => {
  it.each(cases)('$name', ({ before, to, after }) => {
    expect(change(before, to)).toBe(after)
  })

  it('touches only the block meant, of several of one kind', () => {
    const text = '[[server]]\nname = "a"\nconfig.address = "x"\n##\n[[server]]\nname = "b"\nconfig.address = "x"\n'
    expect(change(text, (spec) => ({ ...spec, address: 'y' }), 'b')).toBe(
      '[[server]]\nname = "a"\nconfig.address = "x"\n##\n[[server]]\nname = "b"\nconfig.address = "y"\n',
    )
  })

  it('changes the stages of a procedure one by one, adds one and takes one away', () => {
    const stage = (name: string, more = '') => `[[procedure.config.stage]]\nname = "${name}" # ${name}\n${more}`
    const text = `[[procedure]]\nname = "p"\n\n${stage('one')}\n# second\n${stage('two', 'enabled = false\n')}\n[[server]]\nname = "h"\n`
    const stages = (spec: Spec) => spec.stages as Spec[]
    expect(
      change(text, (spec) => ({ ...spec, stages: [stages(spec)[0], { ...stages(spec)[1], name: 'three' }] })),
    ).toBe(text.replace('"two"', '"three"'))
    expect(change(text, (spec) => ({ ...spec, stages: [...stages(spec), { name: 'four' }] }))).toMatch(
      /enabled = false\n\n\[\[procedure\.config\.stage\]\]\nname = "four"\n/,
    )
  })
})

describe('blocks as a whole', () => {
  const text =
    '# all\n\n[[server]]\nname = "a"\n\n# the second\n# of two\n[[server]]\nname = "b"\n[server.config]\naddress = "x"\n\n# last\n[[stack]]\nname = "s"\n'
  const remove = (name: string): string => {
    const found = read([{ path: 'a.toml', text }]).declarations.find((one) => one.name === name)
    if (found === undefined) throw new Error(`no ${name}`)
    return editFile(text, [{ action: 'remove', kind: found.kind, at: found.position }])
  }

  it('go with the comments above them and leave no hole', () => {
    expect(remove('b')).toBe('# all\n\n[[server]]\nname = "a"\n\n# last\n[[stack]]\nname = "s"\n')
    expect(remove('a')).toBe(text.replace('[[server]]\nname = "a"\n\n', ''))
    expect(remove('s')).toBe(text.slice(0, text.indexOf('\n# last')))
  })

  it('leave a text alone that ends like a comment above their header', () => {
    const other = '[[stack]]\nname = "s"\nconfig.environment = """\n# A\n# B"""\n'
    const both = `${other}[[stack]]\nname = "t"\n`
    const at = read([{ path: 'a.toml', text: both }]).declarations[1]?.position
    expect(at && editFile(both, [{ action: 'remove', kind: 'Stack', at }])).toBe(other)
  })

  it('go with the comments above each of their headers, which would be taken for those of the next block', () => {
    const next = '[[stack]]\nname = "t"\n'
    const first = '# s\n[[stack]]\nname = "s"\n# of s\n[stack.config]\nserver = "h"\n\n'
    const at = read([{ path: 'a.toml', text: first + next }]).declarations[0]?.position
    expect(at && editFile(first + next, [{ action: 'remove', kind: 'Stack', at }])).toBe(next)
  })

  it('are spelled as the file spells them, since a file may have one spelling only', () => {
    const add: FileEdit = { action: 'add', object: { kind: 'Server', name: 'new', spec: { address: 'y' } } }
    const plural = '[[servers]]\nname = "a"\n'
    expect(editFile(plural, [add])).toBe(`${plural}\n[[servers]]\nname = "new"\n[servers.config]\naddress = "y"\n`)
    expect(() => editFile('server = [{ name = "a" }]', [add])).toThrow(/write them with headers, \[\[server\]\]/)
  })

  it('come at the end', () => {
    const add: FileEdit = { action: 'add', object: { kind: 'Server', name: 'new', spec: { address: 'y' } } }
    const block = '[[server]]\nname = "new"\n[server.config]\naddress = "y"\n'
    expect(editFile(text, [add])).toBe(`${text}\n${block}`)
    expect(editFile('', [add])).toBe(block)
    expect(editFile('a = 1', [add])).toBe(`a = 1\n\n${block}`)
  })
})
