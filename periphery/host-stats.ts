import { readFile, statfs } from 'node:fs/promises'
import { arch, cpus, hostname, loadavg, type as osType, release } from 'node:os'
import type { HostStatus } from '../controller/hosts/port.ts'

type MachineStatus = Pick<
  HostStatus,
  'hostName' | 'os' | 'kernel' | 'architecture' | 'cpuCount' | 'cpuPercent' | 'loadAverage' | 'memory' | 'disks'
>

interface CpuTimes {
  busy: number
  total: number
}

/** Processor, memory and disks of the machine this process runs on. Remembers the last look, since processor use is a difference. */
export class MachineStats {
  #last: CpuTimes | undefined

  async read(): Promise<MachineStatus> {
    const [load1 = 0, load5 = 0, load15 = 0] = loadavg()
    return {
      hostName: hostname(),
      os: await osName(),
      kernel: release(),
      architecture: arch(),
      cpuCount: cpus().length,
      cpuPercent: this.#cpuPercent(),
      loadAverage: [load1, load5, load15],
      memory: await memory(),
      disks: await disks(),
    }
  }

  #cpuPercent(): number {
    const now = cpuTimes()
    const before = this.#last ?? { busy: 0, total: 0 } // since boot, the first time
    this.#last = now
    const total = now.total - before.total
    return total <= 0 ? 0 : Math.round((1000 * (now.busy - before.busy)) / total) / 10
  }
}

const cpuTimes = (): CpuTimes => {
  const sum = { busy: 0, total: 0 }
  for (const { times } of cpus()) {
    const total = times.user + times.nice + times.sys + times.idle + times.irq
    sum.total += total
    sum.busy += total - times.idle
  }
  return sum
}

const osName = async (): Promise<string> => {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? osType()
}

/** "Used" is what is not available to programs: caches count as free. */
const memory = async (): Promise<HostStatus['memory']> => {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '')
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024
  const totalBytes = field('MemTotal')
  return { totalBytes, usedBytes: totalBytes - field('MemAvailable') }
}

/** File systems on devices, each once. */
const disks = async (): Promise<HostStatus['disks']> => {
  const text = await readFile('/proc/self/mounts', 'utf8').catch(() => '')
  const seen = new Set<string>()
  const found: HostStatus['disks'][number][] = []
  for (const line of text.split('\n')) {
    const [device = '', path = '', fileSystem = ''] = line.split(' ')
    if (!device.startsWith('/dev/') || device.startsWith('/dev/loop') || seen.has(device)) continue
    seen.add(device)
    const mount = path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    const stats = await statfs(mount).catch(() => undefined)
    if (!stats || stats.blocks === 0) continue
    const totalBytes = stats.blocks * stats.bsize
    found.push({ mount, fileSystem, totalBytes, usedBytes: totalBytes - stats.bfree * stats.bsize })
  }
  return found
}
