import { composeName } from '../../api/name-rules.ts'
import { komodoNameOf } from '../../api/names.ts'
import { type Stack, type StackSpec, stackCondition } from '../../api/v1alpha1/stack.ts'
import { StalledError } from '../../engine/errors.ts'
import type { SourceTree } from '../../git/tree.ts'
import type { AfterPull, ComposeRequest, HostCommand, RegistryAuth } from '../../hosts/port.ts'
import { dotenvValue } from '../interpolation/dotenv.ts'
import { COMPOSE_COMMAND } from '../interpolation/fields.ts'
import { pairs, type Texts } from '../interpolation/texts.ts'
import { ownerOf } from '../references.ts'
import { linksRepo } from '../source/linked-repo.ts'

const { sourceReady } = stackCondition
const DEFAULT_FILE = 'compose.yaml'

/** Compose project of a Stack. */
export const projectNameOf = (stack: Readonly<Stack>): string =>
  composeName(stack.spec.projectName === '' ? komodoNameOf(stack) : stack.spec.projectName)

/** Names the directory on the host. Two namespaces may hold a Stack of one name, and must not share its files. */
export const directoryNameOf = (stack: Readonly<Stack>): string => {
  const { namespace } = stack.metadata
  const name = composeName(komodoNameOf(stack))
  return namespace === undefined || namespace === 'default' ? name : `${namespace}.${name}`
}

/** The account that its images are pulled with. */
export const registryLoginOf = ({ spec }: Readonly<Stack>): { registry: string; account: string } => ({
  registry: spec.registryProvider,
  account: spec.registryAccount,
})

export type SourceKind = 'host' | 'git' | 'inline'

/** Where the compose files come from. Throws when that is nowhere. */
export function sourceKindOf(spec: StackSpec): SourceKind {
  if (spec.filesOnHost) return 'host'
  if (spec.linkedRepo !== '' || spec.repo !== '' || (spec.operator.url ?? '') !== '') return 'git'
  if (spec.fileContents.trim() !== '') return 'inline'
  throw new StalledError(
    sourceReady,
    'NoSource',
    'there is no compose file: set `fileContents`, or `filesOnHost`, or `repo`',
  )
}

/** Compose files, relative to the run directory. */
export const composeFilesOf = (spec: StackSpec): readonly string[] =>
  spec.filePaths.length === 0 ? [DEFAULT_FILE] : spec.filePaths

/** All that compose is told, with names replaced; where the files come from is not part of it. */
export type ComposeSettings = Pick<
  ComposeRequest,
  | 'project'
  | 'runDirectory'
  | 'filePaths'
  | 'environment'
  | 'envFilePath'
  | 'additionalEnvFiles'
  | 'profiles'
  | 'wrapper'
  | 'wrapperInclude'
  | 'runBuild'
  | 'buildExtraArgs'
  | 'extraArgs'
> & { inline: string; preDeploy: HostCommand; postDeploy: HostCommand }

export function composeSettings(stack: Readonly<Stack>, kind: SourceKind, values: Texts): ComposeSettings {
  const { spec } = stack
  return {
    project: projectNameOf(stack),
    inline: kind === 'inline' ? values.text('fileContents', spec.fileContents) : '',
    runDirectory: kind === 'inline' ? '' : spec.runDirectory,
    filePaths: kind === 'inline' ? composeFilesOf(spec).slice(0, 1) : composeFilesOf(spec),
    environment: pairs('environment', spec.environment, values, sourceReady, undefined, dotenvValue),
    envFilePath: spec.envFilePath,
    additionalEnvFiles: spec.additionalEnvFiles.map(({ path, track }) => ({ path, track })),
    profiles: spec.operator.profiles,
    wrapper: wrapperText(spec.composeCmdWrapper, values),
    wrapperInclude: spec.composeCmdWrapperInclude,
    runBuild: spec.runBuild,
    buildExtraArgs: values.list('buildExtraArgs', spec.buildExtraArgs),
    extraArgs: values.list('extraArgs', spec.extraArgs),
    preDeploy: command('preDeploy', spec.preDeploy, values),
    postDeploy: command('postDeploy', spec.postDeploy, values),
  }
}

/** A deploy of everything; what only heals or recreates takes less of it. */
export function composeRequest(
  stack: Readonly<Stack>,
  { inline, preDeploy, postDeploy, ...settings }: ComposeSettings,
  how: {
    kind: SourceKind
    tree: SourceTree | undefined
    after: AfterPull | undefined
    registryAuth: readonly RegistryAuth[]
    secrets: readonly string[]
    formerProjects: readonly string[]
  },
): ComposeRequest {
  const { spec } = stack
  return {
    ...settings,
    stack: directoryNameOf(stack),
    owner: ownerOf(stack),
    formerProjects: how.formerProjects,
    source: sourceOf(inline, how, linksRepo(spec) ? '' : spec.clonePath),
    ...(preDeploy.command.trim() === '' ? {} : { preDeploy }),
    ...(postDeploy.command.trim() === '' ? {} : { postDeploy }),
    registryAuth: how.registryAuth,
    pull: spec.autoPull,
    destroyBeforeDeploy: spec.destroyBeforeDeploy,
    removeOrphans: spec.operator.removeOrphans,
    services: [],
    secrets: how.secrets,
  }
}

/**
 * Brings up what drifted and nothing else: no pull, no build, no commands around it, nothing taken down. `recreate` makes containers
 * anew although compose sees no difference: what changed is a file that they mount.
 */
export function partOf(
  request: ComposeRequest,
  services: readonly string[] | 'all',
  recreate: boolean,
): ComposeRequest {
  const { preDeploy: _, postDeploy: __, ...rest } = request
  return {
    ...rest,
    formerProjects: [],
    source: withoutCommands(request.source),
    runBuild: false,
    pull: false,
    destroyBeforeDeploy: false,
    removeOrphans: false,
    services: services === 'all' ? [] : services,
    extraArgs: recreate ? [...request.extraArgs, '--force-recreate', '--no-deps'] : request.extraArgs,
  }
}

function withoutCommands(source: ComposeRequest['source']): ComposeRequest['source'] {
  if (source.type !== 'tree' || source.afterPull === undefined) return source
  const { environment, envFilePath } = source.afterPull
  return { ...source, afterPull: { environment, envFilePath } }
}

function sourceOf(
  inline: string,
  { kind, tree, after }: { kind: SourceKind; tree: SourceTree | undefined; after: AfterPull | undefined },
  clonePath: string,
): ComposeRequest['source'] {
  switch (kind) {
    case 'inline':
      return { type: 'inline', contents: inline }
    case 'host':
      return { type: 'host' }
    case 'git':
      if (tree === undefined) throw new TypeError('a stack from git needs its tree')
      return { type: 'tree', tree, clonePath, ...(after === undefined ? {} : { afterPull: after }) }
  }
}

const command = (field: string, { path, command, shellMode }: HostCommand, values: Texts): HostCommand => ({
  path,
  command: values.text(`${field}.command`, command),
  shellMode,
})

const wrapperText = (wrapper: string, values: Texts): string =>
  wrapper
    .split(COMPOSE_COMMAND)
    .map((part) => values.text('composeCmdWrapper', part))
    .join(COMPOSE_COMMAND)
