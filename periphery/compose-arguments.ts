import { type ComposeRequest, HostRejectedError } from '../controller/hosts/port.ts'
import { splitWords, WordsError } from '../controller/text/words.ts'

/** Stages that run a compose command, by what Komodo calls them in `compose_cmd_wrapper_include`. */
export type ComposeStage = 'config' | 'build' | 'pull' | 'up'

/** Where a stack's files are, after they were written. Relative paths are to the run directory. */
export interface ComposeFiles {
  runDirectory: string
  composeFiles: readonly string[]
  /** In the order in which they are given: the last wins. */
  envFiles: readonly string[]
}

const compose = ['docker', 'compose'] as const

/** `docker compose -p P -f A --env-file X --profile Z`: what stands before every sub-command. */
const prefix = (request: ComposeRequest, files: ComposeFiles): [string, ...string[]] => [
  ...compose,
  '-p',
  request.project,
  ...files.composeFiles.flatMap((path) => ['-f', path]),
  ...files.envFiles.flatMap((path) => ['--env-file', path]),
  ...request.profiles.flatMap((profile) => ['--profile', profile]),
]

const services = (names: readonly string[]): readonly string[] => (names.length > 0 ? ['--', ...names] : [])

export const configArguments = (request: ComposeRequest, files: ComposeFiles): [string, ...string[]] => [
  ...prefix(request, files),
  'config',
  '--format',
  'json',
]

export const buildArguments = (request: ComposeRequest, files: ComposeFiles): [string, ...string[]] => [
  ...prefix(request, files),
  'build',
  ...extra('build_extra_args', request.buildExtraArgs),
  ...services(request.services),
]

/** Pulls the images of `names`; those that are built need no pull. */
export const pullArguments = (
  request: ComposeRequest,
  files: ComposeFiles,
  names: readonly string[],
): [string, ...string[]] => [...prefix(request, files), 'pull', '--ignore-buildable', ...services(names)]

export const upArguments = (request: ComposeRequest, files: ComposeFiles): [string, ...string[]] => [
  ...prefix(request, files),
  'up',
  '-d',
  ...(request.removeOrphans ? ['--remove-orphans'] : []),
  ...extra('extra_args', request.extraArgs),
  ...services(request.services),
]

/** Needs no files: Compose finds by label what belongs to the project. */
export const downArguments = (
  project: string,
  options: { removeOrphans?: boolean; timeoutSeconds?: number; services?: readonly string[] },
): [string, ...string[]] => [
  ...compose,
  '-p',
  project,
  'down',
  ...(options.timeoutSeconds === undefined ? [] : ['--timeout', String(options.timeoutSeconds)]),
  ...(options.removeOrphans ? ['--remove-orphans'] : []),
  ...services(options.services ?? []),
]

/** Throws `InvalidArgument` for what Compose would not accept as a project's name, or would read as an option. */
export const checkNames = (request: Pick<ComposeRequest, 'project' | 'formerProjects'>): void => {
  checkProject(request.project)
  request.formerProjects.forEach(checkProject)
}

export const checkProject = (project: string): void => {
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(project)) {
    throw new HostRejectedError(
      'InvalidArgument',
      `"${project}" cannot be the name of a compose project: lower case letters, digits, "-" and "_", a letter or digit first`,
    )
  }
}

/** Entries of arguments, each one or more words. */
const extra = (field: string, entries: readonly string[]): string[] => {
  try {
    return splitWords(entries.join(' '))
  } catch (error) {
    if (error instanceof WordsError) throw new HostRejectedError('InvalidArgument', `${field}: ${error.message}`)
    throw error
  }
}
