import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { armor, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption'
import { stringify } from 'yaml'

/** Encrypts as SOPS does, for tests; the other half of `controller/sops`, written from the description of the format alone. */

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain }

export interface EncryptOptions {
  recipients: readonly string[]
  /** Default: everything but what ends in `_unencrypted`. */
  rule?: {
    encrypted_suffix?: string
    unencrypted_suffix?: string
    encrypted_regex?: string
    unencrypted_regex?: string
  }
  macOnlyEncrypted?: boolean
  /** Changes the metadata before they are written. */
  metadata?: (metadata: Record<string, unknown>) => void
}

export interface AgeKey {
  identity: string
  recipient: string
}

export async function ageKey(): Promise<AgeKey> {
  const identity = await generateIdentity()
  return { identity, recipient: await identityToRecipient(identity) }
}

export async function encryptSops(
  format: 'yaml' | 'json' | 'env',
  values: Readonly<Record<string, Plain>>,
  { recipients, rule = { unencrypted_suffix: '_unencrypted' }, macOnlyEncrypted = false, metadata }: EncryptOptions,
): Promise<string> {
  const key = randomBytes(32)
  const mac = createHash('sha512')
  if (macOnlyEncrypted) {
    mac.update(Buffer.from('8a3fd2ad54ce66527b1034f3d147be0b0b975b3bf44f72c6fdadec8176f27d69', 'hex'))
  }
  const encrypt = (value: Plain, path: readonly string[]): Plain => {
    if (value === null) return null
    if (Array.isArray(value)) return value.map((item: Plain) => encrypt(item, path))
    if (typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, encrypt(inner, [...path, name])]))
    }
    const text = plainText(value as string | number | boolean)
    const encrypted = applies(rule, path)
    if (encrypted || !macOnlyEncrypted) mac.update(text)
    if (!encrypted) return value
    const type = { string: 'str', boolean: 'bool', number: Number.isInteger(value) ? 'int' : 'float' }[
      typeof value as string
    ]
    return text === '' ? '' : seal(text, key, `${path.join(':')}:`, type ?? 'str')
  }
  const body = encrypt(values, []) as Record<string, Plain>
  const lastmodified = '2026-01-02T03:04:05Z'
  const sops: Record<string, unknown> = {
    age: await Promise.all(recipients.map(async (recipient) => ({ recipient, enc: await wrap(key, recipient) }))),
    lastmodified,
    mac: seal(mac.digest('hex').toUpperCase(), key, lastmodified, 'str'),
    ...rule,
    ...(macOnlyEncrypted ? { mac_only_encrypted: true } : {}),
    version: '3.11.0',
  }
  metadata?.(sops)
  if (format === 'yaml') return stringify({ ...body, sops }, { lineWidth: 0 })
  if (format === 'json') return `${JSON.stringify({ ...body, sops }, null, '\t')}\n`
  const lines = Object.entries(body).map(([name, value]) => `${name}=${String(value).replaceAll('\n', '\\n')}`)
  for (const [name, value] of Object.entries(sops)) {
    if (!Array.isArray(value)) lines.push(`sops_${name}=${value}`)
    else
      for (const [i, item] of value.entries())
        for (const [inner, text] of Object.entries(item as Record<string, string>))
          lines.push(`sops_${name}__list_${i}__map_${inner}=${text.replaceAll('\n', '\\n')}`)
  }
  return `${lines.join('\n')}\n`
}

/** A number as Go writes it: without an exponent. */
function plainText(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return value
  return value.toLocaleString('en', { maximumFractionDigits: 20, useGrouping: false })
}

function applies(rule: NonNullable<EncryptOptions['rule']>, path: readonly string[]): boolean {
  if (rule.encrypted_suffix !== undefined) return path.some((key) => key.endsWith(rule.encrypted_suffix ?? ''))
  if (rule.encrypted_regex !== undefined) return path.some((key) => new RegExp(rule.encrypted_regex ?? '').test(key))
  if (rule.unencrypted_regex !== undefined)
    return !path.some((key) => new RegExp(rule.unencrypted_regex ?? '').test(key))
  return !path.some((key) => key.endsWith(rule.unencrypted_suffix ?? '_unencrypted'))
}

function seal(text: string, key: Uint8Array, context: string, type: string): string {
  const iv = randomBytes(32)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(Buffer.from(context))
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64')
  return `ENC[AES256_GCM,data:${data},iv:${iv.toString('base64')},tag:${cipher.getAuthTag().toString('base64')},type:${type}]`
}

async function wrap(key: Uint8Array, recipient: string): Promise<string> {
  const encrypter = new Encrypter()
  encrypter.addRecipient(recipient)
  return armor.encode(await encrypter.encrypt(key))
}
