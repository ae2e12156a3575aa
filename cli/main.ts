/** The `komodo` command: reads flags and the environment once, and hands over to one file per command. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { VERSION } from '../controller/version.ts'
import { type CommandContext, type ConnectionOptions, connector } from './context.ts'
import { CommandError, type ExitCode, exit } from './exit.ts'
import { createTerminal } from './terminal.ts'

const terminal = createTerminal(process.stdout, process.stderr, process.env.NO_COLOR)
const interrupt = new AbortController()
process.once('SIGINT', () => interrupt.abort(new CommandError('interrupted')))

// `komodo schema | head` is no fault, a full disk is none of ours.
const cannotWrite = (error: NodeJS.ErrnoException): never => {
  if (error.code !== 'EPIPE') terminal.note(`error: the output cannot be written: ${error.message}`)
  process.exit(error.code === 'EPIPE' ? exit.ok : exit.error)
}
process.stdout.on('error', cannotWrite)
process.stderr.on('error', () => process.exit(exit.error))

const program = new Command('komodo')
  .description('GitOps for Docker hosts, the Kubernetes way.')
  .version(VERSION)
  .option('--kubeconfig <file>', 'the Kubernetes API to talk to (default: $KUBECONFIG, else ~/.kube/config)')
  .option('--context <name>', 'context of the kubeconfig')
  .option('-n, --namespace <name>', "namespace (default: the context's, else default)")
  .showHelpAfterError('(komodo --help lists what there is)')
  .configureHelp({ showGlobalOptions: true })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? exit.ok : exit.error))

const context = (): CommandContext => ({
  terminal,
  cwd: process.cwd(),
  signal: interrupt.signal,
  connect: connector(program.opts<ConnectionOptions>(), process.env.KUBECONFIG),
})

/** Imports the command only when it is called, so that each starts fast. */
const run = async (command: (context: CommandContext) => Promise<ExitCode>): Promise<void> => {
  try {
    process.exitCode = await command(context())
  } catch (error) {
    process.exitCode = exit.error
    terminal.note(`${terminal.paint.red('error:')} ${messageOf(error)}`)
  } finally {
    interrupt.abort()
  }
}

/** By name, so that no command loads what it does not need. */
const expectedErrors = ['ApiError', 'KubeconfigError', 'NoAnswerError', 'SourceError']

/** A fault of ours shows its stack, everything else only what the user can act on. */
const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const expected = error instanceof CommandError || expectedErrors.includes(error.name)
  if (expected) return error.message
  const { code } = error as NodeJS.ErrnoException
  return code === undefined ? (error.stack ?? error.message) : error.message
}

/** Ten days; timers hold little more. */
const MOST_SECONDS = 864_000

const seconds = (text: string): number => {
  const value = Number(text)
  if (!(value > 0 && value <= MOST_SECONDS)) {
    throw new InvalidArgumentError(`expected a number of seconds, at most ${MOST_SECONDS}.`)
  }
  return value
}

const jsonOutput = () => new Option('-o, --output <format>', 'machine-readable output').choices(['json'])
const timeout = () => new Option('--timeout <seconds>', 'how long to wait').argParser(seconds).default(300)

const only = (effect: string) =>
  new Option('--only <kind[/name]>', `${effect}; may be given several times`).argParser(
    (word: string, all: string[] = []) => [...all, word],
  )

program
  .command('validate')
  .description('check TOML files: errors and warnings with file:line:column')
  .argument('[paths...]', 'files or folders', ['.'])
  .option('--within <folder>', 'read all of this folder, and report what concerns the paths')
  .option('--strict', 'fail on warnings, too')
  .addOption(
    new Option('--format <format>', 'how to report: for people, as annotations of GitHub Actions, or as a report file')
      .choices(['text', 'github', 'gitlab', 'sarif'])
      .default(process.env.GITHUB_ACTIONS === 'true' ? 'github' : 'text'),
  )
  .addOption(jsonOutput())
  .action((paths: string[], options) =>
    run(async (context) => {
      const repository = process.env.GITHUB_WORKSPACE ?? process.env.CI_PROJECT_DIR
      return (await import('./commands/validate.ts')).validate(paths, { repository, ...options }, context)
    }),
  )

program
  .command('schema')
  .description('the schema of TOML files, for completion and explanations in editors')
  .option('-f, --file <file>', 'write it there, and say what to tell the editor')
  .action((options) => run(async (context) => (await import('./commands/schema.ts')).schema(options, context)))

