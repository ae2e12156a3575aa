import type { Call } from '../call.ts'
import { expired } from '../http/status.ts'
import type { Cause } from '../schema/contract.ts'
import { badRequest } from '../schema/faults.ts'
import { forbidden, notSupported } from '../schema/field.ts'
import { integerParameter, invalidOptions } from './options.ts'
import { parseListVersion, versionTooLarge } from './resource-version.ts'

/** Which part of which version of a collection a list answers. */
export interface ListVersion {
  /** 0: all. */
  limit: number
  /** Items after this path. */
  after: string
  /** Undefined: as it is now. */
  at: number | undefined
}

interface ContinueToken {
  /** -1: go on with what there is now, although the first pages showed an older state. */
  revision: number
  after: string
}

export const encodeContinue = ({ revision, after }: ContinueToken): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: `${after}\u0000` })).toString('base64url')

const decodeContinue = (text: string): ContinueToken => {
  const decoded = Buffer.from(text, 'base64url').toString('latin1')
  let token: unknown
  try {
    token = JSON.parse(decoded)
  } catch {
    throw badRequest(
      `invalid continue token: continue key is not valid: invalid character '${decoded.charAt(0)}' looking for beginning of value`,
    )
  }
  const { v, rv, start } = (token ?? {}) as { v?: unknown; rv?: unknown; start?: unknown }
  const notValid = (why: string): Error => badRequest(`invalid continue token: continue key is not valid: ${why}`)
  if (v !== 'meta.k8s.io/v1') throw notValid(`server does not recognize this encoded version ${v ?? ''}`)
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0) {
    throw notValid(`incorrect encoded start resourceVersion (version ${v})`)
  }
  if (typeof start !== 'string' || start === '') throw notValid(`encoded start key empty (version ${v})`)
  if (start.split('/').includes('..')) throw badRequest(`invalid continue token: continue key is not valid: ${start}`)
  return { revision: rv, after: start.endsWith('\u0000') ? start.slice(0, -1) : start }
}

const EXPIRED_CONTINUE =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
  'deleted between the time the first chunk was returned and now may show up in the list.'

/** @throws Fault 400, 422 for what cannot be combined, 410 for versions that are gone, 504 for those that are to come. */
export const listOptions = ({ query, backend }: Call): ListVersion => {
  const limit = Math.max(0, integerParameter(query, 'limit') ?? 0)
  const token = query.get('continue') ?? ''
  const match = query.get('resourceVersionMatch') ?? ''
  const asked = query.get('resourceVersion') ?? ''
  const causes = matchCauses(match, asked, token)
  if (query.has('sendInitialEvents')) {
    causes.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  }
  if (causes.length > 0) throw invalidOptions('ListOptions', causes)

  const { revision, compacted } = backend.store
  if (token !== '') {
    if (asked !== '' && asked !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue')
    }
    const { revision: at, after } = decodeContinue(token)
    if (at < 0) return { limit, after, at: undefined }
    if (at < compacted) throw expired(EXPIRED_CONTINUE, encodeContinue({ revision: -1, after }))
    if (at > revision) throw versionTooLarge(at, revision)
    return { limit, after, at }
  }
  const version = parseListVersion(asked)
  if (version !== undefined && version > revision) throw versionTooLarge(version, revision)
  // A page of a version without a match rule has always meant exactly that version (kube-apiserver keeps to it).
  const exact = match === 'Exact' || (match === '' && limit > 0 && version !== undefined && version > 0)
  if (!exact || version === undefined) return { limit, after: '', at: undefined }
  if (version < compacted) throw expired('The resourceVersion for the provided list is too old.')
  return { limit, after: '', at: version }
}

const matchCauses = (match: string, version: string, token: string): Cause[] => {
  const causes: Cause[] = []
  if (match === '') return causes
  const refuse = (why: string): unknown => causes.push(forbidden('resourceVersionMatch', why))
  if (version === '') refuse('resourceVersionMatch is forbidden unless resourceVersion is provided')
  if (token !== '') refuse('resourceVersionMatch is forbidden when continue is provided')
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    causes.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']))
  }
  if (match === 'Exact' && version === '0') refuse('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
  return causes
}
