import type { ContainerInspectInfo, HostConfig, ImageInspectInfo } from 'dockerode'

/** The flags of `docker run` behind a container, where Docker did not choose by itself. */

/** What the image says itself. */
export type ImageConfig = Partial<ImageInspectInfo['Config']>

/** `--name=value`, or `--name` alone. */
export type Flag = readonly [name: string, value?: string]

export const some = (name: string, value: string | undefined | null): Flag[] => (value ? [[name, value]] : [])

export const list = (name: string, values: readonly string[] | null | undefined): Flag[] =>
  (values ?? []).map((value): Flag => [name, value])

/** Of the container itself: what it is called, runs as, and how its health is checked. */
export function configFlags(
  { Config: config, HostConfig: host, Id: id }: ContainerInspectInfo,
  image: ImageConfig,
  beyond: string[],
): Flag[] {
  const ownHostname = host.NetworkMode !== 'host' && config.Hostname !== '' && !id.startsWith(config.Hostname)
  const known = new Set([...Object.keys(image.ExposedPorts ?? {}), ...Object.keys(host.PortBindings ?? {})])
  const { StopSignal: stopSignal, StopTimeout: stopTimeout } = config as { StopSignal?: string; StopTimeout?: number }
  return [
    ...(ownHostname ? some('hostname', config.Hostname) : []),
    ...some('domainname', config.Domainname),
    ...(config.User === (image.User ?? '') ? [] : some('user', config.User)),
    ...(config.WorkingDir === (image.WorkingDir ?? '') ? [] : some('workdir', config.WorkingDir)),
    ...(stopSignal === (image as { StopSignal?: string }).StopSignal ? [] : some('stop-signal', stopSignal)),
    ...(stopTimeout === undefined || stopTimeout === 10 ? [] : some('stop-timeout', String(stopTimeout))),
    ...(config.Tty ? [['tty'] as const] : []),
    ...(config.OpenStdin ? [['interactive'] as const] : []),
    ...Object.keys(config.ExposedPorts ?? {})
      .filter((port) => !known.has(port))
      .map((port): Flag => ['expose', port]),
    ...healthFlags(config, image, beyond),
  ]
}

interface Health {
  Test?: readonly string[]
  Interval?: number
  Timeout?: number
  StartPeriod?: number
  StartInterval?: number
  Retries?: number
}

function healthFlags(config: ContainerInspectInfo['Config'], image: ImageConfig, beyond: string[]): Flag[] {
  const now = (config as { Healthcheck?: Health }).Healthcheck
  const own = (image as { Healthcheck?: Health }).Healthcheck
  if (now === undefined || JSON.stringify(now) === JSON.stringify(own)) return []
  const [kind, ...test] = now.Test ?? []
  if (kind === 'NONE') return [['no-healthcheck']]
  if (kind === 'CMD') beyond.push('its health check runs without a shell, which no flag can say')
  const nanoseconds = (name: string, value: number | undefined): Flag[] => (value ? [[name, `${value}ns`]] : [])
  return [
    ...(kind === 'CMD-SHELL' && test[0] !== own?.Test?.[1] ? some('health-cmd', test[0]) : []),
    ...nanoseconds('health-interval', now.Interval),
    ...nanoseconds('health-timeout', now.Timeout),
    ...nanoseconds('health-start-period', now.StartPeriod),
    ...nanoseconds('health-start-interval', now.StartInterval),
    ...(now.Retries ? some('health-retries', String(now.Retries)) : []),
  ]
}

interface Device {
  PathOnHost: string
  PathInContainer: string
  CgroupPermissions: string
}

/** What Docker has when nobody asked for anything else. */
const DEFAULT_SHM_BYTES = 64 * 1024 * 1024

/** Of what the host gives it: rights, limits, names, logs. */
export function hostFlags(host: HostConfig): Flag[] {
  const number = (name: string, value: number | null | undefined, normal = 0): Flag[] =>
    value === null || value === undefined || value === 0 || value === normal ? [] : [[name, String(value)]]
  const logs = host.LogConfig
  const logOptions = Object.entries((logs?.Config ?? {}) as Record<string, string>)
  return [
    ...(host.Privileged ? [['privileged'] as const] : []),
    ...(host.ReadonlyRootfs ? [['read-only'] as const] : []),
    ...(host.Init ? [['init'] as const] : []),
    ...(host.OomKillDisable ? [['oom-kill-disable'] as const] : []),
    ...list('cap-add', host.CapAdd as string[] | undefined),
    ...list('cap-drop', host.CapDrop as string[] | undefined),
    ...list('security-opt', host.SecurityOpt as string[] | undefined),
    ...list('group-add', host.GroupAdd),
    ...list('add-host', host.ExtraHosts as string[] | undefined),
    ...list('dns', host.Dns),
    ...list('dns-option', host.DnsOptions),
    ...list('dns-search', host.DnsSearch),
    ...list('device-cgroup-rule', host.DeviceCgroupRules as string[] | undefined),
    ...((host.Devices ?? []) as readonly Device[]).map(
      ({ PathOnHost, PathInContainer, CgroupPermissions }): Flag => [
        'device',
        `${PathOnHost}:${PathInContainer}:${CgroupPermissions}`,
      ],
    ),
    ...(host.Ulimits ?? []).map(({ Name, Soft, Hard }): Flag => ['ulimit', `${Name}=${Soft}:${Hard}`]),
    ...Object.entries((host.Sysctls ?? {}) as Record<string, string>).map(
      ([key, value]): Flag => ['sysctl', `${key}=${value}`],
    ),
    ...(/^(host|shareable|none|container:.*)$/.test(host.IpcMode ?? '') ? some('ipc', host.IpcMode) : []),
    ...some('pid', host.PidMode),
    ...some('uts', host.UTSMode),
    ...some('userns', host.UsernsMode),
    ...some('cgroup-parent', host.CgroupParent),
    ...(host.Runtime === 'runc' ? [] : some('runtime', host.Runtime)),
    ...number('memory', host.Memory),
    ...number('memory-reservation', host.MemoryReservation),
    // Docker makes it twice the memory by itself.
    ...number('memory-swap', host.MemorySwap, 2 * (host.Memory ?? 0)),
    ...(host.NanoCpus ? some('cpus', String(host.NanoCpus / 1e9)) : []),
    ...number('cpu-shares', host.CpuShares),
    ...number('cpu-period', host.CpuPeriod),
    ...number('cpu-quota', host.CpuQuota),
    ...some('cpuset-cpus', host.CpusetCpus),
    ...some('cpuset-mems', host.CpusetMems),
    ...number('pids-limit', host.PidsLimit, -1),
    ...number('blkio-weight', host.BlkioWeight),
    ...number('oom-score-adj', host.OomScoreAdj),
    ...number('shm-size', host.ShmSize, DEFAULT_SHM_BYTES),
    ...(logs !== undefined && (logs.Type !== 'json-file' || logOptions.length > 0)
      ? some('log-driver', logs.Type)
      : []),
    ...logOptions.map(([key, value]): Flag => ['log-opt', `${key}=${value}`]),
    ...(((host as { DeviceRequests?: { Count?: number }[] }).DeviceRequests ?? []).some(({ Count }) => Count === -1)
      ? [['gpus', 'all'] as const]
      : []),
  ]
}
