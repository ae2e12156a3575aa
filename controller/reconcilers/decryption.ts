import { SopsError } from '../sops/errors.ts'
import { type Identities, identitiesOf } from '../sops/identities.ts'
import type { SecretReader } from './secrets.ts'

/** `operator.decryption` of an object that reads encrypted files. */
export interface DecryptionSpec {
  secret: string
}

/** The age identities that an object decrypts with, anew for each pass: nothing keeps them. Throws `SopsError`. */
export async function identitiesFor(
  decryption: DecryptionSpec | undefined,
  namespace: string,
  secrets: Pick<SecretReader, 'read'>,
  signal: AbortSignal,
): Promise<Identities> {
  if (decryption === undefined) {
    const message =
      'nothing says what opens encrypted files: set `operator.decryption.secret` to a Secret with age identities'
    throw new SopsError('NoIdentity', message)
  }
  const data = await secrets.read(namespace, decryption.secret, signal)
  if (data !== undefined) return identitiesOf(decryption.secret, data)
  const message = `there is no Secret "${decryption.secret}", which \`operator.decryption\` names: create it, with an age identity under a key that ends in .agekey`
  throw new SopsError('NoIdentity', message)
}
