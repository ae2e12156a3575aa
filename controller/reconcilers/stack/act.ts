import { parseDuration } from '../../api/duration.ts'
import { komodoNameOf } from '../../api/names.ts'
import { stackCondition } from '../../api/v1alpha1/stack.ts'
import { TransientError, WaitingError } from '../../engine/errors.ts'
import type { Recheck } from '../../engine/reconciler.ts'
import type { ComposeReport, ComposeRequest } from '../../hosts/port.ts'
import { passGate } from '../after/gate.ts'
import { recordNothingToDo, recordStart, recordSuccess } from '../deploy-record.ts'
import { onHost } from '../host-failure.ts'
import { announce, forget, formerPlaces, moveIn, type Place, removeLeftovers } from '../places.ts'
import { ownerOf } from '../references.ts'
import { takeOver } from './adopt.ts'
import { failureOf, lastFailureText, refusedBefore } from './failure.ts'
import { intervalOf } from './look.ts'
import type { Plan } from './plan.ts'
import { recordDeployed, rememberConfigHashes } from './record.ts'
import { reportHealth } from './report-health.ts'
import { composeRequest, partOf, registryLoginOf } from './request.ts'
import { isTakenOver } from './routes.ts'
import { orphanedServices, reportServices } from './services.ts'
import type { Work } from './work.ts'

const { sourceReady, deployed, healthy } = stackCondition

/** While something is on its way that sends an event when it is done: the safety net. */
const SOON_MS = 1_000

export async function act(plan: Plan, work: Work): Promise<Recheck> {
  const { stack, pass, hash, services } = work
  switch (plan.action) {
    case 'deploy':
      return deploy(work, plan)
    case 'recreate':
      return recreate(work, plan)
    case 'heal':
      return heal(work, plan)
    case 'hold':
      reportHealth(work)
      throw refusedBefore(work)
    case 'report':
      reportHealth(work)
      pass.status.markFalse(deployed, plan.reason, `${capitalised(plan.message)}${lastFailureText(stack, hash)}.`)
      if (stack.status?.deployedHash === undefined) pass.status.markFalse(healthy, plan.reason, 'It is not deployed.')
      return { afterMs: intervalOf(stack) }
    case 'none':
      takeOver(work)
      await tidyUp(work)
      pass.status.markTrue(deployed, 'UpToDate', deployedText(work))
      rememberConfigHashes(pass, services, hash)
      return reportHealth(work)
  }
}

async function deploy(work: Work, plan: Plan & { action: 'deploy' }): Promise<Recheck> {
  const { stack, pass, server, desired, elsewhere, hash, request, attempts, deps } = work
  const { fields } = pass.status
  reportMeanwhile(work)
  if (plan.waitsForParents) passGate(stack, deps.relations, deployed)

  const { project } = desired.settings
  const report = await attempts.run(ownerOf(stack), hash, async () => {
    const here = placeOf(work)
    const former = formerPlaces(here, elsewhere, stack, fields, deps).filter(
      (place) => !isTakenOver(deps, stack, place),
    )
    const compose = await requestOf(work, former)
    if (recordStart(fields, { hash, reason: plan.message, nowMs: deps.clock.now(), request })) {
      const where = `compose project "${project}" on Server "${komodoNameOf(server)}"`
      pass.event('Normal', 'Deploying', `Deploys ${where}: ${plan.message}.`)
    }
    if (elsewhere !== undefined || fields.project === undefined) await announce(here, pass)
    // A former name is kept until nothing has it any more.
    if (former.length === 0) settleIn(work)
    const done = await up(work, compose)
    settleIn(work)
    for (const place of former) forget(place, fields)
    return done
  })

  recordSuccess(fields, hash, deps.clock.now())
  attempts.forget(ownerOf(stack))
  recordDeployed(pass, desired, report)
  pass.event(
    'Normal',
    'Deployed',
    `Compose project "${project}" is up: ${report.services.map(({ name }) => name).join(', ')}.`,
  )
  return lookAgain(work)
}

/** What compose made, seen before anything is said about it. */
async function lookAgain(work: Work): Promise<Recheck> {
  const { stack, pass, server, host, desired, hash } = work
  const { fields } = pass.status
  const observed = await onHost(komodoNameOf(server), deployed, () =>
    host.observeProject(desired.settings.project, pass.signal),
  )
  const counting = (fields.services ?? []).filter(({ name }) => !stack.spec.ignoreServices.includes(name))
  const services = reportServices(counting, observed.containers, { checkConfig: false })
  const now = { ...work, observed, services }
  rememberConfigHashes(pass, services, hash)
  pass.status.markTrue(deployed, 'UpToDate', deployedText(now))
  const recheck = reportHealth(now)
  const unfinished = services.some(({ verdict }) => verdict === 'drifted') || fields.leftovers !== undefined
  return unfinished ? { afterMs: SOON_MS } : recheck
}

/** How what runs now does, in case the deploy has to wait or fails. */
function reportMeanwhile(work: Work): void {
  if (work.stack.status?.deployedHash !== undefined) reportHealth(work)
  else work.pass.status.markFalse(healthy, 'NotDeployed', 'It is not deployed yet.')
}

