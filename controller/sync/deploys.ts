import { type CommonStatus, conditionOf, type KubeObject } from '../api/meta.ts'
import { composeName, containerName } from '../api/name-rules.ts'
import { komodoNameOf } from '../api/names.ts'
import { isPlainObject } from '../json.ts'
import { type DeployReason, type DeployTarget, describeCircle, orderDeploys } from './deploy-order.ts'
import { type DesiredObject, formatPosition, objectKey, type PlanProblem } from './desired.ts'
import type { ObjectDeploy, PlanInput, PlannedApply } from './sync-plan.ts'

/**
 * Fields whose change deploys, by kind: what makes another container, or other files for Compose. How something is pulled, stopped,
 * proven, described or watched counts at the next deploy. The reconcilers decide by the same (`hashOf`), from contents.
 */
const deployingFields: Readonly<Record<string, ReadonlySet<string>>> = {
  Deployment: new Set([
    'command',
    'customName',
    'environment',
    'extraArgs',
    'image',
    'labels',
    'network',
    'ports',
    'replicas',
    'restart',
    'server',
    'skipSecretInterp',
    'swarm',
    'volumes',
  ]),
  /** Of the Stacks that link it. */
  Repo: new Set([
    'branch',
    'commit',
    'environment',
    'envFilePath',
    'gitHttps',
    'gitProvider',
    'operator.url',
    'repo',
    'skipSecretInterp',
  ]),
  Stack: new Set([
    'additionalEnvFiles',
    'branch',
    'buildExtraArgs',
    'commit',
    'composeCmdWrapper',
    'composeCmdWrapperInclude',
    'envFilePath',
    'environment',
    'extraArgs',
    'fileContents',
    'filePaths',
    'filesOnHost',
    'gitProvider',
    'linkedRepo',
    'operator.profiles',
    'operator.url',
    'projectName',
    'repo',
    'runBuild',
    'runDirectory',
    'server',
    'skipSecretInterp',
    'swarm',
  ]),
}

function isDeploying(kind: string, path: string): boolean {
  const [field = '', inner = ''] = path.split('.')
  return deployingFields[kind]?.has(field === 'operator' ? `${field}.${inner}` : field) ?? false
}

/** What will be deployed once the plan is applied, in rounds, and what stands in the way. */
export function planDeploys(
  desired: readonly DesiredObject[],
  applies: readonly PlannedApply[],
  input: PlanInput,
  problems: PlanProblem[],
): ObjectDeploy[] {
  const changed = new Map(applies.map((apply) => [apply.desired, apply]))
  const variables = applies.flatMap(({ desired: { kind, name } }) =>
    kind.definition.kind === 'Variable' ? [name] : [],
  )
  const causes: Causes = { variables, repos: changedRepos(applies) }
  const byKey = new Map<string, DesiredObject>()
  const live = liveDeployables(input)
  const targets: DeployTarget[] = []
  for (const object of desired) {
    if (!object.kind.deployable) continue
    const kind = object.kind.definition.kind
    const key = objectKey(kind, object.name)
    byKey.set(key, object)
    if (object.spec.deploy !== true || object.spec.template === true) continue
    const reason = reasonToDeploy(object, changed.get(object), causes, live.get(key))
    const after = Array.isArray(object.spec.after) ? object.spec.after.map(String) : []
    targets.push({ key, kind, name: object.name, after, ...(reason === undefined ? {} : { reason }) })
  }

  const order = orderDeploys(targets, (name) =>
    [objectKey('Deployment', containerName(name)), objectKey('Stack', composeName(name))].filter(
      (key) => byKey.has(key) || live.has(key),
    ),
  )
  const report = (severity: PlanProblem['severity'], key: string, reason: string, message: string): void => {
    const object = byKey.get(key)
    if (object === undefined) return
    const kind = object.kind.definition.kind
    problems.push({ severity, reason, kind, name: object.name, message, positions: [object.position] })
  }
  for (const { key, circle } of order.cycles) {
    const members = circle?.map((member) => member.replace('/', ' '))
    const way = members === undefined ? 'in a circle of very many' : describeCircle(members, ' after ')
    report(
      'error',
      key,
      'DependencyCycle',
      `is never deployed, because it waits for itself: ${way}; take one name out of \`after\``,
    )
  }
  for (const { key, name } of order.unknown) {
    report(
      'warning',
      key,
      'UnknownDependency',
      `comes after "${name}", but no Deployment or Stack has this name; it waits until there is one`,
    )
  }
  return order.deploys.flatMap((deploy) => {
    const object = byKey.get(deploy.key)
    return object === undefined
      ? []
      : [{ ...deploy, objectName: object.objectName, source: formatPosition(object.position) }]
  })
}

