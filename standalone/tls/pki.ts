import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { UserInfo } from '../api.ts'
import { writeAtomically } from './atomic-file.ts'
import type { Pair } from './issue.ts'

/** The keys of this server: its own authority, and what it signed. */
export interface Pki {
  authority: Pair
  serving: Pair
  admin: Pair
}

export interface PkiOptions {
  dir: string
  /** Names and addresses under which clients reach the server. */
  hosts: readonly string[]
  admin: UserInfo
  now: Date
}

const AUTHORITY_DAYS = 3650
const LEAF_DAYS = 365
/** Renewed when less is left. */
const RENEW_DAYS = 90
const DAY_MS = 86_400_000

/** Reads what there is; issues what is missing, broken, about to expire or no longer right. */
export const openPki = async ({ dir, hosts, admin, now }: PkiOptions): Promise<Pki> => {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const lasts = (certificate: X509Certificate): boolean =>
    new Date(certificate.validTo).getTime() - now.getTime() > RENEW_DAYS * DAY_MS
  const authority = await keep(dir, 'ca', lasts, async () =>
    (await import('./issue.ts')).issueAuthority('standalone-ca', now, AUTHORITY_DAYS),
  )
  const issuer = new X509Certificate(authority.cert)
  const isOurs = (certificate: X509Certificate): boolean => certificate.verify(issuer.publicKey) && lasts(certificate)
  const covers = (certificate: X509Certificate): boolean =>
    hosts.every((host) => certificate.checkHost(host) !== undefined || certificate.checkIP(host) !== undefined)
  const serving = await keep(
    dir,
    'server',
    (certificate) => isOurs(certificate) && covers(certificate),
    async () => (await import('./issue.ts')).issueServing(authority, hosts, now, LEAF_DAYS),
  )
  // system:authenticated is what every user is; it is not for certificates to say.
  const groups = admin.groups.filter((group) => group !== 'system:authenticated')
  const client = await keep(dir, 'admin', isOurs, async () =>
    (await import('./issue.ts')).issueClient(authority, { ...admin, groups }, now, LEAF_DAYS),
  )
  return { authority, serving, admin: client }
}

const keep = async (
  dir: string,
  name: string,
  isGood: (certificate: X509Certificate) => boolean,
  issue: () => Promise<Pair>,
): Promise<Pair> => {
  const file = join(dir, `${name}.pem`)
  const known = await readPair(file)
  if (known && isGood(new X509Certificate(known.cert))) return known
  const pair = await issue()
  // One file for both, so that key and certificate always belong together.
  await writeAtomically(file, `${pair.key.trim()}\n${pair.cert.trim()}\n`)
  return pair
}

const readPair = async (file: string): Promise<Pair | undefined> => {
  try {
    const text = await readFile(file, 'utf8')
    const key = /-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----/.exec(text)?.[0]
    const cert = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(text)?.[0]
    if (!key || !cert || !new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return undefined
    return { key, cert }
  } catch {
    return undefined
  }
}

/** The key that signs ServiceAccount tokens. */
export const openTokenKey = async (dir: string): Promise<KeyObject> => {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const file = join(dir, 'service-accounts.key')
  try {
    return createPrivateKey(await readFile(file, 'utf8'))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await writeAtomically(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  return privateKey
}
