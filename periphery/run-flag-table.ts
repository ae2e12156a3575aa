import type { EndpointSettings, HealthConfig, HostConfig } from 'dockerode'
import type { ContainerSpec } from './engine.ts'
import { type Mount, mount, volume } from './run-mounts.ts'
import { expose, publish } from './run-ports.ts'
import * as read from './run-values.ts'

/** A container being put together from a request and its flags. */
export interface Draft {
  spec: ContainerSpec
  host: HostConfig & { Annotations?: Record<string, string>; CgroupnsMode?: string; CpuRealtimeRuntime?: number }
  mounts: Mount[]
  ports: Record<string, { HostIp: string; HostPort: string }[]>
  health: HealthConfig
  /** In the order they were named; the first is the one that the container's mode names. */
  networks: { name: string; endpoint: EndpointSettings & { GwPriority?: number } }[]
  /** `--ip`, `--network-alias` and the like: for the first network. */
  endpoint: EndpointSettings
  /** The network was named by a flag, which replaces the Deployment's own. */
  networkByFlag: boolean
  platform?: string
  pull?: 'always' | 'missing' | 'never'
}

type Set = (draft: Draft, value: string) => void

const push = <T>(list: T[] | undefined, ...items: T[]): T[] => [...(list ?? []), ...items]

/** A setter for the field of `HostConfig`, reading the value by `parse`. */
const host =
  <K extends keyof HostConfig>(key: K, parse: (value: string) => HostConfig[K]): Set =>
  (draft, value) => {
    draft.host[key] = parse(value)
  }
const hostList =
  (
    key:
      | 'CapAdd'
      | 'CapDrop'
      | 'Dns'
      | 'DnsOptions'
      | 'DnsSearch'
      | 'ExtraHosts'
      | 'GroupAdd'
      | 'SecurityOpt'
      | 'VolumesFrom'
      | 'Devices'
      | 'DeviceCgroupRules'
      | 'Ulimits'
      | 'BlkioWeightDevice'
      | 'BlkioDeviceReadBps'
      | 'BlkioDeviceWriteBps'
      | 'BlkioDeviceReadIOps'
      | 'BlkioDeviceWriteIOps'
      | 'DeviceRequests',
    parse: (value: string) => unknown = text,
  ): Set =>
  (draft, value) => {
    const lists = draft.host as Record<typeof key, unknown[] | undefined>
    lists[key] = push(lists[key], parse(value))
  }
const hostMap =
  (key: 'Sysctls' | 'StorageOpt' | 'Annotations'): Set =>
  (draft, value) => {
    const [name, setting] = read.pair(value)
    draft.host[key] = { ...draft.host[key], [name]: setting }
  }
const config =
  (key: 'Hostname' | 'Domainname' | 'User' | 'WorkingDir' | 'StopSignal'): Set =>
  (draft, value) => {
    draft.spec[key] = value
  }
const health =
  <K extends keyof HealthConfig>(key: K, parse: (value: string) => HealthConfig[K]): Set =>
  (draft, value) => {
    draft.health[key] = parse(value)
  }
const text = (value: string): string => value

const addPorts: Set = (draft, value) => {
  for (const { port, hostIp, hostPort } of publish(value)) {
    draft.spec.ExposedPorts = { ...draft.spec.ExposedPorts, [port]: {} }
    draft.ports[port] = push(draft.ports[port], { HostIp: hostIp, HostPort: hostPort })
  }
}

const addVolume: Set = (draft, value) => {
  const parsed = volume(value)
  if ('bind' in parsed) draft.host.Binds = push(draft.host.Binds, parsed.bind)
  else draft.spec.Volumes = { ...draft.spec.Volumes, [parsed.anonymous]: {} }
}

const addEnv: Set = (draft, value) => {
  if (!value.includes('=')) {
    throw new read.FlagValueError(`"${value}" has no value, and none is taken over from the host: use ${value}=...`)
  }
  draft.spec.Env = push(draft.spec.Env, value)
}

const addLabel: Set = (draft, value) => {
  const [key, label] = read.pairOrKey(value)
  if (key.startsWith('komodo.dev/')) throw new read.FlagValueError(`labels under komodo.dev/ are the operator's own`)
  draft.spec.Labels = { ...draft.spec.Labels, [key]: label }
}

