import type { ComposeService } from '../controller/hosts/port.ts'

interface ConfigJson {
  services?: Record<
    string,
    {
      image?: string
      container_name?: string
      scale?: number
      restart?: string
      deploy?: { replicas?: number | null; restart_policy?: { condition?: string } | null } | null
    } | null
  >
}

/** Reads what `compose config --format json` prints; throws a `SyntaxError` for anything else. Hashes are known only after `up`. */
export const parseConfig = (project: string, json: string): ComposeService[] => {
  // A wrapper may print lines of its own first.
  const config = JSON.parse(json.slice(Math.max(0, json.indexOf('{')))) as ConfigJson
  return Object.entries(config.services ?? {})
    .map(([name, service]) => {
      const condition = service?.deploy?.restart_policy?.condition
      const restart = service?.restart ?? (condition && restartOf[condition])
      return {
        name,
        image: service?.image ?? `${project}-${name}`,
        replicas: service?.deploy?.replicas ?? service?.scale ?? 1,
        configHash: '',
        ...(service?.container_name && { containerName: service.container_name }),
        ...(restart && { restart }),
      }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** What `up --dry-run` says it would make or make anew; starting what stands is no change. */
export const parseDryRun = (output: string): string[] => {
  const lines = output.matchAll(/DRY-RUN MODE -\s+(\w+) "?(.+?)"?\s+(?:Creating|Recreate)\s*$/gm)
  return [...new Set(Array.from(lines, ([, what, name]) => `${what} ${name}`))]
}

/** What Compose makes of `deploy.restart_policy.condition`. */
const restartOf: Readonly<Record<string, string>> = { none: 'no', 'on-failure': 'on-failure', any: 'always' }
