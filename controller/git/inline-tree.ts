import { createHash } from 'node:crypto'
import { SourceError } from './errors.ts'
import type { BrowsableTree } from './tree.ts'

/** One file that somebody typed into an object. */
export function inlineTree(path: string, contents: string): BrowsableTree {
  const bytes = Buffer.from(contents)
  const read = async (asked: string): Promise<Uint8Array | undefined> => (asked === path ? bytes : undefined)
  return {
    revision: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    message: '',
    read,
    readAll: (paths) => Promise.all(paths.map(read)),
    walk: (asked) =>
      asked === '' || asked === path
        ? { files: [{ path, realPath: path, sizeBytes: bytes.length }], problems: [] }
        : undefined,
    writeTo: async () => {
      throw new SourceError('InvalidSource', 'inline contents are not a folder of files')
    },
  }
}
