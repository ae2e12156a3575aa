import fc from 'fast-check'
import { parse } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { Positions, type TomlPath } from './positions.ts'
import { scan } from './scan.ts'

/** The text without its `¶`, and where that stood. */
function marked(text: string): { source: string; line: number; column: number } {
  const [before = '', after = ''] = text.split('¶')
  const lines = before.split('\n')
  return { source: before + after, line: lines.length, column: lines.at(-1)!.length + 1 }
}

const find = (source: string, path: TomlPath) => {
  const { line, column } = new Positions('a.toml', source, scan(source)).find(path)
  return { line, column }
}

describe('find points at', () => {
  it.each<[sentence: string, text: string, path: TomlPath]>([
    ['a key', 'x = 1\n¶a = 1\n', ['a']],
    ['a key of a table', '[a]\n¶b = 1\n', ['a', 'b']],
    ['a dotted key', '[a]\nb.x = 1\nb.¶c = 1\n', ['a', 'b', 'c']],
    ['a quoted key', '[a]\n¶"b.c" = 1\n', ['a', 'b.c']],
    ['a key of the second block', '[[a]]\nb = 1\n[[a]]\n¶b = 1\n', ['a', 1, 'b']],
    ['a key of a table below a block', '[[a]]\n[a.c]\nb = 1\n[[a]]\n[a.c]\n¶b = 1\n', ['a', 1, 'c', 'b']],
    ['an inline key', 'a = { x = [1, { b = 2 }], ¶b = 1 }', ['a', 'b']],
    ['an element', 'a = [ 1, "]", # x\n ¶3 ]', ['a', 2]],
    ['a key in an element', 'a = [{ b = 1 }, { c = "}", ¶b = 2 }]', ['a', 1, 'b']],
    ['a key behind a multi-line string that looks like TOML', 'x = """\na = 1\n[[a]]\n"""\n¶a = 2', ['a']],
    ['a key behind a comment that looks like TOML', '# a = 1 """\n¶a = 2', ['a']],
    ['the table when the key is missing', 'x = 1\n¶[a]\nc = 1', ['a', 'b']],
    ['the first block when all are meant', 'x = 1\n¶[[a]]\n[[a]]', ['a']],
    ['a nested block', '[[a]]\n[[a.b]]\nc = 1\n[[a.b]]\n¶c = 2', ['a', 0, 'b', 1, 'c']],
  ])('%s', (_, text, path) => {
    const { source, ...place } = marked(text)
    expect(find(source, path)).toEqual(place)
  })
})

/** Tables with unique keys, written in any of the ways that TOML has. */
const key = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,5}$/), { minLength: 1, maxLength: 4 })
const value = fc.constantFrom(
  '1',
  '"a # b = c"',
  "'x'",
  '"""\nz = 1\n"""',
  '[1, [2, "]"]]',
  '{ q = { r = 1 } }',
  'true # z = 2',
)

describe('find agrees with the parser', () => {
  it('on where each key of a block is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(key, fc.array(value, { minLength: 4, maxLength: 4 })), { minLength: 1, maxLength: 4 }),
        (blocks) => {
          const source = blocks
            .map(([keys, values]) => `[[t]]\n${keys.map((name, index) => `${name} = ${values[index]}`).join('\n')}\n`)
            .join('\n')
          const document = parse(source) as { t: Record<string, unknown>[] }
          for (const [index, block] of document.t.entries()) {
            for (const name of Object.keys(block)) {
              const { line, column } = find(source, ['t', index, name])
              expect(source.split('\n')[line - 1]!.slice(column - 1)).toMatch(new RegExp(`^${name} = `))
            }
          }
        },
      ),
    )
  })
})
