/**
 * A function that replaces every secret in a text by `<hidden>`: as it is, as JSON would write it, and line by line for those of
 * several lines (Compose breaks them up).
 */
export const scrubber = (secrets: readonly string[]): ((text: string) => string) => {
  const patterns = new Set<string>()
  for (const secret of secrets) {
    if (secret.trim() === '') continue
    patterns.add(secret)
    patterns.add(JSON.stringify(secret).slice(1, -1))
    // Compose doubles `$` in what `config` prints.
    patterns.add(secret.replaceAll('$', '$$$$'))
    for (const line of secret.split(/\r?\n/)) if (line.trim().length >= 8) patterns.add(line.trim())
  }
  // The longest first, so that no part of one is left standing.
  const ordered = [...patterns].sort((a, b) => b.length - a.length)
  return (text) => ordered.reduce((scrubbed, secret) => scrubbed.replaceAll(secret, '<hidden>'), text)
}
