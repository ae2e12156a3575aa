import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from './contract.ts'
import { clone } from './go.ts'
import { widget, widgetModel } from './widget.fixture.ts'

const model = widgetModel()

/** `field: message` of every fault of a spec. */
const faults = (spec: JsonObject, old?: JsonObject): string[] => {
  const object = widget(spec, { resourceVersion: '1' })
  return model
    .validate(object, old ? { old: widget(old, { resourceVersion: '1' }) } : {})
    .map(({ field, message }) => `${field}: ${message}`)
}

const decoded = (object: JsonObject): { object: JsonObject; unknown: string[] } => {
  const copy = clone(object)
  return { unknown: model.decode(copy), object: copy }
}

describe('decode', () => {
  test('drops what the schema does not declare, and says where it was', () => {
    const { object, unknown } = decoded({
      ...widget(
        { size: 1, nope: 1, ports: [{ port: 1, x: 1 }], any: { kept: { deep: 1 } }, attrs: { free: 'x' } },
        { nope: 1 },
      ),
      extra: true,
    })
    expect(unknown).toEqual(['metadata.nope', 'extra', 'spec.nope', 'spec.ports[0].x'])
    expect(object).toEqual(widget({ size: 1, ports: [{ port: 1 }], any: { kept: { deep: 1 } }, attrs: { free: 'x' } }))
  })

  test('takes a null that is not allowed for absent, keeps one that is, and leaves lists alone', () => {
    const { object } = decoded(widget({ size: null, replicas: null, nick: null, list: [null] }))
    expect(object.spec).toEqual({ replicas: null, nick: null, list: [null] })
  })

  test('refuses metadata of a wrong type in the words of Go', () => {
    expect(() => decoded(widget({}, { labels: { a: 1 } }))).toThrow(
      'json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string',
    )
    expect(() => decoded({ ...widget({}), metadata: 'x' })).toThrow(
      'json: cannot unmarshal string into Go value of type v1.ObjectMeta',
    )
  })

  test('keeps keys that every JavaScript object seems to have', () => {
    const { object } = decoded(widget({ attrs: { constructor: 'x', toString: 'y' } }))
    expect(object.spec).toEqual({ attrs: { constructor: 'x', toString: 'y' } })
  })
})

test('applyDefaults fills what is absent, and nulls that are not allowed', () => {
  const object = widget({ replicas: null, nick: null, ports: [{ port: 1 }] })
  model.applyDefaults(object)
  expect(object.spec).toEqual({ replicas: 3, nick: null, ports: [{ port: 1, proto: 'TCP' }] })
})

const cases: Record<string, [spec: JsonObject, ...expected: string[]]> = {
  'a spec that fits': [{ size: 1, port: 'http', nick: null }],
  'a missing field': [{}, 'spec.size: Required value'],
  'a wrong type': [
    { size: 'x' },
    'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
  ],
  'a fraction for an integer': [
    { size: 1.5 },
    'spec.size: Invalid value: "number": spec.size in body must be of type integer: "number"',
  ],
  'neither integer nor string': [
    { size: 1, port: true },
    'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
  ],
  'a number too small': [
    { size: 0 },
    'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
  ],
  'a text too long': [{ size: 1, name: 'abcdef' }, 'spec.name: Too long: may not be more than 5 bytes'],
  'five umlauts, which are ten bytes': [
    { size: 1, name: 'äöüäö' },
    'spec.name: Invalid value: "äöüäö": spec.name in body should match \'^[a-z]*$\'',
  ],
  'a value that is not in the enum': [
    { size: 1, color: 'blue' },
    'spec.color: Unsupported value: "blue": supported values: "red", "green"',
  ],
  'too many items': [{ size: 1, list: ['a', 'b', 'c'] }, 'spec.list: Too many: 3: must have at most 2 items'],
  'a null in a list': [
    { size: 1, list: [null] },
    'spec.list[0]: Invalid value: "null": spec.list[0] in body must be of type string: "null"',
  ],
  'a set with a value twice': [{ size: 1, tags: ['a', 'a', 'a'] }, 'spec.tags[1]: Duplicate value: "a"'],
  'a map list with a key twice': [
    {
      size: 1,
      ports: [
        { port: 1, proto: 'TCP' },
        { port: 1, proto: 'TCP' },
      ],
    },
    'spec.ports[1]: Duplicate value: {"port":1,"proto":"TCP"}',
  ],
  'no alternative': [
    { size: 1, one: {} },
    '<nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found none valid',
    'spec.one.a: Required value',
  ],
  'two alternatives': [
    { size: 1, one: { a: 'x', b: 'y' } },
    '<nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found 2 valid alternatives',
  ],
}

