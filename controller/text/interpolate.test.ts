import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Interpolation, interpolate, variableNames } from './interpolate.ts'

const values: Record<string, { text: string; secret: boolean }> = {
  A: { text: '1', secret: false },
  TOKEN: { text: 'hunter2', secret: true },
  EMPTY: { text: '', secret: true },
  URL: { text: 'https://[[TOKEN]]@x', secret: false },
  LOOP: { text: '[[LOOP]]', secret: false },
}
const lookup = (name: string) => values[name]

describe('interpolate', () => {
  it.each<[sentence: string, input: string, output: string]>([
    ['replaces a known name', 'x=[[A]]', 'x=1'],
    ['leaves an unknown name as it is', '[[A]][[B]]', '1[[B]]'],
    ['takes the name exactly, without trimming', '[[ A ]]', '[[ A ]]'],
    ['does not mind brackets behind', '[[A]] ]]', '1 ]]'],
    ['turns an escape into the literal', '[[[A]]]', '[[A]]'],
    ['leaves arrays alone', 'arr = [[1, 2], [3, 4]]', 'arr = [[1, 2], [3, 4]]'],
    ['leaves arrays alone that would be an error in Komodo', '[[1], [2] ]', '[[1], [2] ]'],
    ['leaves nested arrays alone that Komodo corrupts', '[[[1,2],[3]]]', '[[[1,2],[3]]]'],
    ['lets a shell test without end survive', 'if [[ -f x', 'if [[ -f x'],
    ['lets a shell test survive', 'if [[ -f x ]]; then', 'if [[ -f x ]]; then'],
    ['lets an opening at the end survive', 'abc [[', 'abc [['],
    ['replaces a secret in the value of a variable', '[[URL]]', 'https://hunter2@x'],
    ['ends with a variable that names itself', '[[LOOP]]', '[[LOOP]]'],
  ])('%s', (_, input, output) => {
    expect(interpolate(input, lookup).text).toBe(output)
  })

  it('says which names were used, which are unknown, and which secrets are in the text now', () => {
    const result = interpolate('[[A]] [[URL]] [[B]] [[EMPTY]] [[[C]]]', lookup)
    expect(result.used).toEqual(['A', 'URL', 'TOKEN', 'EMPTY'])
    expect(result.unknown).toEqual(['B'])
    expect(result.secrets).toEqual(['hunter2'])
  })

  it('refuses to grow without bound', () => {
    const long = { A: '[[B]]'.repeat(2_000), B: 'x'.repeat(10_000) } as Record<string, string>
    const text = '[[A]]'.repeat(1_000)
    expect(() => interpolate(text, (name) => ({ text: long[name]!, secret: false }))).toThrow(
      'the values of [[A]], [[B]] make a text longer than',
    )
  })

  it('leaves every text alone that has no variable in it', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(variableNames(text).length === 0 && !/\[\[\[\w+\]\]\]/.test(text))
        expect(interpolate(text, lookup).text).toBe(text)
      }),
    )
  })

  it('never lets the value of a secret change what the rest means', () => {
    fc.assert(
      fc.property(fc.string(), (secret) => {
        const text = interpolate('[[S]]', (name) => (name === 'S' ? { text: secret, secret: true } : undefined)).text
        expect(text).toBe(secret)
      }),
    )
  })
})

describe('Interpolation', () => {
  it('remembers the first field that an unknown name stands in', () => {
    const all = new Interpolation(lookup)
    expect(all.text('environment', 'X=[[MISSING]]')).toBe('X=[[MISSING]]')
    expect(all.list('extraArgs', ['[[MISSING]]', '[[A]]'])).toEqual(['[[MISSING]]', '1'])
    expect([...all.unknown]).toEqual([['MISSING', 'environment']])
    expect(all.used).toEqual(['A'])
  })
})

describe('variableNames', () => {
  it('names each once, without escaped ones', () => {
    expect(variableNames('[[A]] [[B]] [[A]] [[[C]]] [[ d ]]')).toEqual(['A', 'B'])
  })
})
