import { describe, expect, it } from 'vitest'
import { joinCommand } from './command.ts'
import { parseStringList } from './string-list.ts'
import { parseTerminationLabels } from './termination-labels.ts'
import { formatVersion, parseVersion } from './version.ts'

describe('joinCommand', () => {
  it.each<[sentence: string, text: string, command: string]>([
    [
      'drops comments and blank lines and joins the rest',
      'sh a.sh # x\nsh b.sh\n\n# foo\necho done',
      'sh a.sh && sh b.sh && echo done',
    ],
    ['continues a line that ends in a backslash', 'curl a \\\n-H b\necho', 'curl a -H b && echo'],
    ['looks past a comment between continued lines', 'a \\\n# comment\nb', 'a b'],
    ['is empty when there are only comments', '# only', ''],
    ['keeps an operator that is there before a continuation', 'cargo build && \\\ncp a b', 'cargo build && cp a b'],
    ['does not double an operator at the end of a line (Komodo: && &&)', 'a &&\nb', 'a && b'],
    ['cuts a comment inside quotes, as Komodo does', "echo 'x # y'", "echo 'x"],
    ['does not continue `echo a\\ b` (no space before backslash)', 'echo a\\\nb', 'echo a\\ && b'],
    [
      'knows nothing of shell words; `shell_mode` is for these',
      'if true; then\necho a\nfi',
      'if true; then && echo a && fi',
    ],
    ['does not mind CRLF', 'a\r\nb\r\n', 'a && b'],
    ['drops a continuation that leads nowhere', 'a \\', 'a'],
  ])('%s', (_, text, command) => {
    expect(joinCommand(text)).toBe(command)
  })
})

describe('parseStringList', () => {
  it.each<[text: string, entries: string[]]>([
    ['a,b\nc # x\n# y\n d , e', ['a', 'b', 'c', 'd', 'e']],
    ['foo-* , \\^bar-.*$\\', ['foo-*', '\\^bar-.*$\\']],
    ['\\^a{1,2}$\\', ['\\^a{1', '2}$\\']],
    ['', []],
    ['# x', []],
  ])('%j', (text, entries) => {
    expect(parseStringList(text)).toEqual(entries)
  })
})

describe('parseVersion', () => {
  it.each<[text: string, version: string | undefined]>([
    ['1.2.3', '1.2.3'],
    ['1.2', '1.2.0'],
    ['1', '1.0.0'],
    ['1.2.3.4', '1.2.3'],
    ['', undefined],
    ['v1', undefined],
    ['1.x', undefined],
    ['99999999999', undefined],
  ])('%j is %s', (text, version) => {
    const parsed = parseVersion(text)
    expect(parsed && formatVersion(parsed)).toBe(version)
  })
})

describe('parseTerminationLabels', () => {
  it('reads captions', () => {
    expect(parseTerminationLabels('SIGTERM: graceful stop\n1 = reload')).toEqual([
      { signal: 'SIGTERM', label: 'graceful stop' },
      { signal: 'SIGHUP', label: 'reload' },
    ])
  })
  it('names a signal that there is not', () => {
    expect(() => parseTerminationLabels('SIGKILL: x')).toThrow('"SIGKILL" is not a stop signal')
  })
})
