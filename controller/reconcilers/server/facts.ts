import type { ServerSpec, ServerStatus } from '../../api/v1alpha1/server.ts'
import type { HostStatus } from '../../hosts/port.ts'

/**
 * Which facts of a host go into status. Numbers move all the time, and each write wakes every watcher: so they are rounded, and only
 * written when one crosses a threshold of the server, or when one moved noticeably and the last write is a while ago.
 */
export type Facts = Pick<ServerStatus, 'versions' | 'host' | 'cpu' | 'memory' | 'disks' | 'containers'>

const NOTICEABLE_PERCENT = 5
const CALM_MS = 5 * 60_000
const MIB = 1024 * 1024

/**
 * @param sinceWrittenMs how long ago numbers were written last; `undefined`: not known, so they are due
 * @returns what status shall hold: the same numbers as before when nothing worth telling moved
 */
export function factsToReport(
  spec: ServerSpec,
  before: Facts,
  observed: HostStatus,
  sinceWrittenMs: number | undefined,
): { facts: Facts; numbersMoved: boolean } {
  const now = factsOf(spec, observed)
  // A write in the future was before the clock was set back.
  const due = sinceWrittenMs === undefined || sinceWrittenMs < 0 || sinceWrittenMs >= CALM_MS
  const numbersMoved =
    sameShape(before, now) === false ||
    levelsOf(spec, before) !== levelsOf(spec, now) ||
    (due && movedNoticeably(before, now))
  return { facts: numbersMoved ? now : { ...now, ...numbersOf(before) }, numbersMoved }
}

function factsOf(spec: ServerSpec, observed: HostStatus): Facts {
  return {
    versions: {
      agent: observed.agentVersion,
      docker: observed.dockerVersion,
      dockerApi: observed.dockerApiVersion,
      ...(observed.composeVersion === undefined ? {} : { compose: observed.composeVersion }),
    },
    host: {
      name: observed.hostName,
      os: observed.os,
      kernel: observed.kernel,
      architecture: observed.architecture,
      engineId: observed.engineId,
    },
    containers: { ...observed.containers },
    ...(spec.statsMonitoring ? statsOf(spec, observed) : {}),
  }
}

const statsOf = (spec: ServerSpec, observed: HostStatus): Facts => ({
  cpu: {
    count: observed.cpuCount,
    percent: Math.round(observed.cpuPercent),
    load: Math.round(observed.loadAverage[0] * 10) / 10,
  },
  memory: usage(observed.memory),
  disks: observed.disks
    .filter(({ mount }) => !isIgnored(mount, spec.ignoreMounts))
    .map(({ mount, fileSystem, ...bytes }) => ({ mount, fileSystem, ...usage(bytes) })),
})

/** Docker's own volumes are mounts of their own on some systems; they are part of another disk. */
const isIgnored = (mount: string, prefixes: readonly string[]): boolean =>
  ['/var/lib/docker/volumes', ...prefixes].some((prefix) => mount.startsWith(prefix))

const usage = ({ usedBytes, totalBytes }: { usedBytes: number; totalBytes: number }) => ({
  usedBytes: Math.round(usedBytes / MIB) * MIB,
  totalBytes,
})

const numbersOf = ({ cpu, memory, disks }: Facts): Facts => ({
  ...(cpu === undefined ? {} : { cpu }),
  ...(memory === undefined ? {} : { memory }),
  ...(disks === undefined ? {} : { disks }),
})

/** The same CPUs, memory and disks, whatever is used of them. */
const sameShape = (a: Facts, b: Facts): boolean => shapeOf(a) === shapeOf(b)

const shapeOf = ({ cpu, memory, disks }: Facts): string =>
  JSON.stringify([
    cpu?.count,
    memory?.totalBytes,
    disks?.map(({ mount, fileSystem, totalBytes }) => [mount, fileSystem, totalBytes]),
  ])

/** Percentages in a fixed order: CPU, memory, each disk. */
const percentsOf = ({ cpu, memory, disks }: Facts): readonly number[] => [
  cpu?.percent ?? 0,
  percent(memory),
  ...(disks ?? []).map(percent),
]

const percent = (of: { usedBytes: number; totalBytes: number } | undefined): number =>
  of === undefined || of.totalBytes === 0 ? 0 : (100 * of.usedBytes) / of.totalBytes

const movedNoticeably = (before: Facts, now: Facts): boolean => {
  const old = percentsOf(before)
  return percentsOf(now).some((value, index) => Math.abs(value - (old[index] ?? 0)) >= NOTICEABLE_PERCENT)
}

/** CPU is left out: it crosses thresholds for a second at every deploy. */
const levelsOf = (spec: ServerSpec, { memory, disks }: Facts): string =>
  [
    level(percent(memory), spec.memWarning, spec.memCritical),
    ...(disks ?? []).map((disk) => level(percent(disk), spec.diskWarning, spec.diskCritical)),
  ].join()

const level = (value: number, warning: number, critical: number): number =>
  value >= critical ? 2 : value >= warning ? 1 : 0
