/** How long to wait before trying again: doubling, up to a ceiling, spread by jitter so that many do not return at once. */
export interface BackoffPolicy {
  baseMs: number
  maxMs: number
}

/** `failures` counts from 1. The delay lies between half of the doubled base and all of it. `random` gives [0, 1). */
export const backoffDelay = (failures: number, { baseMs, maxMs }: BackoffPolicy, random: () => number): number => {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 40))
  return ceiling / 2 + (ceiling / 2) * random()
}
