import { MAX_CHANGES_PER_PART, type PlanChange, type PlanFieldChange } from '../api/v1alpha1/plan.ts'
import { formatPosition } from './desired.ts'
import type { FieldChange } from './diff.ts'
import type { PlannedChange, PlannedWriteBack, SyncPlan } from './sync-plan.ts'

/** Longest text that a plan shows of one value. The digest covers all of it. */
const MAX_VALUE = 4_000
/** Of that, what goes before the first difference. */
const CONTEXT = 200
/** Of JSON text in one Plan object; well below what an API server takes. */
const MAX_PART_BYTES = 240_000

/** The plan as Plan objects show it: changes in order, then deploys by round. */
export function describeChanges(
  plan: Pick<SyncPlan, 'changes' | 'deploys'> & { writeBacks?: SyncPlan['writeBacks'] },
): PlanChange[] {
  const changes = [...(plan.writeBacks ?? []).map(describeWriteBack), ...plan.changes.map(describeChange)]
  for (const { kind, name, objectName, source, round, reason, after } of plan.deploys) {
    const { text, by = [], needsOwnChange } = reason
    changes.push({
      action: 'deploy',
      kind,
      name,
      objectName,
      source,
      round,
      reason: text,
      ...(by.length === 0 ? {} : { causes: [...by] }),
      ...(needsOwnChange ? { needsOwnChange } : {}),
      ...(after.length === 0 ? {} : { after: [...after] }),
    })
  }
  return changes
}

function describeWriteBack({ kind, name, objectName, sort, source, fields, by, digest }: PlannedWriteBack): PlanChange {
  const what = { change: 'changed', add: 'new', remove: 'deleted' }[sort]
  return {
    action: 'write-back',
    kind: kind.definition.kind,
    name,
    objectName,
    source,
    reason: by.length === 0 ? what : `${what} by ${by.join(', ')}`,
    fields: fields.map(describeField),
    digest,
  }
}

function describeChange(change: PlannedChange): PlanChange {
  if (change.action === 'delete') {
    const { kind, name, objectName, source } = change
    const reason = 'no longer declared'
    return {
      action: 'delete',
      kind: kind.definition.kind,
      name,
      objectName,
      reason,
      digest: change.digest,
      ...(source === undefined ? {} : { source }),
    }
  }
  const { kind, name, objectName, position } = change.desired
  return {
    action: change.action,
    kind: kind.definition.kind,
    name,
    objectName,
    source: formatPosition(position),
    fields: change.fields.map(describeField),
    digest: change.digest,
  }
}

function describeField({ path, from, to, secret }: FieldChange): PlanFieldChange {
  if (secret) return { path, secret }
  if (from === undefined) return { path, ...(to === undefined ? {} : { new: show(textOf(to)) }) }
  if (to === undefined) return { path, old: show(textOf(from)) }
  const [old, now] = [textOf(from), textOf(to)]
  const start = alikeBefore(old, now)
  const [oldRest, newRest] = [old.slice(start + MAX_VALUE), now.slice(start + MAX_VALUE)]
  const isOther = oldRest !== '' && newRest !== '' && oldRest !== newRest
  return { path, old: show(old, start), new: show(now, start, isOther ? ', not the same' : '') }
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? (value === '' ? '""' : value) : JSON.stringify(value)

/** How much of the start of two long texts is left out because it is the same: what differs must be seen. */
function alikeBefore(from: string, to: string): number {
  if (Math.max(from.length, to.length) <= MAX_VALUE) return 0
  let at = 0
  while (at < from.length && from[at] === to[at]) at += 1
  const start = Math.max(0, at - CONTEXT)
  // Whole lines, where there are any.
  return from.lastIndexOf('\n', start) + 1 || start
}

/** @param rest said of what is cut off */
function show(text: string, alike = 0, rest = ''): string {
  const shown = text.slice(alike, alike + MAX_VALUE)
  const more = text.length - alike - shown.length
  return `${alike === 0 ? '' : `(${alike} characters alike) ...\n`}${shown}${more === 0 ? '' : `... (${more} more characters${rest})`}`
}

/** Cuts a plan into parts that an API server takes, at least one. */
export function cutIntoParts(changes: readonly PlanChange[]): PlanChange[][] {
  const parts: PlanChange[][] = []
  let part: PlanChange[] = []
  let bytes = 0
  for (const whole of changes) {
    let change = whole
    let size = Buffer.byteLength(JSON.stringify(change)) + 1
    if (size > MAX_PART_BYTES / 2) {
      change = withoutValues(change)
      size = Buffer.byteLength(JSON.stringify(change)) + 1
    }
    if (part.length > 0 && (part.length >= MAX_CHANGES_PER_PART || bytes + size > MAX_PART_BYTES)) {
      parts.push(part)
      part = []
      bytes = 0
    }
    part.push(change)
    bytes += size
  }
  if (part.length > 0 || parts.length === 0) parts.push(part)
  return parts
}

/** One change with very many long fields is shown without their values. */
function withoutValues(change: PlanChange): PlanChange {
  const fields = (change.fields ?? [])
    .slice(0, 500)
    .map(({ path, secret }) => ({ path, new: '(too long to show)', ...(secret ? { secret } : {}) }))
  return { ...change, fields }
}
