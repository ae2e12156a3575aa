import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { parse } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { editorSchema } from '../cli/editor-schema.ts'
import { customResourceDefinition, type OpenApiSchema } from '../controller/api/crd.ts'
import { explanation } from '../controller/api/v1alpha1/explain.ts'
import { kinds } from '../controller/api/v1alpha1/kinds.ts'
import { read } from '../controller/toml/read.ts'

const corpus = join(import.meta.dirname, '../../shared/corpus')
const ajv = new Ajv({ strict: true, allowUnionTypes: true, formats: { int64: true, int32: true, 'date-time': true } })
for (const keyword of ['int-or-string', 'list-type', 'list-map-keys', 'preserve-unknown-fields']) {
  ajv.addKeyword(`x-kubernetes-${keyword}`)
}

/** Where anything may stand: nobody knows the keys before. */
const freeTables = [
  // What an execution takes depends on what it is; the TOML reader knows, and whoever runs it checks again.
  'Procedure.spec.stages[].executions[].execution.params',
  'ServerTemplate.spec.params.labels',
  'ServerTemplate.spec.params.volumes[].labels',
]

describe.each(kinds)('the CRD of $kind', (kind) => {
  const crd = customResourceDefinition(kind)
  const schema = crd.spec.versions[0]!.schema.openAPIV3Schema

  function* nodes(node: OpenApiSchema, path: string): Generator<[string, OpenApiSchema]> {
    yield [path, node]
    for (const [name, property] of Object.entries(node.properties ?? {})) yield* nodes(property, `${path}.${name}`)
    if (node.items) yield* nodes(node.items, `${path}[]`)
  }

  it('has a type and an explanation for everything in it', () => {
    const bare = [...nodes(schema, '')].filter(
      ([path, node]) =>
        !(node.type || node['x-kubernetes-int-or-string']) ||
        !(node.description || path === '.metadata' || path.endsWith('[]')),
    )
    expect(bare.map(([path]) => path)).toEqual([])
  })

  it('has no default that its own schema refuses', () => {
    for (const [path, node] of nodes(schema, '')) {
      if (node.default !== undefined) expect(ajv.validate(node, node.default), path).toBe(true)
    }
  })

  it('holds neither TOML metadata nor unknown fields', () => {
    expect(JSON.stringify(crd)).not.toContain('x-komodo')
    const free = [...nodes(schema, kind.kind)].filter(([, node]) => node['x-kubernetes-preserve-unknown-fields'])
    expect(free.map(([path]) => path)).toEqual(freeTables.filter((path) => path.startsWith(`${kind.kind}.`)))
  })

  it('shows columns that exist', () => {
    for (const { jsonPath } of crd.spec.versions[0]!.additionalPrinterColumns) {
      const path = jsonPath.replace(/\[(\?\(.*\)|\*)\]/, '[]').slice(1)
      const found = [...nodes(schema, '')].some(([known]) => known === `.${path}` || path.startsWith('metadata.'))
      expect(found, jsonPath).toBe(true)
    }
  })
})

describe.each(kinds)('what kubectl explain says about $kind', (kind) => {
  const said = [
    ...explained(kind.spec as OpenApiSchema, 'spec').map((field) => ({ ...field, isInput: true })),
    ...explained(kind.status as OpenApiSchema, 'status').map((field) => ({ ...field, isInput: false })),
  ]

  it('is a sentence for every field', () => {
    const sentence = /^(true: |false: |[A-Z`])\S*( \S+){3,}\.$/s
    expect(said.filter(({ text }) => !sentence.test(text)).map(describeField)).toEqual([])
  })

  it('shows what to write into every field that takes text, a list or a number', () => {
    const open = said.filter(({ isInput, value }) => isInput && isOpen(value))
    expect(open.filter(({ text }) => !/Example: |Default: /.test(text)).map(describeField)).toEqual([])
  })

  it('names what every number counts', () => {
    const unit =
      /\b(number of|seconds|milliseconds|minutes|hour|minute|percent|share|GB|MiB|operations|port|ids?|generation|load)\b/i
    const numbers = said.filter(({ value }) => value.type === 'integer' || value.type === 'number')
    expect(numbers.filter(({ text }) => !unit.test(text)).map(describeField)).toEqual([])
  })
})

interface Explained {
  path: string
  text: string
  /** The field, or what its list holds. */
  value: OpenApiSchema
}

function explained(schema: OpenApiSchema, path: string): Explained[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const value = property.items ?? property
    const here = `${path}.${name}`
    return [{ path: here, text: explanation(property), value }, ...explained(value, here)]
  })
}

const isOpen = ({ type, enum: values, ...schema }: OpenApiSchema): boolean =>
  !values && (['string', 'integer', 'number'].includes(type ?? '') || schema['x-kubernetes-int-or-string'] === true)

const describeField = ({ path, text }: Explained): string => `${path}: ${text}`

it('no two kinds share a name, short or long', () => {
  const names = kinds.flatMap(({ plural, singular, shortNames }) => [plural, singular, ...shortNames])
  expect(new Set(names).size).toBe(names.length)
})

describe('the schema for editors', () => {
  const draft7 = new Ajv({ strict: true, strictTypes: false })
  const validate = draft7.compile(editorSchema())
  const accepts = (text: string) => validate(JSON.parse(JSON.stringify(parse(text))))

  it.each<[sentence: string, text: string, accepted: boolean]>([
    ['a block', '[[stack]]\nname = "a"\nconfig.server = "s"', true],
    ['another spelling', '[[stacks]]\nname = "a"\nconfig.server_id = "s"', true],
    ['text in place of a list', '[[stack]]\nname = "a"\nconfig.links = "a, b"', true],
    ['our own settings', '[[stack]]\nname = "a"\noperator.deletion_policy = "Orphan"', true],
    ['a misspelt key', '[[stack]]\nname = "a"\nconfig.sever = "s"', false],
    ['a block without name', '[[stack]]', false],
    ['a wrong type', '[[stack]]\nname = "a"\nconfig.auto_pull = "yes"', false],
    [
      'a param of another variant',
      '[[deployment]]\nname = "a"\nconfig.image = { type = "Image", params = { build = "b" } }',
      false,
    ],
  ])('%s', (_, text, accepted) => {
    expect(accepts(text)).toBe(accepted)
  })

  it.skipIf(!existsSync(corpus))('accepts every file of the corpus that the reader takes without a word', () => {
    const paths = readdirSync(corpus, { recursive: true }) as string[]
    let checked = 0
    for (const path of paths.filter((name) => name.endsWith('.toml'))) {
      const text = readFileSync(join(corpus, path), 'utf8')
      if (text.includes('\\') || read([{ path, text }]).diagnostics.length > 0) continue
      checked++
      expect(accepts(text), `${path} ${JSON.stringify(validate.errors?.slice(0, 3))}`).toBe(true)
    }
    expect(checked).toBeGreaterThan(50)
  })
})
