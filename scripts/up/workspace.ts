/** Where `make up` keeps all it makes; `make down` removes exactly this. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const root = join(projectRoot, '.cache/up')

export const workspace = {
  root,
  /** The controller's database, certificates, git caches and kubeconfig. */
  data: join(root, 'data'),
  kubeconfig: join(root, 'data/kubeconfig'),
  log: join(root, 'controller.log'),
  pidFile: join(root, 'controller.pid'),
  /** The bare repository that plays the remote. */
  remote: join(root, 'getting-started.git'),
  /** A clone of it to edit and push from. */
  clone: join(root, 'getting-started'),
  sync: join(root, 'sync.yaml'),
}

export const example = join(projectRoot, 'examples/getting-started')
export const kubectl = join(projectRoot, '.cache/kubectl/kubectl')
export const images = ['komodo-example/web:1', 'komodo-example/web:2'] as const
/** What `scripts/setup/images.sh` makes. */
export const baseImages = ['busybox:test', 'web:1', 'web:2', 'web:broken'].map((name) => `komodo-operator/${name}`)

/** The settings that `scripts/setup/docker.sh` decided on, over this process's own. */
export const dockerEnvironment = (): NodeJS.ProcessEnv => {
  const file = join(projectRoot, '.cache/docker/env')
  const env: NodeJS.ProcessEnv = { ...process.env }
  if (!existsSync(file)) return env
  for (const [, name, value] of readFileSync(file, 'utf8').matchAll(/^export (\w+)='(.*)'$/gm)) {
    if (name !== undefined) env[name] = value
  }
  if (env.KOMODO_DOCKER_PATH) env.PATH = `${env.KOMODO_DOCKER_PATH}:${env.PATH}`
  return env
}
