import { describe, expect, it } from 'vitest'
import { pairs, type Texts, unquoted } from './texts.ts'

const verbatim: Texts = { text: (_field, text) => text, list: (_field, texts) => [...texts] }

describe('a value that a shell would have read', () => {
  const cases: [written: string, meant: string][] = [
    ['x y', 'x y'],
    ['"x y"', 'x y'],
    ["'x y'", 'x y'],
    ['""', ''],
    ['"', '"'],
    ['"say \\"hi\\""', 'say "hi"'],
    ["'$HOME'", '$HOME'],
    ['"$HOME"', '$HOME'],
    ['"half', '"half'],
    ['a"b"', 'a"b"'],
  ]
  it.each(cases)('%s means %s', (written, meant) => expect(unquoted(written)).toBe(meant))
})

describe('pairs', () => {
  it('leave quotes to whoever reads the value, unless told otherwise', () => {
    const text = 'A = "x y"\n- "B: 2"'
    expect(pairs('environment', text, verbatim, 'c')).toEqual([
      { key: 'A', value: '"x y"' },
      { key: 'B', value: '2' },
    ])
    expect(pairs('environment', text, verbatim, 'c', unquoted)[0]).toEqual({ key: 'A', value: 'x y' })
  })

  it('take quotes off what is written, not off what a variable holds', () => {
    const values = { ...verbatim, text: (_: string, text: string) => text.replace('[[V]]', '"kept"') }
    expect(pairs('environment', 'A = "[[V]]"', values, 'c', unquoted)).toEqual([{ key: 'A', value: '"kept"' }])
  })
})
