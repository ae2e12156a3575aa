/**
 * Takes secrets out of texts that are shown. Only out of those: what decisions are made from (names, states, hashes) is never masked, or
 * a container whose name holds a secret's value would seem to be gone.
 *
 * A secret of less than 4 characters is hidden only where it stands alone, and `true`, `false` and the like never: hidden
 * everywhere they would take the sense out of every message, and would be guessed all the same.
 */

export const HIDDEN = '<redacted>'

export type Mask = (text: string) => string

const SHORT = 4
/** Lines of a secret file (a private key) appear alone in error texts; shorter ones are too common to be telling. */
const TELLING_LINE = 8
const COMMON = new Set(['true', 'false', 'yes', 'no', 'on', 'off', 'null', 'none'])

/** Hides the secrets in every spelling that they travel in; the longest goes first, so that no part of one is left standing. */
export function maskFor(secrets: Iterable<string>): Mask {
  const needles = new Set<string>()
  for (const secret of secrets) for (const spelling of spellings(secret)) needles.add(spelling)
  if (needles.size === 0) return (text) => text
  const ordered = [...needles].sort((a, b) => b.length - a.length)
  // One pass: what a placeholder is made of is never taken for a secret.
  const pattern = new RegExp(ordered.map(patternOf).join('|'), 'g')
  return (text) => text.replace(pattern, HIDDEN)
}

const patternOf = (needle: string): string => {
  const literal = RegExp.escape(needle)
  return needle.length < SHORT ? `(?<![A-Za-z0-9_])${literal}(?![A-Za-z0-9_])` : literal
}

/** As it is, trimmed, each longer line, in base64, in a URL, within JSON, and as Compose prints it, which doubles `$`. */
function* spellings(secret: string): Iterable<string> {
  const trimmed = secret.trim()
  if (trimmed === '' || COMMON.has(trimmed.toLowerCase())) return
  yield secret
  yield trimmed
  yield trimmed.replaceAll('$', '$$$$')
  yield encodeURIComponent(trimmed.toWellFormed())
  yield JSON.stringify(secret).slice(1, -1)
  yield JSON.stringify(trimmed).slice(1, -1)
  const lines = trimmed.split(/\r?\n/)
  if (lines.length > 1) for (const line of lines) if (line.trim().length >= TELLING_LINE) yield line.trim()
  if (trimmed.length < SHORT) return
  const base64 = Buffer.from(secret).toString('base64')
  yield base64
  yield base64.replace(/=+$/, '')
}
