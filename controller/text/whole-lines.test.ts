import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lastLines } from './whole-lines.ts'

describe('the last lines of a text', () => {
  it.each([
    ['a text that fits', 'one\ntwo\n', 8, 'one\ntwo\n'],
    ['begin with a whole line', 'one\ntwo\nthree', 8, 'three'],
    ['end with the last one, too', 'one\ntwo\n', 7, 'two\n'],
    ['one that just fits', 'one\ntwo\n', 4, 'two\n'],
    ['a line that redraws itself', '10 %\r20 %\r30 %', 6, '30 %'],
    ['one line that does not fit', 'x'.repeat(9), 8, '(a line of more than 8 characters is not shown)'],
    [
      'one that does not fit at the end',
      `one\n${'x'.repeat(9)}\n`,
      8,
      '(a line of more than 8 characters is not shown)',
    ],
  ])('%s', (_, text, most, end) => {
    expect(lastLines(text, most)).toBe(end)
  })

  it('never hold a part of a line (property)', () => {
    const line = fc.string({ maxLength: 20 }).filter((text) => !/[\r\n]/.test(text))
    fc.assert(
      fc.property(fc.array(line), fc.integer({ min: 1, max: 60 }), (lines, most) => {
        const text = lines.join('\n')
        const end = lastLines(text, most)
        if (text.length > most && end.startsWith('(')) return
        const kept = end.split('\n')
        expect(kept).toEqual(text.split('\n').slice(-kept.length))
      }),
    )
  })
})
