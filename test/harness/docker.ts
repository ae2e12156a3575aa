import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../..')
const script = (name: string) => path.join(root, 'scripts/setup', name)

type Environment = Readonly<Record<string, string>>

export const testImages = {
  busybox: 'komodo-operator/busybox:test',
  web1: 'komodo-operator/web:1',
  web2: 'komodo-operator/web:2',
  /** Never gets healthy. */
  broken: 'komodo-operator/web:broken',
} as const

/**
 * What programs need to reach the Docker Engine that `scripts/setup/docker.sh` found: PATH, DOCKER_HOST, DOCKER_CONFIG. `undefined`
 * when there is none, so that tests skip; with `CI=true` that is an error.
 */
export const dockerEnvironment = (): Environment | undefined => {
  try {
    const shell =
      'eval "$("$0" env)" && docker version >/dev/null && printf "%s\\n%s\\n%s" "$PATH" "$DOCKER_HOST" "$DOCKER_CONFIG"'
    const text = execFileSync('bash', ['-c', shell, script('docker.sh')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [PATH = '', DOCKER_HOST = '', DOCKER_CONFIG = ''] = text.split('\n')
    return { PATH, DOCKER_HOST, DOCKER_CONFIG, HOME: process.env.HOME ?? '/root' }
  } catch (error) {
    if (process.env.CI === 'true') throw new Error('no Docker: run scripts/setup/docker.sh first', { cause: error })
    return undefined
  }
}

/** A place of one's own on a Docker Engine: everything whose name begins with `prefix` is removed at the end. */
export interface TestDocker extends AsyncDisposable {
  readonly environment: Environment
  /** Unique, fit for names of containers and compose projects. */
  readonly prefix: string
  /** An empty directory, removed at the end. */
  readonly directory: string
  /** Runs `docker` and returns what it prints. */
  docker(...argv: string[]): Promise<string>
  /** Removes what was made so far. */
  clean(): Promise<void>
}

/** Throws when there is no Docker; ask `dockerEnvironment()` first to skip. */
export const withDocker = (environment: Environment | undefined = dockerEnvironment()): TestDocker => {
  if (!environment) throw new Error('no Docker: run scripts/setup/docker.sh first')
  const prefix = `kop-${randomBytes(4).toString('hex')}`
  const directory = mkdtempSync(path.join(tmpdir(), `${prefix}-`))
  const docker = async (...argv: string[]) =>
    (await execute('docker', argv, { env: { ...environment }, maxBuffer: 16 * 1024 * 1024 })).stdout.trim()
  const clean = async () => {
    const lines = async (...argv: string[]) => (await docker(...argv)).split('\n').filter((line) => line !== '')
    const containers = await lines('ps', '-aq', '--filter', `name=${prefix}`)
    if (containers.length > 0) await docker('rm', '-f', '-v', ...containers)
    const networks = await lines('network', 'ls', '-q', '--filter', `name=${prefix}`)
    if (networks.length > 0) await docker('network', 'rm', ...networks)
    const volumes = await lines('volume', 'ls', '-q', '--filter', `name=${prefix}`)
    if (volumes.length > 0) await docker('volume', 'rm', ...volumes)
  }
  return {
    environment,
    prefix,
    directory,
    docker,
    clean,
    async [Symbol.asyncDispose]() {
      await clean()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** A Docker Engine of the test's own, apart from the user's, to stop and kill at will. */
export interface PrivateDocker extends AsyncDisposable {
  readonly environment: Environment
  start(): Promise<void>
  stop(): Promise<void>
  /** SIGKILL, as a crash. */
  kill(): Promise<void>
}

/** Starts one with the test images in it. `undefined` where that is not possible (no root, or no dockerd); with `CI=true` an error. */
export const startPrivateDocker = async (name: string): Promise<PrivateDocker | undefined> => {
  const shared = dockerEnvironment()
  const id = `${name}-${randomBytes(3).toString('hex')}`
  const control = (command: string) =>
    execute(script('dockerd.sh'), [command, id], { env: { ...process.env, NETNS: '1' } }).then(() => {})
  if (!shared || process.getuid?.() !== 0) {
    if (process.env.CI === 'true') throw new Error('a private Docker Engine needs root and scripts/setup/docker.sh')
    return undefined
  }
  const environment = { ...shared, DOCKER_HOST: `unix:///run/komodo-operator/${id}/docker.sock` }
  try {
    await control('start')
    await execute(script('images.sh'), [], { env: { ...environment, KOMODO_IMAGES_HERE: '1' } })
  } catch (error) {
    await control('remove').catch(() => {})
    if (process.env.CI === 'true') throw error
    return undefined
  }
  return {
    environment,
    start: () => control('start'),
    stop: () => control('stop'),
    kill: () => control('kill'),
    [Symbol.asyncDispose]: () => control('remove'),
  }
}
