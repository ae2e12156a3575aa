import { parseDuration } from '../../api/duration.ts'
import { stackCondition } from '../../api/v1alpha1/stack.ts'
import type { Recheck } from '../../engine/reconciler.ts'
import { intervalOf } from './look.ts'
import { reportServices, type ServiceReport } from './services.ts'
import type { Work } from './work.ts'

const { healthy } = stackCondition

/** While services are on their way, which sends events: the safety net. */
const STARTING_RECHECK_MS = 10_000

/** Writes the services into status and marks `Healthy` from them; says when to look again. */
export function reportHealth(work: Work): Recheck {
  const { stack, pass, observed, services, deps } = work
  const { fields } = pass.status
  describeServices(work)
  const bad = services.filter(({ verdict }) => verdict === 'bad' || verdict === 'drifted')
  const progressing = services.filter(({ verdict }) => verdict === 'progressing')
  fields.state = stateOf(services, observed.containers.length > 0)

  if (bad.length > 0) {
    pass.status.markFalse(healthy, reasonOf(bad), sentenceOf(bad))
    return { afterMs: intervalOf(stack) }
  }
  const sinceDeployMs = deps.clock.now() - Date.parse(fields.lastDeploy?.at ?? '')
  if (progressing.length > 0) {
    if (sinceDeployMs > parseDuration(stack.spec.operator.healthDeadline)) {
      const message = `${sentenceOf(progressing)} That takes longer than ${stack.spec.operator.healthDeadline} (\`operator.healthDeadline\`).`
      pass.status.markFalse(healthy, 'HealthDeadlineExceeded', message)
      return { afterMs: intervalOf(stack) }
    }
    pass.status.markUnknown(healthy, 'Starting', sentenceOf(progressing))
    return { afterMs: STARTING_RECHECK_MS }
  }
  const toProveMs = parseDuration(stack.spec.operator.minReady) - sinceDeployMs
  // A deploy in the future is one before the clock was set back.
  if (toProveMs > 0 && sinceDeployMs >= 0) {
    pass.status.markUnknown(
      healthy,
      'Starting',
      'All services run; they have to stay up for a moment to count as healthy.',
    )
    return { afterMs: toProveMs }
  }
  pass.status.markTrue(healthy, 'Running', goodText(services))
  return { afterMs: intervalOf(stack) }
}

/** Ignored services show in status, too; they only do not count. */
function describeServices({ pass, observed }: Work): void {
  const { fields } = pass.status
  const reports = new Map(
    reportServices(fields.services ?? [], observed.containers, { checkConfig: false }).map((report) => [
      report.name,
      report,
    ]),
  )
  for (const service of fields.services ?? []) {
    const report = reports.get(service.name)
    if (report === undefined) continue
    service.state = report.state
    service.running = report.running
    if (report.health === 'none') delete service.health
    else service.health = report.health
    if (report.imageDigest === undefined) delete service.imageDigest
    else service.imageDigest = report.imageDigest
  }
}

const stateOf = (services: readonly ServiceReport[], isUp: boolean): string => {
  if (!isUp) return 'down'
  if (services.some(({ verdict }) => verdict === 'bad' || verdict === 'drifted')) return 'unhealthy'
  if (services.some(({ verdict }) => verdict === 'progressing')) return 'starting'
  return services.length > 0 && services.every(({ state }) => state === 'completed') ? 'completed' : 'running'
}

const reasonOf = (bad: readonly ServiceReport[]): string =>
  bad.some(({ verdict }) => verdict === 'drifted') ? 'ServicesDown' : 'ServicesUnhealthy'

const sentenceOf = (services: readonly ServiceReport[]): string =>
  `${services
    .slice(0, 5)
    .map(({ name, message }) => `Service ${name} ${message}.`)
    .join(' ')}${services.length > 5 ? ` And ${services.length - 5} more.` : ''}`

function goodText(services: readonly ServiceReport[]): string {
  const done = services.filter(({ state }) => state === 'completed').length
  const running = services.length - done
  return `${running} ${running === 1 ? 'service runs' : 'services run'}${done === 0 ? '' : `, ${done} ran once and ${done === 1 ? 'is' : 'are'} done`}.`
}
