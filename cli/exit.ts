/** Exit codes, for scripts: like `terraform plan -detailed-exitcode` and `diff`, 2 means "there are changes". */
export const exit = { ok: 0, error: 1, changes: 2 } as const
export type ExitCode = (typeof exit)[keyof typeof exit]

/** A message for the user; the command ends with exit code 1. Anything else that is thrown is a fault of ours. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
