import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lineDiff } from './line-diff.ts'

describe('a line diff', () => {
  it.each([
    ['nothing', 'a\n', 'a\n', ['  a']],
    ['an added end', 'a\n', 'a\nb\n', ['  a', '+ b']],
    ['from nothing', '', 'a\n', ['+ a']],
    ['to nothing', 'a\n', '', ['- a']],
  ])('of %s', (_, from, to, lines) => {
    expect(lineDiff(from, to)).toEqual(lines)
  })

  it('shows a change at the end of a long file beside one at its start, not the file going and coming', () => {
    const file = (first: string, last: string) =>
      [
        first,
        ...Array(60)
          .keys()
          .map((n) => `line ${n}`),
        last,
      ].join('\n')
    expect(lineDiff(file('harmless', 'image: a'), file('also harmless', 'image: b'))).toEqual([
      '- harmless',
      '+ also harmless',
      '  line 0',
      '  line 1',
      '  ...',
      '  line 58',
      '  line 59',
      '- image: a',
      '+ image: b',
    ])
  })

  it('shows what comes also where much goes', () => {
    const old = Array.from({ length: 100 }, (_, n) => `old ${n}`).join('\n')
    const lines = lineDiff(old, 'new')
    expect(lines.slice(40)).toEqual(['  ... 60 more lines', '+ new'])
  })

  it('of texts of any size takes no time', () => {
    const many = (word: string) => Array.from({ length: 50_000 }, (_, n) => `${word} ${n}`).join('\n')
    expect(lineDiff(many('a'), many('b'))).toHaveLength(82)
  })

  it('of texts that are alike in every other line takes no time', () => {
    const mixed = (word: string) =>
      Array.from({ length: 50_000 }, (_, n) => (n % 2 ? 'same' : `${word} ${n}`)).join('\n')
    expect(lineDiff(mixed('a'), mixed('b'))).toHaveLength(82)
  })

  it('says all that goes and all that comes, in order', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 }).map((lines) => lines.join('\n'))
    const lines = (text: string) => (text === '' ? [] : text.split('\n'))
    fc.assert(
      fc.property(text, text, (from, to) => {
        const shown = lineDiff(from, to)
        fc.pre(!shown.includes('  ...'))
        const without = (sign: string) => shown.filter((line) => line[0] !== sign).map((line) => line.slice(2))
        expect(lines(from).join(' ')).toContain(without('+').join(' '))
        expect(lines(to).join(' ')).toContain(without('-').join(' '))
      }),
    )
  })
})
