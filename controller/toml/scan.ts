/** A light look at TOML text: where headers and multi-line strings are. It never fails; what is wrong with the text the parser says. */

export interface Scan {
  /** The text for the parser: every backslash in a multi-line basic string doubled. */
  text: string
  /** Offsets in the original text at which a backslash was doubled. */
  doubled: readonly number[]
  /** Offsets in the original text of lines that start a table. */
  headers: readonly number[]
}

const NEWLINE = 0x0a
const QUOTE = 0x22
const HASH = 0x23
const APOSTROPHE = 0x27
const OPEN = 0x5b
const BACKSLASH = 0x5c
const CLOSE = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * Komodo takes backslashes in `"""` strings literally, so that shell continuations survive. It does so by splitting the text at every
 * `"""`, which goes wrong when one stands in a comment or in another string; this looks at real multi-line strings only.
 */
export function scan(source: string): Scan {
  const headers: number[] = []
  const doubled: number[] = []
  const length = source.length
  let depth = 0
  let lineStart = true
  let offset = source.charCodeAt(0) === 0xfeff ? 1 : 0
  let nextBackslash = source.indexOf('\\')
  while (offset < length) {
    const code = source.charCodeAt(offset)
    if (code === NEWLINE) {
      lineStart = true
      offset++
      continue
    }
    if (code <= 0x20) {
      offset++
      continue
    }
    switch (code) {
      case HASH:
        offset = lineEnd(source, offset)
        continue
      case QUOTE:
        if (source.startsWith('"""', offset)) {
          const end = endOfMultiline(source, offset, '"""')
          if (nextBackslash >= 0 && nextBackslash < offset) nextBackslash = source.indexOf('\\', offset)
          while (nextBackslash >= 0 && nextBackslash < end) {
            doubled.push(nextBackslash)
            nextBackslash = source.indexOf('\\', nextBackslash + 1)
          }
          offset = end
        } else offset = endOfString(source, offset)
        break
      case APOSTROPHE:
        offset = source.startsWith("'''", offset) ? endOfMultiline(source, offset, "'''") : endOfString(source, offset)
        break
      case OPEN:
        if (lineStart && depth === 0) {
          headers.push(offset)
          offset = lineEnd(source, offset)
          continue
        }
        depth++
        offset++
        break
      case OPEN_BRACE:
        depth++
        offset++
        break
      case CLOSE:
      case CLOSE_BRACE:
        if (depth > 0) depth--
        offset++
        break
      default:
        offset++
    }
    lineStart = false
  }
  return { text: doubled.length === 0 ? source : withDoubled(source, doubled), doubled, headers }
}

/** Whether Komodo, which looks for `"""` everywhere, takes the same backslashes for literal ones. */
export function komodoReadsAlike(source: string): boolean {
  if (!source.includes('\\')) return true
  const parts = source.split('"""').map((part, index) => (index % 2 === 1 ? part.replaceAll('\\', '\\\\') : part))
  return parts.join('"""') === scan(source).text
}

/** Where an offset in the parser's text is in the original. */
export function originalOffset({ doubled }: Scan, offset: number): number {
  let shift = 0
  while (shift < doubled.length && doubled[shift]! + shift < offset) shift++
  return offset - shift
}

/** Offset behind a one-line string that starts at `offset`. */
export function endOfString(source: string, offset: number): number {
  const quote = source.charCodeAt(offset)
  for (let at = offset + 1; at < source.length; at++) {
    const code = source.charCodeAt(at)
    if (code === NEWLINE) return at
    if (code === quote) return at + 1
    if (code === BACKSLASH && quote === QUOTE) at++
  }
  return source.length
}

/** Offset behind a multi-line string that starts at `offset`; up to two quotes before the closing three belong to it. */
export function endOfMultiline(source: string, offset: number, delimiter: string): number {
  const close = source.indexOf(delimiter, offset + 3)
  if (close < 0) return source.length
  let end = close + 3
  for (let extra = 0; extra < 2 && source[end] === delimiter[0]; extra++) end++
  return end
}

export function lineEnd(source: string, offset: number): number {
  const end = source.indexOf('\n', offset)
  return end < 0 ? source.length : end
}

function withDoubled(source: string, doubled: readonly number[]): string {
  const parts: string[] = []
  let from = 0
  for (const at of doubled) {
    parts.push(source.slice(from, at + 1))
    from = at
  }
  parts.push(source.slice(from))
  return parts.join('')
}
