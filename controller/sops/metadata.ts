import { runInNewContext } from 'node:vm'
import { SopsError } from './errors.ts'

/** What SOPS says about a file. */
export interface Metadata {
  /** Armored age files, each with the data key, and for whom. */
  age: readonly { recipient: string; enc: string }[]
  /** Kinds of other keys that open the file, such as `pgp`. */
  otherKeys: readonly string[]
  /** Encrypted, like a value. */
  mac: string
  /** As it is written; authenticates the MAC. */
  lastModified: string
  macOnlyEncrypted: boolean
  isEncrypted: KeyRule
}

/** Whether what is found below these keys is encrypted; the outermost key first. */
export type KeyRule = (path: readonly string[]) => boolean

const otherKeyKinds = ['pgp', 'kms', 'gcp_kms', 'azure_kv', 'hc_vault', 'hckms']
const MOST_RECIPIENTS = 100
/** Go's default when no rule is written. */
const DEFAULT_SUFFIX = '_unencrypted'
const REGEX_MS = 250

/**
 * Checks the metadata of a file; throws `SopsError`.
 *
 * @param keys all that `isEncrypted` will be asked about
 */
export function readMetadata(raw: unknown, keys: ReadonlySet<string>): Metadata {
  const fields = (typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? raw : undefined) as
    | Record<string, unknown>
    | undefined
  if (fields === undefined) {
    throw new SopsError('NotEncrypted', 'it is not encrypted with SOPS: encrypt it (`sops encrypt --in-place`)')
  }
  if (Array.isArray(fields.key_groups) && fields.key_groups.length > 0) {
    throw new SopsError('Unsupported', 'its key is split over key groups, which is not read here; use one group')
  }
  const { mac, lastmodified } = fields
  if (typeof mac !== 'string' || mac === '' || typeof lastmodified !== 'string' || lastmodified === '') {
    throw new SopsError('Corrupted', 'its metadata lack `mac` or `lastmodified`: encrypt it anew')
  }
  return {
    age: recipients(fields.age),
    otherKeys: otherKeyKinds.filter((kind) => Array.isArray(fields[kind]) && fields[kind].length > 0),
    mac,
    lastModified: lastmodified,
    macOnlyEncrypted: fields.mac_only_encrypted === true,
    isEncrypted: keyRule(fields, keys),
  }
}

function recipients(raw: unknown): Metadata['age'] {
  const list: readonly unknown[] = Array.isArray(raw) ? raw : []
  if (list.length > MOST_RECIPIENTS) {
    throw new SopsError('TooLarge', `it has ${list.length} age recipients; at most ${MOST_RECIPIENTS} are read`)
  }
  return list.map((one) => {
    const { recipient, enc } = (one ?? {}) as Record<string, unknown>
    if (typeof recipient === 'string' && typeof enc === 'string') return { recipient, enc }
    throw new SopsError('Corrupted', 'an age recipient in its metadata lacks `recipient` or `enc`')
  })
}

function keyRule(fields: Readonly<Record<string, unknown>>, keys: ReadonlySet<string>): KeyRule {
  const given = (name: string): string | undefined => {
    const value = fields[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const byComment = ['encrypted_comment_regex', 'unencrypted_comment_regex'].find((name) => given(name) !== undefined)
  if (byComment !== undefined) {
    throw new SopsError('Unsupported', `\`${byComment}\` is not read here; say by key what is encrypted`)
  }
  const [encryptedSuffix, encryptedRegex] = [given('encrypted_suffix'), given('encrypted_regex')]
  const [plainSuffix, plainRegex] = [given('unencrypted_suffix'), given('unencrypted_regex')]
  const rules = [encryptedSuffix, encryptedRegex, plainSuffix, plainRegex].filter((rule) => rule !== undefined)
  if (rules.length > 1) throw new SopsError('Corrupted', 'its metadata hold more than one rule of what is encrypted')
  if (encryptedSuffix !== undefined) return (path) => path.some((key) => key.endsWith(encryptedSuffix))
  if (encryptedRegex !== undefined) return matcher(encryptedRegex, keys)
  if (plainRegex !== undefined) {
    const matches = matcher(plainRegex, keys)
    return (path) => !matches(path)
  }
  const suffix = plainSuffix ?? DEFAULT_SUFFIX
  return (path) => !path.some((key) => key.endsWith(suffix))
}

/**
 * The expression comes from the repository, and Go's expressions, unlike ours, take no exponential time: it is given some milliseconds
 * for all keys. They are asked about at once, since it is the surroundings that take the time.
 */
function matcher(source: string, keys: ReadonlySet<string>): KeyRule {
  const [, inline, rest = source] = /^(\(\?i\))(.*)$/s.exec(source) ?? []
  const input = { source: rest, flags: inline === undefined ? '' : 'i', keys: [...keys] }
  const search = 'const rule = new RegExp(source, flags); keys.filter((key) => rule.test(key))'
  let found: readonly string[]
  try {
    found = runInNewContext(search, input, { timeout: REGEX_MS }) as readonly string[]
  } catch {
    throw new SopsError(
      'Unsupported',
      'its rule of what is encrypted is no expression that is read here; make it simpler',
    )
  }
  const matching = new Set(found)
  return (path) => path.some((key) => matching.has(key))
}
