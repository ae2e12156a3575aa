import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeDiff } from './merge-diff.ts'

/** RFC 7386, section 2. */
const applyMergePatch = (target: unknown, patch: unknown): unknown => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = applyMergePatch(result[key], value)
  }
  return result
}

describe('the merge diff', () => {
  it.each([
    [
      'is nothing for equal objects, whatever the order of keys',
      { a: 1, b: [{ c: 2 }] },
      { b: [{ c: 2 }], a: 1 },
      undefined,
    ],
    ['takes keys that are undefined for absent', { a: undefined }, { b: undefined }, undefined],
    [
      'names only what changed, at any depth',
      { a: { b: 1, c: 2 }, d: 3 },
      { a: { b: 1, c: 4 }, d: 3 },
      { a: { c: 4 } },
    ],
    ['takes away with null', { a: { b: 1, c: 2 } }, { a: { b: 1 } }, { a: { c: null } }],
    ['replaces lists whole', { a: [1, 2] }, { a: [1, 3] }, { a: [1, 3] }],
    ['replaces what changed its shape', { a: [1] }, { a: { b: 1 } }, { a: { b: 1 } }],
  ])('%s', (_, before, after, expected) => {
    expect(mergeDiff(before, after)).toEqual(expected)
  })

  it('turns before into after when it is applied, and is nothing when it need not be', () => {
    const value = fc.letrec((tie) => ({
      map: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('any'), { maxKeys: 3, noNullPrototype: true }),
      any: fc.oneof(
        { depthSize: 'small' },
        fc.integer(),
        fc.string(),
        fc.boolean(),
        fc.array(fc.integer()),
        tie('map'),
      ),
    })).map
    fc.assert(
      fc.property(value, value, (before, after) => {
        const patch = mergeDiff(before, after)
        expect(patch === undefined ? before : applyMergePatch(before, patch)).toEqual(after)
      }),
    )
  })
})
