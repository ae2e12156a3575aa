import type { TSchema } from 'typebox'
import type { KubeObject } from '../../api/meta.ts'
import { withDefaults, withoutDefaults } from '../../api/shape.ts'
import { deepEqual, isPlainObject, type PlainObject, withValue } from '../../json.ts'
import { blockModelOf } from '../../toml/vocabulary.ts'
import type { FieldChange } from '../diff.ts'
import { isSameText } from '../export.ts'
import type { SyncKind } from '../kinds.ts'
import { Owners } from '../owners.ts'
import { type Fingerprints, fingerprint } from './fingerprints.ts'

/** What a file and an object say of each other, and what both said when the file was applied last. */
export interface MergeInput {
  kind: SyncKind
  /** As the file says it. */
  declared: PlainObject
  /** The same as it is applied: with references to the Secret of values that the file holds in clear. */
  desired: PlainObject
  live: KubeObject
  /** Of what was applied last; none: nothing, or not by a managed sync. */
  applied: Fingerprints | undefined
  /** The Secret that holds values of the file. */
  ownSecret: string
}

export interface Merged {
  /** What the file is to say; `declared` itself when nothing is to be written. */
  wanted: PlainObject
  /** From what the file says to what the object says. */
  fields: FieldChange[]
  /** Who made these changes, as `kubectl-patch`. */
  by: string[]
  /** Fields that both changed since: the file wins. */
  overwritten: string[]
  /** What is to be applied beside what is declared: defaults of fields that the file gave up and somebody else set. */
  resets: PlainObject
}

/**
 * Three sides decide, field by field: what the object says was changed by somebody if it is not what was applied last, and what the file
 * says was changed by somebody if it is not. Only the object: that is written back. Only the file: that is applied. Both: the file wins.
 */
export function mergeObject(input: MergeInput): Merged {
  const { kind, declared, desired, live, applied } = input
  const result: Merged = { wanted: declared, fields: [], by: [], overwritten: [], resets: {} }
  const completed = kind.withDefaults(desired)
  const spec = isPlainObject(live.spec) ? live.spec : {}
  const schemas = kind.definition.spec.properties as Record<string, TSchema>
  const owners = new Owners(live)
  for (const field of new Set([...Object.keys(completed), ...Object.keys(spec)])) {
    if (deepEqual(completed[field], spec[field])) continue
    // What the file says in clear stays as it is.
    if (desired[field] !== undefined && declared[field] === undefined) continue
    const before = applied?.get(field)
    const saysNow = declared[field] === undefined ? undefined : fingerprint(completed[field])
    const side: Side = {
      fileChanged: applied === undefined ? declared[field] !== undefined : before !== saysNow,
      objectChanged: applied === undefined || before === undefined || fingerprint(spec[field]) !== before,
      known: applied !== undefined,
    }
    mergeField([field], schemas[field], completed[field], spec[field], declared[field], { input, owners, side, result })
  }
  return withoutSecretValues(kind, result)
}

/** What a flag of the object makes secret is never written, and should not be in its spec to begin with. */
function withoutSecretValues({ definition }: SyncKind, merged: Merged): Merged {
  const { fields, byKey } = blockModelOf(definition.kind)?.block ?? { fields: [], byKey: new Map() }
  for (const { name, secretWhen } of fields) {
    const flag = secretWhen === undefined ? undefined : byKey.get(secretWhen)?.name
    if (flag === undefined || merged.wanted[flag] !== true || merged.wanted[name] === undefined) continue
    merged.wanted = withValue(merged.wanted, [name], undefined)
    merged.fields = merged.fields.filter(({ path }) => path !== name)
  }
  return merged
}

interface Side {
  fileChanged: boolean
  objectChanged: boolean
  /** Whether there is a third side at all. */
  known: boolean
}

interface Merging {
  input: MergeInput
  owners: Owners
  side: Side
  result: Merged
}

function mergeField(
  path: readonly string[],
  schema: TSchema | undefined,
  completed: unknown,
  live: unknown,
  declared: unknown,
  merging: Merging,
): void {
  if (deepEqual(completed, live)) return
  const { owners, side, result, input } = merging
  const others = owners.othersOf(path)
  // Where a whole table is the default, what somebody made of it stands or falls as a whole: a part that he left out is no part of it.
  const whole = declared === undefined && others.length > 0 && hasWholeDefault(schema)
  if (isPlainObject(completed) && isPlainObject(live) && !whole) {
    const properties = (schema as { properties?: Record<string, TSchema> } | undefined)?.properties
    for (const key of new Set([...Object.keys(completed), ...Object.keys(live)])) {
      const said = isPlainObject(declared) ? declared[key] : undefined
      mergeField([...path, key], properties?.[key], completed[key], live[key], said, merging)
    }
    return
  }
  // What nobody else set is ours to change, unless somebody took it away.
  const somebody = live === undefined ? declared !== undefined && !owners.owns(path) : others.length > 0
  // Line ends at the end of texts that are read in lines mean nothing, and the reader sets them right.
  if (!somebody || (shapeOf(schema) !== undefined && isSameText(completed, live))) return
  // An empty text is what the file says already by not giving the key.
  if (completed === undefined && live === '') return
  if (!side.fileChanged && side.objectChanged) {
    const value = live === undefined || whole ? live : writable(live, declared, schema, input)
    result.wanted = withValue(result.wanted, path, value)
    result.fields.push({ path: path.join('.'), ...change(completed, live) })
    for (const manager of others) if (!result.by.includes(manager)) result.by.push(manager)
    return
  }
  if (side.known && side.objectChanged) result.overwritten.push(path.join('.'))
  // The file no longer says it. Server-side apply leaves what somebody else owns as well, so its default is applied.
  if (declared === undefined && side.fileChanged && completed !== undefined) {
    result.resets = withValue(result.resets, path, completed)
  }
}

/** `{ type, params }` of a tagged union, as a rule. */
const hasWholeDefault = (schema: TSchema | undefined): boolean => {
  const otherwise = (schema as { default?: unknown } | undefined)?.default
  return isPlainObject(otherwise) && Object.keys(otherwise).length > 0
}

const shapeOf = (schema: TSchema | undefined): unknown =>
  (schema as { 'x-komodo'?: { shape?: unknown } } | undefined)?.['x-komodo']?.shape

const change = (from: unknown, to: unknown): { from?: unknown; to?: unknown } => ({
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
})

/** The value as a file would say it: without what is default anyway, and without what points to values that the file itself holds. */
function writable(live: unknown, declared: unknown, schema: TSchema | undefined, { ownSecret }: MergeInput): unknown {
  const items = (schema as { items?: TSchema } | undefined)?.items
  if (!Array.isArray(live)) return withoutOwnSecrets(withoutDefaults(live, schema), ownSecret)
  const before = Array.isArray(declared) ? declared : []
  return live.map((item) => {
    const bare = withoutOwnSecrets(item, ownSecret)
    const same = before.find((one) => deepEqual(items === undefined ? one : withDefaults(one, items), bare))
    return same ?? withoutDefaults(bare, items)
  })
}

function withoutOwnSecrets(value: unknown, secret: string): unknown {
  if (!isPlainObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const reference = isPlainObject(inner) && isPlainObject(inner.secretKeyRef) ? inner.secretKeyRef.name : undefined
      return reference === secret ? [] : [[key, withoutOwnSecrets(inner, secret)]]
    }),
  )
}