/** Only what depends on changed config files. */
async function recreate(work: Work, plan: Plan & { action: 'recreate' }): Promise<Recheck> {
  const { stack, pass, desired, hash, attempts } = work
  const { fields } = pass.status
  const which = plan.services === 'all' ? 'all services' : plan.services.join(', ')
  await attempts.run(ownerOf(stack), `${hash} ${plan.message}`, async () => {
    const compose = await requestOf(work)
    pass.event('Normal', 'Recreating', `Makes ${which} anew: ${plan.message}.`)
    return up(work, partOf(compose, plan.services, true))
  })
  fields.configs = [...desired.inputs.configs]
  if (fields.configs.length === 0) delete fields.configs
  return lookAgain(work)
}

async function heal(work: Work, plan: Plan & { action: 'heal' }): Promise<Recheck> {
  const { stack, pass, attempts } = work
  const id = ownerOf(stack)
  const subject = `heal ${work.hash}`
  const pending = attempts.pending(id, subject)
  if (pending !== undefined) {
    reportHealth(work)
    throw new WaitingError(
      healthy,
      'CrashLoopBackOff',
      `${capitalised(plan.message)}. It was brought up ${pending.count === 1 ? 'once' : `${pending.count} times`} and is again, more and more slowly. See its log.`,
      pending.waitMs,
    )
  }
  attempts.tried(id, subject)
  const compose = await requestOf(work)
  pass.event('Normal', 'Healing', `Brings up again: ${plan.message}.`)
  await up(work, partOf(compose, plan.services, false))
  return lookAgain(work)
}

async function requestOf({ stack, pass, desired, deps }: Work, former: readonly Place[] = []): Promise<ComposeRequest> {
  const { spec, metadata } = stack
  const login = {
    ...registryLoginOf(stack),
    namespace: metadata.namespace ?? '',
    credentials: spec.operator.registryCredentials,
    server: spec.server,
    condition: sourceReady,
  }
  const auth = await deps.registries.authFor(login, pass.signal)
  if (auth !== undefined) pass.redact([auth.password])
  return composeRequest(stack, desired.settings, {
    kind: desired.kind,
    tree: desired.tree,
    after: desired.after,
    registryAuth: auth === undefined ? [] : [auth],
    secrets: desired.secrets,
    formerProjects: former.map(({ name }) => name),
  })
}

/** `docker compose up` and all that belongs to it, within the time that the Stack allows. */
async function up(work: Work, compose: ComposeRequest): Promise<ComposeReport> {
  const { stack, pass, server, host, deps } = work
  const limitMs = parseDuration(stack.spec.operator.timeout)
  const limit = new AbortController()
  const cancel = deps.clock.setTimer(() => limit.abort(), limitMs)
  try {
    return await host.composeUp(compose, AbortSignal.any([pass.signal, limit.signal]))
  } catch (error) {
    if (limit.signal.aborted && !pass.signal.aborted) {
      throw new TransientError(
        deployed,
        'DeployTimedOut',
        `The deploy took longer than ${stack.spec.operator.timeout} and was stopped: give it more time with \`operator.timeout\``,
      )
    }
    throw failureOf(work, komodoNameOf(server), error)
  } finally {
    cancel()
  }
}

/** New `configFiles` are remembered, and what is left elsewhere is removed. */
async function tidyUp(work: Work): Promise<void> {
  const { stack, pass, desired, request, server, deps } = work
  const { fields } = pass.status
  recordNothingToDo(fields, request)
  if (desired.inputs.configs.length > 0) fields.configs = [...desired.inputs.configs]
  else delete fields.configs
  if (fields.server !== undefined) fields.server = server.metadata.name
  for (const place of fields.leftovers ?? []) if (isTakenOver(deps, stack, place)) forget(place, fields)
  await removeLeftovers(placeOf(work), stack, pass, deps, deployed, (host, { name }) =>
    host.composeDown(name, { removeOrphans: stack.spec.operator.removeOrphans }, pass.signal),
  )
}

const placeOf = ({ server, desired }: Work): Place => ({ server: server.metadata.name, name: desired.settings.project })

function settleIn(work: Work): void {
  const { fields } = work.pass.status
  moveIn(placeOf(work), work.elsewhere, fields)
  fields.project = work.desired.settings.project
}

const deployedText = ({ desired, server, pass, observed }: Work): string => {
  const { leftovers = [] } = pass.status.fields
  const left = leftovers
    .map(({ name, server: old }) => ` Its old project "${name}" on Server "${old}" is removed when that answers.`)
    .join('')
  const revision = desired.tree === undefined ? '' : `, revision ${desired.tree.revision.slice(0, 12)}`
  const orphans = orphanedServices(pass.status.fields.services ?? [], observed.containers)
  const extra = orphans.length === 0 ? '' : ` Not part of it, but running: ${orphans.slice(0, 5).join(', ')}.`
  return `Project "${desired.settings.project}" on Server "${komodoNameOf(server)}" was made from what is declared${revision}.${left}${extra}`
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
