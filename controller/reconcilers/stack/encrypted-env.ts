import { type Stack, stackCondition } from '../../api/v1alpha1/stack.ts'
import { WaitingError } from '../../engine/errors.ts'
import type { Pass } from '../../engine/reconciler.ts'
import { decryptFile, isEncryptedDotenv } from '../../sops/decrypt.ts'
import { SopsError } from '../../sops/errors.ts'
import type { Identities } from '../../sops/identities.ts'
import { identitiesFor } from '../decryption.ts'
import { unquoted } from '../interpolation/texts.ts'
import type { SecretReader } from '../secrets.ts'
import type { ComposeSettings, SourceKind } from './request.ts'

const { sourceReady } = stackCondition

/** Files as `readFiles` and trees give them; what is missing is `undefined`. */
export type Files = ReadonlyMap<string, Uint8Array | undefined>

export interface DecryptedEnv {
  settings: ComposeSettings
  /** With the decrypted texts in place of the encrypted ones: encrypting the same values anew is no change. */
  files: Files
  /** Values to hide from what is shown. */
  secrets: readonly string[]
}

/**
 * Env files of Compose that may be encrypted. The one that `environment` is written to is the repository's own when `environment` is
 * empty.
 */
export function envFilesOf({ spec }: Readonly<Stack>, kind: SourceKind): readonly string[] {
  const own = kind === 'git' && spec.environment.trim() === '' && spec.envFilePath !== '' ? [spec.envFilePath] : []
  return [...spec.additionalEnvFiles.map(({ path }) => path), ...own]
}

/**
 * Decrypts, in memory, the env files that SOPS encrypted. Compose gets their texts as if they stood in the files.
 * Throws `WaitingError`: a file may be corrected where it is, and a Secret that appears wakes the Stack.
 */
export async function decryptEnvFiles(
  stack: Readonly<Stack>,
  kind: SourceKind,
  { settings, files }: { settings: ComposeSettings; files: Files },
  pass: Pick<Pass<Stack>, 'signal' | 'redact'>,
  secrets: Pick<SecretReader, 'read'>,
  retryAfterMs: number,
): Promise<DecryptedEnv> {
  const encrypted = envFilesOf(stack, kind).filter((path) => isEncryptedDotenv(files.get(path)))
  if (encrypted.length === 0) return { settings, files, secrets: [] }
  const texts = new Map<string, string>()
  const values: string[] = []
  let identities: Identities | undefined
  for (const path of new Set(encrypted)) {
    try {
      identities ??= await identitiesFor(
        stack.spec.operator.decryption,
        stack.metadata.namespace ?? '',
        secrets,
        pass.signal,
      )
      const entries = await decryptFile(path, files.get(path) ?? new Uint8Array(), identities, 'dotenv')
      values.push(...entries.flatMap(({ value = '' }) => [value, unquoted(value)]))
      texts.set(path, entries.map(({ key, value = '' }) => `${key}=${value.replaceAll('\n', '\\n')}\n`).join(''))
    } catch (error) {
      if (!(error instanceof SopsError)) throw error
      const line = error.line === undefined ? '' : `:${error.line}`
      const message = `the env file ${path}${line} is encrypted and cannot be read: ${error.message}`
      throw new WaitingError(sourceReady, error.reason, message, retryAfterMs)
    }
  }
  pass.redact(values)
  const given = (path: string) => {
    const contents = texts.get(path)
    return contents === undefined ? {} : { contents }
  }
  const { envFilePath, additionalEnvFiles } = settings
  const own = encrypted.includes(envFilePath) && !additionalEnvFiles.some(({ path }) => path === envFilePath)
  return {
    settings: {
      ...settings,
      additionalEnvFiles: [
        ...additionalEnvFiles.map((file) => ({ ...file, ...given(file.path) })),
        ...(own ? [{ path: envFilePath, track: false, ...given(envFilePath) }] : []),
      ],
      ...(own ? { envFilePath: '' } : {}),
    },
    files: new Map(
      [...files].map(([path, bytes]) => [path, texts.has(path) ? Buffer.from(texts.get(path) ?? '') : bytes]),
    ),
    secrets: values,
  }
}
