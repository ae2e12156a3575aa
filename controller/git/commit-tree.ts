import { SourceError } from './errors.ts'
import type { GitProcess } from './git-process.ts'
import type { SourceLimits } from './limits.ts'
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

/** The files of one commit, straight from the objects: there is no work tree. */
export class CommitTree implements BrowsableTree {
  readonly revision: string
  readonly message: string
  readonly #repository: Repository
  readonly #index: TreeIndex<string>

  private constructor(repository: Repository, revision: string, message: string, index: TreeIndex<string>) {
    this.#repository = repository
    this.revision = revision
    this.message = message
    this.#index = index
  }

  static async open(repository: Repository, commit: string, signal: AbortSignal): Promise<CommitTree> {
    const { git, directory, limits } = repository
    const maxBytes = limits.entries * 300
    const head = await git.bytes(directory, ['log', '-1', '--format=%H%n%s', commit, '--'], { maxBytes, signal })
    const [revision = commit, message = ''] = head.toString().split('\n', 2)
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
    const nodes = entries.map((entry) => [entry.path, toEntry(entry, targets)] as const)
    return new CommitTree(repository, revision, message.slice(0, 200), new TreeIndex(nodes, limits))
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
    const blobs = await readBlobs(
      this.#repository,
      files.flatMap((file) => file?.ref ?? []),
      signal,
    )
    return files.map((file) => file && blobs.get(file.ref))
  }

  async writeTo(directory: string, signal: AbortSignal): Promise<void> {
    await writeFiles(
      directory,
      this.#index,
      (refs) => readBlobs(this.#repository, refs, signal),
      this.#repository.limits,
      signal,
    )
  }
}

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

function toEntry(listed: Listed, targets: ReadonlyMap<string, Uint8Array>): TreeEntry<string> {
  if (listed.type !== 'blob') return { kind: 'other', what: 'submodule' }
  if (listed.mode === '120000') {
    const target = targets.get(listed.hash)
    return target === undefined
      ? { kind: 'other', what: 'link' }
      : { kind: 'link', target: Buffer.from(target).toString() }
  }
  return { kind: 'file', sizeBytes: listed.sizeBytes, executable: listed.mode === '100755', ref: listed.hash }
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
