import {
  type ComposeReport,
  type ComposeRequest,
  type ComposeService,
  HostRejectedError,
  type ProjectCheck,
} from '../controller/hosts/port.ts'
import { commandScript, wrapperScript } from './command-text.ts'
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
import { parseConfig, parseDryRun } from './compose-config.ts'
import { withPrivateFiles } from './private-files.ts'
import { withRegistryLogin } from './registry-login.ts'
import type { CommandResult } from './run-command.ts'
import { type StackRoots, stackDirectory, writeStack } from './stack-directory.ts'
import { type CommandTools, Stages } from './stages.ts'

/** What a deploy needs of this host. */
export interface ComposeTools extends CommandTools {
  roots: StackRoots
  cliConfigDirectory: string
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
}

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

/** What `up` would make or make anew, by compose's own dry run. Nothing is touched, so only files that are on the host can be read. */
export const composeCheck = async (
  tools: ComposeTools,
  request: ComposeRequest,
  signal: AbortSignal,
): Promise<ProjectCheck> => {
  const written = request.environment.length > 0 || request.additionalEnvFiles.some(({ contents }) => contents)
  if (request.source.type !== 'host' || written) {
    throw new HostRejectedError('InvalidArgument', 'only a project whose files are all on the host can be checked')
  }
  return new ComposeDeploy(tools, request, signal).check()
}

class ComposeDeploy {
  readonly #tools: ComposeTools
  readonly #request: ComposeRequest
  readonly #stages: Stages

  constructor(tools: ComposeTools, request: ComposeRequest, signal: AbortSignal) {
    this.#tools = tools
    this.#request = request
    const secrets = [...request.secrets, ...request.registryAuth.map(({ password }) => password)]
    this.#stages = new Stages(tools, secrets, signal)
    this.#stages.environment = { ...tools.environment, DOCKER_CONFIG: tools.cliConfigDirectory }
  }

  async run(): Promise<ComposeReport> {
    const { roots } = this.#tools
    const request = this.#request
    checkNames(request)
    const decrypted = request.additionalEnvFiles.flatMap(({ contents }) => (contents === undefined ? [] : [contents]))
    await this.#stages.guard('Write Compose File', () => stackDirectory(roots, request.stack))
    return withPrivateFiles(request.stack, decrypted, roots.stacks, (paths) => this.#run(paths))
  }

  async #run(decryptedPaths: readonly string[]): Promise<ComposeReport> {
    const { roots, run, cliConfigDirectory } = this.#tools
    const request = this.#request
    const { root, files } = await this.#stages.guard('Write Compose File', () =>
      writeStack(roots, request, this.#stages, decryptedPaths),
    )
    const login = {
      directory: roots.stacks,
      cliConfigDirectory,
      environment: this.#stages.environment,
      deadlineMs: deadlines.login,
      run,
    }
    const services = await this.#stages.guard('Login to Registry', () =>
      withRegistryLogin(
        request.registryAuth,
        login,
        (stage) => this.#stages.record(stage),
        this.#stages.signal,
        async (configDirectory) => {
          this.#stages.environment = { ...this.#stages.environment, DOCKER_CONFIG: configDirectory }
          return this.#deploy(root, files)
        },
      ),
    )
    return { services, log: this.#stages.log }
  }

  async check(): Promise<ProjectCheck> {
    const request = this.#request
    checkNames(request)
    const { files } = await this.#stages.guard('Find Compose Files', () =>
      writeStack(this.#tools.roots, request, this.#stages, []),
    )
    const services = await this.#config(files)
    const stage = 'Compose Dry Run'
    const [docker, compose, ...argv] = upArguments(request, files)
    const result = await this.#runCompose(stage, 'up', [docker, compose!, '--dry-run', ...argv], files.runDirectory)
    this.#stages.conclude(stage, result)
    return { services: await this.#withHashes(services), changes: parseDryRun(result.output) }
  }

  async #deploy(root: string, files: ComposeFiles): Promise<ComposeService[]> {
    const request = this.#request
    const { runDirectory } = files
    await this.#stages.command('Pre Deploy', root, runDirectory, request.preDeploy)
    const services = await this.#config(files)
    if (request.runBuild) {
      await this.#compose('Compose Build', 'build', buildArguments(request, files), runDirectory)
    }
    if (request.pull) await this.#pull(files, services)
    await this.#down(runDirectory)
    await this.#compose('Compose Up', 'up', upArguments(request, files), runDirectory)
    await this.#stages.command('Post Deploy', root, runDirectory, request.postDeploy)
    return this.#withHashes(services)
  }

