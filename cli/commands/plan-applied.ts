import { isConditionTrue } from '../../controller/api/meta.ts'
import { type ResourceSync, resourceSyncKind } from '../../controller/api/v1alpha1/resource-sync.ts'
import { filesDigest } from '../../controller/sync/files-digest.ts'
import type { CommandContext } from '../context.ts'
import type { FolderFiles } from '../folder.ts'

/**
 * Whether a ResourceSync has applied these very files and has found all in order: then nothing is left to compare, and that is told.
 * (`komodo diff` always compares by itself.)
 */
export const isApplied = async (
  { files, diagnostics }: FolderFiles,
  { connect, terminal, signal }: Pick<CommandContext, 'connect' | 'terminal' | 'signal'>,
): Promise<boolean> => {
  if (files.length === 0 || diagnostics.length > 0) return false
  const digest = filesDigest(files)
  const sync = (await syncs({ connect, signal })).find((one) => one.status?.filesDigest === digest && isCurrent(one))
  if (sync === undefined) return false
  const { metadata, status } = sync
  terminal.print('Plan: nothing to do.')
  terminal.note(
    `ResourceSync ${metadata.name} has applied these very files, and found all in order (${status?.lastAppliedRevision})`,
  )
  return true
}

/** None where they cannot be listed: whoever compares by himself asks again, and tells why. */
const syncs = async ({ connect, signal }: Pick<CommandContext, 'connect' | 'signal'>): Promise<ResourceSync[]> => {
  try {
    const { client, namespace } = await connect()
    return (await client.list<ResourceSync>(resourceSyncKind, { namespace, signal })).items
  } catch {
    signal.throwIfAborted()
    return []
  }
}

/** Suspended or changed meanwhile, it has not looked since; deleted, it never will. */
const isCurrent = (sync: ResourceSync): boolean => {
  const { metadata, status } = sync
  const hasLooked = status?.observedGeneration === metadata.generation && isConditionTrue(sync, 'Ready')
  return hasLooked && metadata.deletionTimestamp === undefined
}
