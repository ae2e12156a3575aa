/**
 * Random histories of one object: the same requests go to the API under test and through the pure rooms of the standalone API,
 * and after each the two must agree: on the object with its managedFields, or on the refusal.
 */
import { serverSideApply } from '../../../standalone/apply/apply.ts'
import { trackUpdate } from '../../../standalone/apply/update.ts'
import { jsonPatch } from '../../../standalone/patch/json-patch.ts'
import { mergePatch } from '../../../standalone/patch/merge-patch.ts'
import { strategicMergePatch } from '../../../standalone/patch/strategic-merge-patch.ts'
import type { Json, JsonObject, Subresource, TypeModel } from '../../../standalone/schema/contract.ts'
import { Fault, invalid } from '../../../standalone/schema/faults.ts'
import { clone, isObject } from '../../../standalone/schema/go.ts'

export type Verb = 'apply' | 'update' | 'merge' | 'json' | 'strategic'

export interface Step {
  verb: Verb
  manager: string
  force: boolean
  subresource: Subresource
  body: Json
}

export interface Outcome {
  status: number
  /** The object, or the message of the refusal. */
  body: Json
}

/** Numbers between 0 and 1, the same for the same seed (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

// ---------------------------------------------------------------------------------------------------------- generation

type Random = () => number

const pick = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
const some = <T>(random: Random, items: readonly T[]): T[] => items.filter(() => random() < 0.45)
const maybe = (random: Random, out: JsonObject, key: string, make: () => Json): void => {
  if (random() < 0.5) out[key] = make()
}

const words = ['a', 'b', 'c']
const stringMap = (random: Random): JsonObject =>
  Object.fromEntries(some(random, words).map((key) => [key, pick(random, words)]))

const ports = (random: Random): Json =>
  some(random, [1, 2, 3]).map((port) => {
    const entry: JsonObject = { port }
    if (random() < 0.4) entry.proto = pick(random, ['TCP', 'UDP'])
    maybe(random, entry, 'name', () => pick(random, words))
    return entry
  })

const shuffled = <T>(random: Random, items: T[]): T[] =>
  items
    .map((item) => [random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)

const widgetSpec = (random: Random): JsonObject => {
  const spec: JsonObject = {}
  maybe(random, spec, 'size', () =>
    random() < 0.08 ? pick<Json>(random, ['x', 1000, 1.5, null]) : Math.floor(random() * 3),
  )
  maybe(random, spec, 'replicas', () => (random() < 0.1 ? null : Math.floor(random() * 3)))
  maybe(random, spec, 'nick', () => pick<Json>(random, [null, 'n', 'm']))
  maybe(random, spec, 'attrs', () => stringMap(random))
  maybe(random, spec, 'fixed', () => stringMap(random))
  maybe(random, spec, 'list', () => some(random, words))
  maybe(random, spec, 'tags', () => shuffled(random, some(random, words)))
  maybe(random, spec, 'ports', () => shuffled(random, ports(random) as Json[]))
  maybe(random, spec, 'port', () => pick<Json>(random, [1, 'http', true]))
  maybe(random, spec, 'any', () => pick<Json>(random, [{ x: { y: pick(random, words) } }, [1, 2], 'text', { x: {} }]))
  if (random() < 0.05) spec.nope = 1
  return spec
}

const metadata = (random: Random): JsonObject => {
  const out: JsonObject = {}
  maybe(random, out, 'labels', () => stringMap(random))
  if (random() < 0.25) out.annotations = stringMap(random)
  if (random() < 0.2) out.finalizers = some(random, ['ex.org/a', 'ex.org/b'])
  return out
}

const widgetStatus = (random: Random): JsonObject => {
  const status: JsonObject = {}
  maybe(random, status, 'conditions', () =>
    some(random, ['Ready', 'Stalled']).map((type) => ({ type, status: pick(random, ['True', 'False']) })),
  )
  return status
}

export interface Subject {
  model: TypeModel
  /** Namespace and name of the object. */
  namespace: string
  name: string
}

const whole = ({ model, namespace, name }: Subject, random: Random): JsonObject => {
  const object: JsonObject = {
    apiVersion: model.group ? `${model.group}/${model.version}` : model.version,
    kind: model.kind,
    metadata: { name, namespace, ...metadata(random) },
  }
  if (model.custom) {
    if (random() < 0.95) object.spec = widgetSpec(random)
    if (random() < 0.2) object.status = widgetStatus(random)
  } else {
    if (random() < 0.9) object.data = stringMap(random)
    if (random() < 0.15) object.binaryData = { d: 'aGk=' }
  }
  return object
}

const jsonPatchOf = ({ model }: Subject, random: Random): Json => {
  const paths = model.custom
    ? [
        '/spec/size',
        '/spec/attrs/a',
        '/spec/tags/0',
        '/spec/tags/-',
        '/spec/ports/0/name',
        '/metadata/labels',
        '/spec/list/-1',
        '/spec/any',
      ]
    : ['/data/a', '/data/b', '/metadata/labels', '/metadata/labels/a', '/data']
  return Array.from({ length: 1 + Math.floor(random() * 2) }, () => {
    const op = pick(random, ['add', 'remove', 'replace', 'test', 'copy', 'move'])
    const path = pick(random, paths)
    const value: Json = /labels$|data$/.test(path) ? stringMap(random) : /size$/.test(path) ? 1 : pick(random, words)
    return {
      op,
      path,
      ...(op === 'copy' || op === 'move' ? { from: pick(random, paths) } : op === 'remove' ? {} : { value }),
    }
  })
}

