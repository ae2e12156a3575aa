import { parseDuration } from '../../api/duration.ts'
import { komodoNameOf } from '../../api/names.ts'
import { type Deployment, deploymentCondition } from '../../api/v1alpha1/deployment.ts'
import { StalledError, TransientError, WaitingError } from '../../engine/errors.ts'
import type { Pass, Recheck } from '../../engine/reconciler.ts'
import type { ContainerObservation, ContainerRollout } from '../../hosts/port.ts'
import { passGate } from '../after/gate.ts'
import { recordFailure, recordNothingToDo, recordStart, recordSuccess } from '../deploy-record.ts'
import { onHost } from '../host-failure.ts'
import { announce, forget, formerPlaces, moveIn, type Place, removeLeftovers } from '../places.ts'
import { ownerOf } from '../references.ts'
import { claimOf, takenOver, takeOver } from './adopt.ts'
import type { Health, Plan } from './plan.ts'
import { containerRequest, type DeployPurpose, type DesiredContainer, registryLoginOf, stopOptions } from './request.ts'
import type { Work } from './work.ts'

const { inputsReady, deployed, healthy } = deploymentCondition

/** While something is on its way that sends an event when it is done: the safety net. */
const SOON_MS = 1_000
const NAME_TAKEN_RETRY_MS = 60_000
const LOG_LINES_SHOWN = 10
/** Characters of each. */
const LOG_LINE_SHOWN = 500

export async function act(plan: Plan, work: Work): Promise<Recheck> {
  const { pass, observed, server, hash } = work
  if (plan.action !== 'blocked') reportFacts(pass, observed)
  switch (plan.action) {
    case 'deploy':
      return rollOut(work, plan)
    case 'start':
      return start(work, plan.message)
    case 'hold':
      return hold(work)
    case 'blocked':
      throw new WaitingError(
        deployed,
        'NameTaken',
        `On Server "${komodoNameOf(server)}" ${plan.message}.`,
        NAME_TAKEN_RETRY_MS,
      )
    case 'report':
      pass.status.markFalse(deployed, plan.reason, capitalised(plan.message))
      pass.status.markFalse(healthy, plan.reason, stateText(observed))
      return { afterMs: intervalOf(work) }
    case 'none':
      if (work.adopted !== undefined && work.request.mayAct) takeOver(work)
      if (isOurs(work) && (pass.status.fields.deployedHash !== hash || pass.status.fields.rollout !== undefined)) {
        recordSuccess(pass.status.fields, hash, work.deps.clock.now())
      }
      if (isOurs(work)) settleIn(work)
      return settle(work, plan.health)
  }
}

/** What is only observed was not deployed. */
const isOurs = ({ adopted, pass }: Work): boolean =>
  adopted === undefined || pass.status.fields.adopted?.since !== undefined

/** Makes the container, or goes on making it: the host takes as many steps as it can and says what is there then. */
async function rollOut(work: Work, plan: Plan & { action: 'deploy' }): Promise<Recheck> {
  const { deployment, pass, server, host, desired, elsewhere, hash, request, attempts, deps } = work
  const { fields } = pass.status
  reportMeanwhile(work)
  if (plan.waitsForParents) passGate(deployment, deps.relations, deployed)

  const serverName = komodoNameOf(server)
  const rollout = await attempts.run(ownerOf(deployment), hash, async () => {
    const login = {
      namespace: deployment.metadata.namespace ?? '',
      ...registryLoginOf(deployment),
      credentials: deployment.spec.operator.credentials,
      server: deployment.spec.server,
      condition: inputsReady,
    }
    const auth = await deps.registries.authFor(login, pass.signal)
    if (auth !== undefined) pass.redact([auth.password])

    if (recordStart(fields, { hash, reason: plan.message, nowMs: deps.clock.now(), request })) {
      const where = `container "${desired.name}" on Server "${serverName}"`
      pass.event('Normal', 'Deploying', `Deploys ${desired.image} as ${where}: ${plan.message}.`)
    }
    if (elsewhere !== undefined || fields.server === undefined) await announce(placeOf(work), pass)
    const former = formerPlaces(placeOf(work), elsewhere, deployment, fields, deps)
    const how = {
      hash,
      registryAuth: auth,
      adopted: work.adopted ?? (former.length > 0 ? takenOver(deployment) : undefined),
      formerNames: former.map(({ name }) => name),
      purpose: purposeOf(plan, fields.rollout?.asked === true),
    }
    const done = await onHost(serverName, deployed, () =>
      host.deployContainer(containerRequest(deployment.spec, desired, how), pass.signal),
    )
    settleIn(work)
    for (const place of former) forget(place, fields)
    return done
  })
  return conclude(work, rollout)
}

