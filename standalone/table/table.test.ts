import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../schema/contract.ts'
import { widget, widgetCrd } from '../schema/widget.fixture.ts'
import { eventPrinter, roleBindingPrinter, secretPrinter } from './builtin.ts'
import { crdPrinter } from './crd.ts'
import { humanDuration } from './duration.ts'
import { parseJsonPath } from './json-path.ts'
import { toTable } from './table.ts'

const SECOND = 1000
const HOUR = 3600 * SECOND
const DAY = 24 * HOUR

describe('humanDuration', () => {
  test.each([
    [-5 * SECOND, '<invalid>'],
    [-SECOND, '0s'],
    [119 * SECOND, '119s'],
    [120 * SECOND, '2m'],
    [125 * SECOND, '2m5s'],
    [599 * SECOND, '9m59s'],
    [600 * SECOND, '10m'],
    [3 * HOUR, '3h'],
    [3.5 * HOUR, '3h30m'],
    [47 * HOUR, '47h'],
    [50 * HOUR, '2d2h'],
    [9 * DAY, '9d'],
    [800 * DAY, '2y70d'],
    [3650 * DAY, '10y'],
  ])('%d ms is %s', (millis, text) => {
    expect(humanDuration(millis)).toBe(text)
  })
})

describe('parseJsonPath', () => {
  const document: Json = {
    metadata: { annotations: { 'a.b/c': 'x' } },
    spec: {
      ports: [
        { port: 1, name: 'a' },
        { port: 2, name: 'b' },
      ],
    },
    status: {
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'Stalled', status: 'False' },
      ],
    },
  }
  test.each<[path: string, ...values: Json[]]>([
    ['.spec.ports[*].port', 1, 2],
    ['.spec.ports[0].name', 'a'],
    ['.spec.ports[-1].name', 'b'],
    ['.spec.ports[0:1].name', 'a'],
    ['.spec.ports[0,1].name', 'a', 'b'],
    ['.status.conditions[?(@.type=="Ready")].status', 'True'],
    ['.status.conditions[?(@.status!="True")].type', 'Stalled'],
    ['.spec.ports[?(@.port>1)].name', 'b'],
    [".metadata.annotations['a.b/c']", 'x'],
    ['.metadata.annotations.a\\.b/c', 'x'],
    ['..port', 1, 2],
    ['.nope.nope'],
    ['.constructor'],
  ])('%s finds what it names', (path, ...values) => {
    expect(parseJsonPath(path).find(document)).toEqual(values)
  })
  test.each(['.a[', '.a[?(@.b', '.a}', '.a[x]'])('%s is refused', (path) => {
    expect(() => parseJsonPath(path)).toThrow()
  })
})

const now = Date.parse('2026-01-01T01:00:00Z')

test('a custom resource shows the first match, null for nothing, and JSON for a map', () => {
  const crd = widgetCrd()
  const [version] = (crd.spec as JsonObject).versions as JsonObject[]
  const columns = [
    { name: 'Port', type: 'integer', jsonPath: '.spec.ports[*].port' },
    { name: 'None', type: 'string', jsonPath: '.spec.nope' },
    { name: 'Labels', type: 'string', jsonPath: '.metadata.labels', priority: 1 },
    { name: 'Size', type: 'string', jsonPath: '.spec.size' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Due', type: 'date', jsonPath: '.spec.due' },
  ]
  Object.assign(version as JsonObject, { additionalPrinterColumns: columns })
  const printer = crdPrinter(crd, 'v1')
  const object = widget(
    { size: 3, due: 'tomorrow', ports: [{ port: 80 }, { port: 81 }] },
    { labels: { b: '1', a: '2' }, creationTimestamp: '2026-01-01T00:00:00Z' },
  )
  expect(printer.columns.map(({ name, priority }) => `${name}${priority}`)).toEqual([
    'Name0',
    'Port0',
    'None0',
    'Labels1',
    'Size0',
    'Age0',
    'Due0',
  ])
  expect(printer.columns[1]?.description).toBe(
    'Custom resource definition column (in JSONPath format): .spec.ports[*].port',
  )
  expect(printer.cells(object, now)).toEqual(['a', 80, null, '{"a":"2","b":"1"}', '3', '60m', '<invalid>'])
})

test('without columns of its own a custom resource shows its age', () => {
  const printer = crdPrinter(widgetCrd(), 'v1')
  expect(printer.columns.map(({ name }) => name)).toEqual(['Name', 'Age'])
  expect(printer.cells(widget({}), now)).toEqual(['a', null])
})

test('built-in kinds show what kubectl users know', () => {
  expect(
    secretPrinter.cells(
      { metadata: { name: 's', creationTimestamp: '2026-01-01T00:59:00Z' }, type: 'Opaque', data: { a: '', b: '' } },
      now,
    ),
  ).toEqual(['s', 'Opaque', 2, '60s'])
  const binding: JsonObject = {
    metadata: { name: 'b' },
    roleRef: { kind: 'Role', name: 'r' },
    subjects: [
      { kind: 'User', name: 'u' },
      { kind: 'ServiceAccount', namespace: 'n', name: 's' },
    ],
  }
  expect(roleBindingPrinter('RoleBinding').cells(binding, now)).toEqual(['b', 'Role/r', '<unknown>', 'u', '', 'n/s'])
  const event: JsonObject = {
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'p' },
    reason: 'R',
    type: 'Normal',
    message: ' m ',
    lastTimestamp: '2026-01-01T00:59:50Z',
    count: 2,
  }
  expect(eventPrinter.cells(event, now)).toEqual(['10s', 'Normal', 'R', 'pod/p', '', '', 'm', '<unknown>', 2, 'e'])
})

test('a table holds of each object what was asked for', () => {
  const printer = crdPrinter(widgetCrd(), 'v1')
  const table = (includeObject: 'None' | 'Metadata' | 'Object', withColumns = true): JsonObject =>
    toTable({
      printer,
      objects: [widget({ size: 1 })],
      includeObject,
      now,
      listMeta: { resourceVersion: '7' },
      withColumns,
    })
  expect(table('Metadata')).toMatchObject({
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '7' },
    rows: [{ object: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } } }],
  })
  expect((table('None').rows as JsonObject[])[0]?.object).toBeNull()
  expect((table('Object').rows as JsonObject[])[0]?.object).toEqual(widget({ size: 1 }))
  expect(table('None', false).columnDefinitions).toBeNull()
})
