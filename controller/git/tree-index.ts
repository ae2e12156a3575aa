import { SourceError } from './errors.ts'
import { formatBytes, type SourceLimits } from './limits.ts'
import type { TreeFile, TreeProblem, TreeWalk } from './tree.ts'

/** What a source holds under a path. `ref` is whatever its owner needs to read the file. */
export type TreeEntry<Ref> =
  | { kind: 'file'; sizeBytes: number; executable: boolean; ref: Ref }
  | { kind: 'link'; target: string }
  /** Sockets, devices, submodules. */
  | { kind: 'other'; what: string }

interface Folder<Ref> {
  kind: 'folder'
  path: string
  children: Map<string, Folder<Ref> | TreeEntry<Ref>>
}

type Node<Ref> = Folder<Ref> | TreeEntry<Ref>
type Found<Ref> = { path: string; node: Folder<Ref> | Exclude<TreeEntry<Ref>, { kind: 'link' }> }

/** As Linux: more links than this on one way is a circle. */
const MAX_LINKS = 40

/** Steps from folder to folder that a look may cost, for each entry allowed: a few links to each other make ways without end. */
const STEPS_PER_ENTRY = 20

/**
 * The paths of one revision, with links resolved the way a file system would, but never out of the root. Pure: the same rules
 * hold for a commit and for a folder on the host.
 */
export class TreeIndex<Ref> {
  readonly #root: Folder<Ref> = { kind: 'folder', path: '', children: new Map() }
  readonly #limits: SourceLimits
  readonly #tooDeep: TreeProblem[] = []
  #entries = 0
  /** Steps that this look has left. */
  #left = 0

  constructor(entries: Iterable<readonly [path: string, entry: TreeEntry<Ref>]>, limits: SourceLimits) {
    this.#limits = limits
    for (const [path, entry] of entries) this.#insert(path, entry)
  }

  /** How many entries it has. */
  get size(): number {
    return this.#entries
  }

