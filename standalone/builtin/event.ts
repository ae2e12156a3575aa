/** Events, in the spelling of the core group and in that of events.k8s.io. Both are the same objects. */
import type { Cause, Json, JsonObject } from '../schema/contract.ts'
import { invalidValue, required } from '../schema/field.ts'
import { equal, isObject } from '../schema/go.ts'
import { dns1123Subdomain, qualifiedName } from '../schema/names.ts'
import { validateMeta, validateMetaUpdate } from '../schema/object-meta.ts'
import { metaOf } from '../schema/prepare.ts'
import { objectReference } from './core.ts'
import { decodeGo } from './decode.ts'
import { int32, microTime, needed, optional, pointer, string, struct, time } from './go-type.ts'
import { type BuiltinKind, kindStruct } from './model.ts'

const CORE = 'io.k8s.api.core.v1'
const EVENTS = 'io.k8s.api.events.v1'

const eventSource = struct(`${CORE}.EventSource`, 'EventSource says who reports.', {
  component: optional(string, 'Component that reports.'),
  host: optional(string, 'Host that it runs on.'),
})

const always = { always: true }

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

/** Limits of events that have an eventTime, by the names of the fields in the spelling at hand. */
const newEventFaults = (event: JsonObject, controllerField: string, message: Json | undefined): Cause[] => {
  const causes: Cause[] = []
  const controller = text(event[controllerField])
  if (!controller) causes.push(required(controllerField))
  causes.push(...qualifiedName(controller).map((fault) => invalidValue(controllerField, controller, fault)))
  for (const field of ['reportingInstance', 'action', 'reason']) {
    if (!text(event[field])) causes.push(required(field))
    else if (Buffer.byteLength(text(event[field])) > 128)
      causes.push(invalidValue(field, '', 'can have at most 128 characters'))
  }
  if (Buffer.byteLength(text(message)) > 1024)
    causes.push(invalidValue('message', '', 'can have at most 1024 characters'))
  return causes
}

const eventFaults = (
  event: JsonObject,
  involved: Json | undefined,
  controllerField: string,
  message: Json | undefined,
): Cause[] => {
  const namespace = text(metaOf(event).namespace)
  const about = isObject(involved) ? text(involved.namespace) : ''
  const causes: Cause[] = []
  const mismatch = (): Cause => invalidValue('involvedObject.namespace', about, 'does not match event.namespace')
  if (!event.eventTime) {
    if (about === '' ? namespace !== '' && namespace !== 'default' : namespace !== about) causes.push(mismatch())
  } else {
    if (about === '' && namespace !== 'default' && namespace !== 'kube-system') causes.push(mismatch())
    causes.push(...newEventFaults(event, controllerField, message))
  }
  causes.push(...dns1123Subdomain(namespace).map((fault) => invalidValue('namespace', namespace, fault)))
  return causes
}

export const coreEvent: BuiltinKind = {
  group: '',
  version: 'v1',
  kind: 'Event',
  namespaced: true,
  type: kindStruct(
    `${CORE}.Event`,
    'Event reports something that happened to an object.',
    {
      involvedObject: needed(objectReference, 'The object that the event is about.'),
      reason: optional(string, 'Why, in CamelCase.'),
      message: optional(string, 'What happened, for humans.'),
      source: optional(eventSource, 'Who reports.'),
      firstTimestamp: optional(time, 'When it happened first.', always),
      lastTimestamp: optional(time, 'When it happened last.', always),
      count: optional(int32, 'How often it happened.'),
      type: optional(string, 'Normal or Warning.'),
      eventTime: optional(microTime, 'When the event was first observed.', always),
      series: pointer(
        struct(`${CORE}.EventSeries`, 'EventSeries is about events that repeat.', {
          count: optional(int32, 'How often until the last observation.'),
          lastObservedTime: optional(microTime, 'When it was observed last.', always),
        }),
        'What is known of a repeating event.',
      ),
      action: optional(string, 'What was done or failed.'),
      related: pointer(objectReference, 'A second object, for complex actions.'),
      reportingComponent: optional(string, 'Controller that reports.', always),
      reportingInstance: optional(string, 'Instance of the controller.', always),
    },
    true,
  ),
  validate: (event) => eventFaults(event, event.involvedObject, 'reportingComponent', event.message),
}

