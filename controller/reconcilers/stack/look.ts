import { parseDuration } from '../../api/duration.ts'
import { type Stack, stackCondition } from '../../api/v1alpha1/stack.ts'
import type { Pass } from '../../engine/reconciler.ts'
import type { SourceTree } from '../../git/tree.ts'
import type { AfterPull, Host } from '../../hosts/port.ts'
import type { DeployDeps } from '../deploy-deps.ts'
import { onHost } from '../host-failure.ts'
import { interpolated, type Made } from '../interpolation/context.ts'
import { afterPullOf, makesFiles } from '../source/after-pull.ts'
import type { FreshTrees } from '../source/fresh-trees.ts'
import { linkedRepoOf } from '../source/linked-repo.ts'
import { openTree, sourceFailure } from '../source/open-tree.ts'
import { decryptEnvFiles, envFilesOf, type Files } from './encrypted-env.ts'
import { type Inputs, inputsOf, repositoryPath, requireFiles, trackedFiles } from './inputs.ts'
import { type ComposeSettings, composeSettings, directoryNameOf, type SourceKind, sourceKindOf } from './request.ts'

const { sourceReady } = stackCondition

/** What a Stack asks for, with everything read that it is made of. */
export interface Desired {
  kind: SourceKind
  settings: ComposeSettings
  inputs: Inputs
  tree: SourceTree | undefined
  /** What follows when the tree was written: env file and commands of the linked Repo. */
  after: AfterPull | undefined
  /** Values to scrub from what the host reports. */
  secrets: readonly string[]
}

/** Reads variables, secrets and files. Secrets are told to the pass before anything can fail with one in its text. */
export async function lookAtSource(
  stack: Readonly<Stack>,
  serverName: string,
  host: Host,
  pass: Pass<Stack>,
  deps: DeployDeps & { trees: FreshTrees },
): Promise<Desired> {
  const { repos, digest } = deps
  const { spec } = stack
  const kind = sourceKindOf(spec)
  const { made, secrets: hidden } = await interpolated('Stack', stack, sourceReady, pass, deps, (values) =>
    composeSettings(stack, kind, values),
  )

  const tracked = trackedFiles(spec, kind)
  const paths = [...tracked.required, ...tracked.configs]
  let tree: SourceTree | undefined
  let after: Made<AfterPull> | undefined
  let files: Files = new Map()
  if (kind === 'git') {
    const linked = linkedRepoOf(stack, repos, sourceReady)
    const look = { condition: sourceReady, intervalMs: intervalOf(stack), news: linked?.status?.revision }
    tree = await openTree(stack, { ...look, settings: linked?.spec ?? spec, server: spec.server }, pass, deps)
    const envFiles = await readOptional(tree, spec.runDirectory, envFilesOf(stack, kind), pass.signal)
    files = new Map([...envFiles, ...(await readFrom(tree, spec.runDirectory, paths, pass.signal, intervalOf(stack)))])
    after = linked && (await afterPullOf(linked, sourceReady, pass, deps))
    // What its commands make is there when the host looks for it.
    if (after === undefined || !makesFiles(after.made)) {
      requireFiles(stack, tracked.required, files, 'the repository', intervalOf(stack))
    }
  } else {
    // Whoever decrypts nothing has no file read that is not tracked.
    const all = spec.operator.decryption === undefined ? paths : [...new Set([...paths, ...envFilesOf(stack, kind)])]
    if (all.length > 0) {
      files = await onHost(serverName, sourceReady, () =>
        host.readFiles(directoryNameOf(stack), made.runDirectory, all, pass.signal),
      )
    }
    requireFiles(stack, tracked.required, files, `the stack's directory on Server "${serverName}"`, intervalOf(stack))
  }
  const plain = await decryptEnvFiles(stack, kind, { settings: made, files }, pass, deps.secrets, intervalOf(stack))
  return {
    kind,
    settings: plain.settings,
    inputs: inputsOf(made, after?.made.environment, tracked, plain.files, digest),
    tree,
    after: after?.made,
    secrets: [...hidden, ...plain.secrets, ...(after?.secrets ?? [])],
  }
}

export const intervalOf = ({ spec }: Readonly<Stack>): number => parseDuration(spec.operator.interval)

/** What cannot be read is left to Compose, which may find it elsewhere. */
async function readOptional(
  tree: SourceTree,
  runDirectory: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Files> {
  const read = async (path: string): Promise<Uint8Array | undefined> => {
    try {
      return await tree.read(repositoryPath(runDirectory, path), signal)
    } catch {
      signal.throwIfAborted()
      return undefined
    }
  }
  return new Map(await Promise.all(paths.map(async (path) => [path, await read(path)] as const)))
}

async function readFrom(
  tree: SourceTree,
  runDirectory: string,
  paths: readonly string[],
  signal: AbortSignal,
  retryAfterMs: number,
): Promise<ReadonlyMap<string, Uint8Array | undefined>> {
  try {
    const contents = await Promise.all(paths.map((path) => tree.read(repositoryPath(runDirectory, path), signal)))
    return new Map(paths.map((path, index) => [path, contents[index]]))
  } catch (error) {
    throw sourceFailure(error, sourceReady, retryAfterMs)
  }
}
