import type { KubeObject } from '../api/meta.ts'
import { annotation, komodoNameOf } from '../api/names.ts'
import { isPlainObject, type PlainObject, valueAt } from '../json.ts'
import { planDeploys } from './deploys.ts'
import {
  type DesiredObject,
  desiredObjects,
  formatPosition,
  inScope,
  objectKey,
  type PlanProblem,
  type SyncScope,
  secretNameOf,
} from './desired.ts'
import { diffObject, type FieldChange } from './diff.ts'
import { changeDigest, planDigest } from './digest.ts'
import { indexLive, type LiveIndex } from './live-index.ts'
import type { LooseSecrets } from './object-secrets.ts'
import { belongsTo, Owners } from './owners.ts'
import { secretReferences } from './secret-references.ts'
import type { PlanInput, PlannedApply, PlannedDelete, SyncPlan, WriteBackPlan } from './sync-plan.ts'

export function planSync(input: PlanInput): SyncPlan {
  const { kinds, live, scope } = input
  const index = indexLive(live, kinds)
  const written = input.managed?.planWriteBack(input, input.managed, index)
  const declarations = written?.declarations ?? input.declarations
  const wanted = desiredObjects(declarations, scope, kinds, (kind) => index.names(kind))
  const problems = [...wanted.problems, ...(written?.problems ?? [])]

  const inventory = new Set(input.inventory)
  const applies: PlannedApply[] = []
  const unnoted: PlannedApply[] = []
  const inForce: DesiredObject[] = []
  const deleting = new Set<string>()
  const conflicts: string[] = []
  const syncs = new Set((live.get('ResourceSync') ?? []).map((sync) => `${scope.namespace}/${sync.metadata.name}`))
  for (const declared of wanted.objects.values()) {
    const desired = written === undefined ? declared : withNotes(declared, written)
    const existing = index.byName(desired.kind.definition.kind, desired.name)
    const rival = existing && otherOwner(existing, scope, syncs)
    if (rival !== undefined) {
      problems.push(conflict(desired, rival))
      conflicts.push(objectKey(desired.kind.definition.kind, desired.objectName))
      continue
    }
    inForce.push(desired)
    inventory.add(objectKey(desired.kind.definition.kind, desired.objectName))
    if (existing?.metadata.deletionTimestamp !== undefined) {
      problems.push(beingDeleted(desired))
      continue
    }
    const apply = planApply(desired, existing, input)
    if (apply !== undefined) (isNote(apply, existing, scope) ? unnoted : applies).push(apply)
  }
  problems.push(...rivals(inForce, input))
  applies.sort(
    (a, b) => a.desired.kind.order - b.desired.kind.order || (a.desired.objectName < b.desired.objectName ? -1 : 1),
  )

  const deletes = planDeletes(input, index, wanted.declared, inForce, inventory, deleting)
  const withheld = withholdDeletes(deletes.length, input)
  const changes = [...applies, ...(withheld === undefined ? deletes : [])]
  const deploys = planDeploys(inForce, applies, input, problems)
  const deploying = deploys.filter((deploy) => deploy.reason.cause === 'change')
  const writeBacks = input.managed?.onReview === true ? [] : (written?.changes ?? [])
  return {
    changes,
    writeBacks,
    writtenFiles: written?.files ?? [],
    unnoted,
    deploys,
    problems,
    ...(withheld === undefined ? {} : { withheld }),
    inventory,
    deleting,
    conflicts,
    looseSecrets: looseSecrets(inForce, index, input),
    summary: {
      create: applies.filter((one) => one.action === 'create').length,
      update: applies.filter((one) => one.action === 'update').length,
      delete: withheld === undefined ? deletes.length : 0,
      deploy: deploys.length,
      ...(writeBacks.length === 0 ? {} : { writeBack: writeBacks.length }),
    },
    digest: planDigest([...changes, ...writeBacks], deploying),
  }
}

