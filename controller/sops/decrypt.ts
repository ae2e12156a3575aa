import { createHash, timingSafeEqual } from 'node:crypto'
import { isEncryptedValue, open } from './cipher.ts'
import { SopsError } from './errors.ts'
import { dataKeyOf, type Identities } from './identities.ts'
import { type Metadata, readMetadata } from './metadata.ts'
import { readDotenv } from './read-dotenv.ts'
import { readYaml } from './read-yaml.ts'
import { keysOf, type Node, type Scalar, type SopsTree, Table } from './tree.ts'

/** One key at the top of a decrypted file. */
export interface DecryptedEntry {
  key: string
  /** `undefined` when it is a list, a table or nothing. */
  value: string | undefined
  /** 1-based. */
  line: number
}

export const MAX_FILE_BYTES = 1024 * 1024

/** What goes before the values when only encrypted ones are authenticated: the constant of SOPS, so that the two never agree. */
const ONLY_ENCRYPTED = Buffer.from('8a3fd2ad54ce66527b1034f3d147be0b0b975b3bf44f72c6fdadec8176f27d69', 'hex')

/**
 * Decrypts a file that SOPS encrypted for age: YAML, JSON or dotenv, told apart by the end of its name as SOPS does unless `format`
 * says it. In memory only. Its
 * message authentication code is checked: a file in which anything was added, removed, moved or changed is refused.
 * Throws `SopsError`, which never holds a value.
 *
 * The format is that of SOPS 3 (github.com/getsops/sops: aes/cipher.go, sops.go, stores).
 */
export async function decryptFile(
  path: string,
  bytes: Uint8Array,
  identities: Identities,
  format?: 'dotenv',
): Promise<readonly DecryptedEntry[]> {
  const { table, metadata: raw } = readTree(path, bytes, format)
  const metadata = readMetadata(raw, keysOf(table))
  const key = await dataKeyOf(metadata, identities)
  try {
    const { root, mac } = decryptTree(table, metadata, key)
    const stated = open(metadata.mac, key, metadata.lastModified, 'its MAC').text
    if (!equal(stated, mac)) {
      throw new SopsError('Tampered', 'its MAC does not match: something was changed without SOPS. Edit it with `sops`')
    }
    return root.entries.map(({ key: name, value, line }) => ({ key: name, value: textOf(value), line }))
  } finally {
    key.fill(0)
  }
}

/** Whether it is dotenv that SOPS encrypted, whatever its name. */
export const isEncryptedDotenv = (bytes: Uint8Array | undefined): boolean =>
  bytes !== undefined &&
  bytes.length <= MAX_FILE_BYTES &&
  /^sops_mac=ENC\[/m.test(Buffer.from(bytes).toString('latin1'))

function readTree(path: string, bytes: Uint8Array, format: 'dotenv' | undefined): SopsTree {
  if (bytes.length > MAX_FILE_BYTES) {
    throw new SopsError('TooLarge', `it has ${bytes.length} bytes; at most ${MAX_FILE_BYTES} are read`)
  }
  const text = decode(bytes)
  if (format === 'dotenv' || path.endsWith('.env')) return readDotenv(text)
  if (/\.(?:ya?ml|json)$/.test(path)) return readYaml(text)
  throw new SopsError('Unsupported', 'its name ends in none of .yaml, .yml, .json and .env: rename it')
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new SopsError('Corrupted', 'it is not UTF-8 text')
  }
}

function decryptTree(table: Table, metadata: Metadata, key: Uint8Array): { root: Table; mac: string } {
  const hash = createHash('sha512')
  if (metadata.macOnlyEncrypted) hash.update(ONLY_ENCRYPTED)
  const leaf = (value: Scalar, path: readonly string[], line: number): Scalar => {
    if (value === null) return null
    if (!metadata.isEncrypted(path)) {
      if (!metadata.macOnlyEncrypted) hash.update(macText(value))
      return value
    }
    const what = `the value of "${path.join('.')}"`
    if (value === '') return value
    if (typeof value !== 'string' || !isEncryptedValue(value)) {
      throw new SopsError('Tampered', `${what} should be encrypted and is not: edit the file with \`sops\``, line)
    }
    const { text, type } = open(value, key, `${path.join(':')}:`, what, line)
    hash.update(text)
    return type === 'bool' ? text === 'True' || text === 'true' : text
  }
  const walk = (node: Node, path: readonly string[], line: number): Node => {
    if (node instanceof Table) return tableOf(node, path)
    if (Array.isArray(node)) return node.map((item: Node) => walk(item, path, line))
    return leaf(node as Scalar, path, line)
  }
  const tableOf = ({ entries }: Table, path: readonly string[]): Table =>
    new Table(
      entries.map(({ key: name, value, line }) => ({ key: name, value: walk(value, [...path, name], line), line })),
    )
  const root = tableOf(table, [])
  return { root, mac: hash.digest('hex').toUpperCase() }
}

/** A plain value as SOPS hashes it. */
function macText(value: Exclude<Scalar, null>): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return typeof value === 'number' ? withoutExponent(value) : String(value)
}

/** As Go writes a float with the least digits and no exponent. */
function withoutExponent(value: number): string {
  const [, sign = '', whole = '', fraction = '', exponent] =
    /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(String(value)) ?? []
  if (exponent === undefined) return String(value)
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return point >= digits.length
    ? sign + digits.padEnd(point, '0')
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

function textOf(value: Node): string | undefined {
  return value === null || value instanceof Table || Array.isArray(value) ? undefined : String(value)
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
