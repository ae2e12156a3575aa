import type { Declaration, Diagnostic } from '../../toml/declaration.ts'
import { read } from '../../toml/read.ts'
import type { SyncSource } from './source.ts'

export interface Declared {
  declarations: readonly Declaration[]
  diagnostics: readonly Diagnostic[]
  /** At least one block could not be understood: what is missing proves nothing. */
  partial: boolean
  /** The revision cannot be used at all. */
  refused: boolean
}

/** What the files of a source say. */
export async function readDeclared(source: SyncSource, signal: AbortSignal): Promise<Declared> {
  const selected = await source.files(signal)
  const { declarations, diagnostics: found } = read(selected.files)
  const diagnostics = [...selected.diagnostics, ...found]
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  return {
    declarations,
    diagnostics,
    partial: errors.length > 0,
    refused: errors.some(({ block }) => block === undefined),
  }
}
