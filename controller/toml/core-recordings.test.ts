import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  bytesOf,
  corpusFiles,
  hasRecordings,
  passesOf,
  probes,
  type RecordedStep,
  recordedRepositories,
  type Stored,
  type StoredObject,
} from '../../test/build/core-recordings.ts'
import type { Declaration } from './declaration.ts'
import type { RawTable } from './raw-table.ts'
import { read } from './read.ts'
import { Reading, type Report } from './reading.ts'
import { readNested, readTable } from './values.ts'
import { type BlockModel, blockModels, type TableModel, type TableValue, type ValueModel } from './vocabulary.ts'

/**
 * What a running Komodo Core made of real and made-up files: what we read must mean the same. Each difference stands in a list below,
 * with its reason.
 */
const models = new Map([...blockModels.values()].map((model) => [model.kind, model]))

/** JSON as the TOML parser would give it. */
function raw(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(raw)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, raw(inner)] as const]))
  return Object.assign(Object.create(null), Object.fromEntries(entries))
}

/** With every default filled in, as an API server does it. */
function complete(values: Record<string, unknown>, model: TableModel): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const field of model.fields) {
    const value = values[field.name] ?? field.default
    if (value !== undefined) result[field.name] = completeValue(value, field.value)
  }
  return result
}

/** Core stores a default for each param of an execution; we leave out what says nothing. */
const significant = (params: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(params).filter(
      ([, value]) => value !== '' && value !== false && value !== 0 && !isDeepStrictEqual(value, []),
    ),
  )

function completeTable(value: Record<string, unknown>, { table, variants }: TableValue): Record<string, unknown> {
  if (!variants) return complete(value, table)
  const params = variants.get(String(value.type ?? 'Url'))
  const given = (value.params ?? {}) as Record<string, unknown>
  return { type: value.type ?? 'Url', params: params ? significant(complete(given, params)) : given }
}

function completeValue(value: unknown, model: ValueModel): unknown {
  if (model.type === 'table') return completeTable(value as Record<string, unknown>, model)
  if (model.type === 'list') return (value as unknown[]).map((item) => completeValue(item, model.item))
  return value
}

function storedAsSpec(model: BlockModel, stored: StoredObject): Record<string, unknown> {
  const problems: string[] = []
  const report: Report = (severity, code, path, message) => {
    if (code !== 'UnknownKey' && code !== 'MisplacedKey') problems.push(`${severity} ${path.join('.')} ${message}`)
  }
  const reading = new Reading(model.kind, ['', 0], report, () => undefined)
  const { name: _, config, ...outer } = stored
  const values = readTable(raw(outer) as RawTable, model.block, reading, '')
  if (model.config) Object.assign(values, readNested(raw(config ?? {}), model.config, reading, ''))
  return { ...(problems.length > 0 && { problems }), ...specOf(model, values, reading.secrets) }
}

function specOf(model: BlockModel, values: Record<string, unknown>, secrets: Readonly<Record<string, string>>) {
  const {
    operator: _,
    deploy: _deploy,
    after: _after,
    ...spec
  } = {
    ...complete(values, model.block),
    ...(model.config && (completeValue(values, model.config) as Record<string, unknown>)),
  } as Record<string, unknown>
  // Core keeps the ids of the users and objects that exist at the moment.
  if (model.kind === 'UserGroup') return { everyone: spec.everyone, all: levels(spec.all as Record<string, unknown>) }
  return { ...spec, ...secrets }
}

const levels = (all: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(all).filter(([, value]) => !isDeepStrictEqual(value, { level: 'None', specific: [] })),
  )

/** Each object that Core stored next to what we read of the same name; names that we did not read are `undefined`. */
function* pairs(stored: Stored, declarations: readonly Declaration[]) {
  for (const [kind, objects] of Object.entries(stored)) {
    const model = models.get(kind)
    if (!model) continue
    for (const object of objects) {
      const same = declarations.filter(
        ({ kind: other, name }) => other === kind && model.toml.normalizeName(name) === object.name,
      )
      yield {
        what: `${kind} ${object.name}`,
        core: storedAsSpec(model, object),
        ours: same.map(({ spec, secrets }) => specOf(model, spec, secrets)),
      }
    }
  }
}

describe.skipIf(!hasRecordings)('what we read of a repository means what Core stored', () => {
  it.each(recordedRepositories)('%s', (repository) => {
    const { declarations } = read(corpusFiles(repository))
    const stored = passesOf(repository)[0]!.stored as Stored
    let compared = 0
    for (const { what, core, ours } of pairs(stored, declarations)) {
      expect(ours.length, what).toBeGreaterThan(0)
      // Core flips between two different declarations of one name; which one is stored is chance.
      if (ours.length > 1) expect(ours, what).toContainEqual(core)
      else expect(ours[0], what).toEqual(core)
      compared++
    }
    expect(compared).toBeGreaterThan(0)
  })
})

