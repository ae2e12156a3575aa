import { existsSync } from 'node:fs'
import path from 'node:path'
import type { CommandContext } from '../context.ts'
import { CommandError, type ExitCode, exit } from '../exit.ts'
import type { FolderPlanOptions } from './plan-folder.ts'
import type { SyncPlanOptions } from './plan-sync.ts'

export type PlanOptions = FolderPlanOptions & SyncPlanOptions

/**
 * What would change: of a folder (against nothing, or against what the cluster has), or of a ResourceSync. People run it all the time,
 * so each loads only its own modules.
 */
export const plan = async (source: string, options: PlanOptions, context: CommandContext): Promise<ExitCode> => {
  if (!existsSync(path.resolve(context.cwd, source))) {
    return (await import('./plan-sync.ts')).planOfSync(source, options, context)
  }
  if (options.applied) throw new CommandError(`--applied is for a ResourceSync, and ${source} is a file or folder here`)
  // The connection is made while the files are read; what is wrong with it is told by whoever asks something.
  if (options.live) context.connect().catch(() => {})
  const { readFolder } = await import('../folder.ts')
  const folder = await readFolder(source, context.cwd, context.signal)
  const wantsMore = options.output !== undefined || options.only !== undefined
  if (options.live && !wantsMore && (await (await import('./plan-applied.ts')).isApplied(folder, context)))
    return exit.ok
  return (await import('./plan-folder.ts')).planOfFolder(folder, options, context)
}
