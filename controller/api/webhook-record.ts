import type { Static } from 'typebox'
import type { KubeObject } from './meta.ts'
import { annotation } from './names.ts'
import Type from './v1alpha1/schema.ts'

const delivery = Type.Object(
  {
    deliveryId: Type.String({
      description: "Id of the delivery: the provider's own, as its list of deliveries shows it.",
    }),
    provider: Type.String({ description: 'Kind of git server that sent it.' }),
    receivedAt: Type.String({ description: 'When the delivery came in.', format: 'date-time' }),
    branch: Type.Optional(Type.String({ description: 'Branch that was pushed to.' })),
    commit: Type.Optional(
      Type.String({
        description: 'Commit that the sender named; a hint for humans, what is used comes from git itself.',
      }),
    ),
    result: Type.String({ description: 'What it made the controller do.' }),
  },
  { description: 'The webhook delivery that this status has taken into account.' },
)

/** Status field of every kind that webhooks can trigger. */
export const lastWebhook = Type.Optional(delivery)

export type WebhookRecord = Static<typeof delivery>

/** Longer than any field can be. People can write annotations, too. */
const MOST = 300

const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= MOST

/** A time as the schema of `receivedAt` wants it, or the API would refuse the whole status. */
const isTime = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) &&
  !Number.isNaN(Date.parse(value))

/** The delivery that the annotation of an object tells of; `undefined` when there is none, or somebody wrote something else there. */
export function webhookRecordOf({ metadata }: Pick<KubeObject, 'metadata'>): WebhookRecord | undefined {
  const text = metadata.annotations?.[annotation.webhook]
  if (text === undefined) return undefined
  let value: Partial<Record<keyof WebhookRecord, unknown>> | null
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const { deliveryId, provider, receivedAt, branch, commit, result } = value ?? {}
  if (!isText(deliveryId) || !isText(provider) || !isTime(receivedAt) || !isText(result)) return undefined
  return {
    deliveryId,
    provider,
    receivedAt,
    ...(isText(branch) ? { branch } : {}),
    ...(isText(commit) ? { commit } : {}),
    result,
  }
}
