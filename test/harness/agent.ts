import path from 'node:path'
import type { Host } from '../../controller/hosts/port.ts'
import { createAgent } from '../../periphery/agent.ts'
import type { TestDocker } from './docker.ts'

export interface TestAgent {
  host: Host
  /** Where it keeps the files of Stacks. */
  stacks: string
}

/** The agent, on a test's place on a Docker Engine. It may touch what is below the test's directory: `stacks`, `repos` and `allowed`. */
export const agentOn = (
  { directory, environment }: Pick<TestDocker, 'directory' | 'environment'>,
  changes: Readonly<Record<string, string>> = {},
): TestAgent => {
  const stacks = path.join(directory, 'stacks')
  const host = createAgent({
    stacksDirectory: stacks,
    reposDirectory: path.join(directory, 'repos'),
    allowedDirectories: [path.join(directory, 'allowed')],
    environment: { ...environment, ...changes },
    version: 'test',
  })
  return { host, stacks }
}
