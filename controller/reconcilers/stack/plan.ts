import type { StackStatus } from '../../api/v1alpha1/stack.ts'
import { HOW_TO_ASK } from '../deploy-request.ts'
import type { ConfigChange } from './inputs.ts'
import type { ServiceReport } from './services.ts'

/** What to do about a Stack. Pure: `plan.test.ts` is its truth table. */
export interface PlanInputs {
  /** Of the desired state. */
  hash: string
  /** Whether anything may be touched: `deploy = true`, a deploy was asked for, or one is under way. */
  mayAct: boolean
  /** Why the hash differs although no input does: see `triggerOf`. */
  causes: readonly string[]
  /** Paths of the inputs that differ from the deployed ones. */
  changedInputs: readonly string[]
  /** What changed config files require. */
  configs: ConfigChange
  /** Where it was deployed before, when that is not where it belongs now, for messages. */
  elsewhere?: string
  /** Those that count; what `ignoreServices` names is not among them. Empty when it was never deployed. */
  services: readonly ServiceReport[]
  /** Whether the project has any container. */
  isUp: boolean
  /** What a deploy would make anew of a project that is to be taken over. */
  differs?: readonly string[]
  status: Pick<StackStatus, 'deployedHash' | 'failedHash' | 'rollout' | 'lastDeploy'>
}

export type Plan =
  | { action: 'deploy'; reason: DeployReason; message: string; waitsForParents: boolean }
  /** Only some services are to be made anew, because files changed that they depend on. */
  | { action: 'recreate'; message: string; services: readonly string[] | 'all' }
  /** Bring up again what drifted; `all` when nothing is left of the project. */
  | { action: 'heal'; message: string; services: readonly string[] | 'all' }
  /** These very inputs were refused before. */
  | { action: 'hold' }
  | { action: 'report'; reason: 'NotDeployed' | 'Drifted'; message: string }
  | { action: 'none' }

export type DeployReason = 'NotDeployed' | 'Changed' | 'Requested' | 'Resumed'

/** Failure reason of a deploy whose inputs compose cannot read: the same inputs would fail again. */
export const INVALID_COMPOSE = 'InvalidCompose'

export function planStack(inputs: PlanInputs): Plan {
  const { hash, mayAct, status } = inputs
  if (status.failedHash === hash && status.lastDeploy?.failure?.reason === INVALID_COMPOSE) return { action: 'hold' }
  if (!mayAct) return planUntouched(inputs)
  // A deploy of something else that failed halfway may have changed anything.
  const isThere = status.deployedHash === hash && status.rollout === undefined
  return isThere && inputs.elsewhere === undefined ? planDeployed(inputs) : planDeploy(inputs)
}

function planDeploy({ hash, causes, changedInputs, elsewhere, status }: PlanInputs): Plan {
  const deploy = (reason: DeployReason, message: string): Plan => ({
    action: 'deploy',
    reason,
    message,
    waitsForParents: true,
  })
  if (status.rollout?.hash === hash) {
    return { action: 'deploy', reason: 'Resumed', message: status.rollout.reason, waitsForParents: false }
  }
  if (causes.length > 0) return deploy('Requested', causes.join('; '))
  if (status.deployedHash === undefined) return deploy('NotDeployed', 'it was not deployed yet')
  if (elsewhere !== undefined) return deploy('Changed', `it moves away from ${elsewhere}`)
  if (status.deployedHash === hash) return deploy('Changed', 'the deploy of something else before did not go through')
  return deploy('Changed', changeText(changedInputs))
}

function planDeployed({ configs, services, isUp }: PlanInputs): Plan {
  if (configs.services !== 'none') {
    return { action: 'recreate', message: `${listText(configs.paths)} changed`, services: configs.services }
  }
  const drifted = services.filter(({ verdict }) => verdict === 'drifted')
  if (drifted.length === 0) return { action: 'none' }
  return isUp
    ? { action: 'heal', message: driftText(drifted), services: drifted.map(({ name }) => name) }
    : { action: 'heal', message: 'nothing of the project is left', services: 'all' }
}

function planUntouched({
  differs = [],
  hash,
  changedInputs,
  elsewhere,
  configs,
  services,
  isUp,
  status,
}: PlanInputs): Plan {
  const drifted = (message: string): Plan => ({
    action: 'report',
    reason: 'Drifted',
    message: `${message}; ${HOW_TO_ASK}`,
  })
  if (status.deployedHash === undefined) {
    if (differs.length > 0) {
      return drifted(`it runs already, and a deploy would make anew: ${listText(differs)}`)
    }
    return {
      action: 'report',
      reason: 'NotDeployed',
      message: isUp
        ? `containers of the project run, but it was not deployed from here, so whether they fit is not known; ${HOW_TO_ASK}`
        : `it was never deployed; ${HOW_TO_ASK}`,
    }
  }
  if (elsewhere !== undefined) return drifted(`it still runs as ${elsewhere}`)
  if (status.deployedHash !== hash) return drifted(changeText(changedInputs))
  if (configs.services !== 'none') return drifted(`${listText(configs.paths)} changed`)
  const bad = services.filter(({ verdict }) => verdict === 'drifted')
  return bad.length === 0 ? { action: 'none' } : drifted(isUp ? driftText(bad) : 'nothing of the project is left')
}

const changeText = (paths: readonly string[]): string =>
  paths.length === 0 ? 'the declaration changed' : `${listText(paths)} changed`

const driftText = (services: readonly ServiceReport[]): string =>
  services.map(({ name, message }) => `service ${name} ${message}`).join(', ')

/** At most a few names, so that a message stays readable. */
function listText(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).join(', ')
  return paths.length > 3 ? `${shown} and ${paths.length - 3} more` : shown
}
