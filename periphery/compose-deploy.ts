import { join } from 'node:path'
import {
  type ComposeReport,
  type ComposeRequest,
  type ComposeService,
  DeployFailedError,
  type HostCommand,
  HostRejectedError,
  HostUnreachableError,
  type StageLog,
} from '../controller/hosts/port.ts'
import { commandScript, onStandardInput, wrapperScript } from './command-text.ts'
import {
  buildArguments,
  type ComposeFiles,
  type ComposeStage,
  checkNames,
  configArguments,
  downArguments,
  pullArguments,
  upArguments,
} from './compose-arguments.ts'
import { parseConfig } from './compose-config.ts'
import { confinedPath, isDirectory } from './confined-path.ts'
import { composeCause, noCompose, reasonOf, saysNoCompose, saysUnreachable } from './docker-errors.ts'
import { withRegistryLogin } from './registry-login.ts'
import { type Command, CommandDeadlineError, type CommandResult } from './run-command.ts'
import { scrubber } from './scrub.ts'
import { type StackRoots, writeStack } from './stack-directory.ts'

/** What a deploy needs of this host. */
export interface ComposeTools {
  roots: StackRoots
  run: (command: Command, signal: AbortSignal) => Promise<CommandResult>
  /** `PATH`, `HOME`, `DOCKER_HOST` and the like; nothing of the controller's own. */
  environment: Readonly<Record<string, string>>
  cliConfigDirectory: string
  shell: string
  /** The image if it is on this host, with the digests that its registry gave it. */
  image: (name: string, signal: AbortSignal) => Promise<{ digests: readonly string[] } | undefined>
  /** The hash that the containers of each service of a project carry. */
  hashes: (project: string, signal: AbortSignal) => Promise<ReadonlyMap<string, string>>
}

/** How long each stage may take, in milliseconds. */
const deadlines = {
  login: 60_000,
  config: 60_000,
  build: 60 * 60_000,
  pull: 30 * 60_000,
  down: 10 * 60_000,
  up: 30 * 60_000,
  command: 30 * 60_000,
}

/** What a failure means when its output does not tell; otherwise the stage's name with `Failed`. */
const reasonOfStage: Readonly<Record<string, string>> = {
  'Compose Build': 'BuildFailed',
  'Compose Pull': 'ImagePullFailed',
}

/** At most so much of a stage's output is reported. */
const maxOutput = 4096

/**
 * Deploys a stack as Komodo does (behaviour §8.4): write, validate, login, pre-deploy, config, build, pull, down, up, post-deploy. The
 * first stage that fails ends it with a `DeployFailedError` that holds the log of all stages so far; secrets never show.
 */
export const composeUp = async (
  tools: ComposeTools,
  request: ComposeRequest,
  signal: AbortSignal,
): Promise<ComposeReport> => {
  const deploy = new ComposeDeploy(tools, request, signal)
  return deploy.run()
}

class ComposeDeploy {
  readonly #tools: ComposeTools
  readonly #request: ComposeRequest
  readonly #signal: AbortSignal
  readonly #log: StageLog[] = []
  readonly #scrub: (text: string) => string
  #environment: Readonly<Record<string, string>>

  constructor(tools: ComposeTools, request: ComposeRequest, signal: AbortSignal) {
    this.#tools = tools
    this.#request = request
    this.#signal = signal
    this.#scrub = scrubber([...request.secrets, ...request.registryAuth.map(({ password }) => password)])
    this.#environment = { ...tools.environment, DOCKER_CONFIG: tools.cliConfigDirectory }
  }

  async run(): Promise<ComposeReport> {
    const { roots, run, cliConfigDirectory } = this.#tools
    const request = this.#request
    checkNames(request)
    const { root, files } = await this.#guard('Write Compose File', () => writeStack(roots, request, this.#signal))
    const login = {
      directory: roots.stacks,
      cliConfigDirectory,
      environment: this.#environment,
      deadlineMs: deadlines.login,
      run,
    }
    const services = await this.#guard('Login to Registry', () =>
      withRegistryLogin(
        request.registryAuth,
        login,
        (stage) => this.#record(stage),
        this.#signal,
        async (configDirectory) => {
          this.#environment = { ...this.#environment, DOCKER_CONFIG: configDirectory }
          return this.#stages(root, files)
        },
      ),
    )
    return { services, log: this.#log }
  }

