import { mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { broughtFiles } from '../controller/git/written-files.ts'
import { type AfterPull, type ComposeRequest, HostRejectedError } from '../controller/hosts/port.ts'
import { afterPull, envFileOf } from './after-pull.ts'
import type { ComposeFiles } from './compose-arguments.ts'
import {
  confinedPath,
  isDirectory,
  isFile,
  isInside,
  removeFile,
  toFileError,
  writePrivateFile,
} from './confined-path.ts'
import { envFile } from './env-file.ts'
import type { Stages } from './stages.ts'

/** Where stacks live on this host. */
export interface StackRoots {
  /** Each stack has a directory of its own below it. */
  stacks: string
  /** Other directories that `files_on_host` stacks may name by an absolute path. */
  allowed: readonly string[]
}

/**
 * Files that we wrote, and for which project: what a later deploy or removal has to tidy up. Kept beside the directories of the stacks
 * and not in them, where a repository could bring a list of its own, of files for us to remove.
 */
interface Manifest {
  stack: string
  project: string
  files: string[]
  /** The `onClone` of its repository went through. */
  cloned?: boolean
}

/** No stack is called so: names begin with a letter or a digit. */
const manifestsName = '.written'
const manifestPath = ({ stacks }: StackRoots, stack: string): string => join(stacks, manifestsName, `${stack}.json`)

/** The directory of a stack; made, readable by this user alone. */
export const stackDirectory = async ({ stacks }: StackRoots, stack: string): Promise<string> => {
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}_. -]*$/u.test(stack)) {
    throw new HostRejectedError('InvalidArgument', `"${stack}" cannot be the name of a stack's directory`)
  }
  const directory = join(stacks, stack)
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw toFileError(error, `make the directory ${directory}`)
  }
  return directory
}

/** The directory that a stack's paths are relative to, and the root they are confined to. */
export const resolveRunDirectory = async (
  roots: StackRoots,
  stack: string,
  directory: string,
): Promise<{ root: string; runDirectory: string }> => {
  if (isAbsolute(directory)) {
    const root = [roots.stacks, ...roots.allowed].find((candidate) => isInside(resolve(candidate), resolve(directory)))
    if (root === undefined) {
      throw new HostRejectedError(
        'PathOutsideRoot',
        `directory ${directory} is under none of the directories that this agent may read (${[roots.stacks, ...roots.allowed].join(', ')}): ` +
          'allow it in the configuration of the agent',
      )
    }
    return { root, runDirectory: await confinedPath(root, directory) }
  }
  const root = await stackDirectory(roots, stack)
  return { root, runDirectory: await confinedPath(root, directory) }
}

/**
 * Writes what the request brings (compose file, tree, env file) into the stack's directory, and says where everything is. What
 * an earlier request wrote and this one does not is removed. Throws `MissingFiles`, `PathOutsideRoot`, `NoSpace`, ...
 *
 * @param decryptedPaths where the `contents` of additional env files are, in their order
 */
export const writeStack = async (
  roots: StackRoots,
  request: ComposeRequest,
  stages: Stages,
  decryptedPaths: readonly string[] = [],
): Promise<{ root: string; files: ComposeFiles }> => {
  const stackRoot = await stackDirectory(roots, request.stack)
  const written: string[] = []
  const { root, runDirectory, composePaths, brought } = await writeSource(roots, stackRoot, request, stages, written)
  const write = async (path: string, contents: string) => {
    const target = await confinedPath(root, resolve(runDirectory, path))
    await writePrivateFile(target, contents)
    written.push(target)
  }

  if (request.source.type === 'inline') await write(composePaths[0]!, request.source.contents)
  const hasEnvironment = request.environment.length > 0
  if (hasEnvironment) await write(request.envFilePath, envFile(request.environment))
  const { stack, project, source } = request
  const cloned = source.type === 'tree' && source.afterPull !== undefined
  await updateManifest(roots, { stack, project, files: written, cloned }, brought)

  const exists = async (path: string) => isFile(await confinedPath(root, resolve(runDirectory, path)))
  const envFiles: string[] = []
  let decrypted = 0
  const missing: string[] = []
  for (const path of composePaths) if (!(await exists(path))) missing.push(path)
  for (const { path, track, contents } of request.additionalEnvFiles) {
    if (path === request.envFilePath) continue
    if (contents !== undefined) envFiles.push(decryptedPaths[decrypted++] ?? '')
    else if (await exists(path)) envFiles.push(path)
    else if (track) missing.push(path)
  }
  if (hasEnvironment || (request.envFilePath !== '' && (await exists(request.envFilePath)))) {
    envFiles.push(request.envFilePath)
  }
  if (missing.length > 0) {
    throw new HostRejectedError('MissingFiles', `Missing files: ${missing.join(', ')} (in ${runDirectory})`)
  }
  return {
    root,
    files: { runDirectory, composeFiles: composePaths.map(notAnOption), envFiles: envFiles.map(notAnOption) },
  }
}