function planApply(
  desired: DesiredObject,
  existing: KubeObject | undefined,
  { secrets, digestKey }: PlanInput,
): PlannedApply | undefined {
  const { data = {}, name: secretName = '' } = desired.secret ?? {}
  const stored = secrets.get(secretName)
  const all = existing === undefined ? declaredFields(desired) : diffObject(desired, existing)
  // What was plain and becomes secret is not shown for a last time.
  const becomesSecret = desired.spec.isSecret === true && desired.secret === undefined
  const fields = all
    .filter(({ path }) => !Object.hasOwn(data, path))
    .map((change) => (becomesSecret && change.path === 'value' ? { path: 'value', secret: true as const } : change))
  for (const [key, value] of Object.entries(data)) {
    if (existing === undefined || stored?.[key] !== value || all.some(({ path }) => path === key)) {
      fields.push({ path: key, secret: true })
    }
  }
  const own = secretNameOf(desired.kind, desired.objectName)
  const stale = existing !== undefined && desired.secret === undefined && secrets.has(own)
  const staleSecret = stale && !namesSecret(desired.spec, own) ? own : undefined
  if (staleSecret !== undefined) fields.push({ path: 'its Secret', secret: true })
  const { fingerprints } = desired
  const noted = fingerprints === undefined || existing?.metadata.annotations?.[annotation.declared] === fingerprints
  if (existing !== undefined && fields.length === 0 && noted) return undefined
  const action = existing === undefined ? 'create' : 'update'
  const digest = changeDigest(action, desired, fields, digestKey)
  const force = fingerprints === undefined || (existing !== undefined && takesBack(fields, existing))
  return {
    action,
    desired,
    fields,
    ...(force ? {} : { force }),
    ...(staleSecret === undefined ? {} : { staleSecret }),
    digest,
  }
}

/** Whether a change concerns what somebody else set. */
function takesBack(fields: readonly FieldChange[], existing: KubeObject): boolean {
  const owners = new Owners(existing)
  return fields.some(({ path }) => path.startsWith('metadata.') || owners.othersOf(path.split('.')).length > 0)
}

/** What a managed sync notes on an object that is its own, which says nothing of what it is: that needs no plan. */
const isNote = ({ desired, fields }: PlannedApply, existing: KubeObject | undefined, scope: SyncScope): boolean =>
  desired.fingerprints !== undefined &&
  existing !== undefined &&
  belongsTo(existing, scope) &&
  fields.every(({ path }) => path.startsWith('metadata.'))

function withNotes(desired: DesiredObject, { resets, fingerprints }: WriteBackPlan): DesiredObject {
  const key = objectKey(desired.kind.definition.kind, desired.name)
  const [noted, reset] = [fingerprints.get(key), resets.get(key)]
  return {
    ...desired,
    ...(reset === undefined ? {} : { spec: joined(desired.spec, reset) }),
    ...(noted === undefined ? {} : { fingerprints: noted }),
  }
}

/** Both, table by table. They have no value in common. */
function joined(spec: PlainObject, more: PlainObject): PlainObject {
  const result = { ...spec }
  for (const [key, value] of Object.entries(more)) {
    const inner = result[key]
    result[key] = isPlainObject(inner) && isPlainObject(value) ? joined(inner, value) : value
  }
  return result
}

/** Which Secret a value is taken from is shown where the declaration chose it, not where the sync keeps what was declared. */
const declaredFields = ({ spec, secret }: DesiredObject): FieldChange[] =>
  Object.entries(spec).flatMap(([key, to]) => {
    const isOurs = key.endsWith('From') && Object.hasOwn(secret?.data ?? {}, key.slice(0, -'From'.length))
    return isOurs ? [] : [{ path: key, to }]
  })

function planDeletes(
  { prune, inventory, kinds, scope }: PlanInput,
  index: LiveIndex,
  declared: ReadonlySet<string>,
  inForce: readonly DesiredObject[],
  remaining: Set<string>,
  deleting: Set<string>,
): PlannedDelete[] {
  const deletes: PlannedDelete[] = []
  const wanted = new Set(inForce.map((one) => objectKey(one.kind.definition.kind, one.objectName)))
  for (const key of inventory) {
    if (wanted.has(key)) continue
    const [kindName = '', objectName = ''] = key.split('/', 2)
    const kind = kinds.get(kindName)
    const object = index.byObjectName(kindName, objectName)
    if (kind === undefined) continue
    if (object === undefined || object.metadata.annotations?.[annotation.sync] !== `${scope.namespace}/${scope.name}`) {
      // Gone, or handed over to somebody else: no longer ours to delete.
      remaining.delete(key)
      continue
    }
    if (object.metadata.deletionTimestamp !== undefined) {
      deleting.add(key)
      continue
    }
    const name = komodoNameOf(object)
    if (!prune || declared.has(objectKey(kindName, kind.toml.normalizeName(name)))) continue
    if (!inScope(kind, object.spec, scope)) continue
    if (kindName === 'ResourceSync' && objectName === scope.name) continue
    const source = object.metadata.annotations[annotation.source]
    const uid = object.metadata.uid ?? ''
    const change = {
      action: 'delete' as const,
      kind,
      name,
      objectName,
      uid,
      ...(source === undefined ? {} : { source }),
    }
    deletes.push({ ...change, digest: changeDigest('delete', { kind, name, objectName, uid }, [], new Uint8Array()) })
  }
  return deletes.sort((a, b) => b.kind.order - a.kind.order || (a.objectName < b.objectName ? -1 : 1))
}

