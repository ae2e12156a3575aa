import { join } from 'node:path'
import {
  DeployFailedError,
  type HostCommand,
  HostRejectedError,
  HostUnreachableError,
  type StageLog,
} from '../controller/hosts/port.ts'
import { maskFor } from '../controller/text/mask.ts'
import { commandScript, onStandardInput } from './command-text.ts'
import { confinedPath, isDirectory } from './confined-path.ts'
import { composeCause, noCompose, reasonOf, saysNoCompose, saysUnreachable } from './docker-errors.ts'
import { withoutEnvLines } from './env-line-errors.ts'
import { type Command, CommandDeadlineError, type CommandResult } from './run-command.ts'

/** How commands are run on this host. */
export interface CommandTools {
  run: (command: Command, signal: AbortSignal) => Promise<CommandResult>
  /** `PATH`, `HOME`, `DOCKER_HOST` and the like; nothing of the controller's own. */
  environment: Readonly<Record<string, string>>
  shell: string
}

/** How long a command of the user's may take, in milliseconds. */
const COMMAND_DEADLINE_MS = 30 * 60_000
/** At most so much of a stage's output is reported, in characters. */
const MAX_OUTPUT = 4096

/**
 * Stages of work on this host, as Komodo logs them. The first that fails ends the work with a `DeployFailedError` that holds the log of
 * all stages so far; secrets never show.
 */
export class Stages {
  readonly log: StageLog[] = []
  /** Of every command from now on. */
  environment: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  readonly #tools: CommandTools
  readonly #scrub: (text: string) => string

  constructor(tools: CommandTools, secrets: readonly string[], signal: AbortSignal) {
    this.#tools = tools
    this.environment = tools.environment
    const mask = maskFor(secrets)
    this.#scrub = (text) => mask(withoutEnvLines(text))
    this.signal = signal
  }

  /** A command of the user's, in a directory below `root`; nothing when it is empty. */
  async command(stage: string, root: string, directory: string, command: HostCommand | undefined): Promise<void> {
    const script = command && commandScript(command.command, command.shellMode)
    if (!command || script === undefined) return
    const place = await confinedPath(root, join(directory, command.path))
    if (!(await isDirectory(place))) {
      this.fail(stage, 'MissingFiles', { output: `the directory ${command.path} does not exist`, durationMs: 0 })
    }
    const result = await this.execute({
      ...this.script(script),
      directory: place,
      deadlineMs: COMMAND_DEADLINE_MS,
      title: stage,
    })
    this.conclude(stage, result)
  }

  /** How a script is given to the shell. */
  script(script: string): Pick<Command, 'argv' | 'input'> {
    return { argv: [this.#tools.shell], input: onStandardInput(script) }
  }

  async run(stage: string, argv: [string, ...string[]], directory: string, deadlineMs: number): Promise<void> {
    this.conclude(stage, await this.execute({ argv, directory, deadlineMs, title: stage }))
  }

  /** Whatever it exits with; only the deadline is a failure here. */
  async execute(command: Omit<Command, 'environment'>): Promise<CommandResult> {
    try {
      return await this.#tools.run({ ...command, environment: this.environment }, this.signal)
    } catch (error) {
      if (!(error instanceof CommandDeadlineError)) throw error
      return this.fail(command.title, 'DeadlineExceeded', { output: error.message, durationMs: command.deadlineMs })
    }
  }

  conclude(stage: string, result: CommandResult): void {
    if (result.exitCode !== 0) this.fail(stage, reasonOfStage[stage] ?? `${stage.replaceAll(' ', '')}Failed`, result)
    this.record({ stage, success: true, output: result.output, durationMs: result.durationMs })
  }

  fail(stage: string, reason: string, { output, durationMs }: Pick<StageLog, 'output' | 'durationMs'>): never {
    this.record({ stage, success: false, output, durationMs })
    // What is cut first may hold a part of a secret, which nobody would know as one.
    const said = composeCause(this.#scrub(output))
    if (saysUnreachable(output)) throw new HostUnreachableError(`${stage}: ${said}`)
    if (saysNoCompose(output)) throw new DeployFailedError('ComposeMissing', noCompose, this.log)
    throw new DeployFailedError(reasonOf(output, reason), `${stage} failed: ${said}`, this.log)
  }

  record(stage: StageLog): void {
    this.log.push({ ...stage, output: this.#scrub(stage.output).slice(-MAX_OUTPUT) })
  }

  /** Failures before the first command become a deploy's failure, too, so that callers have one shape to report. */
  async guard<T>(stage: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof HostRejectedError) || error instanceof DeployFailedError) throw error
      const message = this.#scrub(error.message)
      if (this.log.at(-1)?.success !== false) {
        this.record({ stage, success: false, output: message, durationMs: 0 })
      }
      throw new DeployFailedError(error.reason, message, this.log)
    }
  }
}

/** What a failure means when its output does not tell; otherwise the stage's name with `Failed`. */
const reasonOfStage: Readonly<Record<string, string>> = {
  'Compose Build': 'BuildFailed',
  'Compose Pull': 'ImagePullFailed',
}
