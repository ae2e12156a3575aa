import { describe, expect, it } from 'vitest'
import { parseStringList } from './string-list.ts'
import { parseTerminationLabels } from './termination-labels.ts'
import { formatVersion, parseVersion } from './version.ts'

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
