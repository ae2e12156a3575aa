import type { Cause, JsonObject } from '../schema/contract.ts'
import { Fault, invalidStatusMessage } from '../schema/faults.ts'

export interface StatusDetails {
  name?: string
  group?: string
  /** A plural for what concerns a request, a Kind for what concerns an object. */
  kind?: string
  uid?: string
  causes?: Cause[]
  retryAfterSeconds?: number
}

/** A refusal whose Status names what it is about. */
export class StatusError extends Fault {
  readonly details: StatusDetails | undefined
  /** A token with which an expired list can go on, inconsistently. */
  readonly continue: string | undefined

  constructor(code: number, reason: string, message: string, details?: StatusDetails, continueToken?: string) {
    super(code, reason, message, details?.causes)
    this.details = details
    this.continue = continueToken
  }
}

/** A group and a plural, as errors name them. */
export interface Named {
  group: string
  plural: string
}

const qualified = ({ group, plural }: Named): string => (group ? `${plural}.${group}` : plural)
const about = ({ group, plural }: Named, name: string): StatusDetails => ({
  ...(name && { name }),
  ...(group && { group }),
  kind: plural,
})

export const notFound = (resource: Named, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${qualified(resource)} ${JSON.stringify(name)} not found`, about(resource, name))

/** For paths that lead nowhere below a group that is there. */
export const noSuchResource = (): StatusError =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})

export const alreadyExists = (resource: Named, name: string, prefix = ''): StatusError =>
  new StatusError(
    409,
    'AlreadyExists',
    `${prefix}${qualified(resource)} ${JSON.stringify(name)} already exists`,
    about(resource, name),
  )

export const conflict = (resource: Named, name: string, why: string): StatusError =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} ${JSON.stringify(name)}: ${why}`,
    about(resource, name),
  )

export const objectModified = (resource: Named, name: string): StatusError =>
  conflict(
    resource,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  )

export const forbidden = (resource: Named, name: string, why: string, causes?: Cause[]): StatusError => {
  const subject = name ? `${qualified(resource)} ${JSON.stringify(name)}` : qualified(resource)
  return new StatusError(403, 'Forbidden', `${subject} is forbidden: ${why}`, {
    ...about(resource, name),
    ...(causes && { causes }),
  })
}

/** What the mux of the built-in groups says, whatever the resource. */
export const methodNotServed = (): StatusError =>
  new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

export const methodNotAllowed = (resource: Named, verb: string): StatusError =>
  new StatusError(
    405,
    'MethodNotAllowed',
    `${verb} is not supported on resources of kind ${JSON.stringify(qualified(resource))}`,
    about(resource, ''),
  )

export const expired = (message: string, continueToken?: string): StatusError =>
  new StatusError(410, 'Expired', message, undefined, continueToken)

export const tooLarge = (message: string): StatusError => new StatusError(413, 'RequestEntityTooLarge', message)

/** Causes that an answer tells; a body can hold a hundred thousand. */
const MAX_CAUSES = 500

export const invalidObject = (kind: { group: string; kind: string }, name: string, all: Cause[]): StatusError => {
  const causes = all.slice(0, MAX_CAUSES)
  return new StatusError(422, 'Invalid', invalidStatusMessage(kind.kind, kind.group, name, causes), {
    ...(name && { name }),
    ...(kind.group && { group: kind.group }),
    ...(kind.kind && { kind: kind.kind }),
    causes,
  })
}

/** The Status that a refusal becomes. Faults of our own making (bugs) say nothing of the inside. */
export const statusOf = (error: unknown): JsonObject & { code: number } => {
  const fault = error instanceof Fault ? error : new Fault(500, 'InternalError', 'Internal error occurred')
  const details = detailsOf(fault)
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: error instanceof StatusError && error.continue ? { continue: error.continue } : {},
    status: 'Failure',
    message: fault.message,
    ...(fault.reason && { reason: fault.reason }),
    ...(details && { details: details as unknown as JsonObject }),
    code: fault.code,
  }
}

const detailsOf = (fault: Fault): StatusDetails | undefined => {
  const details = fault instanceof StatusError ? fault.details : undefined
  const causes = details?.causes ?? fault.causes
  // A refusal without a cause is about nothing in particular.
  if (!details && !causes) return fault.reason === 'Invalid' ? {} : undefined
  const { kind, ...rest } = details ?? {}
  return { ...rest, ...(kind && { kind }), ...(causes && { causes: causes.map(withoutEmptyField) }) }
}

/** As Go leaves out what is empty. */
const withoutEmptyField = ({ field, ...cause }: Cause): Cause => ({ ...cause, ...(field && { field }) }) as Cause

/** What a deletion answers when nothing is left of the object. */
export const success = (details: StatusDetails): JsonObject => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: details as unknown as JsonObject,
})
