import { createHash } from 'node:crypto'
import { parse } from 'yaml'
import type { ComposeRequest, ComposeService } from '../../controller/hosts/port.ts'

/** `${NAME}` from the environment; nothing else of compose's interpolation. */
export const interpolate = (text: string, { environment, additionalEnvFiles }: ComposeRequest): string =>
  [...additionalEnvFiles.flatMap(({ contents = '' }) => pairsOf(contents)), ...environment].reduce(
    (result, { key, value }) => result.replaceAll(`\${${key}}`, () => value),
    text,
  )

const pairsOf = (contents: string) =>
  contents.split('\n').map((line) => ({ key: line.split('=', 1)[0] ?? '', value: line.slice(line.indexOf('=') + 1) }))

/** The services of a compose file; `undefined` when it is none. */
export const parseServices = (text: string): ComposeService[] | undefined => {
  let document: unknown
  try {
    document = parse(text)
  } catch {
    return undefined
  }
  const { services } = (document ?? {}) as { services?: unknown }
  if (typeof services !== 'object' || services === null || Array.isArray(services)) return undefined
  return Object.entries(services).map(([name, service]: [string, SimulatedService | null]) => ({
    name,
    image: service?.image ?? name,
    replicas: service?.deploy?.replicas ?? service?.scale ?? 1,
    configHash: createHash('sha256').update(JSON.stringify(service)).digest('hex'),
    ...(service?.container_name && { containerName: service.container_name }),
    ...(service?.restart && { restart: service.restart }),
  }))
}

interface SimulatedService {
  image?: string
  scale?: number
  container_name?: string
  restart?: string
  deploy?: { replicas?: number }
}
