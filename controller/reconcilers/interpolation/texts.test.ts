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

  const replacing = (name: string, value: string): Texts => ({
    ...verbatim,
    text: (_field, text) => text.replaceAll(`[[${name}]]`, value),
  })

  it('read a line that is nothing but a name after replacing it, and no other line beside it', () => {
    const values = replacing('V', 'b # c\nEVIL=1')
    const text = '[[V]]=x\nA=[[V]]\n'
    const beside = pairs('environment', `[[COMMON]]\n${text}`, replacing('COMMON', 'C=1\nD=2'), 'c')
    expect(beside.map(({ key }) => key)).toEqual(['C', 'D', '[[V]]', 'A'])
    const [, a] = pairs(
      'environment',
      `[[NONE]]: 1\nA=[[V]]\n[[E]]`,
      { ...values, text: (field, one) => (one === '[[E]]' ? 'E=2' : values.text(field, one)) },
      'c',
    )
    expect(a).toEqual({ key: 'A', value: 'b # c\nEVIL=1' })
  })

  it('show nothing of a secret that stands alone on a line: the half of a long one was not known as one', () => {
    const secret = 'x'.repeat(200)
    const read = () => pairs('environment', 'A=1\n [[TOKEN]]', replacing('TOKEN', secret), 'c')
    expect(read).toThrow(
      '`environment`, line 2: what [[TOKEN]] stands for has neither "=" nor ":"; write NAME=[[TOKEN]]',
    )
    expect(read).toThrow(/^(?!.*xx)/)
  })
})
