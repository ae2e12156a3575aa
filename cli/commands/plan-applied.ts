import { isConditionTrue } from '../../controller/api/meta.ts'
import { type ResourceSync, resourceSyncKind } from '../../controller/api/v1alpha1/resource-sync.ts'
import { filesDigest } from '../../controller/sync/files-digest.ts'
import type { CommandContext } from '../context.ts'
import type { FolderFiles } from '../folder.ts'
import type { Terminal } from '../terminal.ts'

/** A ResourceSync that has applied these very files and has found all in order: then nothing is left to compare. */
export const syncInOrder = async (
  { files, diagnostics }: FolderFiles,
  { connect, signal }: Pick<CommandContext, 'connect' | 'signal'>,
): Promise<ResourceSync | undefined> => {
  // What is said of the folder itself is said by whoever compares.
  if (files.length === 0 || diagnostics.length > 0) return undefined
  const digest = filesDigest(files)
  const { client, namespace } = await connect()
  const { items } = await client.list<ResourceSync>(resourceSyncKind, { namespace, signal })
  return items.find((one) => one.status?.filesDigest === digest && isCurrent(one))
}

/** The plan that this comes to, and on whose word. (`komodo diff` always compares by itself.) */
export const printInOrder = ({ metadata, status }: ResourceSync, { print, note }: Terminal): void => {
  print('Plan: nothing to do.')
  note(
    `ResourceSync ${metadata.name} has applied these very files, and found all in order (${status?.lastAppliedRevision})`,
  )
}

/** Suspended or changed meanwhile, it has not looked since; deleted, it never will. */
const isCurrent = (sync: ResourceSync): boolean => {
  const { metadata, status } = sync
  const hasLooked = status?.observedGeneration === metadata.generation && isConditionTrue(sync, 'Ready')
  return hasLooked && metadata.deletionTimestamp === undefined
}
