/** Why a source could not be read. CamelCase: they are the reasons of the condition `SourceReady`. */
export type SourceFailure =
  | 'AuthFailed'
  | 'BranchMoved'
  | 'BranchNotFound'
  | 'CommitNotFound'
  | 'ConnectionFailed'
  | 'CredentialsMissing'
  | 'EmptyRepository'
  | 'GitFailed'
  | 'HostKeyChanged'
  | 'HostKeyUnknown'
  | 'HostNotFound'
  | 'InvalidSource'
  | 'LinkLoop'
  | 'NotAFile'
  | 'NotWritable'
  | 'OutsideRoot'
  | 'PathNotFound'
  | 'PushRefused'
  | 'Redirected'
  | 'Refused'
  | 'RepositoryNotFound'
  | 'Timeout'
  | 'TlsFailed'
  | 'TooLarge'

/** Says what could not be read, from where, and what to do. Never holds a credential. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  readonly reason: SourceFailure

  constructor(reason: SourceFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }

  /** Only a change of the object that names the source can help. */
  get permanent(): boolean {
    return this.reason === 'InvalidSource' || this.reason === 'Refused'
  }
}
