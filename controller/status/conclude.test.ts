import { describe, expect, it } from 'vitest'
import type { CommonStatus, Condition, KubeObject } from '../api/meta.ts'
import { StalledError, TransientError, WaitingError } from '../engine/errors.ts'
import { outcomeOfError, outcomeOfSuccess } from '../engine/outcome.ts'
import { concludeStatus, concludeSuspended } from './conclude.ts'
import { PassStatus } from './draft.ts'

const OWNS = ['SourceReady', 'Applied']
const EARLIER = '2026-01-01T00:00:00Z'
const NOW = new Date('2026-01-02T03:04:05.678Z')

const condition = (type: string, status: Condition['status'], more: Partial<Condition> = {}): Condition => ({
  type,
  status,
  reason: 'Was',
  message: 'was',
  observedGeneration: 1,
  lastTransitionTime: EARLIER,
  ...more,
})

const object = (conditions?: Condition[], annotations?: Record<string, string>): KubeObject<unknown, CommonStatus> => ({
  apiVersion: 'test/v1',
  kind: 'Thing',
  metadata: { name: 'a', generation: 2, annotations },
  spec: {},
  status: conditions === undefined ? undefined : { conditions },
})

type Draft = PassStatus<KubeObject<unknown, CommonStatus>>

const conclude = (
  subject: KubeObject<unknown, CommonStatus>,
  mark: (draft: Draft) => void,
  error?: unknown,
): CommonStatus => {
  const draft: Draft = new PassStatus(subject.status)
  mark(draft)
  const outcome = error === undefined ? outcomeOfSuccess({}) : outcomeOfError(error, { stopped: false })
  return concludeStatus(subject, draft, outcome, OWNS, NOW)
}

