import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { builtinTypes } from '../builtin/types.ts'
import type { Json, JsonObject, TypeModel } from '../schema/contract.ts'
import { clone } from '../schema/go.ts'
import { jsonPatch } from './json-patch.ts'
import { mergePatch } from './merge-patch.ts'
import { strategicMergePatch } from './strategic-merge-patch.ts'

const REFUSED = 'the server rejected our request due to an error in our request'

const operations: Record<string, [document: Json, patch: Json, result: Json]> = {
  'add puts a key': [{}, [{ op: 'add', path: '/a', value: 1 }], { a: 1 }],
  'add inserts into a list': [{ a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
  'add appends with a dash': [{ a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
  'a negative index counts from the end': [{ a: [1, 2] }, [{ op: 'remove', path: '/a/-1' }], { a: [1] }],
  'replace adds a key that is not there': [{}, [{ op: 'replace', path: '/a', value: 1 }], { a: 1 }],
  'replace takes the whole document': [{ a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
  'move takes away': [{ a: 1 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
  'copy copies': [{ a: { x: 1 } }, [{ op: 'copy', from: '/a', path: '/b' }], { a: { x: 1 }, b: { x: 1 } }],
  'a test for null passes where nothing is': [{}, [{ op: 'test', path: '/a', value: null }], {}],
  'escapes are read': [{ 'a/b': { '~': 1 } }, [{ op: 'remove', path: '/a~1b/~0' }], { 'a/b': {} }],
}

const refusals: Record<string, Json> = {
  'a test that fails': [{ op: 'test', path: '/a', value: 2 }],
  'a path that is not there': [{ op: 'add', path: '/x/y', value: 1 }],
  'removing what is not there': [{ op: 'remove', path: '/x' }],
  'an index beyond the end': [{ op: 'add', path: '/list/3', value: 1 }],
  'an operation that nobody knows': [{ op: 'nope', path: '/a' }],
  'a missing path': [{ op: 'add', value: 1 }],
  'a key that only the prototype has': [{ op: 'copy', from: '/constructor/name', path: '/a' }],
}

/** The same order as Go writes a map in: the decoder names the first fault that it comes upon. */
describe('what was patched is sorted', () => {
  const sorted = '{"data":"b","metadata":{"annotations":1,"labels":"b"}}'
  test('by a JSON patch', () => {
    const patch = ['/data', '/metadata/annotations'].map((path) => ({
      op: 'add',
      path,
      value: path === '/data' ? 'b' : 1,
    }))
    expect(JSON.stringify(jsonPatch({ metadata: { labels: 'b' } }, patch))).toBe(sorted)
  })
  test('by a merge patch', () => {
    expect(JSON.stringify(mergePatch({ metadata: { labels: 'b' } }, { metadata: { annotations: 1 }, data: 'b' }))).toBe(
      sorted,
    )
  })
})

describe('jsonPatch', () => {
  test.each(Object.entries(operations))('%s', (_, [document, patch, result]) => {
    expect(jsonPatch(document, patch)).toEqual(result)
  })

  test.each(Object.entries(refusals))('refuses %s with the one text', (_, patch) => {
    expect(() => jsonPatch({ a: 1, list: [1] }, patch)).toThrow(
      expect.objectContaining({ code: 422, message: REFUSED }),
    )
  })

  test('refuses what is no list, and too long a list', () => {
    expect(() => jsonPatch({}, {})).toThrow(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    )
    const long = Array.from({ length: 10_001 }, () => ({ op: 'add', path: '/a', value: 1 }))
    expect(() => jsonPatch({}, long)).toThrow(expect.objectContaining({ code: 413 }))
  })

  test('bounds what copies can add up to', () => {
    const bomb = Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '/a', path: `/a/${i}` }))
    expect(() => jsonPatch({ a: { x: 'y'.repeat(1000) } }, bomb)).toThrow(REFUSED)
  })

  test('leaves its arguments as they were', () => {
    const document = { a: { b: [1] } }
    jsonPatch(document, [{ op: 'add', path: '/a/b/-', value: 2 }])
    expect(document).toEqual({ a: { b: [1] } })
  })

  test('does not reach the prototype', () => {
    jsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

describe('mergePatch', () => {
  test('removes by null, replaces lists, and drops nulls of new maps, but not of new lists', () => {
    expect(mergePatch({ a: 1, b: [1], c: { d: 1 } }, { a: null, b: [2, null], c: { e: { f: null, g: 1 } } })).toEqual({
      b: [2, null],
      c: { d: 1, e: { g: 1 } },
    })
  })

  // Nulls inside of values are dropped or kept depending on what was there before (as in the original): left out here.
  const json = fc
    .jsonValue({ maxDepth: 3 })
    .map((value) => JSON.parse(JSON.stringify(value, (_, inner: unknown) => inner ?? 0)) as Json)
  const object = fc
    .dictionary(fc.constantFrom('a', 'b', 'c', 'constructor'), fc.option(json))
    .map((value) => ({ ...value }) as JsonObject)

  test('applied twice is applied once, and an empty patch changes nothing', () => {
    fc.assert(
      fc.property(object, object, (document, patch) => {
        const once = mergePatch(document, patch)
        expect(mergePatch(once, patch)).toEqual(once)
        for (const key of Object.keys(patch)) if (patch[key] === null) expect(once).not.toHaveProperty(key)
        expect(mergePatch(document, {})).toEqual(document)
      }),
    )
  })
})

describe('strategicMergePatch', () => {
  const model = builtinTypes.find(({ model: { kind } }) => kind === 'ServiceAccount')?.model as TypeModel
  const account = (secrets: Json): JsonObject => ({ metadata: { name: 'a', finalizers: ['x/a', 'x/b'] }, secrets })
  const merged = (patch: JsonObject): JsonObject =>
    strategicMergePatch(account([{ name: 'a', kind: 'K' }, { name: 'b' }]), clone(patch), model)

  test('merges a list by its key', () => {
    expect(merged({ secrets: [{ name: 'b', uid: 'u' }, { name: 'c' }] }).secrets).toEqual([
      { name: 'a', kind: 'K' },
      { name: 'b', uid: 'u' },
      { name: 'c' },
    ])
  })

  test('deletes an entry, or replaces the list, when told', () => {
    expect(merged({ secrets: [{ name: 'a', $patch: 'delete' }] }).secrets).toEqual([{ name: 'b' }])
    expect(merged({ secrets: [{ $patch: 'replace' }, { name: 'z' }] }).secrets).toEqual([{ name: 'z' }])
  })

  test('merges lists of scalars, new ones first, and takes values out of them', () => {
    expect((merged({ metadata: { finalizers: ['x/c'] } }).metadata as JsonObject).finalizers).toEqual([
      'x/c',
      'x/a',
      'x/b',
    ])
    expect(
      (merged({ metadata: { '$deleteFromPrimitiveList/finalizers': ['x/a'] } }).metadata as JsonObject).finalizers,
    ).toEqual(['x/b'])
  })

  test('orders a list as asked', () => {
    expect(merged({ '$setElementOrder/secrets': [{ name: 'b' }, { name: 'a' }] }).secrets).toEqual([
      { name: 'b' },
      { name: 'a', kind: 'K' },
    ])
  })

  test('keeps only the keys that are named', () => {
    expect(merged({ $retainKeys: ['secrets'], secrets: [] })).toEqual({
      secrets: [{ name: 'a', kind: 'K' }, { name: 'b' }],
    })
  })

  test('refuses an entry without its key', () => {
    expect(() => merged({ secrets: [{ kind: 'K' }] })).toThrow(
      'map: map[kind:K] does not contain declared merge key: name',
    )
  })
})
