import type { DeploymentSpec, DeploymentStatus } from '../../api/v1alpha1/deployment.ts'
import type { ContainerFacts, ContainerObservation } from '../../hosts/port.ts'
import { HOW_TO_ASK } from '../deploy-request.ts'

/**
 * What to do about a Deployment, from what is declared, what is there and what was done before. Pure: `plan.test.ts` is its truth
 * table.
 *
 * What "running as declared" means is decided by the restart policy, as Docker itself does:
 * - `always`, `unless-stopped`: it runs. Stopped, by whomever and with whatever exit code, it is started again.
 * - `no`, `on-failure`: it runs, or it ended with exit code 0. Such a container is done, like a Job: starting it again would
 *   repeat a migration for ever. Ended with another code it is started again, with backoff.
 * (Komodo deploys every exited container again at each sync, whatever its policy.)
 */
export interface PlanInputs {
  /** `namespace/name` of the Deployment. */
  owner: string
  /** A container of that name that nobody owns may be replaced (label `komodo.dev/adopt`). */
  mayAdopt: boolean
  restart: DeploymentSpec['restart']
  /** Of the desired state. */
  hash: string
  /** Whether anything may be touched: `deploy = true`, a deploy was asked for, or one is under way. */
  mayAct: boolean
  /** Why the hash differs although the declaration does not: see `triggerOf`. */
  causes: readonly string[]
  observed: ContainerObservation | undefined
  /** It is a container that was there before and is taken over: nothing has to be proven. */
  adopted?: boolean
  /** Fields in which such a container differs from the declaration. */
  differs?: readonly string[]
  /** Where it was deployed before, when that is not where it belongs now: a server or a name, for messages. */
  elsewhere?: string
  status: Pick<DeploymentStatus, 'deployedHash' | 'failedHash' | 'rollout'>
}

export type Plan =
  /** Make the container, or go on making it. */
  | { action: 'deploy'; reason: DeployReason; message: string; waitsForParents: boolean }
  /** It is the right one (or the one that came back), but it does not run. */
  | { action: 'start'; message: string }
  /** The desired one failed before, and the old one runs. */
  | { action: 'hold' }
  /** Somebody else's container has the name. */
  | { action: 'blocked'; message: string }
  /** It differs, and nobody asked for anything. */
  | { action: 'report'; reason: 'NotDeployed' | 'Drifted'; message: string }
  /** It is what is declared. */
  | { action: 'none'; health: Health }

export type DeployReason = 'NotDeployed' | 'Removed' | 'Changed' | 'Requested' | 'RollingOut' | 'Retrying' | 'Dead'

/** Of a container that is the right one. */
export type Health =
  | { state: 'running' }
  | { state: 'completed' }
  | { state: 'starting' | 'unhealthy' | 'restarting' | 'paused' | 'removing'; message: string }

export function planDeployment(inputs: PlanInputs): Plan {
  const { observed, owner, mayAdopt } = inputs
  if (observed === undefined) return planMissing(inputs)
  if (observed.owner !== owner && !(mayAdopt && observed.owner === undefined)) {
    return {
      action: 'blocked',
      message: `a container named "${observed.name}" is there already, made by ${observed.owner === undefined ? 'somebody else' : `Deployment ${observed.owner}`}: remove or rename it, or set another \`custom_name\``,
    }
  }
  return observed.hash === inputs.hash ? planSame(inputs, observed) : planDifferent(inputs, observed)
}

function planMissing({ hash, mayAct, causes, elsewhere, status }: PlanInputs): Plan {
  const before = status.deployedHash !== undefined
  if (!mayAct) {
    if (elsewhere !== undefined) {
      return { action: 'report', reason: 'Drifted', message: `it still runs as ${elsewhere}; ${HOW_TO_ASK}` }
    }
    return before
      ? { action: 'report', reason: 'Drifted', message: `its container is gone; ${HOW_TO_ASK}` }
      : { action: 'report', reason: 'NotDeployed', message: `it was never deployed; ${HOW_TO_ASK}` }
  }
  if (status.failedHash === hash) {
    return { action: 'deploy', reason: 'Retrying', message: 'the deploy before failed', waitsForParents: true }
  }
  if (causes.length > 0) {
    return { action: 'deploy', reason: 'Requested', message: causes.join('; '), waitsForParents: true }
  }
  if (status.rollout?.hash === hash) {
    return { action: 'deploy', reason: 'RollingOut', message: status.rollout.reason, waitsForParents: false }
  }
  if (elsewhere !== undefined) {
    return { action: 'deploy', reason: 'Changed', message: `it moves away from ${elsewhere}`, waitsForParents: true }
  }
  if (status.deployedHash === hash) {
    return { action: 'deploy', reason: 'Removed', message: 'its container was removed', waitsForParents: false }
  }
  return before
    ? { action: 'deploy', reason: 'Changed', message: 'the declaration changed', waitsForParents: true }
    : { action: 'deploy', reason: 'NotDeployed', message: 'it was not deployed yet', waitsForParents: true }
}