  /** Every file and link, parents before children. */
  *all(): Generator<{ path: string; entry: Exclude<TreeEntry<Ref>, { kind: 'other' }> }> {
    yield* everything(this.#root)
  }

  /** The file at `path`; `undefined` when nothing is there. Throws when a link leads out or in circles, or it is no file, or too large. */
  file(path: string): { path: string; sizeBytes: number; ref: Ref } | undefined {
    this.#left = this.#limits.entries * STEPS_PER_ENTRY
    const found = this.#resolve(path)
    if (found === undefined) return undefined
    const { node } = found
    if (node.kind !== 'file') {
      throw new SourceError('NotAFile', `${path} is a ${node.kind === 'other' ? node.what : 'folder'}, not a file`)
    }
    if (node.sizeBytes > this.#limits.fileBytes) {
      const [size, most] = [formatBytes(node.sizeBytes), formatBytes(this.#limits.fileBytes)]
      throw new SourceError('TooLarge', `${path} has ${size}; a file may have at most ${most}`)
    }
    return { path: found.path, sizeBytes: node.sizeBytes, ref: node.ref }
  }

  walk(path: string): TreeWalk | undefined {
    this.#left = this.#limits.entries * STEPS_PER_ENTRY
    const found = this.#resolve(path)
    if (found === undefined) return undefined
    const files: TreeFile[] = []
    const problems: TreeProblem[] = []
    const start = splitPath(path).join('/')
    if (found.node.kind === 'folder') {
      const below = start === '' ? '' : `${start}/`
      problems.push(...this.#tooDeep.filter((problem) => problem.path.startsWith(below)))
      this.#walkFolder(found.node, start, new Set([found.node]), files, problems)
    } else if (found.node.kind === 'file') {
      files.push({ path: start, realPath: found.path, sizeBytes: found.node.sizeBytes })
    }
    return { files, problems }
  }

  #walkFolder(
    folder: Folder<Ref>,
    at: string,
    ancestors: ReadonlySet<Folder<Ref>>,
    files: TreeFile[],
    problems: TreeProblem[],
  ): void {
    for (const name of [...folder.children.keys()].sort()) {
      if (name === '.git') continue
      const path = at === '' ? name : `${at}/${name}`
      let found: Found<Ref> | undefined
      try {
        found = this.#resolve(joinPath(folder.path, name))
      } catch (error) {
        if (!(error instanceof SourceError) || error.reason === 'TooLarge') throw error
        problems.push({
          path,
          reason: error.reason === 'OutsideRoot' ? 'OutsideRoot' : 'LinkLoop',
          message: error.message,
        })
        continue
      }
      if (found === undefined) {
        problems.push({ path, reason: 'BrokenLink', message: `${path} is a link to something that does not exist` })
      } else if (found.node.kind === 'file') {
        files.push({ path, realPath: found.path, sizeBytes: found.node.sizeBytes })
        if (files.length > this.#limits.entries) throw tooMany(this.#limits.entries)
      } else if (found.node.kind === 'folder') {
        if (ancestors.has(found.node)) {
          problems.push({ path, reason: 'LinkLoop', message: `${path} is a link to a folder that it is in` })
        } else if (ancestors.size >= this.#limits.depth) {
          problems.push(tooDeep(path, this.#limits.depth))
        } else {
          this.#walkFolder(found.node, path, new Set([...ancestors, found.node]), files, problems)
        }
      }
    }
  }

  #insert(path: string, entry: TreeEntry<Ref>): void {
    this.#entries += 1
    if (this.#entries > this.#limits.entries) throw tooMany(this.#limits.entries)
    const parts = path.split('/')
    if (parts.length > this.#limits.depth) {
      this.#tooDeep.push(tooDeep(path, this.#limits.depth))
      return
    }
    const bad = parts.find((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))
    if (bad !== undefined) {
      // git itself makes no such names, but hands out and fetches trees that have them.
      throw new SourceError('OutsideRoot', `the source holds the path ${JSON.stringify(path)}, which leads out of it`)
    }
    const name = parts.pop() ?? ''
    let folder = this.#root
    for (const part of parts) {
      const child = folder.children.get(part)
      if (child?.kind === 'folder') {
        folder = child
        continue
      }
      const made: Folder<Ref> = { kind: 'folder', path: joinPath(folder.path, part), children: new Map() }
      folder.children.set(part, made)
      folder = made
    }
    folder.children.set(name, entry)
  }

  /** Follows links; `undefined` when something on the way does not exist. */
  #resolve(path: string): Found<Ref> | undefined {
    const pending = splitPath(path).reverse()
    const at: Folder<Ref>[] = [this.#root]
    let links = 0
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      this.#left -= 1
      if (this.#left < 0) throw tooMany(this.#limits.entries)
      if (part === '..') {
        if (at.length === 1) throw outside(path)
        at.pop()
        continue
      }
      const folder = at[at.length - 1] ?? this.#root
      const child: Node<Ref> | undefined = folder.children.get(part)
      if (child === undefined) return undefined
      if (child.kind === 'folder') {
        at.push(child)
      } else if (child.kind === 'link') {
        links += 1
        if (links > MAX_LINKS) throw new SourceError('LinkLoop', `${path} is a link that leads in circles`)
        if (child.target.startsWith('/')) throw outside(path)
        pending.push(...splitPath(child.target).reverse())
      } else {
        return pending.length === 0 ? { path: joinPath(folder.path, part), node: child } : undefined
      }
    }
    const folder = at[at.length - 1] ?? this.#root
    return { path: folder.path, node: folder }
  }
}

const joinPath = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`)

/** Without empty and `.` parts; `..` stays. */
const splitPath = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.')

const outside = (path: string): SourceError =>
  new SourceError('OutsideRoot', `${path} leads out of the source; only what is inside is read`)

const tooMany = (most: number): SourceError =>
  new SourceError('TooLarge', `the source holds more than ${most} files; point it at a smaller folder or repository`)

const tooDeep = (path: string, most: number): TreeProblem => ({
  path,
  reason: 'TooDeep',
  message: `${path} is more than ${most} folders deep`,
})

function* everything<Ref>(
  folder: Folder<Ref>,
): Generator<{ path: string; entry: Exclude<TreeEntry<Ref>, { kind: 'other' }> }> {
  for (const [name, node] of folder.children) {
    if (node.kind === 'folder') yield* everything(node)
    else if (node.kind !== 'other') yield { path: joinPath(folder.path, name), entry: node }
  }
}
