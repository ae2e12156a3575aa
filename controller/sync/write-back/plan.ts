import { createHash } from 'node:crypto'
import type { KubeObject } from '../../api/meta.ts'
import { annotation, komodoNameOf } from '../../api/names.ts'
import { withoutDefaults } from '../../api/shape.ts'
import { canonicalJson, isPlainObject, type PlainObject } from '../../json.ts'
import type { Declaration, SourcePosition } from '../../toml/declaration.ts'
import {
  type DesiredObject,
  desiredObjects,
  formatPosition,
  inScope,
  objectKey,
  type PlanProblem,
  secretNameOf,
} from '../desired.ts'
import type { SyncKind } from '../kinds.ts'
import type { LiveIndex } from '../live-index.ts'
import { belongsTo, Owners } from '../owners.ts'
import type { ManagedInput, PlanInput, PlannedWriteBack, WriteBackPlan } from '../sync-plan.ts'
import { fingerprintsOf, readFingerprints, writeFingerprints } from './fingerprints.ts'
import { mergeObject } from './merge.ts'
import { placeOf } from './place.ts'
import { type Rewrite, rewriteFiles } from './rewrite.ts'

interface Candidate {
  rewrite: Rewrite
  change: Omit<PlannedWriteBack, 'digest'>
  /** What the file declares afterwards, of a block that it had before. */
  declaration?: Declaration
  position: SourcePosition
}

export function planWriteBack(input: PlanInput, managed: ManagedInput, index: LiveIndex): WriteBackPlan {
  const { declarations, scope, kinds } = input
  const wanted = desiredObjects(declarations, scope, kinds, (kind) => index.names(kind))
  const byPosition = new Map(declarations.map((one) => [placeKey(one.position), one]))
  const places = Map.groupBy(declarations, (one) => declaredKey(one, kinds))
  const result: WriteBackPlan = {
    changes: [],
    files: [],
    declarations: [],
    resets: new Map(),
    fingerprints: new Map(),
    problems: [],
  }
  const candidates: Candidate[] = []
  for (const desired of wanted.objects.values()) {
    const declaration = byPosition.get(placeKey(desired.position))
    if (declaration !== undefined) candidates.push(...changeOf(desired, declaration, input, index, result))
  }
  candidates.push(...removals([...wanted.objects.values()], byPosition, input, managed, index, result))
  // Of what could not be understood nobody knows whether it declares the object.
  if (!input.partial) candidates.push(...additions(wanted.declared, input, managed, result))

  // Blocks that say the same would no longer do so, and then nothing is done about their object.
  const repeatsOf = ({ change }: Candidate): readonly Declaration[] =>
    change.sort === 'add' ? [] : (places.get(objectKey(change.kind.definition.kind, change.name)) ?? []).slice(1)
  const read = new Set(managed.files.map(({ path }) => path))
  // Of a file of secrets it is said that it cannot be written at all.
  const obstacleOf = ({ rewrite: { file, edit } }: Candidate): string | undefined =>
    edit.action === 'add' || read.has(file) ? managed.obstacle?.(file) : undefined
  const isFree = (one: Candidate): boolean => repeatsOf(one).length === 0 && obstacleOf(one) === undefined
  const { files, refused } = rewriteFiles(
    managed.files,
    candidates.filter(isFree).map(({ rewrite }) => rewrite),
  )
  const replaced = new Map<string, Declaration | undefined>()
  for (const candidate of candidates) {
    const { rewrite, change, declaration, position } = candidate
    const repeats = repeatsOf(candidate)
    const problem = repeats.length > 0 ? declaredAgain(repeats) : (obstacleOf(candidate) ?? refused.get(rewrite))
    if (rewrite.edit.action === 'change') {
      for (const { position: at } of repeats)
        replaced.set(placeKey(at), declaration && { ...declaration, position: at })
    }
    if (problem === undefined) result.changes.push({ ...change, digest: digestOf(change) })
    else result.problems.push(notWritten(change, position, problem))
    if (rewrite.edit.action === 'change') replaced.set(placeKey(position), declaration)
    else if (rewrite.edit.action === 'remove' && problem === undefined) replaced.set(placeKey(position), undefined)
  }
  const kept = declarations.flatMap((one) => {
    const key = placeKey(one.position)
    return replaced.has(key) ? (replaced.get(key) ?? []) : one
  })
  return { ...result, files, declarations: kept }
}

