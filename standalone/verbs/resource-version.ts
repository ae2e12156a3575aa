import type { Call } from '../call.ts'
import { StatusError } from '../http/status.ts'
import type { Cause } from '../schema/contract.ts'
import { badRequest, internal } from '../schema/faults.ts'

/** A resourceVersion in a query. */
export const parseVersion = (text: string | null): number | undefined => {
  if (text === null || text === '') return undefined
  if (isVersion(text)) return Number(text)
  throw internal(invalidVersion(text))
}

/** Of 64 bits; what no number holds is far in the future either way. */
const isVersion = (text: string): boolean => /^\d+$/.test(text) && BigInt(text) < 2n ** 64n
const invalidVersion = (text: string): string =>
  `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${/^\d+$/.test(text) ? 'value out of range' : 'invalid syntax'}`

/** @throws StatusError 504 for a version that does not exist yet. */
export const checkReadVersion = ({ query, backend }: Call): void => {
  const version = parseVersion(query.get('resourceVersion'))
  if (version !== undefined && version > backend.store.revision) throw versionTooLarge(version, backend.store.revision)
}

export const versionTooLarge = (version: number, current: number): StatusError =>
  new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${version}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' } as Cause],
    retryAfterSeconds: 1,
  })

/** On lists a broken version is the client's fault. */
export const parseListVersion = (text: string | null): number | undefined => {
  if (text === null || text === '') return undefined
  if (isVersion(text)) return Number(text)
  throw badRequest(`invalid resource version: ${invalidVersion(text)}`)
}
