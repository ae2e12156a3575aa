import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyValueError, parseKeyValues } from './key-values.ts'

describe('parseKeyValues reads a line as Komodo does', () => {
  it.each<[line: string, key: string, value: string]>([
    ['A = 1', 'A', '1'],
    ['A: 1', 'A', '1'],
    ['- A=1', 'A', '1'],
    ['- "8080:80"', '8080', '80'],
    ['"KEY=value"', 'KEY', 'value'],
    ["- 'a:b'", 'a', 'b'],
    [`'a=b"`, 'a', 'b'],
    ['- - a=b', '- a', 'b'],
    ['"=a"', '"', 'a"'],
    ['A = val # note', 'A', 'val'],
    ['A = val#notcomment', 'A', 'val#notcomment'],
    ['A = "x # y"', 'A', '"x'],
    ['A = #x', 'A', ''],
    ['A =#x', 'A', '#x'],
    ['A=', 'A', ''],
    ['=A', '', 'A'],
    ['A = b = c', 'A', 'b = c'],
    ['A="v"', 'A', '"v"'],
    ['URL = http://x:80/p?q=1', 'URL', 'http://x:80/p?q=1'],
    ['127.0.0.1:8080:80/udp', '127.0.0.1', '8080:80/udp'],
    ['/a:/b:ro', '/a', '/b:ro'],
    ['/data/logs = /etc/logs', '/data/logs', '/etc/logs'],
    ['"A"="x"', '"A"', '"x"'],
    ["'A = x", "'A", 'x'],
    ['--flag=1', 'flag', '1'],
  ])('%s', (line, key, value) => {
    expect(parseKeyValues(line)).toEqual([{ key, value }])
  })

  it.each(['', '   ', '# note', '  # note', '// note', '\n\n'])('skips %j', (text) => {
    expect(parseKeyValues(text)).toEqual([])
  })

  it('keeps both of two lines `A=1`, `A=2`, in order, and reads CRLF text as any other', () => {
    expect(parseKeyValues('A=1\r\nA=2\r\n')).toEqual([
      { key: 'A', value: '1' },
      { key: 'A', value: '2' },
    ])
  })

  it('`JUSTKEY`: names the line, as an editor counts it, that has no assignment', () => {
    expect(() => parseKeyValues('\nA=1\nJUSTKEY')).toThrow(new KeyValueError(3, 'JUSTKEY'))
    expect(() => parseKeyValues('JUSTKEY')).toThrow('line 1: "JUSTKEY" has neither "=" nor ":"')
  })
})

describe('parseKeyValues on any text', () => {
  it('gives pairs or a KeyValueError, nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        try {
          for (const { key, value } of parseKeyValues(text)) {
            expect(key).toBe(key.trim())
            expect(value).toBe(value.trim())
          }
        } catch (error) {
          expect(error).toBeInstanceOf(KeyValueError)
        }
      }),
    )
  })

  it('reads back what is written as KEY=value', () => {
    const word = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_./]{0,12}$/)
    fc.assert(
      fc.property(fc.array(fc.record({ key: word, value: word })), (pairs) => {
        expect(parseKeyValues(pairs.map(({ key, value }) => `${key}=${value}`).join('\n'))).toEqual(pairs)
      }),
    )
  })
})
