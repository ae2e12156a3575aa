import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { CommandContext } from '../context.ts'
import { CommandError, type ExitCode, exit } from '../exit.ts'
import type { FolderFiles } from '../folder.ts'
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
  if (!options.live) return planOfFolder(await filesOf(source, context), options, context)
  // The connection is made while the files are read; what is wrong with it is told by whoever asks something.
  context.connect().catch(() => {})
  const folder = await filesOf(source, context)
  if (options.output !== undefined || options.only !== undefined) return planOfFolder(folder, options, context)
  const { printInOrder, syncInOrder } = await import('./plan-applied.ts')
  let comparing = context
  try {
    // Who must wait for an answer may as well begin to compare.
    const sync = await Promise.race([syncInOrder(folder, context), setTimeout(SOON_MS, undefined, { ref: false })])
    if (sync !== undefined) {
      printInOrder(sync, context.terminal)
      return exit.ok
    }
  } catch (error) {
    // Told after what is wrong with the files, and not asked for twice.
    comparing = { ...context, connect: () => Promise.reject(error) }
  }
  return planOfFolder(folder, options, comparing)
}

const SOON_MS = 300

const filesOf = async (source: string, { cwd, signal }: CommandContext): Promise<FolderFiles> =>
  (await import('../folder.ts')).readFolder(source, cwd, signal)

const planOfFolder = async (
  folder: FolderFiles,
  options: FolderPlanOptions,
  context: CommandContext,
): Promise<ExitCode> => (await import('./plan-folder.ts')).planOfFolder(folder, options, context)
