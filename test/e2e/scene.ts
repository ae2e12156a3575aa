import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { dockerEnvironment } from '../../scripts/up/workspace.ts'
import { type GitRepository, type GitServer, startGitServer } from '../harness/git-server.ts'
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
  close(): Promise<void>
}

export const web1 = 'komodo-operator/web:1'
export const web2 = 'komodo-operator/web:2'
export const brokenWeb = 'komodo-operator/web:broken'
export const busybox = 'komodo-operator/busybox:test'

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
  env?: Readonly<Record<string, string>>
}

let scenes = 0

export const setScene = async ({ credentials, sync, operator: settings, env }: SceneOptions = {}): Promise<Scene> => {
  const dir = mkdtempSync(path.join(tmpdir(), 'komodo-e2e-'))
  const prefix = `e2e-${process.pid}-${++scenes}`
  const environment = { ...dockerEnvironment(), ...env }
  const git = await startGitServer(credentials)
  const repository = await git.create('declarations')
  const { PATH, DOCKER_HOST, DOCKER_CONFIG } = environment
  const operator = await TestOperator.start(dir, { PATH, DOCKER_HOST, DOCKER_CONFIG, ...env })

  const docker = (...args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      execFile('docker', args, { env: environment, encoding: 'utf8' }, (error, stdout, stderr) =>
        error === null
          ? resolve(stdout.trim())
          : reject(new Error(`docker ${args.join(' ')}: ${stderr || error.message}`)),
      )
    })
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
    prefix,
    docker,
    push,
    async close() {
      await operator.stop()
      await git.close()
      const left = await docker('ps', '--all', '--quiet', '--filter', `name=${prefix}`)
      if (left !== '') await docker('rm', '--force', '--volumes', ...left.split('\n'))
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
