import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeFields,
  difference,
  encodeFields,
  type FieldSet,
  has,
  intersection,
  paths,
  recursiveDifference,
  setOf,
  union,
} from './field-set.ts'
import { compareElements, parseElement, showPath } from './path-element.ts'

const element = fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'k:{"name":"y","port":1}', 'v:1', 'v:"1"', 'i:0')
const sets = fc.array(fc.array(element, { minLength: 1, maxLength: 3 }), { maxLength: 8 }).map((all) => setOf(...all))

const members = (set: FieldSet): Set<string> => new Set([...paths(set)].map((path) => path.join(' ')))
const same = (a: FieldSet, b: FieldSet): void => expect(members(a)).toEqual(members(b))

describe('sets of fields', () => {
  test('are sets', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        expect(members(union(a, b))).toEqual(new Set([...members(a), ...members(b)]))
        expect(members(intersection(a, b))).toEqual(new Set([...members(a)].filter((path) => members(b).has(path))))
        expect(members(difference(a, b))).toEqual(new Set([...members(a)].filter((path) => !members(b).has(path))))
      }),
    )
  })

  test('are partitioned by what others have and have not', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        same(union(intersection(a, b), difference(a, b)), a)
        expect(intersection(difference(a, b), b).size).toBe(0)
      }),
    )
  })

  test('lose with a field all that is below it, when asked', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        const taken = [...members(b)]
        const left = [...members(a)].filter(
          (path) => !taken.some((prefix) => path === prefix || path.startsWith(`${prefix} `)),
        )
        expect(members(recursiveDifference(a, b))).toEqual(new Set(left))
      }),
    )
  })

  test('survive being written and read', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        for (const set of [a, union(a, b), difference(a, b)]) {
          const text = JSON.stringify(encodeFields(set))
          same(decodeFields(JSON.parse(text)), set)
          expect(JSON.stringify(encodeFields(decodeFields(JSON.parse(text))))).toBe(text)
        }
      }),
    )
  })

  test('know their members', () => {
    const set = setOf(['f:a'], ['f:a', 'f:b'], ['f:c', 'v:1'])
    expect([has(set, ['f:a']), has(set, ['f:c']), has(set, ['f:c', 'v:1'])]).toEqual([true, false, true])
  })
})

describe('path elements', () => {
  test('have one order', () => {
    const sorted = ['i:1', 'v:"a"', 'v:2', 'k:{"name":"b"}', 'f:b', 'f:a', 'k:{"name":"a"}', 'v:10'].sort(
      compareElements,
    )
    expect(sorted).toEqual(['f:a', 'f:b', 'k:{"name":"a"}', 'k:{"name":"b"}', 'v:2', 'v:10', 'v:"a"', 'i:1'])
  })

  test('are read in any spelling, and kept in one', () => {
    expect(parseElement('k:{ "proto": "TCP", "port": 1 }')).toBe('k:{"port":1,"proto":"TCP"}')
    expect(parseElement('x:nobody knows')).toBeUndefined()
    expect(() => parseElement('k:nope')).toThrow()
    expect(() => parseElement('fa')).toThrow('missing colon: fa')
  })

  test('are shown to people', () => {
    expect(showPath(['f:spec', 'f:ports', 'k:{"port":1,"proto":"TCP"}', 'f:tags', 'v:"a"', 'i:0'])).toBe(
      '.spec.ports[port=1,proto="TCP"].tags[="a"][0]',
    )
  })
})