const writeSource = async (
  roots: StackRoots,
  stackRoot: string,
  request: ComposeRequest,
  stages: Stages,
  written: string[],
): Promise<{
  root: string
  runDirectory: string
  composePaths: readonly string[]
  /** Came with the tree. */
  brought: readonly string[]
}> => {
  const { signal } = stages
  const composePaths = request.filePaths.length > 0 ? request.filePaths : ['compose.yaml']
  switch (request.source.type) {
    case 'inline':
      // As with Komodo, the run directory does not count for contents that are given in the Stack itself.
      return { root: stackRoot, runDirectory: stackRoot, composePaths, brought: [] }
    case 'tree': {
      const clone = await confinedPath(stackRoot, request.source.clonePath)
      try {
        await mkdir(clone, { recursive: true, mode: 0o700 })
        await request.source.tree.writeTo(clone, signal)
      } catch (error) {
        signal.throwIfAborted()
        throw toFileError(error, `write the files of stack ${request.stack}`)
      }
      if (request.source.afterPull !== undefined) {
        written.push(...(await pullFurther(roots, request, clone, request.source.afterPull, stages)))
      }
      const runDirectory = await confinedPath(stackRoot, resolve(clone, request.runDirectory))
      await mustBeDirectory(runDirectory)
      return { root: stackRoot, runDirectory, composePaths, brought: await broughtFiles(clone) }
    }
    case 'host': {
      const { root, runDirectory } = await resolveRunDirectory(roots, request.stack, request.runDirectory)
      await mustBeDirectory(runDirectory)
      return { root, runDirectory, composePaths, brought: [] }
    }
  }
}

/** Env file and commands of a linked Repo. Gives back the files that were written. */
const pullFurther = async (
  roots: StackRoots,
  { stack, project }: ComposeRequest,
  clone: string,
  after: AfterPull,
  stages: Stages,
): Promise<readonly string[]> => {
  const before = await readManifest(manifestPath(roots, stack))
  const files = await envFileOf(clone, after)
  const remember = (cloned: boolean) => {
    const all = [...new Set([...(before?.files ?? []), ...files])]
    return writePrivateFile(manifestPath(roots, stack), JSON.stringify({ stack, project, files: all, cloned }))
  }
  const cloned = before?.cloned === true
  await remember(cloned)
  await afterPull(clone, after, { cloned, remember: () => remember(true) }, stages)
  return files
}

const mustBeDirectory = async (path: string): Promise<void> => {
  if (!(await isDirectory(path))) {
    throw new HostRejectedError('MissingFiles', `Missing files: the run directory ${path} does not exist`)
  }
}

/** A path that begins with `-` would be an option, and `-` alone standard input. */
const notAnOption = (path: string): string => (path.startsWith('-') ? `./${path}` : path)

/** @param brought files that came with the tree: they are there though one of the same name was written before */
const updateManifest = async (roots: StackRoots, manifest: Manifest, brought: readonly string[]): Promise<void> => {
  const path = manifestPath(roots, manifest.stack)
  const before = await readManifest(path)
  const kept = new Set([...manifest.files, ...brought])
  for (const file of before?.files ?? []) if (!kept.has(file)) await removeFile(file)
  await writePrivateFile(path, JSON.stringify(manifest))
}

const readManifest = async (path: string): Promise<Manifest | undefined> => {
  try {
    const { stack, project, files, cloned = false } = JSON.parse(await readFile(path, 'utf8')) as Manifest
    return { stack, project, files: files.filter((file) => isAbsolute(file)), cloned }
  } catch {
    return undefined
  }
}

/** Removes the files that were written for a project that is no more; they may hold secrets. Anything else in there stays. */
export const forgetProject = async (roots: StackRoots, project: string): Promise<void> => {
  const directory = join(roots.stacks, manifestsName)
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name)
    const manifest = await readManifest(path)
    if (manifest?.project !== project) continue
    for (const file of manifest.files) await removeFile(file)
    // Only when it is empty.
    await rmdir(join(roots.stacks, manifest.stack)).catch(() => {})
    await rm(path, { force: true })
  }
}
