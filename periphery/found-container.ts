import type { ContainerInspectInfo, HostConfig } from 'dockerode'
import { composeLabel } from '../controller/hosts/labels.ts'
import type { ComposeOrigin, FoundContainer } from '../controller/hosts/port.ts'
import { quoteWord } from '../controller/text/words.ts'
import { configFlags, type Flag, hostFlags, type ImageConfig, list, some } from './found-flags.ts'

type Config = ContainerInspectInfo['Config']

/**
 * What somebody must have told `docker run` for this container to come out: `container-spec.ts` the other way round, which makes the
 * same container of it again. What Docker itself chose is left out, and so is what comes from the image.
 */
export function foundContainer(info: ContainerInspectInfo, imageConfig: ImageConfig): FoundContainer {
  const { Config: config, HostConfig: host, Id: id } = info
  const beyond: string[] = []
  const { flags: entrypoint, command } = program(config, imageConfig, beyond)
  const network = networksOf(info)
  const ports = portsOf(host)
  const flags = [
    ...entrypoint,
    ...network.flags,
    ...ports.flags,
    ...restartFlags(host),
    ...configFlags(info, imageConfig, beyond),
    ...hostFlags(host),
    ...mountFlags(host, beyond),
  ]
  if (host.AutoRemove) beyond.push('it was started with `--rm` and removes itself when it stops')
  const compose = composeOrigin(config.Labels ?? {})
  return {
    id,
    name: info.Name.slice(1),
    state: info.State.Status,
    image: config.Image,
    network: network.name,
    restart: restartOf(host),
    command: command.map(quoteWord).join(' '),
    environment: without(config.Env, imageConfig.Env).map(pairOf),
    labels: Object.entries(config.Labels ?? {})
      .filter(([key, value]) => imageConfig.Labels?.[key] !== value && !key.startsWith('komodo.dev/'))
      .map(([key, value]) => ({ key, value })),
    ports: ports.published,
    volumes: volumesOf(info),
    extraArgs: flags.map(([name, value]) => (value === undefined ? `--${name}` : `--${name}=${quoteWord(value)}`)),
    beyond,
    ...(compose && { compose }),
  }
}

const without = (list: readonly string[] | null | undefined, base: readonly string[] | null | undefined): string[] =>
  (list ?? []).filter((entry) => !base?.includes(entry))

const pairOf = (text: string): { key: string; value: string } => {
  const at = text.indexOf('=')
  return at < 0 ? { key: text, value: '' } : { key: text.slice(0, at), value: text.slice(at + 1) }
}

const sameWords = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((word, i) => word === b[i])

const words = (value: string | readonly string[] | null | undefined): readonly string[] =>
  value === null || value === undefined ? [] : typeof value === 'string' ? [value] : value

/** A replaced entrypoint takes the image's arguments with it, and may have one word only: the others become arguments. */
function program(config: Config, image: ImageConfig, beyond: string[]): { flags: Flag[]; command: readonly string[] } {
  const entrypoint = words(config.Entrypoint)
  const own = words(image.Entrypoint)
  const command = words(config.Cmd)
  if (sameWords(entrypoint, own)) {
    if (sameWords(command, words(image.Cmd))) return { flags: [], command: [] }
    if (command.length === 0)
      beyond.push("it runs without arguments, in place of the image's: `command` cannot say that")
    return { flags: [], command }
  }
  const [first = '', ...rest] = entrypoint
  return { flags: [['entrypoint', first]], command: [...rest, ...command] }
}

function networksOf(info: ContainerInspectInfo): { name: string; flags: Flag[] } {
  const mode = info.HostConfig.NetworkMode ?? 'default'
  const name = mode === 'default' ? 'bridge' : mode
  const networks = info.NetworkSettings.Networks ?? {}
  const others = Object.keys(networks).filter((other) => other !== name && other !== mode)
  // A flag replaces `network`, so with several all are flags.
  const joined: Flag[] = others.length === 0 ? [] : [name, ...others].map((network): Flag => ['network', network])
  const own = networks[name] as NetworkEndpoint | undefined
  const aliases = (own?.Aliases ?? []).filter((alias) => !info.Id.startsWith(alias) && alias !== info.Name.slice(1))
  return {
    name,
    flags: [
      ...joined,
      ...aliases.map((alias): Flag => ['network-alias', alias]),
      ...some('ip', own?.IPAMConfig?.IPv4Address),
      ...some('ip6', own?.IPAMConfig?.IPv6Address),
      ...(own?.Links ?? []).map((link): Flag => ['link', link]),
    ],
  }
}

