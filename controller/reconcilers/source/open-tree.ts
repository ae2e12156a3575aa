import type { CommonStatus, KubeObject } from '../../api/meta.ts'
import { annotation } from '../../api/names.ts'
import { StalledError, WaitingError } from '../../engine/errors.ts'
import type { Pass } from '../../engine/reconciler.ts'
import { secretsOf } from '../../git/credentials.ts'
import { SourceError } from '../../git/errors.ts'
import type { GitRepositorySpec } from '../../git/remote.ts'
import type { SourceTree } from '../../git/tree.ts'
import type { GitAccess } from '../git-access.ts'
import type { FreshTrees } from './fresh-trees.ts'

/** How an object looks at its repository. */
export interface Look {
  settings: GitRepositorySpec
  /** That the object runs on. */
  server?: string | undefined
  /** Condition that a failure belongs to. */
  condition: string
  /** How often the remote is asked. */
  intervalMs: number
  /** A commit that the remote was seen at elsewhere. */
  news?: string | undefined
}

/**
 * The files that git settings name, as they were not much longer than `intervalMs` ago; as they are now when somebody asked for a look.
 * What is told to the pass: secrets, before anything can fail with it in its text.
 */
export async function openTree<T extends KubeObject<unknown, CommonStatus>>(
  object: Readonly<T>,
  { settings, server, condition, intervalMs, news }: Look,
  pass: Pass<T>,
  { access, trees }: { access: GitAccess; trees: FreshTrees },
): Promise<SourceTree> {
  const { namespace = '' } = object.metadata
  try {
    const remote = await access.remoteOf(settings, { namespace, server }, pass.signal)
    pass.redact(secretsOf(remote))
    const maxAgeMs = isAskedToLook(object) ? 0 : oldest(intervalMs)
    return await trees.open(remote, { maxAgeMs, news }, pass.signal)
  } catch (error) {
    throw sourceFailure(error, condition, intervalMs)
  }
}

/** Whether somebody asked for a look that was not taken yet. */
export function isAskedToLook({ metadata, status }: Readonly<KubeObject<unknown, CommonStatus>>): boolean {
  const requested = metadata.annotations?.[annotation.requestedAt]
  return requested !== undefined && requested !== status?.lastHandledReconcileAt
}

/** A little less than the interval, so that the recheck after it does look. */
export const oldest = (intervalMs: number): number => intervalMs * 0.8

/** What an unreadable source means for an object: tried again with the next look, since only the remote can change. */
export function sourceFailure(error: unknown, condition: string, retryAfterMs: number): unknown {
  if (!(error instanceof SourceError)) return error
  if (error.permanent) return new StalledError(condition, error.reason, error.message, { cause: error })
  // A Secret or account that appears wakes the object.
  const afterMs = error.reason === 'CredentialsMissing' ? 60_000 : retryAfterMs
  return new WaitingError(condition, error.reason, error.message, afterMs)
}