function withholdDeletes(count: number, input: PlanInput): SyncPlan['withheld'] {
  if (count === 0) return undefined
  const objects = count === 1 ? '1 object is' : `${count} objects are`
  if (input.partial) {
    const message = `${objects} no longer declared, but part of the source could not be understood: nothing is deleted until that is repaired`
    return { count, reason: 'PartialSource', message }
  }
  if (input.declarations.length === 0) {
    const message = `${objects} no longer declared because the source declares nothing at all: nothing is deleted; delete the objects by hand if that is meant`
    return { count, reason: 'EmptySource', message }
  }
  if (count > input.deletionBudget) {
    const message = `${objects} no longer declared, but at most ${input.deletionBudget} may be deleted at a time: nothing is deleted; raise operator.deletionBudget if that is meant`
    return { count, reason: 'OverBudget', message }
  }
  return undefined
}

function looseSecrets(
  inForce: readonly DesiredObject[],
  index: LiveIndex,
  { unownedSecrets = new Set(), partial }: PlanInput,
): LooseSecrets {
  if (unownedSecrets.size === 0) return { adopt: [], remove: [] }
  const wanted = inForce.filter(({ secret }) => secret !== undefined && unownedSecrets.has(secret.name))
  const names = new Set(wanted.map(({ secret }) => secret?.name))
  const isNamed = (name: string): boolean => inForce.some(({ spec }) => namesSecret(spec, name))
  const adopt = wanted.flatMap((desired) => {
    const owner = index.byName(desired.kind.definition.kind, desired.name)
    return owner === undefined ? [] : [{ desired, owner }]
  })
  return { adopt, remove: partial ? [] : [...unownedSecrets].filter((name) => !names.has(name) && !isNamed(name)) }
}

/** Whether a spec takes a value out of the Secret. */
const namesSecret = (spec: unknown, secret: string): boolean =>
  secretReferences(spec).some(({ name }) => name === secret)

/** Other syncs report what they declare and may not have: whoever keeps it should know. */
function rivals(inForce: readonly DesiredObject[], { live, scope }: PlanInput): PlanProblem[] {
  const losers = new Map<string, string>()
  for (const sync of live.get('ResourceSync') ?? []) {
    if (sync.metadata.name === scope.name) continue
    const conflicts = valueAt(sync.status, ['conflicts'])
    const keys: readonly unknown[] = Array.isArray(conflicts) ? conflicts : []
    for (const key of keys) if (typeof key === 'string') losers.set(key, sync.metadata.name)
  }
  if (losers.size === 0) return []
  return inForce.flatMap(({ kind, name, objectName, position }) => {
    const loser = losers.get(objectKey(kind.definition.kind, objectName))
    if (loser === undefined) return []
    const message = `is also declared by the ResourceSync ${loser}, which leaves it to this one; remove it from one of the two`
    return [
      {
        severity: 'warning',
        reason: 'DeclaredElsewhere',
        kind: kind.definition.kind,
        name,
        message,
        positions: [position],
      },
    ]
  })
}

const beingDeleted = (desired: DesiredObject): PlanProblem => ({
  severity: 'warning',
  reason: 'BeingDeleted',
  kind: desired.kind.definition.kind,
  name: desired.name,
  message: 'is being deleted; it is made anew once it is gone',
  positions: [desired.position],
})

/** Another sync that applied the object and still exists. */
function otherOwner(object: KubeObject, scope: SyncScope, syncs: ReadonlySet<string>): string | undefined {
  const owner = object.metadata.annotations?.[annotation.sync]
  return owner !== undefined && owner !== `${scope.namespace}/${scope.name}` && syncs.has(owner) ? owner : undefined
}

const conflict = (desired: DesiredObject, owner: string): PlanProblem => ({
  severity: 'error',
  reason: 'OwnedByOther',
  kind: desired.kind.definition.kind,
  name: desired.name,
  message: `is applied by the ResourceSync ${owner}, which keeps it; remove it from one of the two, or give it another name (here: ${formatPosition(desired.position)})`,
  positions: [desired.position],
})
