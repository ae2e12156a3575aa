import type { StackStatus } from '../../api/v1alpha1/stack.ts'
import type { ProjectContainer } from '../../hosts/port.ts'

/**
 * How the services of a compose project do. Pure, by the labels that compose puts on containers, never by their names (a name may
 * hold anything, also what looks like another service or like a secret).
 */

/** A service as it was deployed. */
export type ExpectedService = Pick<
  NonNullable<StackStatus['services']>[number],
  'name' | 'image' | 'replicas' | 'configHash' | 'restart'
>

export type ServiceVerdict =
  /** As many containers run as should, or it is done (exit code 0). */
  | 'ok'
  /** On its way by itself. */
  | 'progressing'
  /** Bringing it up again would not help, or is not ours to do: unhealthy, restarted by Docker, paused. */
  | 'bad'
  /** Not what was deployed: missing, stopped, ended with an error, or made from something else. `compose up` heals it. */
  | 'drifted'

export interface ServiceReport {
  name: string
  verdict: ServiceVerdict
  /** Why it is not `ok`, for the user. */
  message: string
  /** For status. */
  state: string
  health: 'none' | 'starting' | 'healthy' | 'unhealthy'
  running: number
  imageDigest?: string
  /** Compose's hash, when all containers agree on one. */
  configHash?: string
}

export interface ServiceOptions {
  /** Containers are compared with the recorded config hashes. Right after a deploy there is nothing to compare with yet. */
  checkConfig: boolean
}

export function reportServices(
  expected: readonly ExpectedService[],
  containers: readonly ProjectContainer[],
  options: ServiceOptions,
): readonly ServiceReport[] {
  const byService = Map.groupBy(
    containers.filter(({ oneOff }) => !oneOff),
    ({ service }) => service,
  )
  return expected.map((service) => reportService(service, byService.get(service.name) ?? [], options))
}

/** Services that have containers but are not expected: left from an older compose file, or started by hand. */
export function orphanedServices(
  expected: readonly ExpectedService[],
  containers: readonly ProjectContainer[],
): readonly string[] {
  const known = new Set(expected.map(({ name }) => name))
  return [
    ...new Set(
      containers.filter(({ oneOff, service }) => !oneOff && !known.has(service)).map(({ service }) => service),
    ),
  ]
}

function reportService(
  expected: ExpectedService,
  containers: readonly ProjectContainer[],
  { checkConfig }: ServiceOptions,
): ServiceReport {
  const replicas = expected.replicas ?? 1
  const found = containers.map((container) => judge(expected, container, checkConfig))
  const worst = pickWorst(found)
  const good = found.filter(({ verdict }) => verdict !== 'drifted').length
  const lacking = good < replicas && worst?.verdict !== 'drifted'
  const first = containers[0]
  const configHash =
    first !== undefined && containers.every((c) => c.configHash === first.configHash) ? first.configHash : undefined
  const digest = first?.imageDigests[0]
  return {
    name: expected.name,
    running: containers.filter(({ state }) => state === 'running').length,
    health: worstHealth(containers),
    ...(digest === undefined ? {} : { imageDigest: digest }),
    ...(configHash === undefined ? {} : { configHash }),
    ...(lacking
      ? {
          verdict: 'drifted' as const,
          state: containers.length === 0 ? 'missing' : 'incomplete',
          message: containers.length === 0 ? 'has no container' : `has ${containers.length} of ${replicas} containers`,
        }
      : (worst ?? { verdict: 'ok' as const, state: 'none', message: '' })),
  }
}

interface Judgement {
  verdict: ServiceVerdict
  state: string
  message: string
}

function judge(expected: ExpectedService, container: ProjectContainer, checkConfig: boolean): Judgement {
  const { state, health, exitCode, restartCount, configHash } = container
  if (checkConfig && expected.configHash !== undefined && expected.configHash !== configHash) {
    return { verdict: 'drifted', state, message: 'was made from another configuration' }
  }
  const code = `exit code ${exitCode ?? 'unknown'}${container.oomKilled ? ', out of memory' : ''}`
  switch (state) {
    case 'running':
      if (health === 'unhealthy') return { verdict: 'bad', state: 'unhealthy', message: 'fails its health check' }
      if (health === 'starting')
        return { verdict: 'progressing', state: 'starting', message: 'did not pass its health check yet' }
      return { verdict: 'ok', state, message: '' }
    case 'restarting':
      return { verdict: 'bad', state, message: `exits (${code}) and is restarted, ${restartCount} times so far` }
    case 'paused':
      return { verdict: 'bad', state, message: 'is paused: unpause it' }
    case 'removing':
      return { verdict: 'progressing', state, message: 'is being removed' }
    case 'exited':
      if (exitCode === 0 && !mustRun(expected)) return { verdict: 'ok', state: 'completed', message: '' }
      return { verdict: 'drifted', state, message: `stopped (${code})` }
    case 'created':
      return { verdict: 'drifted', state, message: 'was made but not started' }
    case 'dead':
      return { verdict: 'drifted', state, message: 'is dead' }
  }
}

/** With these policies a container that stopped was stopped by somebody: it is not a job that is done. */
const mustRun = ({ restart }: ExpectedService): boolean => restart === 'always' || restart === 'unless-stopped'

const severity: Readonly<Record<ServiceVerdict, number>> = { ok: 0, progressing: 1, bad: 2, drifted: 3 }

const pickWorst = (judgements: readonly Judgement[]): Judgement | undefined =>
  judgements.reduce<Judgement | undefined>(
    (worst, next) => (worst === undefined || severity[next.verdict] > severity[worst.verdict] ? next : worst),
    undefined,
  )

const healths = ['none', 'healthy', 'starting', 'unhealthy'] as const

const worstHealth = (containers: readonly ProjectContainer[]): ServiceReport['health'] =>
  healths[Math.max(0, ...containers.map(({ health }) => healths.indexOf(health)))] ?? 'none'
