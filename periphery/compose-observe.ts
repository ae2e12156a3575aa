import { composeLabel } from '../controller/hosts/labels.ts'
import type { ProjectContainer, ProjectObservation } from '../controller/hosts/port.ts'
import { toObservation } from './deploy-container.ts'
import type { DockerEngine } from './docker-engine.ts'

/** So many containers are inspected at a time. */
const parallel = 8

/**
 * The hash that each service's containers carry. `compose config --hash` would tell it before `up`, but wrongly for services with an
 * `env_file` or another service's network (2.26), so the containers are asked.
 */
export const configHashes = async (
  engine: DockerEngine,
  project: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> => {
  const hashes = new Map<string, string>()
  for (const { Labels: labels } of await listProject(engine, project, signal)) {
    const service = labels[composeLabel.service]
    const hash = labels[composeLabel.configHash]
    if (service && hash && labels[composeLabel.oneOff] !== 'True') hashes.set(service, hash)
  }
  return hashes
}

/** What runs under a compose project, whoever started it. */
export const observeProject = async (
  engine: DockerEngine,
  project: string,
  signal: AbortSignal,
): Promise<ProjectObservation> => {
  const listed = await listProject(engine, project, signal)
  const names = listed.map(({ Names }) => Names[0]?.slice(1) ?? '').filter((name) => name !== '')
  const containers: ProjectContainer[] = []
  for (let i = 0; i < names.length; i += parallel) {
    const found = await Promise.all(names.slice(i, i + parallel).map((name) => engine.inspect(name, signal)))
    for (const container of found) {
      // Removed since it was listed.
      if (!container) continue
      const { labels } = container
      const { owner: _, hash: __, previous: ___, ...facts } = toObservation(container)
      containers.push({
        ...facts,
        service: labels[composeLabel.service] ?? '',
        configHash: labels[composeLabel.configHash] ?? '',
        oneOff: labels[composeLabel.oneOff] === 'True',
      })
    }
  }
  containers.sort((a, b) => (a.name < b.name ? -1 : 1))
  return { project, containers }
}

const listProject = (engine: DockerEngine, project: string, signal: AbortSignal) =>
  engine.ask(`list the containers of project ${project}`, 'look', signal, (docker, abortSignal) =>
    docker.listContainers({ all: true, filters: { label: [`${composeLabel.project}=${project}`] }, abortSignal }),
  )