program
  .command('plan')
  .description('show what would change; exit code 0: nothing, 2: changes, 1: an error')
  .argument('[source]', 'a folder or file of TOML, or the name of a ResourceSync', '.')
  .option('--live', 'compare a folder with what the cluster has (default: with nothing)')
  .option('--applied', 'of a ResourceSync: the plan that was applied last')
  .addOption(only('show only what concerns these objects'))
  .addOption(jsonOutput())
  .action((source: string, options) =>
    run(async (context) => (await import('./commands/plan.ts')).plan(source, options, context)),
  )

program
  .command('diff')
  .description(
    'how what is declared differs from what the cluster has; exit code 0: not at all, 2: it does, 1: an error',
  )
  .argument('[source]', 'a folder or file of TOML, or the name of a ResourceSync', '.')
  .addOption(only('compare only these objects'))
  .addOption(jsonOutput())
  .action((source: string, options) =>
    run(async (context) => (await import('./commands/diff.ts')).diff(source, options, context)),
  )

program
  .command('approve')
  .description('approve the plan that a ResourceSync waits with')
  .argument('<sync>')
  .option('--digest <digest>', 'only if this is still the plan that waits: all of it, or at least 12 digits')
  .addOption(only('approve only the changes of these objects, such as stack/web; the others go on waiting'))
  .option('--no-wait', 'do not wait until it is applied')
  .addOption(timeout())
  .action((sync: string, options) =>
    run(async (context) => (await import('./commands/approve.ts')).approve(sync, options, context)),
  )

program
  .command('apply')
  .description('apply a folder of TOML, or let a ResourceSync look at its source now')
  .argument('<source>', 'a folder or file of TOML, or the name of a ResourceSync')
  .option('-y, --yes', 'do not ask')
  .addOption(
    only('apply only the changes of these objects; of a ResourceSync with approval: Manual it is the approval'),
  )
  .option('--no-wait', 'do not wait until a ResourceSync has applied its source')
  .addOption(timeout())
  .action((source: string, options) =>
    run(async (context) => (await import('./commands/apply.ts')).apply(source, options, context)),
  )

const importing = program.command('import').description('take over what is there already: TOML of Komodo, or what runs')

importing
  .command('toml')
  .description('apply TOML of Komodo, and say what of it nothing acts on yet')
  .argument('<source>', 'a folder or file of TOML')
  .option('-y, --yes', 'do not ask')
  .action((source: string, options) =>
    run(async (context) =>
      (await import('./commands/import.ts')).importToml(source, { ...options, wait: false, timeout: 0 }, context),
    ),
  )

importing
  .command('server')
  .description('the compose projects and containers that run on a server, as TOML that observes them')
  .argument('<server>', 'name of the Server')
  .option('--only <name...>', 'only these projects and containers')
  .option('--compose', 'only compose projects')
  .option('--containers', 'only containers of no project')
  .addOption(
    new Option(
      '--secrets <how>',
      'values whose name says that they are secret: leave them out, make secret variables of them, or write them',
    )
      .choices(['leave', 'variables', 'inline'])
      .default('leave'),
  )
  .option('-f, --file <file>', 'write the TOML there')
  .option('--force', 'write over a file that exists')
  .addOption(timeout())
  .action((name: string, options) =>
    run(async (context) => (await import('./commands/import.ts')).importServer(name, options, context)),
  )

program
  .command('deploy')
  .description('deploy now, whatever `deploy` says')
  .argument('<objects...>', 'stack/NAME, deployment/NAME, or NAME when only one of them has it')
  .option('--no-wait', 'do not wait until they are Ready')
  .addOption(timeout())
  .action((objects: string[], options) =>
    run(async (context) => (await import('./commands/deploy.ts')).deploy(objects, options, context)),
  )

program
  .command('get')
  .description('what there is, whether it is Ready, and if not, why')
  .argument('[kind]', 'stack, deployment, server, variable, resourcesync, plan ...')
  .argument('[name]')
  .addOption(jsonOutput())
  .action((kind: string | undefined, name: string | undefined, options) =>
    run(async (context) => (await import('./commands/get.ts')).get(kind, name, options, context)),
  )

program
  .command('export')
  .description('objects as the TOML that declares them; the values of secrets are never part of it')
  .argument('[objects...]', 'stack, stack/NAME ... (default: everything that TOML can declare)')
  .option('--tag <tag>', 'only what has the tag; give it again for more', (tag: string, tags: string[] = []) => [
    ...tags,
    tag,
  ])
  .option('-f, --file <file>', 'write one file (default: the standard output)')
  .option('-d, --directory <folder>', 'write a folder, with a file for each kind')
  .addOption(new Option('--split <by>', 'what has a file of its own in the folder').choices(['kind', 'object']))
  .option('--force', 'write over files that exist')
  .action((objects: string[], options) =>
    run(async (context) => (await import('./commands/export.ts')).exportToml(objects, options, context)),
  )

await program.parseAsync()