/** A container that comes back needs no newer image, and no registry that answers. */
const purposeOf = ({ reason }: Plan & { action: 'deploy' }, asked: boolean): DeployPurpose =>
  reason === 'Removed' || reason === 'Dead' ? 'heal' : asked ? 'asked' : 'change'

/** How what runs now does, in case the deploy has to wait or fails. */
function reportMeanwhile({ pass, observed }: Work): void {
  if (observed?.state === 'running' && observed.health !== 'unhealthy') {
    pass.status.markTrue(healthy, 'Running', 'The container that was there before runs.')
  } else {
    pass.status.markFalse(healthy, observed === undefined ? 'NotDeployed' : 'NotRunning', stateText(observed))
  }
}

function conclude(work: Work, rollout: ContainerRollout): Promise<Recheck> | Recheck {
  const { deployment, pass, server, desired, hash, attempts, deps } = work
  const { fields } = pass.status
  reportFacts(pass, rollout.container)
  const where = `container "${desired.name}" on Server "${komodoNameOf(server)}"`
  switch (rollout.state) {
    case 'settled':
      recordSuccess(fields, hash, deps.clock.now())
      delete fields.adopted
      attempts.forget(ownerOf(deployment))
      pass.event('Normal', 'Deployed', `${desired.image} runs as ${where}.`)
      return settle(
        { ...work, observed: rollout.container },
        { state: rollout.container.state === 'exited' ? 'completed' : 'running' },
      )
    case 'progressing':
      pass.status.markUnknown(deployed, 'Progressing', `Deploys ${desired.image}: ${rollout.message}.`)
      pass.status.markUnknown(healthy, 'Progressing', capitalised(rollout.message))
      return { afterMs: SOON_MS }
    case 'rolled-back': {
      const oldIsBack = rollout.container !== undefined && rollout.container.hash !== hash
      const failure = recordFailure(
        fields,
        hash,
        {
          reason: oldIsBack ? 'RolledBack' : 'DidNotStart',
          message: failureText(rollout, desired, oldIsBack, pass),
        },
        deps.clock.now(),
      )
      if (oldIsBack) {
        reportMeanwhile({ ...work, observed: rollout.container })
        throw new StalledError(deployed, failure.reason, failure.message)
      }
      pass.status.markFalse(healthy, failure.reason, stateText(rollout.container))
      const error = new TransientError(deployed, failure.reason, failure.message)
      attempts.tried(ownerOf(deployment), hash, error)
      throw error
    }
  }
}

function failureText(
  { message, lastLogLines }: ContainerRollout & { state: 'rolled-back' },
  { image }: DesiredContainer,
  oldIsBack: boolean,
  pass: Pick<Pass<Deployment>, 'redacted'>,
): string {
  const shown = lastLogLines.slice(-LOG_LINES_SHOWN).map((line) => pass.redacted(line).slice(0, LOG_LINE_SHOWN))
  const log = shown.join('\n')
  const then = oldIsBack
    ? 'The container that ran before is back. It is tried again when the declaration changes or `komodo deploy` asks for it.'
    : 'It is tried again, more and more slowly.'
  return `The container of ${image} ${message}. ${then}${log === '' ? ' It wrote no log.' : `\nIts last log lines:\n${log}`}`
}

/** The desired one failed before; the old one runs. */
function hold(work: Work): never {
  const failure = work.deployment.status?.lastDeploy?.failure
  reportMeanwhile(work)
  throw new StalledError(
    deployed,
    failure?.reason ?? 'RolledBack',
    failure?.message ?? 'What is declared failed before. Change it, or ask again with `komodo deploy`.',
  )
}

