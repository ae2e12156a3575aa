import { createHash } from 'node:crypto'
import { conditionOf, isConditionTrue, type KubeObject } from '../../controller/api/meta.ts'
import { GROUP, VERSION } from '../../controller/api/names.ts'
import { planKind } from '../../controller/api/v1alpha1/plan.ts'
import {
  type PlanApproval,
  planApprovalCondition,
  planApprovalKind,
} from '../../controller/api/v1alpha1/plan-approval.ts'
import { type ResourceSync, resourceSyncKind } from '../../controller/api/v1alpha1/resource-sync.ts'
import { isAlreadyExists } from '../../controller/kube/client.ts'
import { describeSelected, type Selected } from '../../controller/sync/narrow-plan.ts'
import type { CommandContext, Connection } from '../context.ts'
import { CommandError, type ExitCode, exit } from '../exit.ts'
import { type AnyObject, findObject } from '../objects.ts'
import { narrowed, selectionOf } from '../only.ts'
import { waitFor } from '../wait.ts'
import { loadStoredPlan, printStoredPlan, waitsForApproval } from './stored-plan.ts'

export interface ApproveOptions {
  /** Approves only if this is still the plan that waits: all of it or its first 12 characters. */
  digest?: string
  /** Approves only the changes of these objects or kinds. */
  only?: string[]
  wait: boolean
  timeout: number
}

/** Approves the plan that a ResourceSync waits with. What was shown is what is approved: the approval names its digest. */
export const approve = async (name: string, options: ApproveOptions, context: CommandContext): Promise<ExitCode> => {
  const { terminal, connect, signal } = context
  const connection = await connect()
  const syncType = resourceSyncKind
  const sync = await findObject<ResourceSync>(connection, syncType, name, signal)
  if (!waitsForApproval(sync)) throw new CommandError(`nothing of ResourceSync ${name} waits for approval`)
  const plan = await loadStoredPlan(connection, sync, signal)
  const { digest } = plan
  if (options.digest !== undefined && !names(options.digest, digest)) {
    throw new CommandError(
      `the plan that waits is ${digest}, not "${options.digest}": look at it again (komodo plan ${sync.metadata.name})`,
    )
  }
  const only = selectionOf(options.only)
  printStoredPlan(narrowed(plan, only), terminal)
  const approvedBy = await whoAmI(connection, signal)
  const spec = {
    sync: sync.metadata.name,
    digest,
    ...(only === undefined ? {} : { only }),
    ...(approvedBy === undefined ? {} : { approvedBy }),
  }
  const approval = await createApproval(nameOf(sync.metadata.name, digest, only), spec, connection, signal)
  const by = approval.spec.approvedBy === undefined ? '' : ` as ${approval.spec.approvedBy}`
  terminal.print(`approved ${only === undefined ? '' : `${describeSelected(only)} of `}${digest}${by}`)
  if (!options.wait) return exit.ok
  const answered = await waitForAnswer(approval, options, connection, context)
  if (only !== undefined) {
    await waitForPart(answered, options, connection, context)
    const isPlannedAnew = ({ status }: AnyObject) => (status as ResourceSync['status'])?.plan?.digest !== digest
    const isThrough = (object: AnyObject) => isPlannedAnew(object) || isConditionTrue(object, 'Approved')
    await waitFor(connection, syncType, sync.metadata.name, isThrough, options.timeout * 1000, context)
    terminal.print(`applied; what else the plan had goes on waiting: komodo plan ${sync.metadata.name}`)
  } else {
    const applied = (object: AnyObject) => {
      const status = object.status as ResourceSync['status']
      return (
        status?.approval?.digest === digest &&
        status?.conditions?.some(({ type, status: is }) => type === 'Applied' && is === 'True') === true
      )
    }
    await waitFor(connection, syncType, sync.metadata.name, applied, options.timeout * 1000, context)
    terminal.print('applied')
  }
  return exit.ok
}

/** Who approves two parts of one plan makes two approvals. */
const nameOf = (sync: string, digest: string, only: readonly Selected[] | undefined): string => {
  const part =
    only === undefined ? '' : `-${createHash('sha256').update(describeSelected(only)).digest('hex').slice(0, 8)}`
  return `${sync}-${digest.replace(/^sha256:/, '').slice(0, 12)}${part}`
}

/** The same plan may come back after an approval of it was used or found void; that one is kept to be read. */
const createApproval = async (
  name: string,
  spec: PlanApproval['spec'],
  { client, namespace }: Connection,
  signal: AbortSignal,
): Promise<PlanApproval> => {
  const { kind } = planApprovalKind
  for (let nth = 1; ; nth += 1) {
    const metadata = { name: nth === 1 ? name : `${name}-${nth}`, namespace }
    try {
      const approval = { apiVersion: `${GROUP}/${VERSION}`, kind, metadata, spec }
      return await client.create<PlanApproval>(planApprovalKind, approval, { fieldManager: 'komodo-cli', signal })
    } catch (error) {
      if (!isAlreadyExists(error) || nth === MOST_OF_A_NAME) throw error
    }
  }
}

const MOST_OF_A_NAME = 100

/** What the controller made of the approval: it is void when the plan changed in the moment before. */
const waitForAnswer = async (
  { metadata: { name } }: PlanApproval,
  { timeout }: ApproveOptions,
  connection: Connection,
  context: CommandContext,
): Promise<AnyObject> => {
  const accepted = (object: AnyObject) => conditionOf(object, planApprovalCondition.accepted)
  const isAnswered = (object: AnyObject) => accepted(object) !== undefined
  const answered = await waitFor(connection, planApprovalKind, name, isAnswered, timeout * 1000, context)
  const said = accepted(answered)
  if (said?.status !== 'True') throw new CommandError(said?.message ?? 'the approval was not accepted')
  return answered
}

/** The part is a plan of its own, which the accepted approval belongs to. */
const waitForPart = async (
  answered: AnyObject,
  { timeout }: ApproveOptions,
  connection: Connection,
  context: CommandContext,
): Promise<void> => {
  const part = answered.metadata.ownerReferences?.find(({ kind }) => kind === planKind.kind)
  if (part === undefined) return
  await waitFor(connection, planKind, part.name, (plan) => isConditionTrue(plan, 'Applied'), timeout * 1000, context)
}

/** Too little of a digest could name any plan: an empty variable in a script must not approve. */
const names = (given: string, digest: string): boolean => {
  const hex = given.replace(/^sha256:/, '')
  return hex.length >= MIN_DIGEST && digest.replace(/^sha256:/, '').startsWith(hex)
}

const MIN_DIGEST = 12

const selfSubjectReview = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
}

/** The user as the API server knows them; it holds `approvedBy` to this name. */
const whoAmI = async ({ client }: Connection, signal: AbortSignal): Promise<string | undefined> => {
  const question = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
    metadata: { name: '' },
    spec: undefined,
  }
  const review = await client.create<KubeObject<undefined, { userInfo?: { username?: string } }>>(
    selfSubjectReview,
    question,
    { signal },
  )
  return review.status?.userInfo?.username
}
