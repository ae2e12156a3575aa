import { HostUnreachableError } from '../controller/hosts/port.ts'

/**
 * Runs `work` with a signal that is also aborted after `ms`. A deadline that passed is a `HostUnreachableError`; the caller's own
 * abort is rethrown as it is. Returns when the time is over even if `work` ignores its signal: a host that hangs slows nobody.
 */
export const withDeadline = async <T>(
  what: string,
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  signal.throwIfAborted()
  const controller = new AbortController()
  const { promise: interrupted, reject } = Promise.withResolvers<never>()
  const late = () => {
    const error = new HostUnreachableError(`no answer within ${ms / 1000} s to: ${what}`)
    controller.abort(error)
    reject(error)
  }
  const abort = () => {
    controller.abort(signal.reason)
    reject(signal.reason)
  }
  const timer = setTimeout(late, ms)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work(controller.signal), interrupted])
  } catch (error) {
    if (controller.signal.aborted) throw controller.signal.reason
    throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    interrupted.catch(() => {})
  }
}
