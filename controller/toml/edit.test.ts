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

  it('come at the end', () => {
    const add: FileEdit = { action: 'add', object: { kind: 'Server', name: 'new', spec: { address: 'y' } } }
    const block = '[[server]]\nname = "new"\n[server.config]\naddress = "y"\n'
    expect(editFile(text, [add])).toBe(`${text}\n${block}`)
    expect(editFile('', [add])).toBe(block)
    expect(editFile('a = 1', [add])).toBe(`a = 1\n\n${block}`)
  })
})
