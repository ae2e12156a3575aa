import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/** What the processes of this machine showed of themselves while it ran, sampled. */
export class ProcessWatch {
  /** Command lines. */
  readonly seen = new Set<string>()
  /** Names of processes that had one of the `secrets` in their environment. */
  readonly holders = new Set<string>()
  readonly #secrets: readonly string[]
  readonly #timer: NodeJS.Timeout

  constructor(secrets: readonly string[] = []) {
    this.#secrets = secrets
    this.#timer = setInterval(() => this.#look(), 2)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue
      try {
        this.seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))
        if (this.#secrets.length === 0) continue
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
        if (this.#secrets.some((secret) => environment.includes(secret))) {
          this.holders.add(readFileSync(`/proc/${pid}/comm`, 'utf8').trim())
        }
      } catch {
        // It ended meanwhile.
      }
    }
  }
}

export const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true)

/** Whatever all objects but Secrets hold, events and managed fields too. */
export const allObjects = async (
  kubectl: (...args: string[]) => Promise<{ stdout: string }>,
): Promise<Map<string, string>> => {
  const { stdout: kinds } = await kubectl('api-resources', '--verbs=list', '-o', 'name')
  const texts = new Map<string, string>()
  for (const kind of kinds.trim().split('\n')) {
    if (kind === 'secrets') continue
    const { stdout } = await kubectl('get', kind, '--all-namespaces', '-o', 'yaml', '--show-managed-fields')
    texts.set(kind, stdout)
  }
  return texts
}
