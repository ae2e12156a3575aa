import { type Plan, type PlanChange, planKind } from '../../controller/api/v1alpha1/plan.ts'
import type { ResourceSync } from '../../controller/api/v1alpha1/resource-sync.ts'
import { type RenderOptions, renderPlan } from '../../controller/sync/render.ts'
import type { Connection } from '../context.ts'
import { CommandError } from '../exit.ts'
import type { Paint, Terminal } from '../terminal.ts'

/** A plan that the controller stored, its parts joined. */
export interface StoredPlan {
  digest: string
  revision: string
  summary: Plan['spec']['summary']
  changes: PlanChange[]
}

/** Whether the sync has a plan that only a human can let through. */
export const waitsForApproval = ({ status }: ResourceSync): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Approved' && is === 'False') === true

/** The plan that the sync made last, as the controller stored it. */
export const loadStoredPlan = async (
  { client, namespace }: Connection,
  { metadata, status }: ResourceSync,
  signal: AbortSignal,
): Promise<StoredPlan> => {
  const digest = status?.plan?.digest
  if (digest === undefined) throw new CommandError(`ResourceSync ${metadata.name} has no plan yet`)
  const { items } = await client.list<Plan>(planKind, { namespace, signal })
  const parts = items.filter(({ spec }) => spec.sync === metadata.name && spec.digest === digest)
  parts.sort((a, b) => a.spec.part - b.spec.part)
  const [first] = parts
  if (first === undefined || parts.length < first.spec.parts) {
    throw new CommandError(
      `the plan ${digest} of ResourceSync ${metadata.name} is no longer stored: only the newest ones are kept`,
    )
  }
  const { revision, summary } = first.spec
  return { digest, revision, summary, changes: parts.flatMap(({ spec }) => spec.changes) }
}

export const planPaint = (paint: Paint): RenderOptions['paint'] => {
  const tones = { add: paint.green, change: paint.yellow, remove: paint.red, deploy: paint.cyan, quiet: paint.dim }
  return (tone, text) => tones[tone](text)
}

export const printStoredPlan = ({ changes, summary }: StoredPlan, { print, paint }: Terminal): void =>
  print(renderPlan(changes, summary, { paint: planPaint(paint) }).trimEnd())
