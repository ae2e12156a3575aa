import { describe, expect, test } from 'vitest'
import type { JsonObject, TypeModel } from '../schema/contract.ts'
import { clone } from '../schema/go.ts'
import { respellEvent } from './event.ts'
import { normaliseTime, rfc3339, rfc3339Micro } from './go-time.ts'
import { builtinTypes } from './types.ts'

const modelOf = (kind: string, group = ''): TypeModel => {
  const found = builtinTypes.find(({ model }) => model.kind === kind && model.group === group)
  if (!found) throw new Error(`no built-in kind ${kind}`)
  return found.model
}
const RBAC = 'rbac.authorization.k8s.io'
const meta = { name: 'a', namespace: 'n' }

describe('decode', () => {
  test.each<[what: string, kind: string, group: string, given: JsonObject, kept: JsonObject]>([
    [
      'drops empty maps and nulls',
      'ConfigMap',
      '',
      { metadata: { ...meta, labels: {} }, data: null, binaryData: {} },
      { metadata: meta },
    ],
    [
      'keeps a pointer to false',
      'ConfigMap',
      '',
      { metadata: meta, immutable: false },
      { metadata: meta, immutable: false },
    ],
    ['writes zero values that are always written', 'Role', RBAC, { metadata: meta }, { metadata: meta, rules: null }],
    [
      'turns times into UTC seconds',
      'Event',
      '',
      { metadata: meta, involvedObject: {}, lastTimestamp: '2026-01-02T03:04:05.9+02:00' },
      {
        metadata: meta,
        involvedObject: {},
        source: {},
        firstTimestamp: null,
        lastTimestamp: '2026-01-02T01:04:05Z',
        eventTime: null,
        reportingComponent: '',
        reportingInstance: '',
      },
    ],
    [
      'moves stringData into data',
      'Secret',
      '',
      { metadata: meta, data: { a: 'YQ==' }, stringData: { b: 'b' } },
      { metadata: meta, data: { a: 'YQ==', b: 'Yg==' } },
    ],
  ])('%s', (_, kind, group, given, kept) => {
    const object = clone(given)
    expect(modelOf(kind, group).decode(object)).toEqual([])
    expect(object).toEqual(kept)
  })

  test('names unknown fields in the order of the document', () => {
    const object = { metadata: { nope: 1, ownerReferences: [{ uid: 'u', x: 1 }] }, extra: 1 } as JsonObject
    expect(modelOf('ConfigMap').decode(object)).toEqual(['metadata.nope', 'metadata.ownerReferences[0].x', 'extra'])
  })

  test.each<[kind: string, group: string, given: JsonObject, message: string]>([
    [
      'ConfigMap',
      '',
      { data: { a: 1 } },
      'json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    ],
    [
      'ConfigMap',
      '',
      { data: [] },
      'json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string',
    ],
    [
      'ConfigMap',
      '',
      { metadata: { labels: { a: true } } },
      'json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    ['Secret', '', { data: { a: '!' } }, 'illegal base64 data at input byte 0'],
    [
      'Lease',
      'coordination.k8s.io',
      { spec: { renewTime: '2024-01-02T03:04:05Z' } },
      'parsing time "2024-01-02T03:04:05Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
    ],
    [
      'Lease',
      'coordination.k8s.io',
      { spec: { leaseDurationSeconds: 1.5 } },
      'json: cannot unmarshal number 1.5 into Go struct field LeaseSpec.spec.leaseDurationSeconds of type int32',
    ],
  ])('refuses a wrong %s in the words of Go', (kind, group, given, message) => {
    expect(() => modelOf(kind, group).decode(clone(given))).toThrow(message)
  })

  test('is done when it is done once', () => {
    for (const { model } of builtinTypes) {
      const object: JsonObject = { apiVersion: 'x', kind: model.kind, metadata: { ...meta } }
      model.decode(object)
      model.applyDefaults(object)
      const again = clone(object)
      expect(model.decode(again)).toEqual([])
      expect(again).toEqual(object)
    }
  })
})

describe('times', () => {
  test.each([
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
    ['2026-01-01T00:30:00+01:00', '2025-12-31T23:30:00Z'],
  ])('%s is %s', (given, kept) => {
    expect(normaliseTime(given, rfc3339)).toBe(kept)
  })
  test('keep six digits when they are micro times', () => {
    expect(normaliseTime('2026-01-01T00:30:00.123456+01:00', rfc3339Micro)).toBe('2025-12-31T23:30:00.123456Z')
  })
  test.each([
    ['yesterday', 'cannot parse "yesterday" as "2006"'],
    ['2026-13-01T00:00:00Z', 'month out of range'],
    ['2026-02-30T00:00:00Z', 'day out of range'],
    ['2026-01-01T00:00:00Zx', 'extra text: "x"'],
  ])('%s is refused', (given, message) => {
    expect(() => normaliseTime(given, rfc3339)).toThrow(message)
  })
})

const faults = (kind: string, group: string, object: JsonObject, old?: JsonObject): string[] => {
  const model = modelOf(kind, group)
  const whole = clone({
    ...object,
    metadata: { ...meta, ...(object.metadata as JsonObject), ...(model.namespaced ? {} : { namespace: '' }) },
  })
  model.decode(whole)
  const before = old && clone({ ...old, metadata: meta })
  return model.validate(whole, before ? { old: before } : {}).map(({ field, message }) => `${field}: ${message}`)
}

describe('validate', () => {
  test.each<[what: string, kind: string, group: string, object: JsonObject, ...expected: string[]]>([
    [
      'a key in both bags',
      'ConfigMap',
      '',
      { data: { a: '' }, binaryData: { a: '' } },
      'data[a]: Invalid value: "a": duplicate of key present in binaryData',
    ],
    [
      'a secret without what its type needs',
      'Secret',
      '',
      { type: 'kubernetes.io/tls', data: { 'tls.crt': 'YQ==' } },
      'data[tls.key]: Required value',
    ],
    [
      'a rule without verbs',
      'Role',
      RBAC,
      { rules: [{ apiGroups: [''], resources: ['pods'] }] },
      'rules[0].verbs: Required value: verbs must contain at least one value',
    ],
    [
      'a binding to nothing',
      'ClusterRoleBinding',
      RBAC,
      { roleRef: { apiGroup: RBAC, kind: 'Role', name: 'r' } },
      'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
    ],
    [
      'a lease for no time',
      'Lease',
      'coordination.k8s.io',
      { spec: { leaseDurationSeconds: 0 } },
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    ],
    [
      'an event about another namespace',
      'Event',
      '',
      { involvedObject: { namespace: 'm' } },
      'involvedObject.namespace: Invalid value: "m": does not match event.namespace',
    ],
    [
      'two controllers',
      'ConfigMap',
      '',
      {
        metadata: {
          ownerReferences: [
            { apiVersion: 'v1', kind: 'K', name: 'x', uid: '1', controller: true },
            { apiVersion: 'v1', kind: 'K', name: 'y', uid: '2', controller: true },
          ],
        },
      },
      'metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","controller":true,"kind":"K","name":"x","uid":"1"},{"apiVersion":"v1","controller":true,"kind":"K","name":"y","uid":"2"}]: Only one reference can have Controller set to true. Found "true" in references for K/x and K/y',
    ],
  ])('says what is wrong with %s', (_, kind, group, object, ...expected) => {
    expect(faults(kind, group, object)).toEqual(expected)
  })

  test('holds what is immutable', () => {
    const rv = { metadata: { resourceVersion: '1' } }
    expect(
      faults('ConfigMap', '', { ...rv, immutable: true, data: { a: '2' } }, { immutable: true, data: { a: '1' } }),
    ).toEqual(['data: Forbidden: field is immutable when `immutable` is set'])
    expect(faults('Secret', '', { ...rv, type: 'b' }, { type: 'a' })).toEqual([
      'type: Invalid value: "b": field is immutable',
    ])
  })
})

test('a namespace gets its label, finalizer and phase', () => {
  const model = modelOf('Namespace')
  const object: JsonObject = { metadata: { name: 'a' } }
  model.decode(object)
  model.applyDefaults(object)
  model.prepareForCreate(object)
  expect(object).toEqual({
    metadata: { name: 'a', labels: { 'kubernetes.io/metadata.name': 'a' } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  })
})

test('an event is the same in both spellings', () => {
  const core: JsonObject = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: meta,
    involvedObject: { kind: 'Pod' },
    message: 'm',
    count: 2,
    source: { component: 'c' },
  }
  modelOf('Event').decode(core)
  const events = respellEvent(core, 'events.k8s.io')
  expect(events).toMatchObject({
    apiVersion: 'events.k8s.io/v1',
    regarding: { kind: 'Pod' },
    note: 'm',
    deprecatedCount: 2,
    deprecatedSource: { component: 'c' },
  })
  expect(respellEvent(events, '')).toEqual(core)
})
