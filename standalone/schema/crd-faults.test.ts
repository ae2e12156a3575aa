import { describe, expect, test } from 'vitest'
import type { JsonObject } from './contract.ts'
import { crdFaults, crdUpdateFaults } from './crd-faults.ts'
import { widgetCrd } from './widget.fixture.ts'

const at = 'spec.validation.openAPIV3Schema'
const stored = (crd: JsonObject): JsonObject => ({ ...crd, status: { storedVersions: ['v1'] } })
const faults = (spec: JsonObject): string[] =>
  crdFaults(stored(widgetCrd({ type: 'object', properties: { spec } }))).map(
    ({ field, message }) => `${field}: ${message}`,
  )

const schemas: Record<string, [spec: JsonObject, ...expected: string[]]> = {
  'a schema that is structural': [{ type: 'object', properties: { a: { type: 'string' } } }],
  'a field without a type': [
    { type: 'object', properties: { a: {} } },
    `${at}.properties[spec].properties[a].type: Required value: must not be empty for specified object fields`,
  ],
  'a list without items': [{ type: 'array' }, `${at}.properties[spec].items: Required value: must be specified`],
  'a type inside of a combinator': [
    { type: 'object', anyOf: [{ type: 'object' }] },
    `${at}.properties[spec].anyOf[0].type: Forbidden: must be empty to be structural`,
  ],
  'a combinator about an undeclared field': [
    { type: 'object', properties: { b: { type: 'string' } }, allOf: [{ properties: { a: { minLength: 1 } } }] },
  ],
  'a reference': [{ $ref: '#/x' }, `${at}.properties[spec].$ref: Forbidden: $ref is not supported`],
  'a default that does not fit': [
    { type: 'object', properties: { a: { type: 'string', default: 1 } } },
    `${at}.properties[spec].properties[a].default: Invalid value: "integer": ${at}.properties[spec].properties[a].default in body must be of type string: "integer"`,
  ],
  'unique items': [
    { type: 'array', uniqueItems: true, items: { type: 'string' } },
    `${at}.properties[spec].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`,
  ],
  'a map list without keys': [
    { type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } },
    `${at}.properties[spec].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`,
  ],
  'a key that may be missing': [
    {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['a'],
      items: { type: 'object', properties: { a: { type: 'string' } } },
    },
    `${at}.properties[spec].items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
  ],
  'a rule with a line break and no message': [
    { type: 'object', 'x-kubernetes-validations': [{ rule: 'true\n&& true' }] },
    `${at}.properties[spec].x-kubernetes-validations[0].message: Required value: message must be specified if rule contains line breaks`,
  ],
  'a pattern that is none': [
    { type: 'string', pattern: '[' },
    `${at}.properties[spec].pattern: Invalid value: "[": must be a valid regular expression, but isn't: error parsing regexp: missing closing ]: \`[\``,
  ],
}

describe('crdFaults', () => {
  test.each(Object.entries(schemas))('judges %s', (_, [spec, ...expected]) => {
    const found = faults(spec)
    if (expected.length === 0) expect(found.filter((fault) => !fault.includes('because it is defined'))).toEqual([])
    else
      expect(found).toEqual(
        expect.arrayContaining(
          expected.map((text) => (text.includes('in body') ? expect.stringContaining('must be of type string') : text)),
        ),
      )
  })

  test('wants exactly one storage version', () => {
    const crd = widgetCrd()
    const spec = crd.spec as JsonObject
    const [version] = spec.versions as JsonObject[]
    spec.versions = [{ ...version, storage: false }]
    expect(crdFaults(stored(crd)).map(({ message }) => message)).toContainEqual(
      expect.stringMatching(
        /^Invalid value: \[\{"Name":"v1",.*must have exactly one version marked as storage version$/,
      ),
    )
  })

  test('accepts webhook conversion as little as we can do it', () => {
    const crd = widgetCrd()
    ;(crd.spec as JsonObject).conversion = { strategy: 'Webhook' }
    expect(crdFaults(stored(crd))).toMatchObject([
      { field: 'spec.conversion.strategy', reason: 'FieldValueNotSupported' },
    ])
  })
})

test('scope and kind are fixed once the names were accepted', () => {
  const changed = widgetCrd()
  const spec = changed.spec as JsonObject
  spec.scope = 'Cluster'
  spec.group = 'other.com'
  const established = { ...widgetCrd(), status: { conditions: [{ type: 'Established', status: 'True' }] } }
  expect(crdUpdateFaults(changed, widgetCrd()).map(({ field }) => field)).toEqual(['spec.group'])
  expect(crdUpdateFaults(changed, established).map(({ field }) => field)).toEqual(['spec.scope', 'spec.group'])
})
