/** The files of one revision of a source, wherever they are kept. Paths are relative, with `/`, and never leave the root. */
export interface SourceTree {
  /** A commit hash, or a digest of the contents where there is no commit. */
  readonly revision: string
  /** `undefined` when there is no such file. Rejects with a clear error when it is too large, a link out of the root, or not a file. */
  read(path: string, signal: AbortSignal): Promise<Uint8Array | undefined>
  /** Writes the whole tree into an existing empty or older copy of it, so that the folder then equals the revision. Files that git does not track there stay. */
  writeTo(directory: string, signal: AbortSignal): Promise<void>
}
