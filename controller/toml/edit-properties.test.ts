import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPlainObject } from '../json.ts'
import { syncKinds } from '../sync/kinds.ts'
import type { Declaration } from './declaration.ts'
import { editFile, type Spec } from './edit.ts'
import { read } from './read.ts'
import { komodoReadsAlike } from './scan.ts'
import { nastyText, objectOf } from './testkit/arbitrary-objects.ts'
import { blockModels } from './vocabulary.ts'
import { writeBlock } from './write.ts'

const models = [...new Map([...blockModels.values()].map((model) => [model.kind, model])).values()]

const declarationsOf = (text: string): Declaration[] => {
  const { declarations, diagnostics } = read([{ path: 'a.toml', text }])
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return declarations
}

/** Empty texts and tables are what they are by default: what is not set means the same. */
const meaning = (kind: string, spec: Spec): unknown => syncKinds.get(kind)?.withDefaults({ ...spec })

const before = '# before\n[[server]]\nname = "one" # first\nconfig.address = "a"\n\n# about the next one\n'
const after = '\n# after\n[[server]]\nname = "two"\n  config.address = "b" # b\n'

describe('any object can become any other in place', () => {
  it.each(models)('$kind', (model) => {
    const pair = objectOf(model).chain((from) => objectOf(model).map((to) => ({ ...from, to: to.spec })))
    fc.assert(
      fc.property(pair, fc.boolean(), ({ name, kind, spec, to }, atEnd) => {
        fc.pre(name !== 'one' && name !== 'two')
        const text = before + writeBlock({ kind, name, spec }) + (atEnd ? '' : after)
        const found = declarationsOf(text).find((one) => one.name === name && one.kind === kind)
        fc.pre(found !== undefined)
        const edit = {
          action: 'change',
          kind,
          name,
          at: (found as Declaration).position,
          from: (found as Declaration).spec,
          to,
        }
        const edited = editFile(text, [edit as Parameters<typeof editFile>[1][number]])
        expect(edited.startsWith(before)).toBe(true)
        expect(atEnd || edited.endsWith(after)).toBe(true)
        const changed = declarationsOf(edited).find((one) => one.name === name && one.kind === kind)
        expect(meaning(kind, changed?.spec ?? {})).toEqual(meaning(kind, to))
      }),
      { numRuns: 60 },
    )
  })
})

