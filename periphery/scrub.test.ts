import { describe, expect, it } from 'vitest'
import { scrubber } from './scrub.ts'

describe('scrubber', () => {
  const cases: [string, string[], string, string][] = [
    ['hides a secret wherever it stands', ['s3cret'], 'a s3cret, s3cret!', 'a <hidden>, <hidden>!'],
    ['hides the longer of two that overlap', ['abc', 'abcdef'], 'x abcdef', 'x <hidden>'],
    ['hides it as JSON writes it', ['a"b\n'], '{"x":"a\\"b\\n"}', '{"x":"<hidden>"}'],
    ['hides it as compose writes it', ['a$b'], 'X: a$$b', 'X: <hidden>'],
    ['hides the lines of a long one', ['-----BEGIN\nabcdefghij\n'], 'got abcdefghij', 'got <hidden>'],
    ['hides nothing for an empty one', ['', ' '], 'a b', 'a b'],
    ['takes no secret for a pattern', ['a.*$&'], 'a.*$& abc', '<hidden> abc'],
  ]
  for (const [name, secrets, text, expected] of cases) it(name, () => expect(scrubber(secrets)(text)).toBe(expected))
})
