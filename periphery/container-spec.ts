import { containerLabel } from '../controller/hosts/labels.ts'
import { type ContainerRequest, HostRejectedError } from '../controller/hosts/port.ts'
import { splitWords, WordsError } from '../controller/text/words.ts'
import type { ContainerSpec } from './engine.ts'
import { type Draft, valueFlags } from './run-flag-table.ts'
import { applyRunFlags } from './run-flags.ts'
import { FlagValueError } from './run-values.ts'

export interface CreateRequest {
  spec: ContainerSpec
  platform?: string
  pull: ContainerRequest['pull']
}

/**
 * What Komodo would tell `docker run` for a Deployment, as the body of Docker's API. Pure; throws `HostRejectedError`
 * (`InvalidArgument`) that names the field and what is wrong with it.
 */
export const containerSpec = (desired: ContainerRequest): CreateRequest => {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(desired.name)) {
    throw invalid(
      `"${desired.name}" cannot be the name of a container: two or more of a-z, A-Z, 0-9, "_", "." and "-", a letter or digit first`,
    )
  }
  if (desired.image.trim() === '') throw invalid('the Deployment has no image')

  const draft: Draft = {
    spec: {
      Image: desired.image.trim(),
      Env: desired.environment.map(({ key, value }) => `${variable(key)}=${value}`),
      Labels: Object.fromEntries(desired.labels.map(({ key, value }) => [key, value])),
      ...(desired.stop.signal !== undefined && { StopSignal: desired.stop.signal }),
      StopTimeout: desired.stop.timeoutSeconds,
    },
    host: {
      RestartPolicy: {
        Name: desired.restart,
        // As Komodo does: an endless loop of failures helps nobody.
        ...(desired.restart === 'on-failure' && { MaximumRetryCount: 10 }),
      },
    },
    mounts: [],
    ports: {},
    health: {},
    networks: [{ name: desired.network.trim() || 'host', endpoint: {} }],
    endpoint: {},
    networkByFlag: false,
  }
  for (const port of desired.ports) field('ports', () => valueFlags.publish!(draft, port))
  for (const volume of desired.volumes) field('volumes', () => valueFlags.volume!(draft, volume))
  // Komodo appends every entry to one command line, so a flag and its value may stand in one entry or in two.
  field('extra_args', () => applyRunFlags(splitWords(desired.extraArgs.join(' ')), draft))
  const command = field('command', () => splitWords(desired.command))
  if (command.length > 0) draft.spec.Cmd = command
  return finish(draft, desired)
}

const finish = (draft: Draft, desired: ContainerRequest): CreateRequest => {
  const { spec, host, networks, endpoint, ports } = draft
  const [first, ...others] = networks
  const named = !/^(host|none|bridge|default|container:.*)$/.test(first!.name)
  const merged = { ...first!.endpoint, ...endpoint }
  const endpoints = [
    ...(named || Object.keys(merged).length > 0 ? [[first!.name, merged] as const] : []),
    ...others.map(({ name, endpoint }) => [name, endpoint] as const),
  ]
  return {
    spec: {
      ...spec,
      Labels: { ...spec.Labels, [containerLabel.owner]: desired.owner, [containerLabel.hash]: desired.hash },
      ...(Object.keys(draft.health).length > 0 && { Healthcheck: draft.health }),
      HostConfig: {
        ...host,
        NetworkMode: first!.name,
        ...(Object.keys(ports).length > 0 && { PortBindings: ports }),
        // dockerode's type knows one mount only.
        ...(draft.mounts.length > 0 && { Mounts: draft.mounts as never }),
      },
      ...(endpoints.length > 0 && { NetworkingConfig: { EndpointsConfig: Object.fromEntries(endpoints) } }),
    },
    ...(draft.platform !== undefined && { platform: draft.platform }),
    pull: draft.pull ?? desired.pull,
  }
}

const variable = (key: string): string => {
  if (key === '' || key.includes('=') || key.includes('\0')) {
    throw invalid(`environment: "${key}" cannot be the name of a variable`)
  }
  return key
}

const field = <T>(name: string, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    if (error instanceof FlagValueError || error instanceof WordsError) throw invalid(`${name}: ${error.message}`)
    if (error instanceof HostRejectedError) throw new HostRejectedError(error.reason, `${name}: ${error.message}`)
    throw error
  }
}

const invalid = (message: string): HostRejectedError => new HostRejectedError('InvalidArgument', message)
