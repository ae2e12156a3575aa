import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitWords, WordsError } from './words.ts'

describe('splitWords', () => {
  const cases: [string, string, string[]][] = [
    ['splits at blanks and line breaks', '  a b\tc\nd ', ['a', 'b', 'c', 'd']],
    ['keeps blanks in single quotes', "a 'b c'", ['a', 'b c']],
    ['keeps blanks in double quotes', 'a "b c"d', ['a', 'b cd']],
    ['knows empty words', `a '' ""`, ['a', '', '']],
    ['takes a backslash before anything outside quotes', 'a\\ b \\"', ['a b', '"']],
    ['takes a backslash only before what it escapes in double quotes', '"a\\"b\\n\\\\"', ['a"b\\n\\']],
    ['takes nothing in single quotes', "'a\\b\"'", ['a\\b"']],
    ['joins a continued line', 'a \\\nb', ['a', 'b']],
    ['expands nothing', '$HOME `id` $(id) * ~ ;', ['$HOME', '`id`', '$(id)', '*', '~', ';']],
    ['finds nothing in nothing', '   ', []],
  ]
  for (const [name, text, words] of cases) it(name, () => expect(splitWords(text)).toEqual(words))

  for (const text of ["a 'b", 'a "b', 'a\\']) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => splitWords(text)).toThrow(WordsError))
  }

  it('shows no part of a text that is too long to be shown: a secret that is cut is not hidden', () => {
    const text = `run --token=${'x'.repeat(200)}'`
    expect(() => splitWords(text)).toThrow(/^(?!.*xx)a quote \('\) is not closed$/)
    expect(() => splitWords("run 'x")).toThrow("a quote (') is not closed in: run 'x")
  })

  it('gives back any words that were quoted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom(...' \n\t\\\'"$`é😀ab'), maxLength: 12 }), { maxLength: 8 }),
        (words) => {
          const text = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
          expect(splitWords(text)).toEqual(words)
        },
      ),
    )
  })
})