/** What is not part of an object and deploys it. */
interface Causes {
  variables: readonly string[]
  /** By each of its spellings. */
  repos: ReadonlyMap<string, string>
}

/** Repos that are new, or whose files or environment become others. */
function changedRepos(applies: readonly PlannedApply[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const { action, desired, fields } of applies) {
    if (desired.kind.definition.kind !== 'Repo') continue
    if (action === 'update' && !fields.some(({ path }) => isDeploying('Repo', path))) continue
    for (const spelling of [desired.name, desired.objectName]) found.set(spelling, desired.name)
  }
  return found
}

function reasonToDeploy(
  object: DesiredObject,
  apply: PlannedApply | undefined,
  { variables, repos }: Causes,
  live: KubeObject | undefined,
): DeployReason | undefined {
  const own = objectKey(object.kind.definition.kind, object.name)
  const first = (text: string): DeployReason => ({ text, cause: 'change', by: [own], needsOwnChange: true })
  if (apply?.action === 'create') return first('it is new')
  const fields = (apply?.fields ?? []).map(({ path }) => path)
  if (fields.includes('deploy')) return first('deploy was turned on')
  const causes = fields.filter((path) => isDeploying(object.kind.definition.kind, path))
  const used = variables.filter((name) => object.spec.skipSecretInterp !== true && mentions(object.spec, `[[${name}]]`))
  const repo = repos.get(String(object.spec.linkedRepo ?? ''))
  const by = [
    ...(causes.length > 0 ? [own] : []),
    ...used.map((name) => objectKey('Variable', name)),
    ...(repo === undefined ? [] : [objectKey('Repo', repo)]),
  ]
  if (causes.length > 0) return { text: `${listed(causes)} changed`, cause: 'change', by }
  if (used.length > 0) return { text: `variable ${listed(used)} changed`, cause: 'change', by }
  if (repo !== undefined) return { text: `Repo ${repo}, which it links, changed`, cause: 'change', by }
  const state = stoppedState(live)
  return state === undefined ? undefined : { text: `it is ${state}`, cause: 'state' }
}

const listed = (names: readonly string[]): string =>
  names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`

function mentions(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value.includes(text)
  if (Array.isArray(value)) return value.some((item) => mentions(item, text))
  return isPlainObject(value) && Object.values(value).some((item) => mentions(item, text))
}

const stoppedStates = new Set(['created', 'dead', 'down', 'exited', 'paused', 'removing', 'stopped'])

/** The state of something that was observed and does not run. Nothing observed, or an unreachable host, says nothing. */
export function stoppedState(live: KubeObject | undefined): string | undefined {
  const status = live?.status as (CommonStatus & { state?: string }) | undefined
  const ready = live && conditionOf(live, 'Ready')
  if (status?.state === undefined || ready?.status !== 'False') return undefined
  return stoppedStates.has(status.state) ? status.state : undefined
}

function liveDeployables({ live, kinds }: PlanInput): ReadonlyMap<string, KubeObject> {
  const found = new Map<string, KubeObject>()
  for (const [kindName, objects] of live) {
    const kind = kinds.get(kindName)
    if (!kind?.deployable) continue
    for (const object of objects) found.set(objectKey(kindName, kind.toml.normalizeName(komodoNameOf(object))), object)
  }
  return found
}
