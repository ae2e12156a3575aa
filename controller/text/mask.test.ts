import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HIDDEN, maskFor } from './mask.ts'

describe('what is shown', () => {
  it.each<[sentence: string, secrets: string[], text: string, shown: string]>([
    [
      'hides a secret wherever it stands',
      ['hunter22'],
      'login ci:hunter22@git failed',
      `login ci:${HIDDEN}@git failed`,
    ],
    ['hides it within a word', ['hunter22'], 'xhunter22y', `x${HIDDEN}y`],
    ['hides the longer of two whole', ['abcd', 'abcdef'], 'abcdef', HIDDEN],
    ['hides it without the line break that its file ends with', ['hunter22\n'], 'got hunter22.', `got ${HIDDEN}.`],
    [
      'hides its base64 form, as in an Authorization header',
      ['ci:hunter22'],
      'Basic Y2k6aHVudGVyMjI=',
      `Basic ${HIDDEN}`,
    ],
    ['hides its URL-encoded form', ['p@ss/word'], 'https://ci:p%40ss%2Fword@host', `https://ci:${HIDDEN}@host`],
    ['hides it as JSON writes it', ['say "hi"\n'], '{"pw":"say \\"hi\\"\\n"}', `{"pw":"${HIDDEN}"}`],
    ['hides it as Compose writes it', ['pa$$word', 'a$bc'], 'X: pa$$$$word, a$$bc', `X: ${HIDDEN}, ${HIDDEN}`],
    ['hides the lines of a long one', ['-----BEGIN\nabcdefghij\n'], 'got abcdefghij', `got ${HIDDEN}`],
    ['takes no secret for a pattern', ['a.*$&'], 'a.*$& abcc', `${HIDDEN} abcc`],
    ['takes no part of what it put in for a secret', ['hunter22', 'redact'], 'hunter22', HIDDEN],
  ])('%s', (_, secrets, text, shown) => expect(maskFor(secrets)(text)).toBe(shown))

  it.each<[sentence: string, secrets: string[], text: string]>([
    ['an empty secret', ['', ' ', '\n'], 'nothing to hide'],
    [
      'a short one within words: Komodo makes ne<NAME>rks of networks',
      ['two', 'e', '1'],
      'networks were created in 10 s',
    ],
    [
      'a setting that happens to be in an encrypted file',
      ['true', 'False', 'none'],
      'Ready is true, not False; volumes: none',
    ],
  ])('§27.16 is not garbled by %s', (_, secrets, text) => expect(maskFor(secrets)(text)).toBe(text))

  it('hides a short one where it stands alone', () => {
    expect(maskFor(['pw', 'x1'])('pw and "pw": pwd, x1/x12')).toBe(`${HIDDEN} and "${HIDDEN}": pwd, ${HIDDEN}/x12`)
  })

  it('never holds a secret of 4 characters or more, whatever surrounds it (property)', () => {
    const secret = fc.string({ minLength: 4 }).filter((text) => {
      const trimmed = text.trim()
      return trimmed.length >= 4 && !HIDDEN.includes(trimmed) && !/^(true|false|null|none)$/i.test(trimmed)
    })
    const secrets = fc.array(secret, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.string(), secrets, fc.string(), (before, each, after) => {
        const shown = maskFor(each)(before + each.join(' ') + after).replaceAll(HIDDEN, '\u0000')
        for (const one of each) expect(shown).not.toContain(one)
      }),
    )
  })
})
