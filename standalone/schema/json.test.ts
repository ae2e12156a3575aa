import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson } from './json.ts'

const refusals: Record<string, [text: string, message: string]> = {
  'an empty body': ['', 'unexpected end of JSON input'],
  'a body that ends early': ['{"a":', 'unexpected end of JSON input'],
  'a word that is none': ['nope', "invalid character 'o' in literal null (expecting 'u')"],
  'a missing colon': ['{"a" 1}', "invalid character '1' after object key"],
  'a missing comma': ['{"a":1 "b":2}', `invalid character '"' after object key:value pair`],
  'a missing comma in a list': ['[1 2]', "invalid character '2' after array element"],
  'something after the end': ['{} x', "invalid character 'x' after top-level value"],
  'a key without quotes': ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
  'an integer that no double holds': [
    '{"spec":{"n":9007199254740993}}',
    'spec.n: the integer 9007199254740993 cannot be kept exactly; use a string',
  ],
}

/** Integers that were rounded before are left out. */
const rounded = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && Math.abs(value) > 2 ** 53 && Math.abs(value) < 2 ** 64 ? 0 : value

describe('parseJson', () => {
  test.each(Object.entries(refusals))('refuses %s, in the words of Go', (_, [text, message]) => {
    expect(() => parseJson(text)).toThrow(message)
  })

  test('names keys that are there twice, and keeps the last', () => {
    const text = '{"metadata":{"name":"a","name":"b"},"items":[{"x":1,"x":2}],"y":1}'
    expect(parseJson(text)).toEqual({
      value: { metadata: { name: 'b' }, items: [{ x: 2 }], y: 1 },
      duplicates: ['metadata.name', 'items[0].x'],
    })
  })

  test('refuses nesting that would exhaust the stack', () => {
    expect(() => parseJson('['.repeat(200_000) + ']'.repeat(200_000))).toThrow('exceeded max depth')
  })

  test('reads all that JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(undefined, 2), (value, space) => {
        const text = JSON.stringify(value, rounded, space)
        expect(parseJson(text)).toEqual({ value: JSON.parse(text), duplicates: [] })
      }),
    )
  })

  test('never fails but with a refusal', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]:,"\\0123.e-+ntrufalse \n') }), (text) => {
        let expected: unknown
        try {
          expected = JSON.parse(text)
        } catch {
          expect(() => parseJson(text)).toThrow(expect.objectContaining({ code: 400 }))
          return
        }
        expect(parseJson(text).value).toEqual(expected)
      }),
    )
  })
})
