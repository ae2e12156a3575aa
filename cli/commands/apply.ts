import type { CommandContext } from '../context.ts'
import { CommandError, type ExitCode } from '../exit.ts'

export interface ApplyOptions {
  yes?: boolean
  wait: boolean
  timeout: number
}

export const apply = async (source: string, _options: ApplyOptions, _context: CommandContext): Promise<ExitCode> => {
  throw new CommandError(`apply of ${source} is not there yet`)
}
