import { execFile } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { conditionOf, type KubeObject } from '../../controller/api/meta.ts'
import { type CommandResult, kubectlFor } from './kubectl.ts'
import { type Daemon, freePort, startDaemon } from './process.ts'
import { waitUntil } from './wait-until.ts'

const root = path.resolve(import.meta.dirname, '../..')

type Environment = Readonly<Record<string, string | undefined>>

export interface OperatorStart {
  /** The API of somebody else, instead of its own. */
  kubeconfig?: string
  flags?: readonly string[]
}

/** A controller in a process of its own, as users run it, and the tools that talk to it. */
export class TestOperator {
  readonly dir: string
  readonly kubeconfig: string
  readonly #env: Environment
  readonly #options: OperatorStart
  readonly #listen: string
  readonly #health: string
  readonly #webhooks: string
  #daemon: Daemon | undefined
  #starts = 0

  private constructor(
    dir: string,
    env: Environment,
    options: OperatorStart,
    [listen, health, webhooks]: readonly [string, string, string],
  ) {
    this.dir = dir
    this.kubeconfig = options.kubeconfig ?? path.join(dir, 'data/kubeconfig')
    this.#options = options
    this.#env = env
    this.#listen = listen
    this.#health = health
    this.#webhooks = webhooks
  }

  /** `env` is what the controller gets beside PATH and HOME: DOCKER_HOST above all. */
  static async start(dir: string, env: Environment = {}, options: OperatorStart = {}): Promise<TestOperator> {
    mkdirSync(dir, { recursive: true })
    const [listen, health, webhooks] = await Promise.all([freePort(), freePort(), freePort()])
    const addresses = [`127.0.0.1:${listen}`, `127.0.0.1:${health}`, `127.0.0.1:${webhooks}`] as const
    const operator = new TestOperator(dir, env, options, addresses)
    await operator.restart()
    return operator
  }

  get pid(): number {
    return this.#daemon?.child.pid ?? 0
  }

  /** Of the newest start. */
  get logFile(): string {
    return path.join(this.dir, `controller-${this.#starts}.log`)
  }

  get healthUrl(): string {
    return `http://${this.#health}`
  }

  /** Where git servers deliver. */
  get webhookUrl(): string {
    return `http://${this.#webhooks}`
  }

