import type { Digest } from './digest.ts'

/**
 * What asks for a deploy although the declaration did not change: somebody (annotation), or a parent in `after` that was deployed.
 * Each is folded into a token that is part of the hash of the desired state. So "deploy again" is an ordinary difference
 * between desired and observed, and a crash at any point leads to the same token, never to a second deploy.
 */

/** What an `after` parent had last deployed. A parent that was never deployed has none and triggers nothing. */
export interface ParentHash {
  kind: string
  name: string
  hash: string
}

export interface TriggerInputs {
  /** Token of the deploy before; empty: none yet. */
  token: string
  /** Annotation value, when it is not the last handled one. */
  asked?: string
  /** Parents as recorded at the deploy before. */
  recorded: readonly ParentHash[]
  /** Parents as they are now. */
  current: readonly ParentHash[]
}

export interface Trigger {
  token: string
  /** For the user, as part of a sentence; empty when nothing asks. */
  causes: readonly string[]
}

/**
 * A parent that appears in `after` for the first time triggers nothing: it is recorded at the next deploy, or by
 * `mergeParents` while nothing else is to do.
 */
export function triggerOf({ token, asked, recorded, current }: TriggerInputs, digest: Digest): Trigger {
  const known = new Map(recorded.map((parent) => [idOf(parent), parent.hash]))
  const moved = current.filter((parent) => {
    const before = known.get(idOf(parent))
    return before !== undefined && before !== parent.hash
  })
  if (asked === undefined && moved.length === 0) return { token, causes: [] }
  return {
    token: digest(['trigger', token, asked ?? '', moved]),
    causes: [
      ...(asked === undefined ? [] : ['a deploy was asked for']),
      ...moved.map(({ kind, name }) => `${kind} "${name}", which it comes after, was deployed`),
    ],
  }
}

/** Recorded hashes for parents that stay, current ones for those that are new; those that left `after` are forgotten. */
export function mergeParents(recorded: readonly ParentHash[], current: readonly ParentHash[]): readonly ParentHash[] {
  const known = new Map(recorded.map((parent) => [idOf(parent), parent]))
  return current.map((parent) => known.get(idOf(parent)) ?? parent)
}

const idOf = ({ kind, name }: ParentHash): string => `${kind}/${name}`