async function start(work: Work, why: string): Promise<Recheck> {
  const { deployment, pass, server, host, desired, observed, adopted, attempts } = work
  const id = ownerOf(deployment)
  const owner = adopted === undefined ? id : { owner: id, adopted }
  const subject = `start ${observed?.id}`
  const pending = attempts.pending(id, subject)
  if (pending !== undefined) {
    throw new WaitingError(
      healthy,
      'CrashLoopBackOff',
      `Its container "${desired.name}" does not stay up: ${stateText(observed)} It is started again, more and more slowly. See its log.`,
      pending.waitMs,
    )
  }
  attempts.tried(id, subject)
  await onHost(komodoNameOf(server), healthy, () => host.startContainer(desired.name, owner, pass.signal))
  pass.event('Normal', 'Started', `Started container "${desired.name}" again: ${why}.`)
  pass.status.markTrue(deployed, 'UpToDate', `Container "${desired.name}" was made from what is declared.`)
  pass.status.markUnknown(healthy, 'Started', `It was started again: ${why}.`)
  return { afterMs: SOON_MS }
}

/** The container is the right one; what else is to be tidied up, and how it does. */
async function settle(work: Work, health: Health): Promise<Recheck> {
  const { deployment, pass, server, desired, request, deps } = work
  const { fields } = pass.status
  const serverName = komodoNameOf(server)
  fields.server = server.metadata.name
  fields.containerName = desired.name
  recordNothingToDo(fields, request)
  await removeLeftovers(placeOf(work), deployment, pass, deps, deployed, (host, { name }) =>
    host.removeContainer(name, claimOf(deployment), stopOptions(deployment.spec), pass.signal),
  )
  const leftText = (fields.leftovers ?? [])
    .map(({ name, server: old }) => ` Its old container "${name}" on Server "${old}" is removed when that answers.`)
    .join('')
  pass.status.markTrue(
    deployed,
    'UpToDate',
    `Container "${desired.name}" on Server "${serverName}" was made from what is declared.${leftText}`,
  )

  switch (health.state) {
    case 'running':
      pass.status.markTrue(healthy, 'Running', `${desired.image} runs as "${desired.name}" on Server "${serverName}".`)
      break
    case 'completed':
      pass.status.markTrue(healthy, 'Completed', `Container "${desired.name}" ended with exit code 0 and is done.`)
      break
    case 'starting':
    case 'removing':
      pass.status.markUnknown(healthy, capitalised(health.state), capitalised(`${health.message}.`))
      return { afterMs: 10 * SOON_MS }
    case 'unhealthy':
    case 'restarting':
    case 'paused':
      pass.status.markFalse(healthy, capitalised(health.state), capitalised(`${health.message}.`))
  }
  return { afterMs: intervalOf(work) }
}

const placeOf = ({ server, desired }: Work): Place => ({ server: server.metadata.name, name: desired.name })

function settleIn(work: Work): void {
  const { fields } = work.pass.status
  moveIn(placeOf(work), work.elsewhere, fields)
  fields.containerName = work.desired.name
}

function reportFacts(pass: Pass<Deployment>, container: ContainerObservation | undefined): void {
  const { fields } = pass.status
  if (container === undefined) {
    delete fields.containerId
    delete fields.image
    delete fields.imageDigest
    delete fields.health
    fields.state = 'not-deployed'
    return
  }
  fields.containerId = container.id
  fields.image = container.image
  const [digest] = container.imageDigests
  if (digest === undefined) delete fields.imageDigest
  else fields.imageDigest = digest
  fields.state = container.state
  if (container.health === 'none') delete fields.health
  else fields.health = container.health
}

const stateText = (container: ContainerObservation | undefined): string => {
  if (container === undefined) return 'There is no container.'
  const code =
    container.exitCode === undefined || container.state === 'running' ? '' : ` (exit code ${container.exitCode})`
  return `Its container is ${container.state}${code}${container.health === 'none' ? '' : `, health: ${container.health}`}.`
}

const intervalOf = ({ deployment }: Work): number => parseDuration(deployment.spec.operator.interval)

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