  async #stages(root: string, files: ComposeFiles): Promise<ComposeService[]> {
    const request = this.#request
    const { runDirectory } = files
    await this.#command('Pre Deploy', root, runDirectory, request.preDeploy)
    const services = await this.#config(files)
    if (request.runBuild) {
      await this.#compose('Compose Build', 'build', buildArguments(request, files), runDirectory)
    }
    if (request.pull) await this.#pull(files, services)
    await this.#down(runDirectory)
    await this.#compose('Compose Up', 'up', upArguments(request, files), runDirectory)
    await this.#command('Post Deploy', root, runDirectory, request.postDeploy)
    const hashes = await this.#tools.hashes(request.project, this.#signal)
    return services.map((service) => ({ ...service, configHash: hashes.get(service.name) ?? '' }))
  }

  async #config(files: ComposeFiles): Promise<ComposeService[]> {
    const stage = 'Compose Config'
    const request = this.#request
    const json = await this.#runCompose(stage, 'config', configArguments(request, files), files.runDirectory)
    if (json.exitCode !== 0) this.#fail(stage, 'InvalidCompose', json)
    try {
      const services = parseConfig(request.project, json.stdout)
      const output = `services: ${services.map(({ name }) => name).join(', ') || 'none'}`
      // What `config` prints itself is full of resolved secrets, so it is not kept.
      this.#record({ stage, success: true, output, durationMs: json.durationMs })
      return services
    } catch {
      return this.#fail(stage, 'InvalidCompose', { ...json, output: 'compose config printed something else than JSON' })
    }
  }

  /** Pulls what a registry can know: an image that was made on this host is in none, and asking for it would fail the deploy. */
  async #pull(files: ComposeFiles, services: readonly ComposeService[]): Promise<void> {
    const wanted = this.#request.services
    const candidates = services.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
    const local = new Set<string>()
    for (const image of new Set(candidates.map(({ image }) => image))) {
      const found = await this.#tools.image(image, this.#signal)
      if (found && found.digests.length === 0) local.add(image)
    }
    const names = candidates.filter(({ image }) => !local.has(image)).map(({ name }) => name)
    if (names.length === 0) {
      const output = 'nothing to pull: the images were made on this host'
      if (candidates.length > 0) this.#record({ stage: 'Compose Pull', success: true, output, durationMs: 0 })
      return
    }
    const all = names.length === services.length
    const argv = pullArguments(this.#request, files, all ? [] : names)
    await this.#compose('Compose Pull', 'pull', argv, files.runDirectory)
  }

  async #down(runDirectory: string): Promise<void> {
    const { project, previousProject, destroyBeforeDeploy, services } = this.#request
    const renamed = previousProject !== undefined && previousProject !== project
    // Not from the run directory: the files there describe the new project.
    const directory = this.#tools.roots.stacks
    if (renamed) await this.#run('Compose Down', downArguments(previousProject, {}), directory, deadlines.down)
    if (destroyBeforeDeploy) {
      await this.#run('Compose Down', downArguments(project, { services }), runDirectory, deadlines.down)
    }
  }

  async #command(stage: string, root: string, runDirectory: string, command: HostCommand | undefined): Promise<void> {
    const script = command && commandScript(command.command, command.shellMode)
    if (!command || script === undefined) return
    const directory = await confinedPath(root, join(runDirectory, command.path))
    if (!(await isDirectory(directory))) {
      this.#fail(stage, 'MissingFiles', { output: `the directory ${command.path} does not exist`, durationMs: 0 })
    }
    await this.#script(stage, script, directory, deadlines.command)
  }

  async #compose(stage: string, name: ComposeStage, argv: [string, ...string[]], directory: string): Promise<void> {
    const result = await this.#runCompose(stage, name, argv, directory)
    this.#conclude(stage, result)
  }

  /** Runs a compose command, through the wrapper when that is wanted for it. */
  #runCompose(
    stage: string,
    name: ComposeStage,
    argv: [string, ...string[]],
    directory: string,
  ): Promise<CommandResult> {
    const { wrapper, wrapperInclude } = this.#request
    const included = wrapperInclude.length > 0 ? wrapperInclude : ['up']
    if (commandScript(wrapper, false) === undefined || !included.includes(name)) {
      return this.#execute({ argv, directory, deadlineMs: deadlines[name], title: stage })
    }
    const script = wrapperScript(wrapper, argv)
    if (script === undefined) {
      const output = 'compose_cmd_wrapper does not hold [[COMPOSE_COMMAND]], which stands for the command it wraps'
      this.#fail(stage, 'InvalidArgument', { output, durationMs: 0 })
    }
    return this.#execute({
      argv: [this.#tools.shell],
      input: onStandardInput(script),
      directory,
      deadlineMs: deadlines[name],
      title: stage,
    })
  }

  async #script(stage: string, script: string, directory: string, deadlineMs: number): Promise<void> {
    const input = onStandardInput(script)
    this.#conclude(
      stage,
      await this.#execute({ argv: [this.#tools.shell], input, directory, deadlineMs, title: stage }),
    )
  }

  async #run(stage: string, argv: [string, ...string[]], directory: string, deadlineMs: number): Promise<void> {
    this.#conclude(stage, await this.#execute({ argv, directory, deadlineMs, title: stage }))
  }

  async #execute(command: Omit<Command, 'environment'>): Promise<CommandResult> {
    try {
      return await this.#tools.run({ ...command, environment: this.#environment }, this.#signal)
    } catch (error) {
      if (!(error instanceof CommandDeadlineError)) throw error
      return this.#fail(command.title, 'DeadlineExceeded', { output: error.message, durationMs: command.deadlineMs })
    }
  }

  #conclude(stage: string, result: CommandResult): void {
    if (result.exitCode !== 0) this.#fail(stage, reasonOfStage[stage] ?? `${stage.replaceAll(' ', '')}Failed`, result)
    this.#record({ stage, success: true, output: result.output, durationMs: result.durationMs })
  }

  #fail(stage: string, reason: string, { output, durationMs }: Pick<StageLog, 'output' | 'durationMs'>): never {
    this.#record({ stage, success: false, output, durationMs })
    const said = this.#scrub(composeCause(output))
    if (saysUnreachable(output)) throw new HostUnreachableError(`${stage}: ${said}`)
    if (saysNoCompose(output)) throw new DeployFailedError('ComposeMissing', noCompose, this.#log)
    throw new DeployFailedError(reasonOf(output, reason), `${stage} failed: ${said}`, this.#log)
  }

  #record(stage: StageLog): void {
    this.#log.push({ ...stage, output: this.#scrub(stage.output).slice(-maxOutput) })
  }

  /** Failures before the first command become a deploy's failure, too, so that callers have one shape to report. */
  async #guard<T>(stage: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof HostRejectedError) || error instanceof DeployFailedError) throw error
      const message = this.#scrub(error.message)
      if (this.#log.at(-1)?.success !== false) {
        this.#record({ stage, success: false, output: message, durationMs: 0 })
      }
      throw new DeployFailedError(error.reason, message, this.#log)
    }
  }
}
