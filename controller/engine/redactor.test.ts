import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Redactor } from './redactor.ts'

const knowing = (...secrets: string[]): Redactor => {
  const redactor = new Redactor()
  redactor.add(secrets)
  return redactor
}

describe('the redactor', () => {
  it.each([
    ['a secret anywhere in a text', 'hunter22', 'login ci:hunter22@git failed', 'login ci:<redacted>@git failed'],
    ['each occurrence', 'pw', 'pw and pw', '<redacted> and <redacted>'],
    ['a secret without the line break its file ends with', 'hunter22\n', 'got hunter22.', 'got <redacted>.'],
    ['its base64 form, as in an Authorization header', 'ci:hunter22', 'Basic Y2k6aHVudGVyMjI=', 'Basic <redacted>'],
    ['its URL-encoded form', 'p@ss/word', 'https://ci:p%40ss%2Fword@host', 'https://ci:<redacted>@host'],
    ['its JSON form', 'say "hi"', String.raw`{"pw":"say \"hi\""}`, '{"pw":"<redacted>"}'],
    ['single lines of a longer secret', 'BEGIN KEY\nabcdefghijkl\n', 'bad line abcdefghijkl', 'bad line <redacted>'],
    ['characters that mean something in patterns', 'a.*$&b', 'x a.*$&b y a..b', 'x <redacted> y a..b'],
  ])('takes out %s', (_, secret, text, expected) => {
    expect(knowing(secret).text(text)).toBe(expected)
  })

  it('takes the longer secret whole when one holds the other', () => {
    expect(knowing('abc', 'abcdef').text('abcdef')).toBe('<redacted>')
  })

  it('leaves texts alone for empty and blank secrets', () => {
    expect(knowing('', '  \n').text('nothing to hide')).toBe('nothing to hide')
  })

  it('scrubs strings at any depth, and copies nothing when there is nothing to scrub', () => {
    const value = { list: [{ hunter22: 'x hunter22' }], number: 1, nothing: null }
    expect(knowing('hunter22').value(value)).toEqual({
      list: [{ '<redacted>': 'x <redacted>' }],
      number: 1,
      nothing: null,
    })
    expect(new Redactor().value(value)).toBe(value)
  })

  it('never lets a known secret through, whatever surrounds it', () => {
    const secret = fc
      .string({ minLength: 4 })
      .filter((text) => text.trim().length >= 4 && !'<redacted>'.includes(text.trim()))
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(secret, { minLength: 1, maxLength: 3 }),
        fc.string(),
        (before, secrets, after) => {
          const text = knowing(...secrets).text(before + secrets.join(' ') + after)
          // What is made of the placeholder's own letters cannot be told from it.
          for (const each of secrets) expect(text.replaceAll('<redacted>', '\u0000')).not.toContain(each)
        },
      ),
    )
  })
})