const mergeOf = (subject: Subject, random: Random): Json => {
  const { kind: _, apiVersion: __, ...patch } = whole(subject, random)
  const meta = patch.metadata as JsonObject
  delete meta.name
  delete meta.namespace
  const drop = subject.model.custom ? 'spec' : 'data'
  if (isObject(patch[drop]))
    for (const key of Object.keys(patch[drop])) if (random() < 0.25) (patch[drop] as JsonObject)[key] = null
  return patch
}

export const nextStep = (subject: Subject, random: Random): Step => {
  const { custom } = subject.model
  const verb = pick<Verb>(random, [
    'apply',
    'apply',
    'apply',
    'apply',
    'update',
    'merge',
    'json',
    ...(custom ? [] : (['strategic'] as const)),
  ])
  const subresource: Subresource = custom && random() < 0.15 ? 'status' : ''
  const body =
    verb === 'json'
      ? jsonPatchOf(subject, random)
      : verb === 'merge' || verb === 'strategic'
        ? mergeOf(subject, random)
        : whole(subject, random)
  if (subresource && isObject(body) && verb !== 'json') body.status = widgetStatus(random)
  return {
    verb,
    manager: pick(random, ['one', 'two', 'kubectl']),
    force: verb === 'apply' && random() < 0.4,
    subresource,
    body,
  }
}

// --------------------------------------------------------------------------------------------------------- the rooms

const invalidPatch = (object: JsonObject, error: Fault): Fault =>
  new Fault(
    422,
    'Invalid',
    ` "" is invalid: patch: Invalid value: ${JSON.stringify(JSON.stringify(object))}: ${error.message}`,
  )

/** One object, kept as the verbs of a server would, with nothing but the rooms. */
export class Rooms {
  readonly #subject: Subject
  #live: JsonObject | undefined

  constructor(subject: Subject) {
    this.#subject = subject
  }

  take({ verb, manager, force, subresource, body }: Step, time: string): Outcome {
    const { model, name } = this.#subject
    try {
      const next = this.#next(verb, body, manager, force, subresource, time)
      if (!this.#live) model.prepareForCreate(next)
      else {
        const meta = next.metadata as JsonObject
        meta.resourceVersion ??= (this.#live.metadata as JsonObject).resourceVersion as Json
        model.prepareForUpdate(next, this.#live, subresource)
      }
      const causes = model.validate(next, { subresource, ...(this.#live ? { old: this.#live } : {}) })
      if (causes.length) throw invalid(model.kind, model.group, name, causes)
      model.dropNulls(next)
      const meta = next.metadata as JsonObject
      meta.uid ??= 'uid'
      meta.creationTimestamp ??= '2026-01-01T00:00:00Z'
      meta.resourceVersion ??= '1'
      const created = this.#live === undefined
      this.#live = next
      return { status: created ? 201 : 200, body: clone(next) }
    } catch (error) {
      if (error instanceof Fault) return { status: error.code, body: error.message }
      throw error
    }
  }

  #next(verb: Verb, body: Json, manager: string, force: boolean, subresource: Subresource, time: string): JsonObject {
    const { model } = this.#subject
    if (verb === 'apply')
      return serverSideApply({
        model,
        live: this.#live,
        applied: clone(body) as JsonObject,
        manager,
        force,
        subresource,
        time,
      }).object
    let next: JsonObject
    if (verb === 'update') next = clone(body) as JsonObject
    else if (!this.#live) throw new Fault(404, 'NotFound', 'not found')
    else if (verb === 'merge') next = mergePatch(this.#live, body) as JsonObject
    else if (verb === 'json') next = jsonPatch(this.#live, body) as JsonObject
    else next = strategicMergePatch(this.#live, body as JsonObject, model)
    const shown = clone(next)
    try {
      model.decode(next)
    } catch (error) {
      if (error instanceof Fault && verb !== 'update') throw invalidPatch(shown, error)
      throw error
    }
    model.applyDefaults(next)
    const entries = trackUpdate({ model, old: this.#live, object: next, manager, subresource, time })
    const meta = next.metadata as JsonObject
    if (entries) meta.managedFields = entries as unknown as Json
    else delete meta.managedFields
    return next
  }
}

// --------------------------------------------------------------------------------------------------------- comparison

/** Without what no two servers have alike. Of a time it only counts whether there is one. */
export const comparable = ({ status, body }: Outcome): Outcome => {
  if (!isObject(body)) return { status, body: typeof body === 'string' ? lines(body) : body }
  const object = clone(body)
  const meta = object.metadata as JsonObject
  for (const key of ['uid', 'resourceVersion', 'creationTimestamp']) delete meta[key]
  const entries = Array.isArray(meta.managedFields) ? (meta.managedFields as JsonObject[]) : []
  for (const entry of entries) if (entry.time !== undefined) entry.time = 'some'
  entries.sort((a, b) =>
    JSON.stringify([a.operation, a.manager, a.subresource]) < JSON.stringify([b.operation, b.manager, b.subresource])
      ? -1
      : 1,
  )
  return { status, body: object }
}

/**
 * Messages name several faults in no order. A patched object in a message has its keys in no order either. A field that is not declared
 * ends the search for faults of its map, which begins anywhere: which others are named is chance.
 */
const lines = (message: string): Json =>
  message
    .replace(/: errors:\n(?:.*\n)*? +(.*: field not declared in schema)(?:\n.*)*/, ': $1')
    .replace(/Invalid value: "\{.*\}"/s, 'Invalid value: <object>')
    .replace(/\(get .*\)/, '')
    .split(/\n| \[|, |\]|: \[/)
    .filter(Boolean)
    .sort()
