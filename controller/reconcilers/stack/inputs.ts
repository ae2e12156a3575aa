import { posix } from 'node:path'
import { type Stack, type StackSpec, stackCondition } from '../../api/v1alpha1/stack.ts'
import { StalledError, WaitingError } from '../../engine/errors.ts'
import type { KeyValue } from '../../hosts/port.ts'
import type { Digest } from '../digest.ts'
import { type ComposeSettings, composeFilesOf, type SourceKind } from './request.ts'

/**
 * Everything that a stack is made of, each with the hash of its content: compose files, tracked env files, config files, and what the
 * Stack itself says. So a change is found wherever it was made, and a commit that touches other files changes nothing.
 */
export interface Input {
  path: string
  hash: string
}

export interface Inputs {
  /** A change of any deploys the stack. */
  deploy: readonly Input[]
  /** A change of one does what its entry in `configFiles` requires. */
  configs: readonly Input[]
}

/** Services that changed config files want made anew. */
export interface ConfigChange {
  services: readonly string[] | 'all' | 'none'
  paths: readonly string[]
}

/** Paths of the files that have to be read, relative to the run directory. */
export function trackedFiles(
  spec: StackSpec,
  kind: SourceKind,
): { required: readonly string[]; configs: readonly string[] } {
  const composeFiles = kind === 'inline' ? [] : composeFilesOf(spec)
  const envFiles = spec.additionalEnvFiles.filter(({ track }) => track).map(({ path }) => path)
  return { required: [...composeFiles, ...envFiles], configs: spec.configFiles.map(({ path }) => path) }
}

/**
 * @param repoEnvironment of the linked Repo
 * @param files contents by path as `trackedFiles` names them; what is missing is `undefined`
 */
export function inputsOf(
  settings: ComposeSettings,
  repoEnvironment: readonly KeyValue[] | undefined,
  tracked: { required: readonly string[]; configs: readonly string[] },
  files: ReadonlyMap<string, Uint8Array | undefined>,
  digest: Digest,
): Inputs {
  const { environment, inline, preDeploy: _, postDeploy: __, ...rest } = settings
  const contentHash = (path: string): Input => ({ path, hash: digest(textOf(files.get(path))) })
  return {
    deploy: [
      ...(inline === '' ? [] : [{ path: 'fileContents', hash: digest(inline) }]),
      ...tracked.required.map(contentHash),
      ...(environment.length === 0 ? [] : [{ path: 'environment', hash: digest(environment) }]),
      ...(repoEnvironment?.length ? [{ path: 'environment of the Repo', hash: digest(repoEnvironment) }] : []),
      { path: 'settings', hash: digest(rest) },
    ],
    configs: tracked.configs.map(contentHash),
  }
}

/** Throws when files are missing that compose needs; those that a `configFiles` entry names may be. */
export function requireFiles(
  stack: Readonly<Stack>,
  required: readonly string[],
  files: ReadonlyMap<string, Uint8Array | undefined>,
  where: string,
  retryAfterMs: number,
): void {
  const missing = required.filter((path) => files.get(path) === undefined)
  if (missing.length === 0) return
  throw new WaitingError(
    stackCondition.sourceReady,
    'MissingFiles',
    `missing ${missing.join(', ')} in ${where}${stack.spec.runDirectory === '' ? '' : `, directory ${stack.spec.runDirectory}`}: add ${missing.length === 1 ? 'it' : 'them'}, or correct \`filePaths\``,
    retryAfterMs,
  )
}

/** Of all that a change of deploys the stack. */
export const hashOf = ({ deploy }: Inputs, token: string, digest: Digest): string => digest(['stack/v1', deploy, token])

/** Inputs that are new or differ from the deployed ones. */
export function changedPaths(deployed: readonly Input[], now: readonly Input[]): readonly string[] {
  const before = new Map(deployed.map(({ path, hash }) => [path, hash]))
  const changed = now.filter(({ path, hash }) => before.get(path) !== hash).map(({ path }) => path)
  const present = new Set(now.map(({ path }) => path))
  return [...changed, ...deployed.filter(({ path }) => !present.has(path)).map(({ path }) => path)]
}

/**
 * What changed config files require of the services. A file that was not recorded at the last deploy (new in `configFiles`) requires
 * nothing yet. Restart, too, makes containers anew: mounted files are looked up again only then.
 */
export function configChange(spec: StackSpec, deployed: readonly Input[], now: readonly Input[]): ConfigChange {
  const before = new Map(deployed.map(({ path, hash }) => [path, hash]))
  const moved = now.filter(({ path, hash }) => before.has(path) && before.get(path) !== hash)
  const services = new Set<string>()
  const paths: string[] = []
  let all = false
  for (const { path } of moved) {
    const entry = spec.configFiles.find((file) => file.path === path)
    if (entry === undefined || entry.requires === 'None') continue
    paths.push(path)
    if (entry.services.length === 0) all = true
    for (const service of entry.services) services.add(service)
  }
  return { services: all ? 'all' : services.size === 0 ? 'none' : [...services], paths }
}

/** A path in a repository. Throws when it leaves it. */
export function repositoryPath(runDirectory: string, path: string): string {
  const joined = posix.normalize(posix.join(runDirectory.replace(/^\/+/, ''), path))
  if (joined === '..' || joined.startsWith('../') || posix.isAbsolute(path)) {
    throw new StalledError(
      stackCondition.sourceReady,
      'OutsideRoot',
      `"${path}" leaves the repository: give a path relative to the run directory and inside the repository`,
    )
  }
  return joined
}

/** One text per content; what is missing differs from what is empty. */
const textOf = (content: Uint8Array | undefined): string | null =>
  content === undefined ? null : Buffer.from(content).toString('base64')