function planSame(inputs: PlanInputs, observed: ContainerObservation): Plan {
  const { hash, mayAct, restart, status } = inputs
  const settled = status.deployedHash === hash && status.rollout === undefined
  const done = observed.state === 'exited' && hasCompleted(restart, observed)
  const proven = observed.previous === undefined && (settled || done || inputs.adopted === true)
  if (!proven && mayAct) {
    return {
      action: 'deploy',
      reason: status.failedHash === hash ? 'Retrying' : 'RollingOut',
      message: status.rollout?.reason ?? 'a deploy was under way',
      waitsForParents: false,
    }
  }
  return planState(inputs, observed)
}

function planDifferent(inputs: PlanInputs, observed: ContainerObservation): Plan {
  const { hash, mayAct, causes, differs = [], status } = inputs
  if (!mayAct) {
    const where = differs.length === 0 ? '' : ` in ${differs.join(', ')}`
    const message = `its container differs from the declaration${where}; ${HOW_TO_ASK}`
    return { action: 'report', reason: 'Drifted', message }
  }
  if (status.failedHash === hash && observed.previous === undefined) {
    const old = planState(inputs, observed)
    return old.action === 'start' ? old : { action: 'hold' }
  }
  return causes.length > 0
    ? { action: 'deploy', reason: 'Requested', message: causes.join('; '), waitsForParents: true }
    : {
        action: 'deploy',
        reason: 'Changed',
        message: 'the declaration changed',
        waitsForParents: observed.previous === undefined,
      }
}

/** Of a container that may stay. */
function planState({ restart, mayAct }: PlanInputs, observed: ContainerFacts): Plan {
  const stopped = (how: string): Plan =>
    mayAct
      ? { action: 'start', message: `its container ${how}` }
      : { action: 'report', reason: 'Drifted', message: `its container ${how}; ${HOW_TO_ASK}` }
  switch (observed.state) {
    case 'running':
      return { action: 'none', health: healthOf(observed) }
    case 'restarting':
      return {
        action: 'none',
        health: {
          state: 'restarting',
          message: `the container exits ${exitText(observed)} and Docker restarts it (${observed.restartCount} times so far): see its log`,
        },
      }
    case 'paused':
      return { action: 'none', health: { state: 'paused', message: 'the container is paused: unpause it' } }
    case 'removing':
      return { action: 'none', health: { state: 'removing', message: 'Docker is removing the container' } }
    case 'created':
      return stopped('was made but not started')
    case 'exited':
      return hasCompleted(restart, observed)
        ? { action: 'none', health: { state: 'completed' } }
        : stopped(`stopped ${exitText(observed)}`)
    case 'dead':
      return mayAct
        ? {
            action: 'deploy',
            reason: 'Dead',
            message: 'Docker could not stop its container properly',
            waitsForParents: false,
          }
        : { action: 'report', reason: 'Drifted', message: `its container is dead; ${HOW_TO_ASK}` }
  }
}

function healthOf(observed: ContainerFacts): Health {
  switch (observed.health) {
    case 'none':
    case 'healthy':
      return { state: 'running' }
    case 'starting':
      return { state: 'starting', message: 'its health check did not pass yet' }
    case 'unhealthy':
      return { state: 'unhealthy', message: 'its health check fails: see `docker inspect` and its log' }
  }
}

const hasCompleted = (restart: DeploymentSpec['restart'], { exitCode, oomKilled }: ContainerFacts): boolean =>
  (restart === 'no' || restart === 'on-failure') && exitCode === 0 && oomKilled !== true

const exitText = ({ exitCode, oomKilled }: ContainerFacts): string =>
  oomKilled ? '(out of memory)' : exitCode === undefined ? '' : `(exit code ${exitCode})`
