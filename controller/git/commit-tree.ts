import { SourceError } from './errors.ts'
import { GitExit, type GitProcess } from './git-process.ts'
import type { SourceLimits } from './limits.ts'
import { type Gitlink, MAX_SUBMODULES, parseGitmodules } from './submodules.ts'
import type { BrowsableTree, TreeWalk } from './tree.ts'
import { type TreeEntry, TreeIndex } from './tree-index.ts'
import { writeFiles } from './write-files.ts'

/** Reads of one bare repository. */
export interface Repository {
  git: GitProcess
  directory: string
  limits: SourceLimits
}

/** Longest target of a link that is looked at. */
const MAX_TARGET = 4_096

/** A file's contents, and in which repository they are. */
interface Blob {
  repository: Repository
  hash: string
}

/** Opens the commit that stands in the place of a folder; `url` is what `.gitmodules` says of it. */
export type SubmoduleOpener = (link: Gitlink, url: string | undefined) => Promise<CommitTree>

/** The files of one commit, straight from the objects: there is no work tree. Those of its submodules are among them, or left out. */
export class CommitTree implements BrowsableTree {
  readonly revision: string
  readonly message: string
  readonly author: string
  /** Of this repository, and those of its submodules. */
  readonly directories: readonly string[]
  readonly leftOut: readonly string[]
  readonly submodules: readonly string[]
  readonly #limits: SourceLimits
  readonly #index: TreeIndex<Blob>

  private constructor(limits: SourceLimits, [revision, message, author]: Head, parts: Parts) {
    this.#limits = limits
    this.revision = revision
    this.message = message
    this.author = author
    this.directories = parts.directories
    this.leftOut = parts.leftOut
    this.submodules = parts.submodules
    this.#index = new TreeIndex(parts.nodes, limits)
  }

  /** How many files and links it has. */
  get size(): number {
    return this.#index.size
  }

  static async open(
    repository: Repository,
    commit: string,
    signal: AbortSignal,
    openSubmodule?: SubmoduleOpener,
  ): Promise<CommitTree> {
    const { git, directory, limits } = repository
    const maxBytes = limits.entries * 300
    const head = await git.bytes(directory, ['log', '-1', '--format=%H%n%ae%n%s', commit, '--'], { maxBytes, signal })
    const [revision = commit, author = '', message = ''] = head.toString().split('\n', 3)
    const list = await git.bytes(directory, ['ls-tree', '-r', '-z', '-l', '--full-tree', revision], {
      maxBytes,
      signal,
    })
    const entries = parseListing(list.toString())
    const links = entries.filter((entry) => entry.mode === '120000')
    const targets = await readBlobs(
      repository,
      links.filter(({ sizeBytes }) => sizeBytes <= MAX_TARGET).map(({ hash }) => hash),
      signal,
    )
    const gitlinks = entries.filter(({ type }) => type === 'commit').map(({ path, hash }) => ({ path, commit: hash }))
    const own: Parts = {
      nodes: entries.map((entry) => [entry.path, toEntry(entry, targets, repository)] as const),
      directories: [directory],
      leftOut: openSubmodule === undefined ? gitlinks.map(({ path }) => path) : [],
      submodules: openSubmodule === undefined ? [] : gitlinks.map(({ path }) => path),
    }
    const parts =
      openSubmodule === undefined || gitlinks.length === 0
        ? own
        : await withSubmodules(own, gitlinks, await gitmodules(repository, revision, signal), openSubmodule)
    return new CommitTree(limits, [revision, message.slice(0, 200), author], parts)
  }

