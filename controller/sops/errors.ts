/** Why an encrypted file cannot be used. */
export type SopsReason =
  /** It holds no metadata of SOPS: somebody forgot to encrypt it. */
  | 'NotEncrypted'
  /** None of the identities is among its recipients. */
  | 'NoMatchingKey'
  /** Its values or its MAC do not belong together: changed without SOPS, or damaged. */
  | 'Tampered'
  /** No YAML, JSON or dotenv, or metadata that make no sense. */
  | 'Corrupted'
  | 'TooLarge'
  /** A feature of SOPS that is not read here. */
  | 'Unsupported'
  /** The Secret holds nothing that opens a file. */
  | 'NoIdentity'

/** The message is for users and never holds a value or a key. */
export class SopsError extends Error {
  override readonly name = 'SopsError'
  readonly reason: SopsReason
  /** 1-based; what concerns the whole file has none. */
  readonly line: number | undefined

  constructor(reason: SopsReason, message: string, line?: number) {
    super(message)
    this.reason = reason
    this.line = line
  }
}
