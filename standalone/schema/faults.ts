import type { Cause, StatusFault } from './contract.ts'
import { quote } from './go.ts'

/** Thrown when a request is refused; it carries the `Status` that the client must see. */
export class Fault extends Error implements StatusFault {
  override readonly name = 'Fault'
  readonly code: number
  readonly reason: string
  readonly causes?: Cause[]

  constructor(code: number, reason: string, message: string, causes?: Cause[]) {
    super(message)
    this.code = code
    this.reason = reason
    if (causes) this.causes = causes
  }
}

export const badRequest = (message: string): Fault => new Fault(400, 'BadRequest', message)
/** kube-apiserver answers plain Go errors as 500 with an empty reason. */
export const internal = (message: string): Fault => new Fault(500, '', message)

const dotted = ({ field, message }: Cause): string => `${field}: ${message}`

/** The message of a 422: `Widget.example.com "a" is invalid: spec.x: Required value`, several in brackets, repeats left out. */
export const invalidStatusMessage = (kind: string, group: string, name: string, causes: readonly Cause[]): string => {
  const lines = [...new Set(causes.map(dotted))]
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`
  return `${group ? `${kind}.${group}` : kind} ${quote(name)} is invalid${lines.length ? `: ${text}` : ''}`
}

export const invalid = (kind: string, group: string, name: string, causes: Cause[]): Fault =>
  new Fault(422, 'Invalid', invalidStatusMessage(kind, group, name, causes), causes)