const declaredKey = ({ kind, name }: Declaration, kinds: PlanInput['kinds']): string =>
  objectKey(kind, kinds.get(kind)?.toml.normalizeName(name) ?? name)

const declaredAgain = (repeats: readonly Declaration[]): string =>
  `it is declared again at ${repeats.map(({ position }) => formatPosition(position)).join(', ')}, and one block is to say it alone`

const placeKey = ({ file, line, column }: SourcePosition): string => `${file}\0${line}\0${column}`

/** What somebody changed of a declared object. */
function changeOf(
  desired: DesiredObject,
  declaration: Declaration,
  { scope }: PlanInput,
  index: LiveIndex,
  { fingerprints, resets, problems }: WriteBackPlan,
): Candidate[] {
  const { kind, name, objectName, position } = desired
  const key = objectKey(kind.definition.kind, name)
  const completed = kind.withDefaults(desired.spec)
  ;(fingerprints as Map<string, string>).set(key, writeFingerprints(fingerprintsOf(declaration.spec, completed)))
  const live = index.byName(kind.definition.kind, name)
  if (live === undefined || live.metadata.deletionTimestamp !== undefined) return []
  // Of another sync, or of nobody yet: it is applied first.
  if (!belongsTo(live, scope)) return []
  const merged = mergeObject({
    kind,
    declared: declaration.spec,
    desired: desired.spec,
    live,
    applied: readFingerprints(live.metadata.annotations?.[annotation.declared]),
    ownSecret: secretNameOf(kind, objectName),
  })
  if (Object.keys(merged.resets).length > 0) (resets as Map<string, PlainObject>).set(key, merged.resets)
  if (merged.overwritten.length > 0) problems.push(overwritten(desired, merged.overwritten))
  if (merged.fields.length === 0) return []
  const edit = {
    action: 'change' as const,
    kind: kind.definition.kind,
    name: declaration.name,
    at: position,
    from: declaration.spec,
    to: merged.wanted,
  }
  return [
    {
      rewrite: { file: position.file, edit },
      change: {
        action: 'write-back',
        kind,
        name,
        objectName,
        sort: 'change',
        source: formatPosition(position),
        fields: merged.fields,
        by: merged.by,
      },
      declaration: { ...declaration, spec: merged.wanted },
      position,
    },
  ]
}

/** Blocks of objects that somebody was seen to delete, where deleting is allowed both ways. */
function removals(
  desired: readonly DesiredObject[],
  byPosition: ReadonlyMap<string, Declaration>,
  { prune, deletionBudget, inventory, partial }: PlanInput,
  { deleted }: ManagedInput,
  index: LiveIndex,
  { problems, fingerprints }: WriteBackPlan,
): Candidate[] {
  let gone = desired.filter(({ kind, name, objectName }) => {
    const key = objectKey(kind.definition.kind, objectName)
    if (!deleted.has(key) || !inventory.has(key)) return false
    const live = index.byName(kind.definition.kind, name)
    return live === undefined || live.metadata.deletionTimestamp !== undefined
  })
  if (!prune || partial || gone.length === 0) return []
  // Who changed the block since does not want it gone.
  const noted = ({ kind, objectName }: DesiredObject) => deleted.get(objectKey(kind.definition.kind, objectName))
  const isChanged = (one: DesiredObject): boolean =>
    noted(one) !== '' && noted(one) !== fingerprints.get(objectKey(one.kind.definition.kind, one.name))
  for (const one of gone.filter(isChanged)) problems.push(changedSince(one))
  gone = gone.filter((one) => !isChanged(one))
  if (gone.length > deletionBudget) {
    for (const { kind, name, position } of gone.slice(0, 1)) {
      const message = `and ${gone.length - 1} others were deleted, but at most ${deletionBudget} may go from the files at a time: they are made anew; raise operator.deletionBudget if that is meant`
      problems.push({
        severity: 'warning',
        reason: 'OverBudget',
        kind: kind.definition.kind,
        name,
        message,
        positions: [position],
      })
    }
    return []
  }
  return gone.flatMap(({ kind, name, objectName, position }) => {
    const declaration = byPosition.get(placeKey(position))
    if (declaration === undefined) return []
    const edit = { action: 'remove' as const, kind: kind.definition.kind, at: position }
    const change = { action: 'write-back' as const, kind, name, objectName, sort: 'remove' as const }
    return [
      {
        rewrite: { file: position.file, edit },
        change: { ...change, source: formatPosition(position), fields: [], by: [] },
        position,
      },
    ]
  })
}