/** The files of a step; none in an encoding that no reader of text sees. */
const filesOf = (step: RecordedStep) =>
  Object.entries(step.files ?? {})
    .filter(([path, { encoding }]) => path.endsWith('.toml') && encoding !== 'latin1')
    .map(([path, file]) => ({ path, text: bytesOf(file).toString() }))

/** Why one of us refuses a file and the other does not, by probe. */
const otherOutcome: Readonly<Record<string, string>> = {
  'root-folder-error-path': 'Core names the folder, not the file',
  'name-odd': 'Core reads an empty name and fails when it creates the object',
  'mls-stray-delimiter': 'a fault of Core: a delimiter in a comment shifts its pairing',
  'type-float-nan': 'Core stores nan, which never equals itself; no API can hold it',
  'stack-env-files-string': 'a text for a list of files is taken as up to 1.19',
  'procedure-unknown-type': 'an execution of 1.13 is taken for what it became',
  'variable-bad-names': 'Core reads the name and fails when it creates the variable',
}

describe.skipIf(!hasRecordings)('a file that Core refuses is one that we refuse, and the reverse', () => {
  it.each(probes.map((probe) => [probe.id, probe] as const))('%s', (id, probe) => {
    const differences: string[] = []
    for (const step of probe.steps) {
      if (typeof step.pending !== 'object') continue
      const refused = new Map((step.pending.errors ?? []).map(({ path, text }) => [path, text]))
      for (const file of filesOf(step)) {
        const error = read([file]).diagnostics.find(({ severity }) => severity === 'error')
        const core = refused.get(file.path)
        if ((error === undefined) !== (core === undefined)) {
          differences.push(error ? `we: ${error.message}` : `Core: ${core}`)
        }
      }
    }
    expect(differences.length > 0, differences.join('\n')).toBe(id in otherOutcome)
  })
})

/** Why what Core stored is not what we read, by probe. */
const otherMeaning: Readonly<Record<string, string>> = {
  'name-odd': 'an empty name is no name',
  'type-float-nan': 'no API can hold nan',
  'name-normalised': 'Core fills in a starter script for an Action without one',
  'mls-literal-with-delimiter': 'a fault of Core: a delimiter in a literal doubles backslashes',
  'alerter-endpoint-empty-params': 'Core fills in a URL that nobody has',
  'procedure-param-aliases': 'Core fills in a level; whoever sends the alert does that here',
  'registry-forms': 'Core takes the older form of a registry for an empty one',
  'ref-by-id': "the ids of Core's database are no names here; what refers to one says that there is no such object",
  'alerter-by-id': "the ids of Core's database are no names here",
  'ref-removed': 'Core forgets a reference when the object is deleted; here it waits for the object to come back',
  'tags-shapes': 'Core drops a tag that looks like an id',
  'version-forms': 'Core counts builds in the version and so keeps it when it is no longer declared',
  'match-tags': 'Core misses the object whose tags stand in the file only',
  'builder-variants': 'Core does not see that the type of a Builder changes when all params are default',
  'builder-switch-to-defaults': 'the same',
  'export-escapes': 'the recording shows control characters escaped',
}

/** Fields that are not the same. */
const different = (core: Record<string, unknown>, ours: Record<string, unknown>): string =>
  [...new Set([...Object.keys(core), ...Object.keys(ours)])]
    .filter((key) => !isDeepStrictEqual(core[key], ours[key]))
    .map((key) => `${key} is ${JSON.stringify(ours[key])}, in Core ${JSON.stringify(core[key])}`)
    .join('; ')

describe.skipIf(!hasRecordings)('what we read of a probe means what Core stored', () => {
  const comparable = probes.filter(({ steps }) => steps.some(({ stored }) => typeof stored === 'object'))

  it.each(comparable.map((probe) => [probe.id, probe] as const))('%s', (id, { steps }) => {
    const differences: string[] = []
    for (const [index, step] of steps.entries()) {
      if (typeof step.stored !== 'object') continue
      const { declarations } = read(filesOf(step))
      for (const { what, core, ours } of pairs(step.stored, declarations)) {
        // What an earlier step declared may still be there.
        if (ours.length === 0 && index > 0) continue
        if (!ours.some((spec) => isDeepStrictEqual(spec, core)))
          differences.push(`${index} ${what}: ${different(core, ours[0] ?? {})}`)
      }
    }
    expect(differences.length > 0, differences.join('\n')).toBe(id in otherMeaning)
  })
})
