import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ManagedFieldsEntry } from '../../controller/api/meta.ts'
import type { ApplyRequest, JsonObject, TypeModel } from '../schema/contract.ts'
import type { Fault } from '../schema/faults.ts'
import { clone } from '../schema/go.ts'
import { widget, widgetModel } from '../schema/widget.fixture.ts'
import { serverSideApply } from './apply.ts'
import { decodeFields, intersection, paths } from './field-set.ts'
import { trackUpdate } from './update.ts'

const model = widgetModel()
const time = '2026-01-01T00:00:00Z'
const later = '2026-01-02T00:00:00Z'

const apply = (
  live: JsonObject | undefined,
  manager: string,
  applied: JsonObject,
  options: Partial<ApplyRequest> = {},
): JsonObject =>
  serverSideApply({ model, live, applied: clone(applied), manager, force: false, subresource: '', time, ...options })
    .object

const update = (old: JsonObject | undefined, manager: string, object: JsonObject, at = time): JsonObject => {
  const managedFields = trackUpdate({ model, old, object, manager, subresource: '', time: at })
  const { managedFields: _, ...metadata } = object.metadata as JsonObject
  return {
    ...object,
    metadata: { ...metadata, uid: 'u', ...(managedFields ? { managedFields } : {}) },
  } as unknown as JsonObject
}

const entries = (object: JsonObject): ManagedFieldsEntry[] =>
  ((object.metadata as JsonObject).managedFields ?? []) as unknown as ManagedFieldsEntry[]
const owned = (object: JsonObject, manager: string): unknown =>
  entries(object).find((entry) => entry.manager === manager)?.fieldsV1
const specOf = (object: JsonObject): JsonObject => object.spec as JsonObject
const fault = (action: () => unknown): Fault => {
  try {
    action()
  } catch (error) {
    return error as Fault
  }
  throw new Error('nothing was refused')
}

