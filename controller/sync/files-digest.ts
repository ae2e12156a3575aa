import { createHash } from 'node:crypto'

/** The same for the same texts in the same order, wherever they are kept: a checkout of one folder has other paths than the repository. */
export function filesDigest(files: readonly { text: string }[]): string {
  const hash = createHash('sha256')
  for (const { text } of files) hash.update(`${text.length}\n`).update(text)
  return `sha256:${hash.digest('hex')}`
}
