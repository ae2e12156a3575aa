/** Komodo's key-value text: environment, build arguments, labels, ports, volumes, captions of stop signals. */

export interface KeyValuePair {
  key: string
  value: string
}

/** A line without `=` or `:`. */
export class KeyValueError extends Error {
  override readonly name = 'KeyValueError'
  /** 1-based, in the text as given. */
  readonly line: number

  constructor(line: number, text: string) {
    const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text
    super(`line ${line}: "${shown}" has neither "=" nor ":"; write it like KEY=value`)
    this.line = line
  }
}

/**
 * The pairs in order, duplicates kept. A line is `KEY=value`, `KEY: value`, the same behind a dash (YAML list style), or all of that
 * in one pair of quotes. Quotes around the value alone belong to the value. `#` and `//` at the start of a line, and ` #` behind
 * it, begin a comment.
 *
 * Komodo cuts at ` #` inside quotes too; so do we, because files in use are written for it.
 */
export function parseKeyValues(text: string): KeyValuePair[] {
  const pairs: KeyValuePair[] = []
  let number = 0
  for (const raw of text.split('\n')) {
    number++
    const pair = parseLine(raw, number)
    if (pair) pairs.push(pair)
  }
  return pairs
}

function parseLine(raw: string, number: number): KeyValuePair | undefined {
  let line = raw.trim()
  if (line === '' || line.startsWith('#') || line.startsWith('//')) return undefined
  const comment = line.indexOf(' #')
  if (comment >= 0) line = line.slice(0, comment)
  line = line.trim().replace(/^-+/, '').trim()
  const at = line.search(/[=:]/)
  if (at < 0) throw new KeyValueError(number, line)
  let key = line.slice(0, at).trim()
  let value = line.slice(at + 1).trim()
  // Komodo does not mind whether the two are the same.
  if (/^["']/.test(key) && !/["']$/.test(key) && /["']$/.test(value)) {
    key = key.slice(1).trim()
    value = value.slice(0, -1).trim()
  }
  return { key, value }
}
