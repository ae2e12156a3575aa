import { createDecipheriv } from 'node:crypto'
import { SopsError } from './errors.ts'

/** One decrypted value: its text, and what it was before it was encrypted. */
export interface Decrypted {
  text: string
  type: string
}

const form = /^ENC\[AES256_GCM,data:([A-Za-z0-9+/=]*),iv:([A-Za-z0-9+/=]+),tag:([A-Za-z0-9+/=]+),type:([a-z]+)\]/
const TAG_BYTES = 16
const IV_BYTES = 32

export const isEncryptedValue = (text: string): boolean => form.test(text)

/**
 * Opens `ENC[AES256_GCM,data:..,iv:..,tag:..,type:..]`: AES in Galois/counter mode with a nonce of 32 bytes.
 *
 * @param context what the value is authenticated with: its keys, or the date of the file
 * @param what names the value in an error, never the value itself
 */
export function open(text: string, key: Uint8Array, context: string, what: string, line?: number): Decrypted {
  const [, data, iv, tag, type] = form.exec(text) ?? []
  if (data === undefined || iv === undefined || tag === undefined || type === undefined) {
    throw new SopsError('Corrupted', `${what} should be encrypted and is not: encrypt the file with SOPS again`, line)
  }
  const [nonce, mark] = [Buffer.from(iv, 'base64'), Buffer.from(tag, 'base64')]
  // A shorter tag would be easier to forge.
  if (nonce.length !== IV_BYTES || mark.length !== TAG_BYTES) {
    throw new SopsError('Corrupted', `${what} is damaged: its nonce or tag has the wrong length`, line)
  }
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(context, 'utf8')).setAuthTag(mark)
    const bytes = Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()])
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), type }
  } catch {
    throw new SopsError('Tampered', `${what} was changed without SOPS, or is damaged`, line)
  }
}