/** `name` or `name=web,alias=www,ip=10.0.0.2`. */
const addNetwork: Set = (draft, value) => {
  if (!draft.networkByFlag) draft.networks = []
  draft.networkByFlag = true
  const endpoint: EndpointSettings = {}
  let name = value
  if (value.includes('=')) {
    name = ''
    for (const field of read.commaFields(value)) {
      const [key, setting] = read.pair(field)
      if (key === 'name') name = setting
      else if (key === 'alias') endpoint.Aliases = push(endpoint.Aliases, setting)
      else if (key === 'ip') endpoint.IPAMConfig = { ...endpoint.IPAMConfig, IPv4Address: setting }
      else if (key === 'ip6') endpoint.IPAMConfig = { ...endpoint.IPAMConfig, IPv6Address: setting }
      else if (key === 'mac-address') endpoint.MacAddress = setting
      else if (key === 'driver-opt') {
        const [option, optionValue] = read.pair(setting)
        endpoint.DriverOpts = { ...endpoint.DriverOpts, [option]: optionValue }
      } else throw new read.FlagValueError(`"${key}" is none of name, alias, ip, ip6, mac-address, driver-opt`)
    }
  }
  if (name === '') throw new read.FlagValueError(`"${value}" names no network`)
  draft.networks.push({ name, endpoint })
}

const setEntrypoint: Set = (draft, value) => {
  draft.spec.Entrypoint = value === '' ? [''] : [value]
}

const setTmpfs: Set = (draft, value) => {
  const at = value.indexOf(':')
  const [path, options] = at < 0 ? [value, ''] : [value.slice(0, at), value.slice(at + 1)]
  draft.host.Tmpfs = { ...draft.host.Tmpfs, [path]: options }
}

const setRestart: Set = (draft, value) => {
  const match = /^(no|always|unless-stopped|on-failure)(?::(\d{1,9}))?$/.exec(value)
  if (!match || (match[2] && match[1] !== 'on-failure')) {
    throw new read.FlagValueError(`"${value}" is none of no, on-failure[:times], always, unless-stopped`)
  }
  draft.host.RestartPolicy = { Name: match[1]!, ...(match[2] && { MaximumRetryCount: Number(match[2]) }) }
}

const setPull: Set = (draft, value) => {
  if (value !== 'always' && value !== 'missing' && value !== 'never') {
    throw new read.FlagValueError(`"${value}" is none of always, missing, never`)
  }
  draft.pull = value
}

const addHost = (value: string): string => {
  const at = value.search(/[:=]/)
  if (at <= 0 || at === value.length - 1)
    throw new read.FlagValueError(`"${value}" is not understood: expected host:ip`)
  // `host=ip` is the newer spelling, made for IPv6 addresses; the engine knows the colon.
  return `${value.slice(0, at)}:${value.slice(at + 1).replace(/^\[(.*)\]$/, '$1')}`
}

