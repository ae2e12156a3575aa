import { createHash, randomUUID } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { lstat, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Memory that looks like a folder, on Linux. */
const MEMORY = '/dev/shm'

/** Folders that a command of this process reads from now. */
const inUse = new Set<string>()

/**
 * Keys and certificates that a command must have as files: there only while it runs, only for this user, in memory where the machine has
 * a place for that. What a crash left behind is removed when the next process starts.
 */
export class PrivateFiles {
  readonly #candidates: readonly string[]

  /** `home` says whose they are, and is where they go when there is no better place. */
  constructor(home: string) {
    const name = `komodo-git-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`
    this.#candidates = [join(MEMORY, name), join(home, 'private')]
    for (const place of this.#candidates) sweep(place)
  }

  /** Calls `work` with a folder that holds these files, and removes it after. */
  async lend<T>(files: Readonly<Record<string, string>>, work: (directory: string) => Promise<T>): Promise<T> {
    const directory = join(await this.#place(), randomUUID())
    inUse.add(directory)
    try {
      await mkdir(directory, { mode: 0o700 })
      for (const [name, contents] of Object.entries(files)) {
        await writeFile(join(directory, name), contents, { mode: 0o600, flag: 'wx' })
      }
      return await work(directory)
    } finally {
      await rm(directory, { recursive: true, force: true })
      inUse.delete(directory)
    }
  }

  async #place(): Promise<string> {
    for (const place of this.#candidates) if (await isOurs(place)) return place
    throw new Error(`${this.#candidates.at(-1)} is not a folder of this user alone; remove it`)
  }
}

/** Made, or found as it was made. Anybody may make folders in memory, and have one ready for us. */
async function isOurs(place: string): Promise<boolean> {
  await mkdir(place, { mode: 0o700 }).catch(() => undefined)
  const found = await lstat(place).catch(() => undefined)
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o077) === 0
}

function sweep(place: string): void {
  let names: string[] = []
  try {
    names = readdirSync(place)
  } catch {
    return
  }
  for (const name of names) {
    const directory = join(place, name)
    if (!inUse.has(directory)) rmSync(directory, { recursive: true, force: true })
  }
}
