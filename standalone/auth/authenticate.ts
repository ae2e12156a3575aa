import type { TLSSocket } from 'node:tls'
import type { UserInfo } from '../api.ts'
import type { ServiceAccountTokens } from './tokens.ts'

export const AUTHENTICATED = 'system:authenticated'

export const ANONYMOUS: UserInfo = { username: 'system:anonymous', groups: ['system:unauthenticated'] }

/** Who asks. Undefined: somebody who says to be someone, and is not (401). Who says nothing is anonymous. */
export type Authenticate = (socket: TLSSocket, authorization: string | undefined) => UserInfo | undefined

export const createAuthenticator = (tokens: ServiceAccountTokens): Authenticate => {
  const certificates = new WeakMap<TLSSocket, { user: UserInfo | undefined; expires: number }>()
  return (socket, authorization) => {
    const bearer = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
    if (bearer !== undefined) return tokens.verify(bearer)
    let known = certificates.get(socket)
    if (!known) {
      known = userOfCertificate(socket)
      certificates.set(socket, known)
    }
    // A connection may outlive the certificate that opened it.
    return tokens.now() < known.expires ? known.user : undefined
  }
}

/** The common name is the user, the organisations are the groups. The TLS layer has verified the chain, or says that it could not. */
const userOfCertificate = (socket: TLSSocket): { user: UserInfo | undefined; expires: number } => {
  const certificate = socket.getPeerCertificate()
  if (!certificate?.subject) return { user: ANONYMOUS, expires: Number.POSITIVE_INFINITY }
  const expires = new Date(certificate.valid_to).getTime()
  if (!socket.authorized) return { user: undefined, expires }
  const { CN, O } = certificate.subject as { CN?: string | string[]; O?: string | string[] }
  const username = Array.isArray(CN) ? CN.at(-1) : CN
  if (!username) return { user: undefined, expires }
  const groups = O === undefined ? [] : Array.isArray(O) ? O : [O]
  return { user: { username, groups: [...groups, AUTHENTICATED] }, expires }
}