/** Flags of `docker run` 26 that take a value. */
export const valueFlags: Readonly<Record<string, Set>> = {
  'add-host': hostList('ExtraHosts', addHost),
  annotation: hostMap('Annotations'),
  'blkio-weight': host('BlkioWeight', read.integer),
  'blkio-weight-device': hostList('BlkioWeightDevice', read.deviceWeight),
  'cap-add': hostList('CapAdd'),
  'cap-drop': hostList('CapDrop'),
  'cgroup-parent': host('CgroupParent', text),
  cgroupns: (draft, value) => {
    draft.host.CgroupnsMode = value
  },
  'cpu-period': host('CpuPeriod', read.integer),
  'cpu-quota': host('CpuQuota', read.integer),
  'cpu-rt-period': host('CpuRealtimePeriod', read.integer),
  'cpu-rt-runtime': host('CpuRealtimeRuntime', read.integer),
  'cpu-shares': host('CpuShares', read.integer),
  cpus: host('NanoCpus', read.nanoCpus),
  'cpuset-cpus': host('CpusetCpus', text),
  'cpuset-mems': host('CpusetMems', text),
  device: hostList('Devices', read.device),
  'device-cgroup-rule': hostList('DeviceCgroupRules'),
  'device-read-bps': hostList('BlkioDeviceReadBps', read.deviceRate),
  'device-read-iops': hostList('BlkioDeviceReadIOps', read.deviceRate),
  'device-write-bps': hostList('BlkioDeviceWriteBps', read.deviceRate),
  'device-write-iops': hostList('BlkioDeviceWriteIOps', read.deviceRate),
  dns: hostList('Dns'),
  'dns-option': hostList('DnsOptions'),
  'dns-search': hostList('DnsSearch'),
  domainname: config('Domainname'),
  entrypoint: setEntrypoint,
  env: addEnv,
  expose: (draft, value) => {
    for (const port of expose(value)) draft.spec.ExposedPorts = { ...draft.spec.ExposedPorts, [port]: {} }
  },
  gpus: hostList('DeviceRequests', read.gpus),
  'group-add': hostList('GroupAdd'),
  'health-cmd': health('Test', (value) => ['CMD-SHELL', value]),
  'health-interval': health('Interval', read.nanoseconds),
  'health-retries': health('Retries', read.integer),
  'health-start-interval': health('StartInterval', read.nanoseconds),
  'health-start-period': health('StartPeriod', read.nanoseconds),
  'health-timeout': health('Timeout', read.nanoseconds),
  hostname: config('Hostname'),
  ip: (draft, value) => {
    draft.endpoint.IPAMConfig = { ...draft.endpoint.IPAMConfig, IPv4Address: value }
  },
  ip6: (draft, value) => {
    draft.endpoint.IPAMConfig = { ...draft.endpoint.IPAMConfig, IPv6Address: value }
  },
  ipc: host('IpcMode', text),
  isolation: host('Isolation', text),
  label: addLabel,
  link: (draft, value) => {
    draft.endpoint.Links = push(draft.endpoint.Links, value)
  },
  'link-local-ip': (draft, value) => {
    const config = draft.endpoint.IPAMConfig
    draft.endpoint.IPAMConfig = { ...config, LinkLocalIPs: push(config?.LinkLocalIPs, value) }
  },
  'log-driver': (draft, value) => {
    draft.host.LogConfig = { Type: value, Config: draft.host.LogConfig?.Config ?? {} }
  },
  'log-opt': (draft, value) => {
    const [key, option] = read.pair(value)
    const config: Record<string, string> = draft.host.LogConfig?.Config ?? {}
    draft.host.LogConfig = { Type: draft.host.LogConfig?.Type ?? '', Config: { ...config, [key]: option } }
  },
  'mac-address': (draft, value) => {
    draft.endpoint.MacAddress = value
  },
  memory: host('Memory', read.bytes),
  'memory-reservation': host('MemoryReservation', read.bytes),
  'memory-swap': host('MemorySwap', read.bytesOrUnlimited),
  'memory-swappiness': host('MemorySwappiness', read.integer),
  mount: (draft, value) => {
    draft.mounts.push(mount(value))
  },
  network: addNetwork,
  'network-alias': (draft, value) => {
    draft.endpoint.Aliases = push(draft.endpoint.Aliases, value)
  },
  'oom-score-adj': host('OomScoreAdj', read.integer),
  pid: host('PidMode', text),
  'pids-limit': host('PidsLimit', read.integer),
  platform: (draft, value) => {
    draft.platform = value
  },
  publish: addPorts,
  pull: setPull,
  restart: setRestart,
  runtime: host('Runtime', text),
  'security-opt': hostList('SecurityOpt'),
  'shm-size': host('ShmSize', read.bytes),
  'stop-signal': config('StopSignal'),
  'stop-timeout': (draft, value) => {
    draft.spec.StopTimeout = read.integer(value)
  },
  'storage-opt': hostMap('StorageOpt'),
  sysctl: hostMap('Sysctls'),
  tmpfs: setTmpfs,
  ulimit: hostList('Ulimits', read.ulimit),
  user: config('User'),
  userns: host('UsernsMode', text),
  uts: host('UTSMode', text),
  volume: addVolume,
  'volume-driver': host('VolumeDriver', text),
  'volumes-from': hostList('VolumesFrom'),
  workdir: config('WorkingDir'),
}

/** Flags without a value (or with `=true`, `=false`). */
export const booleanFlags: Readonly<Record<string, (draft: Draft, value: boolean) => void>> = {
  // Containers always run detached; the flag is what people copy along.
  detach: () => {},
  init: (draft, value) => {
    draft.host.Init = value
  },
  interactive: (draft, value) => {
    draft.spec.OpenStdin = value
  },
  'no-healthcheck': (draft, value) => {
    if (value) draft.health.Test = ['NONE']
  },
  'oom-kill-disable': (draft, value) => {
    draft.host.OomKillDisable = value
  },
  privileged: (draft, value) => {
    draft.host.Privileged = value
  },
  'publish-all': (draft, value) => {
    draft.host.PublishAllPorts = value
  },
  quiet: () => {},
  'read-only': (draft, value) => {
    draft.host.ReadonlyRootfs = value
  },
  tty: (draft, value) => {
    draft.spec.Tty = value
  },
}

/** Flags that `docker run` has and a Deployment cannot: why, and what to do instead. */
export const refusedFlags: Readonly<Record<string, string>> = {
  attach: 'the container runs in the background',
  cidfile: 'the status of the Deployment tells the id',
  'detach-keys': 'the container runs in the background',
  'disable-content-trust': 'Docker Content Trust is not supported',
  'env-file': 'put the variables into `environment`, where they are hashed and a change rolls out',
  'label-file': 'put the labels into `labels`',
  name: 'the container has the name of the Deployment or its `custom_name`',
  rm: 'a container that removes itself cannot be kept running',
  'sig-proxy': 'the container runs in the background',
}

/** One-letter and older spellings. */
export const shorthands: Readonly<Record<string, string>> = {
  a: 'attach',
  c: 'cpu-shares',
  d: 'detach',
  e: 'env',
  h: 'hostname',
  i: 'interactive',
  l: 'label',
  m: 'memory',
  p: 'publish',
  P: 'publish-all',
  q: 'quiet',
  t: 'tty',
  u: 'user',
  v: 'volume',
  w: 'workdir',
  net: 'network',
  'net-alias': 'network-alias',
  'dns-opt': 'dns-option',
}
