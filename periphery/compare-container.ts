import type { ContainerRequest, FoundContainer } from '../controller/hosts/port.ts'
import { containerSpec } from './container-spec.ts'
import type { ContainerSpec } from './engine.ts'

/**
 * In which fields a container that somebody else made is not what a Deployment asks for; empty when it is just that. Both are turned into
 * what Docker would be told, so two ways to say the same are no difference.
 */
export function differences(desired: ContainerRequest, found: FoundContainer): string[] {
  const { image, network, restart, command, environment, labels, ports, volumes, extraArgs } = found
  const asFound = { ...desired, image, network, restart, command, environment, labels, ports, volumes, extraArgs }
  const [wanted, there] = [fieldsOf(containerSpec(desired).spec), fieldsOf(containerSpec(asFound).spec)]
  const differing = [...new Set([...wanted.keys(), ...there.keys()])].filter(
    (key) => wanted.get(key) !== there.get(key),
  )
  return [...new Set(differing.map((key) => fieldNames[key] ?? `extra_args (${key})`))].sort()
}

/** Parts of Docker's request, by the field of a Deployment that they come from. */
const fieldNames: Readonly<Record<string, string>> = {
  Image: 'image',
  Env: 'environment',
  Labels: 'labels',
  Cmd: 'command',
  ExposedPorts: 'ports',
  PortBindings: 'ports',
  Binds: 'volumes',
  Mounts: 'volumes',
  Volumes: 'volumes',
  NetworkMode: 'network',
  NetworkingConfig: 'network',
  RestartPolicy: 'restart',
}

/** Order means something in these alone. */
const ordered = new Set(['Cmd', 'Entrypoint', 'Test'])

const fieldsOf = ({ HostConfig: host, ...spec }: ContainerSpec): ReadonlyMap<string, string> =>
  new Map(Object.entries({ ...spec, ...host }).map(([key, value]) => [key, JSON.stringify(canonical(key, value))]))

function canonical(key: string, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => canonical('', item))
    return ordered.has(key) ? items : items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, canonical(name, inner)]),
  )
}