/** `Type=Status Reason`, in order. */
const lines = ({ conditions = [] }: CommonStatus): string[] =>
  conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`)

const bothTrue = (draft: Draft): void => {
  draft.markTrue('SourceReady', 'Fetched', 'fetched main@1')
  draft.markTrue('Applied', 'UpToDate', '3 objects are as declared')
}

describe('the status a pass concludes', () => {
  it.each<[string, Condition[] | undefined, (draft: Draft) => void, unknown, string[]]>([
    [
      'has every condition from the first pass on, also those it did not come to',
      undefined,
      (draft) => draft.markTrue('SourceReady', 'Fetched', ''),
      undefined,
      ['Ready=Unknown Pending', 'SourceReady=True Fetched', 'Applied=Unknown Pending', 'Reconciling=True Progressing'],
    ],
    [
      'is Ready when all conditions it is judged by are True',
      undefined,
      bothTrue,
      undefined,
      ['Ready=True Ready', 'SourceReady=True Fetched', 'Applied=True UpToDate'],
    ],
    [
      'is not Ready with the first False condition, whatever is Unknown before it',
      undefined,
      (draft) => draft.markFalse('Applied', 'Drifted', 'web is not running'),
      undefined,
      ['Ready=False Drifted', 'SourceReady=Unknown Pending', 'Applied=False Drifted'],
    ],
    [
      'is Stalled when only a human can help',
      [condition('Reconciling', 'True')],
      (draft) => draft.markTrue('SourceReady', 'Fetched', ''),
      new StalledError('Applied', 'InvalidSpec', 'spec.server is empty: name a Server'),
      ['Ready=False InvalidSpec', 'SourceReady=True Fetched', 'Applied=False InvalidSpec', 'Stalled=True InvalidSpec'],
    ],
    [
      'is Reconciling while it waits for another object',
      undefined,
      () => {},
      new WaitingError('SourceReady', 'ServerNotReady', 'waits for Server local'),
      [
        'Ready=False ServerNotReady',
        'SourceReady=False ServerNotReady',
        'Applied=Unknown Pending',
        'Reconciling=True Progressing',
      ],
    ],
    [
      'is Reconciling with retry after what may go away by itself, and keeps what the last pass found elsewhere',
      [condition('Applied', 'True')],
      () => {},
      new TransientError('SourceReady', 'Timeout', 'git.example.com did not answer'),
      ['Ready=False Timeout', 'SourceReady=False Timeout', 'Applied=True Was', 'Reconciling=True ProgressingWithRetry'],
    ],
    [
      'blames no condition for an error that names none',
      [condition('SourceReady', 'True'), condition('Applied', 'True')],
      () => {},
      new TypeError('x is not a function'),
      [
        'Ready=False ReconcileFailed',
        'SourceReady=True Was',
        'Applied=True Was',
        'Reconciling=True ProgressingWithRetry',
      ],
    ],
    [
      'loses Stalled, Reconciling and Suspended once they are over',
      [condition('Stalled', 'True'), condition('Reconciling', 'True'), condition('Suspended', 'True')],
      bothTrue,
      undefined,
      ['Ready=True Ready', 'SourceReady=True Fetched', 'Applied=True UpToDate'],
    ],
    [
      'keeps conditions that Ready is not derived from',
      [condition('Drifted', 'False')],
      (draft) => {
        bothTrue(draft)
        draft.markTrue('Orphans', 'Found', '')
      },
      undefined,
      [
        'Ready=True Ready',
        'SourceReady=True Fetched',
        'Applied=True UpToDate',
        'Drifted=False Was',
        'Orphans=True Found',
      ],
    ],
    [
      'puts a readable reason in place of one that the API would refuse',
      undefined,
      (draft) => draft.markFalse('Applied', 'not a reason!', ''),
      undefined,
      ['Ready=False Unspecified', 'SourceReady=Unknown Pending', 'Applied=False Unspecified'],
    ],
  ])('%s', (_, before, mark, error, expected) => {
    expect(lines(conclude(object(before), mark, error))).toEqual(expected)
  })

  it('moves lastTransitionTime only when the status of a condition changes', () => {
    const before = [condition('SourceReady', 'True'), condition('Applied', 'False')]
    const { conditions = [] } = conclude(object(before), bothTrue)
    expect(conditions.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])).toEqual([
      ['Ready', '2026-01-02T03:04:05Z'],
      ['SourceReady', EARLIER],
      ['Applied', '2026-01-02T03:04:05Z'],
    ])
  })

  it('concludes the same again from the same', () => {
    const first = conclude(object(), bothTrue)
    expect(conclude(object(first.conditions), bothTrue)).toEqual(first)
  })

  it('says which generation and which request it handled', () => {
    const status = conclude(object(undefined, { 'reconcile.komodo.dev/requestedAt': 'now!' }), bothTrue)
    expect(status).toMatchObject({ observedGeneration: 2, lastHandledReconcileAt: 'now!' })
  })

  it('of a suspended object keeps what was known and says that nobody looks', () => {
    const subject = object([condition('Ready', 'True'), condition('Reconciling', 'True')])
    expect(lines(concludeSuspended(subject, new PassStatus(subject.status), NOW))).toEqual([
      'Ready=True Was',
      'Suspended=True SuspendedByUser',
    ])
  })
})

describe('the last webhook', () => {
  const record = { deliveryId: 'd1', provider: 'github', receivedAt: '2026-01-01T00:00:00.000Z', result: 'looks' }
  const delivered = (text: string, spec: object = { webhookEnabled: true }) => ({
    ...object([], { 'komodo.dev/webhook': text }),
    spec,
  })
  const shown = (subject: KubeObject<unknown, CommonStatus>) =>
    (conclude(subject, bothTrue) as { lastWebhook?: unknown }).lastWebhook

  it('is what the annotation says, without what is for the listener alone', () => {
    expect(shown(delivered(JSON.stringify({ ...record, branch: 'main', forced: ['x'] })))).toEqual({
      ...record,
      branch: 'main',
    })
  })

  it('shows while the object is suspended', () => {
    const subject = delivered(JSON.stringify(record))
    expect(concludeSuspended(subject, new PassStatus(subject.status), NOW)).toMatchObject({ lastWebhook: record })
  })

  it('is not there on kinds without webhooks, which have no such field', () => {
    expect(shown(delivered(JSON.stringify(record), {}))).toBeUndefined()
  })

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"deliveryId":1}',
    JSON.stringify({ ...record, receivedAt: 'yesterday' }),
    JSON.stringify({ ...record, receivedAt: '2026-99-99T00:00:00Z' }),
    JSON.stringify({ ...record, deliveryId: 'x'.repeat(301) }),
  ])('is left out when somebody wrote %j there', (text) => {
    expect(shown(delivered(text))).toBeUndefined()
  })
})
