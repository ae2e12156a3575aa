import { SopsError } from './errors.ts'
import type { Metadata } from './metadata.ts'

/** Secret keys of age (`AGE-SECRET-KEY-1...`); they are never written or logged. */
export type Identities = readonly string[]

const KEY_SUFFIX = '.agekey'
const MOST = 100

/**
 * The identities in a Secret: the lines of every key that ends in `.agekey`, as `age-keygen` writes them.
 *
 * @param name of the Secret, for messages
 */
export function identitiesOf(name: string, data: ReadonlyMap<string, string>): Identities {
  const files = [...data].filter(([key]) => key.endsWith(KEY_SUFFIX))
  const identities: string[] = []
  for (const [key, text] of files) {
    for (const line of text.split(/\r?\n/).map((one) => one.trim())) {
      if (line === '' || line.startsWith('#')) continue
      if (!/^AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]+$/.test(line)) {
        const message = `key "${key}" of Secret "${name}" holds a line that is no age identity (AGE-SECRET-KEY-1...): put in what age-keygen printed`
        throw new SopsError('NoIdentity', message)
      }
      identities.push(line)
    }
  }
  if (identities.length === 0) {
    const message = `Secret "${name}" holds no age identity: put what age-keygen printed under a key that ends in ${KEY_SUFFIX}`
    throw new SopsError('NoIdentity', message)
  }
  return identities.slice(0, MOST)
}

/** The key that the values are encrypted with. Throws `SopsError` when no identity opens it. */
export async function dataKeyOf({ age, otherKeys }: Metadata, identities: Identities): Promise<Uint8Array> {
  if (age.length === 0) {
    const kinds = otherKeys.length === 0 ? 'no key at all' : `${otherKeys.join(', ')} alone`
    throw new SopsError(
      'NoMatchingKey',
      `it is encrypted for ${kinds}, and only age is read here: add an age recipient (\`sops rotate --add-age\`)`,
    )
  }
  // Only who has encrypted files pays for the ciphers: 24 MB of memory.
  const { Decrypter, armor } = await import('age-encryption')
  const decrypter = new Decrypter()
  for (const identity of identities) {
    try {
      decrypter.addIdentity(identity)
    } catch {
      throw new SopsError('NoIdentity', 'an age identity is damaged: put in what age-keygen printed, unchanged')
    }
  }
  for (const { enc } of age) {
    const key = await decrypter.decrypt(decoded(enc, armor)).catch(() => undefined)
    if (key?.length === 32) return key
  }
  const wanted = age.map(({ recipient }) => recipient)
  const shown = `${wanted.slice(0, 5).join(', ')}${wanted.length > 5 ? ` and ${wanted.length - 5} more` : ''}`
  throw new SopsError(
    'NoMatchingKey',
    `none of the ${identities.length === 1 ? '' : `${identities.length} `}age identities opens it. It is encrypted for ${shown}: add the identity of one of them to the Secret, or encrypt the file for yours (\`sops updatekeys\`)`,
  )
}

function decoded(enc: string, armor: { decode(file: string): Uint8Array }): Uint8Array {
  try {
    return armor.decode(enc)
  } catch {
    throw new SopsError('Corrupted', 'an age recipient in its metadata is damaged')
  }
}
