/**
 * A controller that follows an outer signal and can be aborted by itself. `release` lets go of the outer one, so that a
 * long-lived signal does not gather listeners.
 */
export const linkedAbort = (outer: AbortSignal): { controller: AbortController; release: () => void } => {
  const controller = new AbortController()
  const follow = (): void => controller.abort(outer.reason)
  if (outer.aborted) follow()
  else outer.addEventListener('abort', follow, { once: true })
  return { controller, release: () => outer.removeEventListener('abort', follow) }
}
