/** The files of one revision of a source, wherever they are kept. Paths are relative, with `/`, and never leave the root. */
export interface SourceTree {
  /** Paths of submodules whose files are not here, because nobody asked for them. */
  readonly leftOut?: readonly string[]
  /** Paths of submodules whose files are here. */
  readonly submodules?: readonly string[]
  /** A commit hash, or a digest of the contents where there is no commit. */
  readonly revision: string
  /** First line of the commit message, where there is a commit. */
  readonly message?: string
  /** `undefined` when there is no such file. Rejects with a clear error when it is too large, a link out of the root, or not a file. */
  read(path: string, signal: AbortSignal): Promise<Uint8Array | undefined>
  /** Writes the whole tree into an existing empty or older copy of it, so that the folder then equals the revision. Files that git does not track there stay. */
  writeTo(directory: string, signal: AbortSignal): Promise<void>
}

/** A tree whose folders can be listed, and that says how it got its revision. */
export interface BrowsableTree extends SourceTree {
  /** The files at or below `path` (`''` is the root), sorted by path; `undefined` when nothing is there. */
  walk(path: string): TreeWalk | undefined
  /** Several files at once, in the order asked for; each as `read` gives it. */
  readAll(paths: readonly string[], signal: AbortSignal): Promise<readonly (Uint8Array | undefined)[]>
  /** First line of the commit message; empty where there is no commit. */
  readonly message: string
  /** E-mail address of the author of the commit, where there is one. */
  readonly author?: string | undefined
}

export interface TreeWalk {
  files: readonly TreeFile[]
  /** Links that lead nowhere, in circles or out of the root. What they lead to is not among the files. */
  problems: readonly TreeProblem[]
}

export interface TreeFile {
  /** Where it was found. */
  path: string
  /** Where it is, once links are resolved: two paths to one file share it. */
  realPath: string
  sizeBytes: number
}

export interface TreeProblem {
  path: string
  reason: 'LinkLoop' | 'OutsideRoot' | 'BrokenLink' | 'TooDeep'
  message: string
}