  /** Starts it again, with the same data, and waits until it is ready. */
  async restart(): Promise<void> {
    await this.stop()
    this.#starts += 1
    const main = path.join(root, 'controller/main.ts')
    const data = path.join(this.dir, 'data')
    const { kubeconfig, flags: more = [] } = this.#options
    const home = kubeconfig === undefined ? ['--standalone', '--listen', this.#listen] : ['--kubeconfig', kubeconfig]
    const listen = ['--health-listen', this.#health, '--webhook-listen', this.#webhooks]
    const flags = [...home, '--data-dir', data, ...listen, ...more]
    const environment = Object.entries({ PATH: process.env.PATH, HOME: this.dir, ...this.#env })
    const settings = environment.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
    this.#daemon = startDaemon('controller', ['env', '-i', ...settings, process.execPath, main, ...flags], this.logFile)
    await waitUntil('the controller to be ready', async () => ((await this.#isReady()) ? true : undefined), {
      timeoutMs: 60_000,
      daemon: this.#daemon,
    })
  }

  async #isReady(): Promise<boolean> {
    try {
      return existsSync(this.kubeconfig) && (await fetch(`${this.healthUrl}/readyz`)).ok
    } catch {
      return false
    }
  }

  async stop(): Promise<void> {
    await this.#daemon?.stop()
    this.#daemon = undefined
  }

  /** As a power cut would. */
  killNow(): void {
    this.#daemon?.child.kill('SIGKILL')
  }

  /** Whether it ended within the time. */
  async ended(timeoutMs: number): Promise<boolean> {
    const child = this.#daemon?.child
    const over = () => (child === undefined || child.exitCode !== null || child.signalCode !== null ? true : undefined)
    return waitUntil('the controller to end', over, { timeoutMs }).catch(() => false)
  }

  kubectl(...args: string[]): Promise<CommandResult> {
    return this.kubectlWith({}, ...args)
  }

  kubectlWith(options: { stdin?: string; timeoutMs?: number }, ...args: string[]): Promise<CommandResult> {
    const home = path.join(this.dir, 'home')
    return kubectlFor({ kubeconfig: this.kubeconfig, home, namespace: 'default' }).kubectl(args, options)
  }

  async apply(...objects: object[]): Promise<void> {
    const stdin = objects.map((object) => JSON.stringify(object)).join('\n---\n')
    const { code, stderr } = await this.kubectlWith({ stdin }, 'apply', '-f', '-')
    if (code !== 0) throw new Error(`kubectl apply failed: ${stderr}`)
  }

  /** `undefined` when it is not there. `resource` as for kubectl, for example `stacks`. */
  async get<T extends KubeObject = KubeObject<Record<string, unknown>, Status>>(
    resource: string,
    name: string,
  ): Promise<T | undefined> {
    const { code, stdout, stderr } = await this.kubectl('get', resource, name, '--ignore-not-found', '-o', 'json')
    if (code !== 0) throw new Error(`kubectl get failed: ${stderr}`)
    return stdout === '' ? undefined : (JSON.parse(stdout) as T)
  }

  /** Waits until the condition has the status, and gives its message. */
  async condition(
    resource: string,
    name: string,
    type: string,
    status: 'True' | 'False' | 'Unknown' = 'True',
    { reason, timeoutMs = 60_000 }: { reason?: string; timeoutMs?: number } = {},
  ): Promise<string> {
    let last = 'it is not there'
    try {
      return await waitUntil(
        `${resource}/${name} ${type}=${status}`,
        async () => {
          const object = await this.get(resource, name)
          last = JSON.stringify(object?.status ?? last)
          const { generation } = object?.metadata ?? {}
          const found = object && conditionOf(object, type)
          const current = object?.status?.observedGeneration === generation
          return current && found?.status === status && (reason === undefined || found.reason === reason)
            ? found.message
            : undefined
        },
        { timeoutMs, everyMs: 200 },
      )
    } catch (error) {
      throw new Error(`${(error as Error).message}; status: ${last}`)
    }
  }

  /** Waits until the object is as `accept` wants it. */
  async until(
    resource: string,
    name: string,
    accept: (object: KubeObject<Record<string, unknown>, Status>) => boolean,
  ): Promise<void> {
    let last: unknown
    const look = async () => {
      const object = await this.get(resource, name)
      last = object?.status
      return object !== undefined && accept(object) ? true : undefined
    }
    await waitUntil(`${resource}/${name}`, look, { timeoutMs: 60_000, everyMs: 100 }).catch((error: Error) => {
      throw new Error(`${error.message}; status: ${JSON.stringify(last)}`)
    })
  }

  async gone(resource: string, name: string): Promise<void> {
    let last: unknown
    const look = async () => {
      last = await this.get(resource, name)
      return last === undefined ? true : undefined
    }
    await waitUntil(`${resource}/${name} to be gone`, look, { timeoutMs: 60_000, everyMs: 100 }).catch(
      (error: Error) => {
        throw new Error(`${error.message}; it is ${JSON.stringify(last)}\n${this.logTail()}`)
      },
    )
  }

  ready(resource: string, name: string, timeoutMs = 60_000): Promise<string> {
    return this.condition(resource, name, 'Ready', 'True', { timeoutMs })
  }

  /** The end of what it logged since it was started. */
  logTail(): string {
    return this.#daemon?.logTail() ?? ''
  }

  komodo(...args: string[]): Promise<CommandResult> {
    return runKomodo(['--kubeconfig', this.kubeconfig, ...args], this.dir)
  }
}

interface Status {
  observedGeneration?: number
  conditions?: { type: string; status: string; reason: string; message: string }[]
  [field: string]: unknown
}

/** The CLI in a process of its own; a non-zero exit is an answer. */
export const runKomodo = (args: readonly string[], cwd: string): Promise<CommandResult> =>
  new Promise((resolve) => {
    const main = path.join(root, 'cli/main.ts')
    const options = {
      cwd,
      env: { PATH: process.env.PATH, HOME: cwd, NO_COLOR: '1' },
      maxBuffer: 64 << 20,
      timeout: 120_000,
    }
    execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, stdout, stderr })
    })
  })
