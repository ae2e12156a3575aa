import { containerLabel } from '../controller/hosts/labels.ts'
import type { FoundContainer } from '../controller/hosts/port.ts'
import type { DockerEngine } from './docker-engine.ts'
import { foundContainer } from './found-container.ts'

/** So many containers are inspected at a time. */
const parallel = 8

/** Containers that no Deployment made, by name. */
export const inventory = async (engine: DockerEngine, signal: AbortSignal): Promise<readonly FoundContainer[]> => {
  const listed = await engine.ask('list the containers', 'look', signal, (docker, abortSignal) =>
    docker.listContainers({ all: true, abortSignal }),
  )
  const names = listed
    .filter(({ Labels }) => Labels[containerLabel.owner] === undefined)
    .map(({ Names }) => Names[0]?.slice(1) ?? '')
    .filter((name) => name !== '')
    .sort()
  const found: FoundContainer[] = []
  for (let i = 0; i < names.length; i += parallel) {
    const some = await Promise.all(names.slice(i, i + parallel).map((name) => findContainer(engine, name, signal)))
    for (const container of some) if (container) found.push(container)
  }
  return found
}

/** `undefined` when it is gone. */
export const findContainer = async (
  engine: DockerEngine,
  name: string,
  signal: AbortSignal,
): Promise<FoundContainer | undefined> => {
  const seen = await engine.look(name, signal)
  return seen && foundContainer(seen.container, seen.image)
}