interface NetworkEndpoint {
  Aliases?: string[] | null
  Links?: string[] | null
  IPAMConfig?: { IPv4Address?: string; IPv6Address?: string } | null
}

function portsOf(host: HostConfig): { published: string[]; flags: Flag[] } {
  const published: string[] = []
  const flags: Flag[] = host.PublishAllPorts ? [['publish-all']] : []
  const bindings = (host.PortBindings ?? {}) as Record<string, { HostIp?: string; HostPort?: string }[] | null>
  for (const [port, targets] of Object.entries(bindings)) {
    const inside = port.replace(/\/tcp$/, '')
    for (const { HostIp: ip = '', HostPort: outside = '' } of targets ?? []) {
      const address = ip === '' || ip === '0.0.0.0' ? '' : ip.includes(':') ? `[${ip}]:` : `${ip}:`
      // `local:container` text is cut at its first colon.
      if (address === '' && outside !== '') published.push(`${outside}:${inside}`)
      else flags.push(['publish', `${address}${address === '' && outside === '' ? '' : `${outside}:`}${inside}`])
    }
  }
  return { published, flags }
}

const policies = ['no', 'on-failure', 'always', 'unless-stopped'] as const

const restartOf = ({ RestartPolicy: policy }: HostConfig): FoundContainer['restart'] =>
  policies.find((name) => name === policy?.Name) ?? 'no'

/** Ten tries are what a Deployment has by itself. */
const restartFlags = ({ RestartPolicy: policy }: HostConfig): Flag[] => {
  if (policy?.Name !== 'on-failure' || policy.MaximumRetryCount === 10) return []
  const tries = policy.MaximumRetryCount ?? 0
  return [['restart', tries > 0 ? `on-failure:${tries}` : 'on-failure']]
}

/** Named and anonymous volumes alike: an anonymous one keeps its data only under its name. */
function volumesOf({ HostConfig: host, Mounts: mounts }: ContainerInspectInfo): string[] {
  const binds = host.Binds ?? []
  const told = new Set([
    ...binds.map((bind) => bind.split(':')[1]),
    ...((host.Mounts ?? []) as readonly { Target?: string }[]).map(({ Target }) => Target),
  ])
  const anonymous = mounts
    .filter(({ Type, Name, Destination }) => Type === 'volume' && Name !== undefined && !told.has(Destination))
    .map(({ Name, Destination, RW }) => `${Name}:${Destination}${RW ? '' : ':ro'}`)
  return [...binds, ...anonymous]
}

function mountFlags(host: HostConfig, beyond: string[]): Flag[] {
  const tmpfs = Object.entries((host.Tmpfs ?? {}) as Record<string, string>).map(
    ([path, options]): Flag => ['tmpfs', options === '' ? path : `${path}:${options}`],
  )
  const mounts = (host.Mounts ?? []).map((mount): Flag => {
    const { Type, Source, Target, ReadOnly, BindOptions, VolumeOptions, TmpfsOptions } = mount
    if (BindOptions || VolumeOptions || TmpfsOptions)
      beyond.push(`options of the mount at ${Target} are not taken over`)
    const fields = [`type=${Type}`, ...(Source ? [`source=${Source}`] : []), `target=${Target}`]
    return ['mount', [...fields, ...(ReadOnly ? ['readonly'] : [])].join(',')]
  })
  return [...mounts, ...tmpfs, ...list('volumes-from', host.VolumesFrom as string[] | undefined)]
}

function composeOrigin(labels: Readonly<Record<string, string>>): ComposeOrigin | undefined {
  const project = labels[composeLabel.project]
  if (project === undefined || labels[composeLabel.oneOff] === 'True') return undefined
  const paths = (label: string): string[] => (labels[label] ?? '').split(',').filter((path) => path !== '')
  return {
    project,
    service: labels[composeLabel.service] ?? '',
    workingDirectory: labels[composeLabel.workingDirectory] ?? '',
    configFiles: paths(composeLabel.configFiles),
    environmentFiles: paths(composeLabel.environmentFile),
  }
}
