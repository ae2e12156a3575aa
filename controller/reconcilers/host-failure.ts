import { StalledError, TransientError, WaitingError } from '../engine/errors.ts'
import { HostRejectedError, HostUnreachableError } from '../hosts/port.ts'
import { SERVER_READY } from './references.ts'

/** How soon a host that stopped answering in the middle of a pass is asked again; its Server usually wakes the object before. */
const UNREACHABLE_RETRY_MS = 30_000

/** Its removal wakes the object, if the event arrives. */
const NAME_TAKEN_RETRY_MS = 60_000

/** Runs a call to a host, and says in the words of conditions what its failure means for the object. */
export async function onHost<T>(serverName: string, condition: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw hostFailure(serverName, condition, error)
  }
}

/** `condition` is the one that a refusal belongs to. What is no answer of the host comes back unchanged. */
export function hostFailure(serverName: string, condition: string, error: unknown): unknown {
  if (error instanceof HostUnreachableError) {
    return new WaitingError(
      SERVER_READY,
      'ServerUnreachable',
      `Server "${serverName}" does not answer: ${error.message}`,
      UNREACHABLE_RETRY_MS,
    )
  }
  if (error instanceof HostRejectedError) {
    const message = `on Server "${serverName}": ${error.message}`
    if (error.reason === 'NameTaken') return new WaitingError(condition, error.reason, message, NAME_TAKEN_RETRY_MS)
    return onlyAHumanCanFix.has(error.reason)
      ? new StalledError(condition, error.reason, message, { cause: error })
      : new TransientError(condition, error.reason, message, { cause: error })
  }
  return error
}

/** Refusals that the same request would meet again. */
const onlyAHumanCanFix: ReadonlySet<string> = new Set(['InvalidArgument', 'InvalidCompose'])