  /** To be put into another tree, below `path`. */
  *below(path: string): Generator<readonly [string, TreeEntry<Blob>]> {
    for (const { path: inner, entry } of this.#index.all()) yield [`${path}/${inner}`, entry]
  }

  walk(path: string): TreeWalk | undefined {
    return this.#index.walk(path)
  }

  async read(path: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const [contents] = await this.readAll([path], signal)
    return contents
  }

  async readAll(paths: readonly string[], signal: AbortSignal): Promise<readonly (Uint8Array | undefined)[]> {
    const files = paths.map((path) => this.#index.file(path))
    const blobs = await readAllBlobs(
      files.flatMap((file) => file?.ref ?? []),
      signal,
    )
    return files.map((file) => file && blobs.get(file.ref))
  }

  async writeTo(directory: string, signal: AbortSignal): Promise<void> {
    await writeFiles(directory, this.#index, (refs) => readAllBlobs(refs, signal), this.#limits, signal)
  }
}

interface Parts {
  nodes: readonly (readonly [string, TreeEntry<Blob>])[]
  directories: readonly string[]
  leftOut: readonly string[]
  submodules: readonly string[]
}

async function withSubmodules(
  own: Parts,
  links: readonly Gitlink[],
  urls: ReadonlyMap<string, string>,
  open: SubmoduleOpener,
): Promise<Parts> {
  const nodes = [...own.nodes]
  const directories = [...own.directories]
  for (const link of links) {
    const tree = await open(link, urls.get(link.path))
    directories.push(...tree.directories)
    if (directories.length > MAX_SUBMODULES + 1) {
      throw new SourceError('TooLarge', `the source has more than ${MAX_SUBMODULES} submodules`)
    }
    for (const node of tree.below(link.path)) nodes.push(node)
  }
  const mounted = new Set(links.map(({ path }) => path))
  return { ...own, nodes: nodes.filter(([path]) => !mounted.has(path)), directories }
}

/** URL by path, as git reads it. */
async function gitmodules(
  { git, directory, limits }: Repository,
  revision: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const args = ['config', '--null', '--list', '--blob', `${revision}:.gitmodules`]
  try {
    return parseGitmodules((await git.bytes(directory, args, { maxBytes: limits.fileBytes, signal })).toString())
  } catch (error) {
    // There is none, or it is nonsense: then there is no URL for any submodule.
    if (error instanceof GitExit) return new Map()
    throw error
  }
}

type Head = readonly [revision: string, message: string, author: string]

interface Listed {
  mode: string
  type: string
  hash: string
  sizeBytes: number
  path: string
}

/** `ls-tree -r -z -l`: `mode type hash size TAB path NUL`. */
export function parseListing(text: string): Listed[] {
  return text.split('\0').flatMap((line) => {
    const match = /^(\d+) (\w+) ([0-9a-f]+) +(\d+|-)\t(.+)$/s.exec(line)
    if (match === null) return []
    const [, mode = '', type = '', hash = '', size = '', path = ''] = match
    return [{ mode, type, hash, sizeBytes: size === '-' ? 0 : Number(size), path }]
  })
}

function toEntry(listed: Listed, targets: ReadonlyMap<string, Uint8Array>, repository: Repository): TreeEntry<Blob> {
  if (listed.type !== 'blob') return { kind: 'other', what: 'submodule' }
  if (listed.mode === '120000') {
    const target = targets.get(listed.hash)
    return target === undefined
      ? { kind: 'other', what: 'link' }
      : { kind: 'link', target: Buffer.from(target).toString() }
  }
  return {
    kind: 'file',
    sizeBytes: listed.sizeBytes,
    executable: listed.mode === '100755',
    ref: { repository, hash: listed.hash },
  }
}

/** Of whatever repositories, one command for each. */
async function readAllBlobs(blobs: readonly Blob[], signal: AbortSignal): Promise<ReadonlyMap<Blob, Uint8Array>> {
  const contents = new Map<Blob, Uint8Array>()
  for (const [repository, own] of Map.groupBy(blobs, (blob) => blob.repository)) {
    const hashes = own.map(({ hash }) => hash)
    const found = await readBlobs(repository, hashes, signal)
    for (const blob of own) {
      const bytes = found.get(blob.hash)
      if (bytes !== undefined) contents.set(blob, bytes)
    }
  }
  return contents
}

/** Blobs by hash, by one `cat-file --batch`. */
async function readBlobs(
  { git, directory, limits }: Repository,
  hashes: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const wanted = [...new Set(hashes)]
  if (wanted.length === 0) return new Map()
  const input = `${wanted.join('\n')}\n`
  const maxBytes = limits.totalBytes + wanted.length * 100
  return parseBatch(await git.bytes(directory, ['cat-file', '--batch'], { input, maxBytes, signal }))
}

/** `hash SP blob SP size LF contents LF`, repeated. */
export function parseBatch(output: Buffer): Map<string, Uint8Array> {
  const blobs = new Map<string, Uint8Array>()
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(0x0a, at)
    const [hash = '', type, size] = output.toString('latin1', at, end === -1 ? output.length : end).split(' ')
    if (end === -1 || type !== 'blob' || size === undefined) {
      throw new SourceError(
        'GitFailed',
        `the cache of the repository is damaged: object ${hash} is ${type ?? 'unreadable'}`,
      )
    }
    const start = end + 1
    blobs.set(hash, output.subarray(start, start + Number(size)))
    at = start + Number(size) + 1
  }
  return blobs
}
