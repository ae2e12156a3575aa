import type { CommonStatus, Condition, KubeObject } from '../api/meta.ts'
import { annotation } from '../api/names.ts'
import { type WebhookRecord, webhookRecordOf } from '../api/webhook-record.ts'
import type { ConditionDraft } from './conditions.ts'
import { conditionType, settleCondition } from './conditions.ts'
import type { PassStatus } from './draft.ts'
import { summarizeReady } from './ready.ts'

type Reconciled = KubeObject<unknown, CommonStatus>

/** What a pass came to, as far as status says it. */
export interface Verdict {
  kind: 'done' | 'waiting' | 'stalled' | 'transient' | 'conflict' | 'stopped'
  /** The condition that becomes False. Without `condition` it is Ready alone. */
  failure?: { condition?: string; reason: string; message: string }
}

/**
 * The status after a pass: what the reconciler marked, what its error says, and what follows from both. Pure.
 *
 * @param hide takes secrets out of messages, before those that are too long are cut: half a secret would not be found
 */
export const concludeStatus = <T extends Reconciled>(
  object: Readonly<T>,
  draft: PassStatus<T>,
  verdict: Verdict,
  owns: readonly string[],
  now: Date,
  hide: (message: string) => string = (message) => message,
): CommonStatus => {
  const { generation, annotations } = object.metadata
  const { failure } = verdict
  const frames: ReadonlySet<string> = new Set(Object.values(conditionType))
  const conditions = new Map<string, Condition>()
  const put = (condition: ConditionDraft): void => {
    const shown = { ...condition, message: hide(condition.message) }
    conditions.set(condition.type, settleCondition(draft.before(condition.type), shown, generation, now))
  }

  // Ready comes first for readers; its place is kept until it is known.
  conditions.set(conditionType.ready, PLACEHOLDER)
  for (const type of owns) {
    const said = failure?.condition === type ? failed(type, failure) : draft.marked(type)
    const before = draft.before(type)
    if (said !== undefined) put(said)
    else if (before !== undefined) conditions.set(type, before)
    else put({ type, status: 'Unknown', reason: 'Pending', message: 'Not looked at yet.' })
  }
  for (const condition of object.status?.conditions ?? []) {
    if (!conditions.has(condition.type) && !frames.has(condition.type)) conditions.set(condition.type, condition)
  }
  for (const marked of draft.allMarked()) {
    if (!owns.includes(marked.type) && !frames.has(marked.type)) put(marked)
  }

  const ready =
    failure === undefined
      ? summarizeReady(owns.flatMap((type) => conditions.get(type) ?? []))
      : failed(conditionType.ready, failure)
  put({ ...ready, type: conditionType.ready })
  const progress = progressOf(verdict, ready)
  if (progress !== undefined) put(progress)

  return {
    ...draft.fields,
    conditions: [...conditions.values()],
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastHandledReconcileAt: annotations?.[annotation.requestedAt] ?? draft.fields.lastHandledReconcileAt,
    ...lastWebhookOf(object),
  }
}

/** The status of an object that is suspended: as the last pass left it, and that nobody looks after it. */
export const concludeSuspended = <T extends Reconciled>(
  object: Readonly<T>,
  draft: PassStatus<T>,
  now: Date,
): CommonStatus => {
  const type = conditionType.suspended
  const kept = (object.status?.conditions ?? []).filter(
    (condition) => ![type, conditionType.reconciling].some((gone) => gone === condition.type),
  )
  const message = 'Left alone because spec.operator.suspend is true; set it to false to go on.'
  const suspended = { type, status: 'True', reason: 'SuspendedByUser', message } as const
  return {
    ...draft.fields,
    ...lastWebhookOf(object),
    conditions: [...kept, settleCondition(draft.before(type), suspended, object.metadata.generation, now)],
  }
}

/** Only of kinds that webhooks can trigger: the others have no such field, and would be written again and again. */
const lastWebhookOf = (object: Readonly<Reconciled>): { lastWebhook?: WebhookRecord } => {
  const triggers = typeof object.spec === 'object' && object.spec !== null && 'webhookEnabled' in object.spec
  const lastWebhook = triggers ? webhookRecordOf(object) : undefined
  return lastWebhook === undefined ? {} : { lastWebhook }
}

const PLACEHOLDER: Condition = { type: '', status: 'Unknown', reason: '', message: '', lastTransitionTime: '' }

const failed = (type: string, { reason, message }: NonNullable<Verdict['failure']>): ConditionDraft => ({
  type,
  status: 'False',
  reason,
  message,
})

/** kstatus: at most one of Reconciling and Stalled, and only while it is true. */
const progressOf = ({ kind, failure }: Verdict, ready: ConditionDraft): ConditionDraft | undefined => {
  const message = failure?.message ?? ready.message
  if (kind === 'stalled') {
    return { type: conditionType.stalled, status: 'True', reason: failure?.reason ?? 'Stalled', message }
  }
  const reconciling = { type: conditionType.reconciling, status: 'True', message } as const
  if (kind === 'transient') return { ...reconciling, reason: 'ProgressingWithRetry' }
  if (kind === 'waiting' || ready.status === 'Unknown') return { ...reconciling, reason: 'Progressing' }
  return undefined
}
