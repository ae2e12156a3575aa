import { describe, expect, it } from 'vitest'
import { server } from '../../../test/build/objects.ts'
import type { HostStatus } from '../../hosts/port.ts'
import { type Facts, factsToReport } from './facts.ts'

const observed = (facts: Partial<HostStatus> = {}): HostStatus => ({
  agentVersion: '1',
  dockerVersion: '26',
  dockerApiVersion: '1.45',
  engineId: 'e',
  hostName: 'h',
  os: 'Debian',
  kernel: '6',
  architecture: 'x64',
  cpuCount: 4,
  cpuPercent: 10,
  loadAverage: [0.5, 0, 0],
  memory: { usedBytes: 2e9, totalBytes: 8e9 },
  disks: [
    { mount: '/', fileSystem: 'ext4', usedBytes: 5e10, totalBytes: 1e11 },
    { mount: '/boot', fileSystem: 'vfat', usedBytes: 1e8, totalBytes: 1e9 },
  ],
  containers: { total: 3, running: 2, unhealthy: 0 },
  ...facts,
})

const { spec } = server('a', { ignoreMounts: ['/boot'] })
const first = (): Facts => factsToReport(spec, {}, observed(), undefined).facts
const later = (facts: Partial<HostStatus>, sinceMs: number) => factsToReport(spec, first(), observed(facts), sinceMs)

describe('facts of a host', () => {
  it('leave out mounts that are ignored', () => {
    expect(first().disks?.map(({ mount }) => mount)).toEqual(['/'])
  })

  it.each([
    { name: 'a busier CPU soon after is not told', facts: { cpuPercent: 80 }, sinceMs: 60_000, told: false },
    { name: 'a busier CPU a while after is told', facts: { cpuPercent: 80 }, sinceMs: 301_000, told: true },
    { name: 'a busier CPU after the clock was set back is told', facts: { cpuPercent: 80 }, sinceMs: -3e6, told: true },
    {
      name: 'a little more of everything is never told',
      facts: { cpuPercent: 12, memory: { usedBytes: 2.1e9, totalBytes: 8e9 } },
      sinceMs: 3e6,
      told: false,
    },
    {
      name: 'memory that passes its threshold is told at once',
      facts: { memory: { usedBytes: 7e9, totalBytes: 8e9 } },
      sinceMs: 1,
      told: true,
    },
    {
      name: 'a disk that passes its threshold is told at once',
      facts: { disks: [{ mount: '/', fileSystem: 'ext4', usedBytes: 8e10, totalBytes: 1e11 }] },
      sinceMs: 1,
      told: true,
    },
    {
      name: 'a new disk is told at once',
      facts: { disks: [...observed().disks, { mount: '/data', fileSystem: 'ext4', usedBytes: 1, totalBytes: 2 }] },
      sinceMs: 1,
      told: true,
    },
  ])('$name', ({ facts, sinceMs, told }) => {
    const { facts: reported, numbersMoved } = later(facts, sinceMs)
    expect(numbersMoved).toBe(told)
    expect(JSON.stringify(reported) !== JSON.stringify(first())).toBe(told)
  })

  it('tell versions and containers at once', () => {
    const { facts } = later({ dockerVersion: '27', containers: { total: 3, running: 1, unhealthy: 1 } }, 1)
    expect(facts).toMatchObject({ versions: { docker: '27' }, containers: { unhealthy: 1 } })
  })
})