/** Objects that name this sync, that no file declares, and that the sync has never applied. */
function additions(
  declared: ReadonlySet<string>,
  { live, kinds, scope, inventory }: PlanInput,
  managed: ManagedInput,
  { problems }: WriteBackPlan,
): Candidate[] {
  const candidates: Candidate[] = []
  for (const [kindName, objects] of live) {
    const kind = kinds.get(kindName)
    if (kind === undefined) continue
    for (const object of objects) {
      const name = komodoNameOf(object)
      if (!belongsTo(object, scope) || object.metadata.deletionTimestamp !== undefined) continue
      if (declared.has(objectKey(kindName, kind.toml.normalizeName(name)))) continue
      if (inventory.has(objectKey(kindName, object.metadata.name)) || new Owners(object).applied) continue
      const place = inScope(kind, object.spec, scope)
        ? placeOf(object, kind, managed)
        : { problem: 'it is not declared, and the sync takes no such object (matchTags, includeVariables, ...)' }
      if ('path' in place) candidates.push(addition(object, kind, name, place.path))
      else
        problems.push({
          severity: 'warning',
          reason: 'NotDeclared',
          kind: kindName,
          name,
          message: place.problem,
          positions: [],
        })
    }
  }
  return candidates
}

function addition(object: KubeObject, kind: SyncKind, name: string, path: string): Candidate {
  const { definition } = kind
  const spec = withoutDefaults(isPlainObject(object.spec) ? object.spec : {}, definition.spec) as PlainObject
  const position = { file: path, line: 1, column: 1 }
  return {
    rewrite: { file: path, edit: { action: 'add', object: { kind: definition.kind, name, spec } } },
    change: {
      action: 'write-back',
      kind,
      name,
      objectName: object.metadata.name,
      sort: 'add',
      source: path,
      fields: Object.entries(spec).map(([field, to]) => ({ path: field, to })),
      by: [],
    },
    position,
  }
}

function digestOf({ kind, name, objectName, sort, fields }: Omit<PlannedWriteBack, 'digest'>): string {
  const parts = ['write-back', sort, kind.definition.kind, name, objectName, fields]
  return createHash('sha256').update(canonicalJson(parts)).digest('base64url')
}

const notWritten = (
  { kind, name, sort }: Pick<PlannedWriteBack, 'kind' | 'name' | 'sort'>,
  position: SourcePosition,
  why: string,
): PlanProblem => ({
  severity: 'error',
  reason: 'NotWrittenBack',
  kind: kind.definition.kind,
  name,
  message: refusals[sort](sort === 'add' ? position.file : formatPosition(position), why),
  positions: [position],
})

const refusals: Readonly<Record<PlannedWriteBack['sort'], (place: string, why: string) => string>> = {
  change: (place, why) =>
    `was changed, and cannot be written back to ${place}: ${why}; write it into the file by hand, or undo the change`,
  add: (place, why) => `is new, and cannot be written to ${place}: ${why}; declare it by hand`,
  remove: (place, why) =>
    `was deleted, and its block at ${place} cannot be taken away: ${why}; take it away by hand, until then it is made anew`,
}

const changedSince = ({ kind, name, position }: DesiredObject): PlanProblem => ({
  severity: 'warning',
  reason: 'Overwritten',
  kind: kind.definition.kind,
  name,
  message: `was deleted here and changed in ${formatPosition(position)}: it is made anew; take its block away if it is to go`,
  positions: [position],
})

const overwritten = ({ kind, name, position }: DesiredObject, fields: readonly string[]): PlanProblem => ({
  severity: 'warning',
  reason: 'Overwritten',
  kind: kind.definition.kind,
  name,
  message: `was changed both here and in ${position.file} (${fields.slice(0, 5).join(', ')}): the file is applied`,
  positions: [position],
})