  async #withHashes(services: readonly ComposeService[]): Promise<ComposeService[]> {
    const hashes = await this.#tools.hashes(this.#request.project, this.#stages.signal)
    return services.map((service) => ({ ...service, configHash: hashes.get(service.name) ?? '' }))
  }

  async #config(files: ComposeFiles): Promise<ComposeService[]> {
    const stage = 'Compose Config'
    const request = this.#request
    const json = await this.#runCompose(stage, 'config', configArguments(request, files), files.runDirectory)
    if (json.exitCode !== 0) this.#stages.fail(stage, 'InvalidCompose', json)
    try {
      const services = parseConfig(request.project, json.stdout)
      const output = `services: ${services.map(({ name }) => name).join(', ') || 'none'}`
      // What `config` prints itself is full of resolved secrets, so it is not kept.
      this.#stages.record({ stage, success: true, output, durationMs: json.durationMs })
      return services
    } catch {
      return this.#stages.fail(stage, 'InvalidCompose', {
        ...json,
        output: 'compose config printed something else than JSON',
      })
    }
  }

  /** Pulls what a registry can know: an image that was made on this host is in none, and asking for it would fail the deploy. */
  async #pull(files: ComposeFiles, services: readonly ComposeService[]): Promise<void> {
    const wanted = this.#request.services
    const candidates = services.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
    const local = new Set<string>()
    for (const image of new Set(candidates.map(({ image }) => image))) {
      const found = await this.#tools.image(image, this.#stages.signal)
      if (found && found.digests.length === 0) local.add(image)
    }
    const names = candidates.filter(({ image }) => !local.has(image)).map(({ name }) => name)
    if (names.length === 0) {
      const output = 'nothing to pull: the images were made on this host'
      if (candidates.length > 0) this.#stages.record({ stage: 'Compose Pull', success: true, output, durationMs: 0 })
      return
    }
    const all = names.length === services.length
    const argv = pullArguments(this.#request, files, all ? [] : names)
    await this.#compose('Compose Pull', 'pull', argv, files.runDirectory)
  }

  async #down(runDirectory: string): Promise<void> {
    const { project, formerProjects, destroyBeforeDeploy, services } = this.#request
    // Not from the run directory: the files there describe the new project.
    const directory = this.#tools.roots.stacks
    for (const former of formerProjects) {
      await this.#stages.run('Compose Down', downArguments(former, {}), directory, deadlines.down)
    }
    if (destroyBeforeDeploy) {
      await this.#stages.run('Compose Down', downArguments(project, { services }), runDirectory, deadlines.down)
    }
  }

  async #compose(stage: string, name: ComposeStage, argv: [string, ...string[]], directory: string): Promise<void> {
    const result = await this.#runCompose(stage, name, argv, directory)
    this.#stages.conclude(stage, result)
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
      return this.#stages.execute({ argv, directory, deadlineMs: deadlines[name], title: stage })
    }
    const script = wrapperScript(wrapper, argv)
    if (script === undefined) {
      const output = 'compose_cmd_wrapper does not hold [[COMPOSE_COMMAND]], which stands for the command it wraps'
      this.#stages.fail(stage, 'InvalidArgument', { output, durationMs: 0 })
    }
    return this.#stages.execute({
      ...this.#stages.script(script),
      directory,
      deadlineMs: deadlines[name],
      title: stage,
    })
  }
}
