import type { webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

// Loaded only when something is to be issued: a server that has its certificates does without.

export interface Pair {
  /** PEM. */
  cert: string
  key: string
}

const KEY = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' }
const DAY_MS = 86_400_000
/** Clocks differ: certificates count from a little before they were made. */
const BACKDATE_MS = 5 * 60_000

export const issueAuthority = async (name: string, now: Date, days: number): Promise<Pair> => {
  const keys = await crypto.subtle.generateKey(KEY, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    keys,
    ...validity(now, days),
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: certificate.toString('pem'), key: await exportKey(keys.privateKey) }
}

/** For a server under these names and addresses. */
export const issueServing = (authority: Pair, hosts: readonly string[], now: Date, days: number): Promise<Pair> =>
  issue(authority, [{ CN: ['kube-apiserver'] }], x509.ExtendedKeyUsage.serverAuth, now, days, [
    new x509.SubjectAlternativeNameExtension(
      hosts.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
    ),
  ])

/** For a user: the common name is the user's, the organisations are the groups. */
export const issueClient = (
  authority: Pair,
  user: { username: string; groups: readonly string[] },
  now: Date,
  days: number,
): Promise<Pair> =>
  issue(
    authority,
    [...user.groups.map((group) => ({ O: [group] })), { CN: [user.username] }],
    x509.ExtendedKeyUsage.clientAuth,
    now,
    days,
    [],
  )

const issue = async (
  authority: Pair,
  subject: x509.JsonNameParams,
  usage: x509.ExtendedKeyUsage,
  now: Date,
  days: number,
  extensions: x509.Extension[],
): Promise<Pair> => {
  const issuer = new x509.X509Certificate(authority.cert)
  const signingKey = await crypto.subtle.importKey('pkcs8', pemBytes(authority.key), KEY, false, ['sign'])
  const keys = await crypto.subtle.generateKey(KEY, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.create({
    subject: new x509.Name(subject).toString(),
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: SIGNING,
    ...validity(now, days),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...extensions,
    ],
  })
  return { cert: certificate.toString('pem'), key: await exportKey(keys.privateKey) }
}

const validity = (now: Date, days: number): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(now.getTime() - BACKDATE_MS),
  notAfter: new Date(now.getTime() + days * DAY_MS),
})

const exportKey = async (key: webcrypto.CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')

const pemBytes = (pem: string): ArrayBuffer => x509.PemConverter.decodeFirst(pem)
