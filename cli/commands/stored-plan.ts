import { type Plan, type PlanChange, planKind } from '../../controller/api/v1alpha1/plan.ts'
import type { ResourceSync } from '../../controller/api/v1alpha1/resource-sync.ts'
import { type RenderOptions, renderPlan } from '../../controller/sync/render.ts'
import type { CommandContext, Connection } from '../context.ts'
import { CommandError } from '../exit.ts'
import type { Paint } from '../terminal.ts'

/** A plan that the controller stored, its parts joined. */
export interface StoredPlan {
  digest: string
  revision: string
  summary: Plan['spec']['summary']
  changes: PlanChange[]
}

/** The plan with this digest as the controller stored it. */
export const loadStoredPlan = async (
  { client, namespace }: Connection,
  sync: string,
  digest: string,
  signal: AbortSignal,
): Promise<StoredPlan> => {
  const { items } = await client.list<Plan>(planKind, { namespace, signal })
  const parts = items.filter(({ spec }) => spec.sync === sync && spec.digest === digest)
  parts.sort((a, b) => a.spec.part - b.spec.part)
  const [first] = parts
  if (first === undefined || parts.length < first.spec.parts) {
    throw new CommandError(
      `the plan ${digest} of ResourceSync ${sync} is no longer stored: only the newest ones are kept`,
    )
  }
  const { revision, summary } = first.spec
  return { digest, revision, summary, changes: parts.flatMap(({ spec }) => spec.changes) }
}

export const planPaint = (paint: Paint): RenderOptions['paint'] => {
  const tones = { add: paint.green, change: paint.yellow, remove: paint.red, deploy: paint.cyan, quiet: paint.dim }
  return (tone, text) => tones[tone](text)
}

export const printStoredPlan = async (
  connection: Connection,
  sync: ResourceSync,
  { terminal, signal }: CommandContext,
): Promise<StoredPlan> => {
  const digest = sync.status?.plan?.digest
  if (digest === undefined) throw new CommandError(`ResourceSync ${sync.metadata.name} has no plan yet`)
  const plan = await loadStoredPlan(connection, sync.metadata.name, digest, signal)
  terminal.print(renderPlan(plan.changes, plan.summary, { paint: planPaint(terminal.paint) }).trimEnd())
  return plan
}
