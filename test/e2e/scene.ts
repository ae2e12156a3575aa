import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { dockerEnvironment, type TestDocker, testImages, withDocker } from '../harness/docker.ts'
import { type GitRepository, type GitServer, startGitServer } from '../harness/git-server.ts'
import { haveKubectl } from '../harness/kubectl.ts'
import { TestOperator } from '../harness/operator.ts'

/** Everything real at once: a git server, a Docker Engine, a standalone controller, and a sync between them. */
export interface Scene {
  readonly operator: TestOperator
  readonly git: GitServer
  readonly repository: GitRepository
  /** Starts every container name of the scene, so that scenes do not meet. */
  readonly prefix: string
  docker(...args: string[]): Promise<string>
  /** Pushes these files as one commit and asks the sync to look. */
  push(files: Readonly<Record<string, string>>, message?: string): Promise<string>
  /** Pushes, and waits until that commit is applied. */
  apply(files: Readonly<Record<string, string>>, message?: string): Promise<void>
  close(): Promise<void>
}

export const { web1, web2, broken: brokenWeb, busybox } = testImages
/** Whether there is what a scene needs; without it tests skip, with `CI=true` this throws. */
export const canSetScene = (): boolean => dockerEnvironment() !== undefined && haveKubectl()

export const localServer = `[[server]]
name = "local"
[server.config]
address = "local"
enabled = true
`

export interface SceneOptions {
  credentials?: { username: string; password: string }
  /** Over the ResourceSync's spec. */
  sync?: Record<string, unknown>
  operator?: Record<string, unknown>
  /** Instead of the machine's Docker Engine. */
  docker?: Readonly<Record<string, string>>
}

export const setScene = async ({
  credentials,
  sync,
  operator: settings,
  docker: engine,
}: SceneOptions = {}): Promise<Scene> => {
  const place: TestDocker = withDocker(engine)
  const dir = mkdtempSync(path.join(tmpdir(), 'komodo-e2e-'))
  const git = await startGitServer(credentials)
  const repository = await git.create('declarations')
  const operator = await TestOperator.start(dir, place.environment)
  if (credentials !== undefined) {
    await operator.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'git', namespace: 'default' },
      stringData: { ...credentials },
    })
  }
  const spec = {
    includeVariables: true,
    resourcePath: ['.'],
    ...sync,
    operator: {
      url: repository.url,
      interval: '1h',
      ...(credentials === undefined ? {} : { credentials: 'git' }),
      ...settings,
    },
  }

  let asked = 0
  const push = async (files: Readonly<Record<string, string>>, message = 'Change the declaration'): Promise<string> => {
    const commit = repository.commit(files, { message })
    if (asked++ === 0) {
      await operator.apply({
        apiVersion: 'komodo.dev/v1alpha1',
        kind: 'ResourceSync',
        metadata: { name: 'e2e', namespace: 'default' },
        spec,
      })
    }
    await operator.kubectl(
      'annotate',
      '--overwrite',
      'resourcesync/e2e',
      `reconcile.komodo.dev/requestedAt=${asked}-${Date.now()}`,
    )
    return commit
  }

  return {
    operator,
    git,
    repository,
    prefix: place.prefix,
    docker: place.docker,
    push,
    async apply(files, message) {
      const commit = await push(files, message)
      await operator.until('resourcesyncs', 'e2e', ({ status }) => status?.lastAppliedRevision === commit)
    },
    async close() {
      await operator.stop()
      await git.close()
      await place[Symbol.asyncDispose]()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** One `[[deployment]]` block. */
export const deploymentBlock = (name: string, image: string, config = '', wrapper = 'deploy = true'): string => `
[[deployment]]
name = "${name}"
${wrapper}
[deployment.config]
server = "local"
image.type = "Image"
image.params.image = "${image}"
network = "bridge"
${config}
`

/** One `[[stack]]` block with inline contents. */
export const stackBlock = (name: string, compose: string, config = '', wrapper = 'deploy = true'): string => `
[[stack]]
name = "${name}"
${wrapper}
[stack.config]
server = "local"
auto_pull = false
${config}
file_contents = """
${compose}
"""
`
