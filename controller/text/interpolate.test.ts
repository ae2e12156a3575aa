import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Interpolation, interpolate, meantAsVariables, mistakenReferences, variableNames } from './interpolate.ts'

const values: Record<string, { text: string; secret: boolean }> = {
  A: { text: '1', secret: false },
  TOKEN: { text: 'hunter2', secret: true },
  EMPTY: { text: '', secret: true },
  URL: { text: 'https://[[TOKEN]]@x', secret: false },
  LOOP: { text: '[[LOOP]]', secret: false },
  PING: { text: 'x[[PONG]]', secret: false },
  PONG: { text: '[[PING]]', secret: false },
  OUTER: { text: '[[MIDDLE]]', secret: false },
  MIDDLE: { text: '[[A]]', secret: false },
  HALF: { text: '[[ESC', secret: false },
  ESCAPED: { text: '[[[A]]]', secret: false },
  BRACKETS: { text: '[[A]]', secret: true },
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
    ['replaces a variable in the value of a variable', '[[MIDDLE]]', '1'],
    ['keeps an escape that comes with a value', '[[ESCAPED]]', '[[A]]'],
    ['makes no name out of what two values leave side by side', '[[HALF]]APED]]', '[[ESCAPED]]'],
    ['takes the value of a secret as it is', '[[BRACKETS]]', '[[A]]'],
    ['turns an escape of a secret into the literal, and leaves it there', '[[[TOKEN]]]', '[[TOKEN]]'],
    [
      'lets a name with characters of a test be',
      'if [[ $A == [[:alpha:]] ]]; then',
      'if [[ $A == [[:alpha:]] ]]; then',
    ],
    ['lets a header of a TOML table with a dot be', '[[inputs.cpu]]', '[[inputs.cpu]]'],
  ])('%s', (_, input, output) => {
    expect(interpolate(input, lookup).text).toBe(output)
  })

  it('says which names were used, which are unknown, and which secrets are in the text now', () => {
    const result = interpolate('[[A]] [[URL]] [[B]] [[EMPTY]] [[[C]]]', lookup)
    expect(result.used).toEqual(['A', 'URL', 'TOKEN', 'EMPTY'])
    expect(result.unknown).toEqual(['B'])
    expect(result.secrets).toEqual(['hunter2'])
  })

  it.each([
    ['names itself', '[[LOOP]]', 'go in a circle: [[LOOP]] -> [[LOOP]]'],
    ['names one that names it', '[[PING]]', 'go in a circle: [[PING]] -> [[PONG]] -> [[PING]]'],
    ['leads to a third', '[[OUTER]]', 'may not use more: [[OUTER]] -> [[MIDDLE]] -> [[A]]'],
  ])('refuses a variable whose value %s', (_, text, message) => {
    expect(() => interpolate(text, lookup)).toThrow(message)
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
    const all = new Interpolation(lookup, { environment: 'value', extraArgs: 'value' })
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

describe('a name that no variable can have', () => {
  it.each<[form: 'value' | 'document' | 'program', text: string, mistaken: string[]]>([
    ['value', 'A=[[PI-HOLE_X]] [[pi-hole]] [[PI-HOLE_X]]', ['[[PI-HOLE_X]]', '[[pi-hole]]']],
    ['value', 'A=[[ NAME ]] [[NAME ]]', ['[[ NAME ]]', '[[NAME ]]']],
    ['value', '[[2FA_KEY]] [[db.password]]', ['[[2FA_KEY]]', '[[db.password]]']],
    ['document', 'image: x:[[WEB-TAG]]', ['[[WEB-TAG]]']],
  ])('in a %s is said: %s', (form, text, mistaken) => {
    expect(mistakenReferences(text, form)).toEqual(mistaken)
  })

  it.each<[form: 'value' | 'document' | 'program', text: string]>([
    ['value', '[[NAME]] [[[NAME]]] [[[PI-HOLE]]]'],
    ['value', "bash -c '[[ -f x ]] && [[ $A == b ]] && [[ -n $A ]]'"],
    ['value', 'grep [[:alpha:]] [[a-z]] [[A-Z]_] [[A-Za-z0-9_.-]] [[^A-Z]]'],
    ['value', '[[1, 2], [3]] [[1]] [[0.5]] [["a"]] [[2024-01-02]]'],
    ['value', '[[ .Name ]] [[ now | date ]] [[PI-HOLE'],
    ['document', '[[inputs.docker]]\n[[http-routes]]'],
    ['program', 'const m = [[ROWS.LAST]], n = [[ A ]]'],
    ['value', `[[${'-_'.repeat(50_000)}X]`],
  ])('is not seen in a %s: %.60s', (form, text) => {
    expect(mistakenReferences(text, form)).toEqual([])
  })
})

describe('an unknown name', () => {
  it.each<[sentence: string, form: 'value' | 'document' | 'program', text: string, meant: string[]]>([
    ['in a setting is a mistake, however it is written', 'value', 'A=[[x]] [[Y]]', ['x', 'Y']],
    ['alone on a line of a document is a TOML table', 'document', 'content: |\n  [[runners]] # one\n  a = 1', []],
    ['in capitals is a mistake even alone on a line', 'document', '[[SERVICES]]', ['SERVICES']],
    ['within a line of a document is a mistake', 'document', 'image: x:[[tag]]', ['tag']],
    ['that is both is a mistake', 'document', '[[tag]]\nimage: x:[[tag]]', ['tag']],
    ['in small letters in a program is a list in a list', 'program', 'const rows = [[row]], [[b, c]]', []],
    ['in capitals in a program is a mistake', 'program', 'const token = "[[API_TOKEN]]"', ['API_TOKEN']],
  ])('%s', (_, form, text, meant) => {
    expect(meantAsVariables(variableNames(text), text, form)).toEqual(meant)
  })

  it('that came with the value of a variable is a mistake', () => {
    const all = new Interpolation((name) => (name === 'A' ? { text: '[[gone]]', secret: false } : undefined), {
      fileContents: 'document',
    })
    all.text('fileContents', '[[A]]')
    expect([...all.unknown]).toEqual([['gone', 'fileContents']])
  })
})
