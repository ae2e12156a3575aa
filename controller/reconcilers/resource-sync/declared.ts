import { createHash } from 'node:crypto'
import type { ResourceSync } from '../../api/v1alpha1/resource-sync.ts'
import { inScope, type SyncScope } from '../../sync/desired.ts'
import type { DeclarationFiles } from '../../sync/files.ts'
import { filesDigest } from '../../sync/files-digest.ts'
import { syncKinds } from '../../sync/kinds.ts'
import type { Declaration, Diagnostic } from '../../toml/declaration.ts'
import { read } from '../../toml/read.ts'
import type { SecretReader } from '../secrets.ts'
import { readSecretFiles } from './secret-files.ts'
import type { SyncSource } from './source.ts'

export interface Declared {
  declarations: readonly Declaration[]
  diagnostics: readonly Diagnostic[]
  /** At least one block could not be understood: what is missing proves nothing. */
  partial: boolean
  /** The revision cannot be used at all. */
  refused: boolean
  /** What was read, and how it is kept; for whoever writes it. */
  files: DeclarationFiles
  /** Some of it stands in no file of `files`. */
  hasSecretFiles: boolean
}

/** What the files of a source say. */
export async function readDeclared(
  sync: Readonly<ResourceSync>,
  source: SyncSource,
  secrets: Pick<SecretReader, 'read'>,
  signal: AbortSignal,
): Promise<Declared> {
  const selected = await source.files(signal)
  const { declarations, diagnostics: found } = read(selected.files)
  const secret = await readSecretFiles(sync, source, secrets, signal)
  const diagnostics = [...selected.diagnostics, ...found, ...secret.diagnostics]
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  return {
    declarations: [...declarations, ...secret.declarations],
    diagnostics,
    partial: errors.length > 0,
    refused: errors.some(({ block }) => block === undefined),
    files: selected,
    hasSecretFiles: sync.spec.operator.secretFiles.length > 0,
  }
}

/** The same for the same declarations and findings, at the same places. A repository has many commits that concern other syncs. */
export const contentsOf = ({ declarations, diagnostics }: Declared): string =>
  createHash('sha256')
    .update(JSON.stringify([declarations, diagnostics]))
    .digest('base64')

/**
 * Digest of the files where they are all that counts: nothing odd in them, nothing of them left out, nothing declared elsewhere. Whoever
 * has the same files may then take what the sync found for his own.
 */
export function digestOfAll(
  { files, diagnostics, declarations, hasSecretFiles }: Declared,
  scope: SyncScope,
): string | undefined {
  const isOdd = diagnostics.some((one) => !files.diagnostics.includes(one))
  const isWhole = declarations.every(({ kind, spec }) => {
    const known = syncKinds.get(kind)
    return known !== undefined && inScope(known, spec, scope)
  })
  return isOdd || hasSecretFiles || !isWhole ? undefined : filesDigest(files.files)
}