describe('an apply', () => {
  test('owns what it names, and not the defaults', () => {
    const object = apply(undefined, 'one', widget({ size: 1, ports: [{ port: 1 }], tags: ['x'] }))
    expect(specOf(object)).toEqual({
      size: 1,
      ports: [{ port: 1, proto: 'TCP' }],
      tags: ['x'],
      replicas: 3,
      nick: 'none',
    })
    expect(owned(object, 'one')).toEqual({
      'f:spec': {
        'f:ports': { 'k:{"port":1,"proto":"TCP"}': { '.': {}, 'f:port': {} } },
        'f:size': {},
        'f:tags': { 'v:"x"': {} },
      },
    })
  })

  test('removes what it no longer names, unless somebody else owns it', () => {
    const both = apply(
      apply(undefined, 'one', widget({ size: 1, attrs: { a: '1', b: '2' } })),
      'two',
      widget({ attrs: { b: '2' } }),
    )
    expect(specOf(apply(both, 'one', widget({ size: 1 }))).attrs).toEqual({ b: '2' })
  })

  test('gives a default back when it gives up its own value', () => {
    const live = apply(undefined, 'one', widget({ size: 1, replicas: 9 }))
    expect(specOf(apply(live, 'one', widget({ size: 1 }))).replicas).toBe(3)
  })

  test('merges map lists by key and sets by value, in the order of the applier', () => {
    const live = apply(undefined, 'one', widget({ size: 1, tags: ['a', 'b'], ports: [{ port: 1 }, { port: 2 }] }))
    const spec = specOf(apply(live, 'two', widget({ tags: ['c', 'b'], ports: [{ port: 3 }, { port: 2, note: 'n' }] })))
    expect(spec.tags).toEqual(['a', 'c', 'b'])
    expect(spec.ports).toEqual([
      { port: 1, proto: 'TCP' },
      { port: 3, proto: 'TCP' },
      { port: 2, proto: 'TCP', note: 'n' },
    ])
  })

  test('replaces atomic maps and lists whole', () => {
    const live = apply(undefined, 'one', widget({ size: 1, fixed: { a: '1' }, list: ['a'] }))
    expect(specOf(apply(live, 'two', widget({ fixed: { b: '2' }, list: ['b'] }), { force: true }))).toMatchObject({
      fixed: { b: '2' },
      list: ['b'],
    })
  })

  test('collides with another owner, and says with whom and where', () => {
    const live = apply(undefined, 'one', widget({ size: 1, attrs: { a: '1', b: '1' } }))
    expect(fault(() => apply(live, 'two', widget({ attrs: { a: '2' } })))).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "one": .spec.attrs.a',
      causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.attrs.a' }],
    })
    const updated = update(live, 'upd', { ...live, spec: { size: 5, attrs: { a: '1', b: '1' } } })
    expect(fault(() => apply(updated, 'three', widget({ size: 2, attrs: { a: '2' } }))).message).toBe(
      'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.attrs.a\nconflicts with "upd" using example.com/v1:\n- .spec.size',
    )
  })

  test('shares a field when the values are the same', () => {
    const live = apply(apply(undefined, 'one', widget({ size: 1 })), 'two', widget({ size: 1 }))
    expect([owned(live, 'one'), owned(live, 'two')]).toEqual([
      { 'f:spec': { 'f:size': {} } },
      { 'f:spec': { 'f:size': {} } },
    ])
  })

  test('takes what it is forced to take', () => {
    const live = apply(apply(undefined, 'one', widget({ size: 1 })), 'two', widget({ size: 2 }), { force: true })
    expect([specOf(live).size, owned(live, 'one')]).toEqual([2, undefined])
  })

  test('may not write what belongs to the other path', () => {
    const object = { ...widget({ size: 1 }), status: { phase: 'x' } }
    expect(owned(apply(undefined, 'one', object), 'one')).toEqual({ 'f:spec': { 'f:size': {} } })
    expect(owned(apply(apply(undefined, 'one', object), 'two', object, { subresource: 'status' }), 'two')).toEqual({
      'f:status': { 'f:phase': {} },
    })
  })

  test('leaves the time when it changes nothing, and has none when only ownership changed', () => {
    const live = apply(undefined, 'one', widget({ size: 1 }))
    expect(entries(apply(live, 'one', widget({ size: 1 }), { time: later }))[0]?.time).toBe(time)
    expect(
      entries(apply(live, 'two', widget({ size: 1 }), { time: later })).find(({ manager }) => manager === 'two'),
    ).not.toHaveProperty('time')
  })

  test('finds an owner for what nobody is known to own', () => {
    const live = { ...widget({ size: 1 }), metadata: { name: 'a', namespace: 'n', uid: 'u', labels: { c: '1' } } }
    expect(fault(() => apply(live, 'one', widget({}, { labels: { c: '2' } }))).message).toBe(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using example.com/v1: .metadata.labels.c',
    )
  })

  test.each<[what: string, applied: JsonObject, code: number, message: string]>([
    [
      'a wrong type',
      widget({ size: 'x' }),
      500,
      'failed to create typed patch object (n/a; example.com/v1, Kind=Widget): .spec.size: expected numeric (int or float), got string',
    ],
    [
      'a field nobody declared',
      widget({ nope: 1 }),
      500,
      'failed to create typed patch object (n/a; example.com/v1, Kind=Widget): .spec.nope: field not declared in schema',
    ],
    [
      'a key twice',
      widget({ ports: [{ port: 1 }, { port: 1 }] }),
      500,
      'failed to create typed patch object (n/a; example.com/v1, Kind=Widget): .spec.ports: duplicate entries for key [port=1,proto="TCP"]',
    ],
    ['another kind', { ...widget({}), kind: 'Other' }, 400, 'invalid object type: example.com/v1, Kind=Other'],
    ['managedFields', widget({}, { managedFields: [] }), 400, 'metadata.managedFields must be nil'],
  ])('refuses %s', (_, applied, code, message) => {
    expect(fault(() => apply(undefined, 'one', applied))).toMatchObject({ code, message })
  })

  test('lets kubectl take over what its client-side apply had set', () => {
    const config = widget({ size: 1 })
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(config) }
    const live = update(undefined, 'kubectl-client-side-apply', widget({ size: 1 }, { annotations }))
    const object = apply(live, 'kubectl', widget({ size: 2 }))
    expect(specOf(object).size).toBe(2)
    expect(
      JSON.parse(
        ((object.metadata as JsonObject).annotations as Record<string, string>)[
          Object.keys(annotations)[0] as string
        ] as string,
      ).spec,
    ).toEqual({ size: 2 })
    expect(fault(() => apply(live, 'other', widget({ size: 2 }))).code).toBe(409)
  })
})