describe('validate', () => {
  test.each(Object.entries(cases))('says what is wrong with %s', (_, [spec, ...expected]) => {
    expect(faults(spec)).toEqual(expected)
  })

  test('does not hold an unchanged fault against an update', () => {
    expect(faults({ size: 1, color: 'blue', name: 'b' }, { size: 1, color: 'blue', name: 'a' })).toEqual([])
    expect(faults({ size: 1, color: 'pink' }, { size: 1, color: 'blue' })).toHaveLength(1)
  })

  test('correlates the entries of a map list by their keys', () => {
    const bad = { port: 'x', proto: 'TCP' }
    expect(faults({ size: 1, ports: [{ port: 2, proto: 'TCP' }, bad] }, { size: 1, ports: [bad] })).toEqual([])
  })

  test('names the kind and version that were asked for', () => {
    expect(model.validate({ ...widget({ size: 1 }), kind: 'Other' }, {})).toMatchObject([
      { field: 'kind', message: 'Invalid value: "Other": must be Widget' },
    ])
  })
})

describe('prepareForUpdate', () => {
  const old = { ...widget({ size: 1 }, { uid: 'u', generation: 4, labels: { a: '1' } }), status: { phase: 'old' } }

  test('counts a generation for a changed spec, and ignores status', () => {
    const next = { ...widget({ size: 2 }, { generation: 99 }), status: { phase: 'new' } }
    model.prepareForUpdate(next, old, '')
    expect(next).toMatchObject({ metadata: { generation: 5, uid: 'u' }, status: { phase: 'old' } })
  })

  test('does not count a generation for changed labels', () => {
    const next = widget({ size: 1 }, { labels: { a: '2' } })
    model.prepareForUpdate(next, old, '')
    expect(next).toMatchObject({ metadata: { generation: 4, labels: { a: '2' } } })
  })

  test('lets a status write change status only', () => {
    const next = { ...widget({ size: 9 }, { labels: { a: '2' } }), status: { phase: 'new' } }
    model.prepareForUpdate(next, old, 'status')
    expect(next).toEqual({ ...old, status: { phase: 'new' } })
  })
})

const jsonObject = fc.dictionary(
  fc.constantFrom('size', 'nick', 'any', 'attrs', 'ports', 'nope', '__proto__', 'list'),
  fc.jsonValue({ maxDepth: 3 }),
)

test('decoding twice is decoding once, whatever comes in', () => {
  fc.assert(
    fc.property(jsonObject, (spec) => {
      const first = decoded(widget(JSON.parse(JSON.stringify(spec)) as JsonObject))
      const second = decoded(first.object)
      expect(second).toEqual({ object: first.object, unknown: [] })
    }),
  )
})

test('defaults are valid, and filling them twice is filling them once', () => {
  fc.assert(
    fc.property(jsonObject, (spec) => {
      const { object } = decoded(widget(JSON.parse(JSON.stringify(spec)) as JsonObject))
      model.applyDefaults(object)
      const again = clone(object as Json)
      model.applyDefaults(again as JsonObject)
      expect(again).toEqual(object)
    }),
  )
})
