import { parseDuration } from '../../api/duration.ts'
import { containerName } from '../../api/name-rules.ts'
import { komodoNameOf } from '../../api/names.ts'
import type { Deployment, DeploymentSpec } from '../../api/v1alpha1/deployment.ts'
import { deploymentCondition } from '../../api/v1alpha1/deployment.ts'
import { StalledError, WaitingError } from '../../engine/errors.ts'
import type { ContainerRequest, KeyValue, RegistryAuth } from '../../hosts/port.ts'
import type { Digest } from '../digest.ts'
import { pairs, type Texts, unquoted } from '../interpolation/texts.ts'
import { NOT_BY_ITSELF_MS, ownerOf } from '../references.ts'
import { registryOf } from '../registry-auth.ts'

const { inputsReady } = deploymentCondition

/** Name of the container of a Deployment. */
export const containerNameOf = (deployment: Readonly<Deployment>): string =>
  containerName(deployment.spec.customName === '' ? komodoNameOf(deployment) : deployment.spec.customName)

/** What is to run, without the parts that decide how it is fetched and proven. */
export type DesiredContainer = Omit<
  ContainerRequest,
  'formerNames' | 'hash' | 'pull' | 'registryAuth' | 'stop' | 'healthDeadlineMs' | 'minReadyMs'
>

export function desiredContainer(deployment: Readonly<Deployment>, values: Texts): DesiredContainer {
  const { spec } = deployment
  const extraArgs = values.list('extraArgs', spec.extraArgs).filter((argument) => argument.trim() !== '')
  return {
    name: containerNameOf(deployment),
    owner: ownerOf(deployment),
    image: imageOf(spec),
    network: spec.network,
    restart: restartIn(extraArgs) ?? spec.restart,
    command: values.text('command', spec.command),
    environment: pairs('environment', spec.environment, values, inputsReady, unquoted),
    labels: pairs('labels', spec.labels, values, inputsReady, unquoted),
    ports: pairs('ports', spec.ports, values, inputsReady).map(joined),
    volumes: pairs('volumes', spec.volumes, values, inputsReady).map(joined),
    extraArgs,
  }
}

/** The restart policy among flags of `docker run`, where it counts more than the field: it decides what counts as running. */
function restartIn(extraArgs: readonly string[]): DeploymentSpec['restart'] | undefined {
  const flags = extraArgs
    .join(' ')
    .matchAll(/(?:^|\s)["']?--restart(?:=|\s+)["']?(no|on-failure|always|unless-stopped)\b/g)
  return [...flags].at(-1)?.[1] as DeploymentSpec['restart'] | undefined
}

export function containerRequest(
  spec: DeploymentSpec,
  desired: DesiredContainer,
  how: {
    hash: string
    registryAuth: RegistryAuth | undefined
    purpose: DeployPurpose
    adopted?: string | undefined
    formerNames?: readonly string[]
  },
): ContainerRequest {
  return {
    ...desired,
    hash: how.hash,
    ...(how.adopted === undefined ? {} : { adopted: how.adopted }),
    formerNames: how.formerNames ?? [],
    pull: pullPolicy(desired.image, how.purpose),
    ...(how.registryAuth === undefined ? {} : { registryAuth: how.registryAuth }),
    stop: stopOptions(spec),
    healthDeadlineMs: parseDuration(spec.operator.healthDeadline),
    minReadyMs: parseDuration(spec.operator.minReady),
  }
}

/**
 * Of all that a change of needs another container. How it is stopped and proven does not; nor do the credentials to pull it.
 *
 * @param token what asked for deploys besides, see `triggerOf`
 */
export const hashOf = (desired: DesiredContainer, token: string, digest: Digest): string =>
  digest(['deployment/v1', desired, token])

/**
 * SIGTERM is Komodo's default and cannot be told from being written: it leaves the choice to the image, whose `STOPSIGNAL` knows
 * better (SIGINT for PostgreSQL, SIGQUIT for nginx) and is SIGTERM, too, where an image says nothing.
 */
export const stopOptions = (spec: DeploymentSpec): ContainerRequest['stop'] => ({
  ...(spec.terminationSignal === 'SIGTERM' ? {} : { signal: spec.terminationSignal }),
  timeoutSeconds: spec.terminationTimeout,
})

/** The account that its image is pulled with. */
export const registryLoginOf = ({ spec }: Readonly<Deployment>): { registry: string; account: string } => ({
  registry: registryOf(spec.image.params.image?.trim() ?? ''),
  account: spec.imageRegistryAccount,
})

function imageOf({ image: { type, params } }: DeploymentSpec): string {
  if (type === 'Build') {
    throw new WaitingError(
      inputsReady,
      'BuildNotSupported',
      `the image comes from Build "${params.build ?? ''}", and Builds are not supported yet: set \`image.type\` to Image and name the image`,
      NOT_BY_ITSELF_MS,
    )
  }
  const image = params.image?.trim() ?? ''
  if (image === '') {
    throw new StalledError(
      inputsReady,
      'NoImage',
      'no image is given: set `image.params.image`, for example "nginx:1.27"',
    )
  }
  return image
}

/** What a deploy is for. */
export type DeployPurpose = 'change' | 'asked' | 'heal'

/**
 * Like Kubernetes: an image without tag, or with `latest`, is pulled at every deploy; another one only when it is missing. A deploy
 * that somebody asked for always pulls, because what moved may be the tag; healing never does, unless it must. A digest never moves.
 */
export function pullPolicy(image: string, purpose: DeployPurpose): ContainerRequest['pull'] {
  if (image.includes('@') || purpose === 'heal') return 'missing'
  const tag = /:([^/:]+)$/.exec(image)?.[1] ?? 'latest'
  return purpose === 'asked' || tag === 'latest' ? 'always' : 'missing'
}

const joined = ({ key, value }: KeyValue): string => `${key}:${value}`