/** A list with its elements, comments and line ends wherever TOML lets them stand. */
const laidOut = fc
  .array(
    fc.record({
      before: fc.constantFrom('', ' ', '\n  ', '\n  # above\n  ', '\n\n\t'),
      value: fc.constantFrom('a', 'b', 'c', 'd, e', '# f', ']'),
      after: fc.constantFrom('', ' ', ' # behind\n', '\n'),
      comma: fc.constantFrom(',', ', # note\n', ',\n', ' ,'),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .chain((items) => fc.tuple(fc.constant(items), fc.constantFrom('', '\n', '\n  # last\n'), fc.boolean()))
  .map(([items, end, trailing]) => ({
    values: items.map(({ value }) => value),
    text: `[${items.map(({ before, value, after, comma }, i) => `${before}"${value}"${after}${i < items.length - 1 || trailing ? comma : ''}`).join('')}${end}]`,
  }))

describe('any list can become any other, however it is laid out', () => {
  it('in brackets', () => {
    const others = fc.array(fc.constantFrom('a', 'b', 'c', 'd, e', '# f', ']', 'new'), { maxLength: 6 })
    fc.assert(
      fc.property(laidOut, others, fc.constantFrom('\n', '\r\n'), ({ values, text }, to, lineEnd) => {
        const parts = ['[[stack]]\nname = "s"\nconfig.extra_args = ', text, ' # end\n[[server]]\nname = "h"\n']
        const [start, list, rest] = parts.map((part) => part.replaceAll('\n', lineEnd)) as [string, string, string]
        const [declaration] = declarationsOf(start + list + rest) as [Declaration]
        const { kind, name, position: at, spec } = declaration
        expect(spec.extraArgs).toEqual(values)
        const change = { action: 'change' as const, kind, name, at, from: spec, to: { ...spec, extraArgs: to } }
        const edited = editFile(start + list + rest, [change])
        expect([edited.startsWith(start), edited.endsWith(rest)]).toEqual([true, true])
        expect(declarationsOf(edited)[0]?.spec.extraArgs).toEqual(to)
        if (lineEnd === '\r\n') expect(edited).not.toMatch(/(?<!\r)\n/)
      }),
      { numRuns: 2_000 },
    )
  })
})

/** Public repositories of people who use Komodo; beside the project when there are any. */
const corpus = join(import.meta.dirname, '../../../shared/corpus')
const files = globSync('**/*.toml', { cwd: corpus })
  .sort()
  .map((path) => ({ path, text: readFileSync(join(corpus, path), 'utf8') }))
  .filter(({ text }) => read([{ path: '', text }]).declarations.length > 0)

describe.runIf(files.length > 0)('in repositories of people', () => {
  it('each value can be changed, alone, and changed back to the same text', () => {
    let changes = 0
    for (const { path, text } of files) {
      const { declarations } = read([{ path, text }])
      for (const declaration of declarations) {
        for (const [leaf, value] of leaves(declaration.spec)) {
          if (typeof value !== 'boolean' && typeof value !== 'number') continue
          const to = withValue(declaration.spec, leaf, typeof value === 'boolean' ? !value : value + 1)
          const { kind, name, position: at, spec } = declaration
          const edited = editFile(text, [{ action: 'change', kind, name, at, from: spec, to }])
          expect(edited, `${path} ${leaf.join('.')}`).not.toBe(text)
          expect(changedLines(text, edited), `${path} ${leaf.join('.')}`).toBe(1)
          expect(editFile(edited, [{ action: 'change', kind, name, at, from: to, to: spec }])).toBe(text)
          changes++
        }
      }
    }
    expect(changes).toBeGreaterThan(100)
  }, 60_000)

  it('any text can take the place of any other, and nothing else changes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.nat(), fc.nat(), nastyText, ({ path, text }, which, where, value) => {
        const { declarations } = read([{ path, text }])
        const declaration = declarations[which % declarations.length] as Declaration
        const texts = leaves(declaration.spec).filter(([, one]) => typeof one === 'string')
        fc.pre(texts.length > 0)
        const [leaf] = texts[where % texts.length] as [string[], unknown]
        const { kind, name, position: at, spec } = declaration
        const to = withValue(spec, leaf, value)
        const edited = editFile(text, [{ action: 'change', kind, name, at, from: spec, to }])
        const result = read([{ path, text: edited }])
        expect(result.diagnostics.filter(({ code }) => code === 'InvalidToml')).toEqual([])
        if (komodoReadsAlike(text)) expect(komodoReadsAlike(edited)).toBe(true)
        const others = (all: readonly Declaration[]) =>
          all.filter((one) => one.name !== declaration.name || one.kind !== kind).map((one) => [one.name, one.spec])
        expect(others(result.declarations)).toEqual(others(declarations))
      }),
      { numRuns: 200 },
    )
  })

  it('each block can be taken away without touching another', () => {
    for (const { path, text } of files) {
      const { declarations } = read([{ path, text }])
      if (text.includes(' = [{') || declarations.length > 40) continue
      for (const [index, { kind, position: at }] of declarations.entries()) {
        const rest = read([{ path, text: editFile(text, [{ action: 'remove', kind, at }]) }]).declarations
        const contents = (all: readonly Declaration[]) => all.map(({ name, spec }) => [name, spec])
        expect(contents(rest), `${path}:${at.line}`).toEqual(contents(declarations.toSpliced(index, 1)))
      }
    }
  })
})

function leaves(value: unknown, path: readonly string[] = []): [string[], unknown][] {
  if (!isPlainObject(value)) return Array.isArray(value) ? [] : [[[...path], value]]
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]))
}

function withValue(spec: Spec, [key = '', ...rest]: readonly string[], value: unknown): Spec {
  return { ...spec, [key]: rest.length === 0 ? value : withValue(spec[key] as Spec, rest, value) }
}

function changedLines(a: string, b: string): number {
  const [before, after] = [a.split('\n'), b.split('\n')]
  if (before.length !== after.length) return Number.POSITIVE_INFINITY
  return before.filter((line, index) => line !== after[index]).length
}
