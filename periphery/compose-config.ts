import type { ComposeService } from '../controller/hosts/port.ts'

interface ConfigJson {
  services?: Record<
    string,
    {
      image?: string
      container_name?: string
      scale?: number
      restart?: string
      deploy?: { replicas?: number | null } | null
    } | null
  >
}

/** Reads what `compose config --format json` and `compose config --hash '*'` print. Throws a `SyntaxError` for anything else. */
export const parseConfig = (project: string, json: string, hashes: string): ComposeService[] => {
  // A wrapper may print lines of its own first.
  const config = JSON.parse(json.slice(Math.max(0, json.indexOf('{')))) as ConfigJson
  const hashOf = new Map(
    hashes
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((words) => words.length === 2 && /^[0-9a-f]{64}$/.test(words[1]!))
      .map(([name, hash]) => [name!, hash!]),
  )
  return Object.entries(config.services ?? {})
    .map(([name, service]) => ({
      name,
      image: service?.image ?? `${project}-${name}`,
      replicas: service?.deploy?.replicas ?? service?.scale ?? 1,
      configHash: hashOf.get(name) ?? '',
      ...(service?.container_name && { containerName: service.container_name }),
      ...(service?.restart && { restart: service.restart }),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
