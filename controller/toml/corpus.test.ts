import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { customResourceDefinition, type OpenApiSchema } from '../api/crd.ts'
import { kinds } from '../api/v1alpha1/kinds.ts'
import { read } from './read.ts'

/** Public repositories of people who use Komodo; beside the project when there are any. */
const corpus = join(import.meta.dirname, '../../../shared/corpus')

interface Counts {
  blocks: number
  warnings: number
  errors: number
}

/** A repository's number of understood blocks and of problems moves only on purpose. */
const expected: Record<string, Counts> = {
  MarioGK__Homelab: { blocks: 49, warnings: 11, errors: 0 },
  Nomsplease__Komodo_Stacks: { blocks: 38, warnings: 0, errors: 0 },
  TogetherCrew__reputo: { blocks: 92, warnings: 0, errors: 0 },
  'b-__komodo-build': { blocks: 19, warnings: 0, errors: 0 },
  'brumi1024__komodo-app-stacks': { blocks: 64, warnings: 0, errors: 0 },
  cpritchett__homelab: { blocks: 26, warnings: 0, errors: 0 },
  'howlil__sop-generate-app': { blocks: 5, warnings: 0, errors: 0 },
  kkieslich__homelab: { blocks: 18, warnings: 0, errors: 0 },
  mattvperry__stacks: { blocks: 20, warnings: 0, errors: 0 },
  maxexcloo__komodo: { blocks: 11, warnings: 0, errors: 0 },
  'mbecker20__komodo@2024-05-28': { blocks: 20, warnings: 8, errors: 0 },
  'moghtech__komodo-demo': { blocks: 14, warnings: 0, errors: 0 },
  shadybraden__compose: { blocks: 165, warnings: 5, errors: 0 },
  'st0o0__homelab-infra': { blocks: 60, warnings: 20, errors: 0 },
  'synthpop123__homelab-infra': { blocks: 35, warnings: 0, errors: 0 },
  'zrr1999__zrr-compose': { blocks: 15, warnings: 0, errors: 0 },
}

const ajv = new Ajv({
  allErrors: true,
  strictTypes: false,
  formats: { int64: true },
  keywords: ['x-kubernetes-int-or-string', 'x-kubernetes-preserve-unknown-fields'],
})

/** The structural schema of each kind's spec, as an API server holds objects against it; unknown fields are errors here. */
const schemas = new Map(
  kinds
    .filter(({ toml }) => toml)
    .map((kind) => {
      const spec = customResourceDefinition(kind).spec.versions[0]!.schema.openAPIV3Schema.properties!.spec!
      return [kind.kind, ajv.compile(closed(spec))] as const
    }),
)

function closed(schema: OpenApiSchema): OpenApiSchema {
  const { properties, items, ...rest } = schema
  return {
    ...rest,
    ...(items && { items: closed(items) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, closed(property)])),
      additionalProperties: false,
    }),
  }
}

describe.skipIf(!existsSync(corpus))('every repository of the corpus is read', () => {
  const repositories = existsSync(corpus)
    ? readdirSync(corpus).filter((name) => statSync(join(corpus, name)).isDirectory())
    : []

  it.each(repositories)('%s', (repository) => {
    const root = join(corpus, repository)
    const files = (readdirSync(root, { recursive: true }) as string[])
      .filter((path) => path.endsWith('.toml'))
      .sort()
      .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
    const { declarations, diagnostics } = read(files)
    const count = (severity: string) => diagnostics.filter((diagnostic) => diagnostic.severity === severity).length
    expect(
      {
        blocks: declarations.length,
        warnings: count('warning'),
        errors: count('error'),
      },
      diagnostics.map(({ position, message }) => `${position.file}:${position.line} ${message}`).join('\n'),
    ).toEqual(expected[repository])
    for (const { kind, name, spec } of declarations) {
      expect(schemas.get(kind)!(spec), `${kind} ${name}: ${JSON.stringify(schemas.get(kind)!.errors)}`).toBe(true)
    }
    for (const { position, kind, name } of declarations) {
      const line = files.find(({ path }) => path === position.file)!.text.split('\n')[position.line - 1]
      expect(line, `${kind} ${name}`).toMatch(/^\s*\[\[/)
    }
  })
})
