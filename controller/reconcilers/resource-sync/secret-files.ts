import type { ResourceSync } from '../../api/v1alpha1/resource-sync.ts'
import { type DecryptedEntry, decryptFile } from '../../sops/decrypt.ts'
import { SopsError } from '../../sops/errors.ts'
import type { Identities } from '../../sops/identities.ts'
import { confine } from '../../sync/files.ts'
import { isVariableName } from '../../text/interpolate.ts'
import type { Declaration, Diagnostic, SourcePosition } from '../../toml/declaration.ts'
import { identitiesFor } from '../decryption.ts'
import type { SecretReader } from '../secrets.ts'
import type { SyncSource } from './source.ts'

export interface SecretDeclarations {
  declarations: readonly Declaration[]
  /** Never hold a value. One without `block` makes the revision unusable: a variable that is missing would look removed. */
  diagnostics: readonly Diagnostic[]
}

const MOST_FILES = 100

/**
 * Each key of the files that `operator.secretFiles` names is declared as a secret Variable, as if `[[variable]]` said so: it is planned,
 * approved and pruned like one. Values are decrypted in memory, and go nowhere but into the Variable's Secret.
 */
export async function readSecretFiles(
  { spec, metadata }: Readonly<ResourceSync>,
  source: SyncSource,
  secrets: Pick<SecretReader, 'read'>,
  signal: AbortSignal,
): Promise<SecretDeclarations> {
  const declarations: Declaration[] = []
  const diagnostics: Diagnostic[] = []
  const { secretFiles, decryption } = spec.operator
  const fault = (code: string, message: string, file = '', line = 1, block?: Diagnostic['block']): void => {
    const position = { file, line, column: 1 }
    diagnostics.push({ severity: 'error', code, message, position, ...(block === undefined ? {} : { block }) })
  }
  const outcome = { declarations, diagnostics }
  if (secretFiles.length === 0) return outcome
  if (!spec.includeVariables) {
    fault(
      'VariablesExcluded',
      'operator.secretFiles declares variables, but include_variables is false: set it to true',
    )
    return outcome
  }
  if (secretFiles.length > MOST_FILES) {
    fault('TooManyFiles', `operator.secretFiles names ${secretFiles.length} files; at most ${MOST_FILES} are read`)
    return outcome
  }

  let identities: Identities
  try {
    identities = await identitiesFor(decryption, metadata.namespace ?? '', secrets, signal)
  } catch (error) {
    if (!(error instanceof SopsError)) throw error
    fault(error.reason, error.message)
    return outcome
  }
  for (const file of new Set(secretFiles)) {
    try {
      for (const entry of await readOne(file, source, identities, signal)) {
        const position = { file, line: entry.line, column: 1 }
        const refusal = faultOf(entry)
        if (refusal === undefined) declarations.push(secretVariable(entry.key, entry.value ?? '', position))
        else fault('InvalidSecret', refusal, file, entry.line, { kind: 'Variable', name: entry.key })
      }
    } catch (error) {
      if (!(error instanceof SopsError)) throw error
      fault(error.reason, `cannot be decrypted: ${error.message}`, file, error.line)
    }
  }
  return outcome
}

async function readOne(
  file: string,
  source: SyncSource,
  identities: Identities,
  signal: AbortSignal,
): Promise<readonly DecryptedEntry[]> {
  if (source.read === undefined) {
    throw new SopsError(
      'Unsupported',
      'a sync with `file_contents` has no other files: use a repository or files_on_host',
    )
  }
  const path = confine(file)
  if (path === undefined || path === '') {
    throw new SopsError('Unsupported', 'operator.secretFiles takes paths inside of the source')
  }
  const bytes = await source.read(path, signal)
  if (bytes === undefined) throw new SopsError('Unsupported', 'there is no such file in the source: correct the path')
  return await decryptFile(path, bytes, identities)
}

function faultOf({ key, value }: DecryptedEntry): string | undefined {
  if (!isVariableName(key)) {
    return `the key "${key.slice(0, 60)}" cannot be used as [[NAME]]: letters, digits and "_", no digit first. Rename it`
  }
  if (value === undefined)
    return `"${key}" is a table, a list or nothing, and a variable is a text: move its values to the top`
  return undefined
}

const secretVariable = (name: string, value: string, position: SourcePosition): Declaration => ({
  kind: 'Variable',
  name,
  spec: { isSecret: true },
  secrets: { value },
  position,
})