const series = struct(`${EVENTS}.EventSeries`, 'EventSeries is about events that repeat.', {
  count: needed(int32, 'How often until the last observation.'),
  lastObservedTime: needed(microTime, 'When it was observed last.'),
})

const seriesFaults = (event: JsonObject): Cause[] => {
  if (!isObject(event.series)) return []
  const causes: Cause[] = []
  if (Number(event.series.count ?? 0) < 2) causes.push(invalidValue('series.count', '', 'should be at least 2'))
  if (!event.series.lastObservedTime) causes.push(required('series.lastObservedTime'))
  return causes
}

/** What an event of events.k8s.io may not set, with the internal names that error texts use. */
const unset: readonly (readonly [string, string])[] = [
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
]

const immutable: readonly (readonly [string, string])[] = [
  ['regarding', 'involvedObject'],
  ['reason', 'reason'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['type', 'type'],
  ['eventTime', 'eventTime'],
  ['action', 'action'],
  ['related', 'related'],
  ['reportingController', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
]

const legacyFaults = (event: JsonObject): Cause[] =>
  eventFaults(event, event.regarding, 'reportingController', event.note)

export const event: BuiltinKind = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  namespaced: true,
  updateChecksAll: false,
  type: kindStruct(
    `${EVENTS}.Event`,
    'Event reports something that happened to an object.',
    {
      eventTime: needed(microTime, 'When the event was first observed.'),
      series: pointer(series, 'What is known of a repeating event.'),
      reportingController: optional(string, 'Controller that reports.'),
      reportingInstance: optional(string, 'Instance of the controller.'),
      action: optional(string, 'What was done or failed.'),
      reason: optional(string, 'Why, in CamelCase.'),
      regarding: optional(objectReference, 'The object that the event is about.'),
      related: pointer(objectReference, 'A second object, for complex actions.'),
      note: optional(string, 'What happened, for humans.'),
      type: optional(string, 'Normal or Warning.'),
      deprecatedSource: optional(eventSource, 'Only for events written in the core group.'),
      deprecatedFirstTimestamp: optional(time, 'Only for events written in the core group.', always),
      deprecatedLastTimestamp: optional(time, 'Only for events written in the core group.', always),
      deprecatedCount: optional(int32, 'Only for events written in the core group.'),
    },
    true,
  ),
  validate(object) {
    const causes = [
      ...legacyFaults(object),
      ...validateMeta(object, { namespaced: true, checkName: dns1123Subdomain }),
      ...seriesFaults(object),
    ]
    if (!object.eventTime) causes.push(required('eventTime'))
    if (object.type !== 'Normal' && object.type !== 'Warning')
      causes.push(invalidValue('type', '', `has invalid value: ${text(object.type)}`))
    for (const [field, name] of unset) if (object[field]) causes.push(invalidValue(name, '', 'needs to be unset'))
    const source = object.deprecatedSource
    if (isObject(source) && (source.component || source.host))
      causes.push(invalidValue('source', '', 'needs to be unset'))
    return causes
  },
  validateUpdate(object, old) {
    const causes = [...legacyFaults(object), ...validateMetaUpdate(object, old)]
    if (!equal(object.series ?? null, old.series ?? null)) causes.push(...seriesFaults(object))
    for (const [field, name] of immutable)
      if (!equal(object[field] ?? null, old[field] ?? null))
        causes.push(invalidValue(name, object[field] ?? null, 'field is immutable'))
    return causes
  },
}

/** `core` event <-> `events.k8s.io` event: the same object under other names. */
const spelling: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
]

/** A copy in the other spelling, with its apiVersion. */
export const respellEvent = (object: JsonObject, group: '' | 'events.k8s.io'): JsonObject => {
  const apiVersion = group === '' ? 'v1' : 'events.k8s.io/v1'
  if (object.apiVersion === apiVersion) return object
  const names = new Map(spelling.map(([core, events]) => (group === '' ? [events, core] : [core, events])))
  const out: JsonObject = {}
  for (const key of Object.keys(object)) out[names.get(key) ?? key] = object[key] as Json
  const decoded = decodeGo(out, (group === '' ? coreEvent : event).type, [])
  decoded.apiVersion = apiVersion
  return decoded
}
