import { posix } from 'node:path'
import type { KubeObject } from '../../api/meta.ts'
import { annotation } from '../../api/names.ts'
import type { SyncKind } from '../kinds.ts'

export interface Places {
  /** Whether the sync reads a file of this path. */
  reads(path: string): boolean
  /** The only file that there is, when the source is one. */
  onlyFile: string | undefined
  /** `operator.writeBack.newObjects`: a path that may hold `{kind}` and `{name}`. */
  newObjects: string | undefined
}

/** The file that a new object goes into; a sentence about what is missing otherwise. */
export function placeOf(
  object: KubeObject,
  { definition }: SyncKind,
  { reads, onlyFile, newObjects }: Places,
): { path: string } | { problem: string } {
  const named = object.metadata.annotations?.[annotation.file]
  const wanted =
    named ??
    newObjects?.replaceAll('{kind}', definition.singular).replaceAll('{name}', object.metadata.name) ??
    onlyFile
  if (wanted === undefined) {
    const how = `say where in its annotation ${annotation.file}, or for all of them in operator.writeBack.newObjects of the sync`
    return { problem: `it is not declared, and nothing says which file it goes into; ${how}` }
  }
  const path = posix.normalize(wanted.trim())
  // Nothing in `.git` is read.
  const isHidden = path.split('/').some((part) => part === '..' || part.toLowerCase() === '.git')
  const confined = !posix.isAbsolute(path) && !isHidden && !/\p{Cc}/u.test(path)
  if (!confined || (!path.endsWith('.toml') && path !== onlyFile)) {
    return {
      problem: `${JSON.stringify(wanted)} cannot be its file; name one that ends in .toml, relative to the root of the source`,
    }
  }
  if (!reads(path)) return { problem: `the sync does not read ${path}; name a file in one of its resourcePath` }
  return { path }
}
