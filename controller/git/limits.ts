/** What a source may cost. A repository is somebody else's input: everything about it is bounded. */
export interface SourceLimits {
  /** Files and links in one tree. */
  entries: number
  /** Folders within folders. */
  depth: number
  /** One file that is read into memory. */
  fileBytes: number
  /** All files that are read or written at a time. */
  totalBytes: number
  /** The cache of one remote on disk. */
  cacheBytes: number
  /** One exchange with a remote, from start to end. */
  timeoutMs: number
}

const MiB = 1024 * 1024

export const defaultLimits: SourceLimits = {
  entries: 100_000,
  depth: 64,
  fileBytes: 8 * MiB,
  totalBytes: 256 * MiB,
  cacheBytes: 2048 * MiB,
  timeoutMs: 120_000,
}

/**
 * Memory of git, and of each of its helpers. 600,000 objects, and a file of 400 MB, are fetched within it (see `homeFiles` for what keeps
 * git small), and a controller has 512 MiB in the chart.
 */
export const GIT_MEMORY_BYTES = 256 * MiB

/** `8 MiB`, `1.5 GiB`, `12 B`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${Number(value.toFixed(1))} ${units[unit]}`
}
