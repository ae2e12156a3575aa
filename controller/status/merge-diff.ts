import { isDeepStrictEqual } from 'node:util'

/**
 * The JSON merge patch (RFC 7386) that turns `before` into `after`, or `undefined` when they are the same. Lists are replaced
 * whole; keys whose value is `undefined` count as absent.
 */
export const mergeDiff = (before: unknown, after: unknown): unknown => {
  if (!isMap(before) || !isMap(after)) return isDeepStrictEqual(before, after) ? undefined : after
  const patch: Record<string, unknown> = {}
  for (const key of Object.keys(before)) {
    if (before[key] !== undefined && after[key] === undefined) patch[key] = null
  }
  for (const [key, value] of Object.entries(after)) {
    if (value === undefined) continue
    const change = before[key] === undefined ? value : mergeDiff(before[key], value)
    if (change !== undefined) patch[key] = change
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