describe('an update', () => {
  test('owns what it changes, defaults included on a create', () => {
    const object = widget({ size: 1 })
    model.applyDefaults(object)
    expect(owned(update(undefined, 'upd', object), 'upd')).toEqual({
      'f:spec': { '.': {}, 'f:nick': {}, 'f:replicas': {}, 'f:size': {} },
    })
  })

  test('takes a field from an applier, and nothing else', () => {
    const live = apply(undefined, 'one', widget({ size: 1, attrs: { a: '1' } }))
    const next = update(live, 'upd', { ...live, spec: { ...specOf(live), size: 2 } })
    expect([owned(next, 'one'), owned(next, 'upd')]).toEqual([
      { 'f:spec': { 'f:attrs': { 'f:a': {} } } },
      { 'f:spec': { 'f:size': {} } },
    ])
  })

  test('cannot forget owners, unless it clears them', () => {
    const live = apply(undefined, 'one', widget({ size: 1 }))
    const without = (managedFields: unknown): JsonObject =>
      ({ ...live, metadata: { ...(live.metadata as JsonObject), uid: 'u', managedFields } }) as JsonObject
    expect(owned(update(live, 'upd', without([])), 'one')).toBeDefined()
    expect(owned(update(live, 'upd', without([{ manager: 'x', operation: 'Nope' }])), 'one')).toBeDefined()
    const cleared = update(live, 'upd', without([{}]))
    expect(entries(cleared)).toEqual([])
    expect(entries(update(cleared, 'upd', { ...cleared, spec: { size: 7 } }))).toEqual([])
  })

  test('does not count when nothing changed: the times stay', () => {
    const live = update(undefined, 'upd', widget({ size: 1 }))
    expect(entries(update(live, 'upd', live, later))).toEqual(entries(live))
  })

  test('of an eleventh manager folds the oldest into one', () => {
    let live = update(undefined, 'm0', widget({ size: 1 }))
    for (let i = 1; i < 15; i++) {
      const attrs = { ...(specOf(live).attrs as JsonObject), [`k${i}`]: 'x' }
      live = update(
        live,
        `m${i}`,
        { ...live, spec: { ...specOf(live), attrs } },
        `2026-01-${String(i + 1).padStart(2, '0')}T00:00:00Z`,
      )
    }
    expect(entries(live).map(({ manager }) => manager)).toEqual([
      'ancient-changes',
      ...Array.from({ length: 9 }, (_, i) => `m${i + 6}`),
    ])
    expect(JSON.stringify(owned(live, 'ancient-changes'))).toContain('f:k5')
  })
})

// Maps and lists that merge have an entry: one that is emptied in place becomes null, which validation then refuses.
const value = fc.constantFrom('1', '2')
const config = fc
  .record(
    {
      size: fc.constantFrom(1, 2),
      attrs: fc.dictionary(fc.constantFrom('a', 'b', 'constructor', '__proto__'), value, { minKeys: 1 }),
      fixed: fc.dictionary(fc.constantFrom('a', 'b'), value),
      list: fc.array(value, { maxLength: 2 }),
      tags: fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { minLength: 1 }),
      ports: fc.uniqueArray(fc.record({ port: fc.constantFrom(1, 2, 3), note: value }), {
        selector: ({ port }) => port,
        minLength: 1,
      }),
    },
    { requiredKeys: [] },
  )
  .map((spec) => widget(JSON.parse(JSON.stringify(spec)) as JsonObject))
const history = fc.array(fc.tuple(fc.constantFrom('one', 'two', 'three'), config), { minLength: 1, maxLength: 6 })

const outcomeOf = (steps: [string, JsonObject][], start?: JsonObject): JsonObject =>
  steps.reduce<JsonObject | undefined>(
    (live, [manager, applied]) => apply(live, manager, applied, { force: true }),
    start,
  ) as JsonObject

describe('any history of applies', () => {
  test('is idempotent at its end: the same once more changes nothing', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const live = outcomeOf(steps)
        const [manager, applied] = steps.at(-1) as [string, JsonObject]
        const again = serverSideApply({
          model: model as TypeModel,
          live,
          applied: clone(applied),
          manager,
          force: false,
          subresource: '',
          time: later,
        })
        expect(again.object).toEqual(live)
        expect(again.changed).toBe(false)
      }),
    )
  })

  test('leaves the last applier with all that it applied', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const live = outcomeOf(steps)
        const [, applied] = steps.at(-1) as [string, JsonObject]
        const { ports, tags, ...leaves } = specOf(applied)
        expect(specOf(live)).toMatchObject(leaves)
        for (const tag of (tags ?? []) as string[]) expect(specOf(live).tags).toContain(tag)
        for (const port of (ports ?? []) as JsonObject[])
          expect(specOf(live).ports).toContainEqual({ proto: 'TCP', ...port })
      }),
    )
  })

  test('names no owner for a field that is not there', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const live = outcomeOf(steps)
        const attrs = Object.keys((specOf(live).attrs ?? {}) as JsonObject)
        const claimed = entries(live)
          .flatMap(({ fieldsV1 }) => [...paths(decodeFields(fieldsV1 as JsonObject))])
          .filter((path) => path[1] === 'f:attrs' && path.length === 3)
          .map((path) => path[2]?.slice(2))
        expect(new Set(claimed)).toEqual(new Set(attrs))
      }),
    )
  })

  test('gives a forced change to one manager alone', () => {
    fc.assert(
      fc.property(history, fc.constantFrom('8', '9'), (steps, changed) => {
        const live = outcomeOf([...steps, ['four', widget({ attrs: { a: changed } })]])
        const sets = entries(live).map(({ fieldsV1 }) => decodeFields(fieldsV1 as JsonObject))
        const mine = decodeFields({ 'f:spec': { 'f:attrs': { 'f:a': {} } } })
        expect(sets.filter((set) => intersection(set, mine).size > 0)).toHaveLength(1)
      }),
    )
  })

  test('never changes what it was given', () => {
    fc.assert(
      fc.property(history, config, (steps, next) => {
        const live = outcomeOf(steps)
        const before = clone(live)
        apply(live, 'four', next, { force: true })
        expect(live).toEqual(before)
      }),
    )
  })
})
