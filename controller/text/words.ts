/** Text that cannot be split into words, for example an open quote. */
export class WordsError extends Error {
  override readonly name = 'WordsError'
}

/**
 * Splits text into words as a POSIX shell does (blanks, quotes, backslashes), and does nothing else a shell does: `$HOME`, `*`, `;`
 * and backticks are ordinary characters.
 */
export const splitWords = (text: string): string[] => {
  const words: string[] = []
  let word: string | undefined
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (char === ' ' || char === '\t' || char === '\n' || char === '\r') {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (char === "'") {
      const end = text.indexOf("'", i + 1)
      if (end < 0) throw new WordsError(`a quote (') is not closed${within(text)}`)
      word = (word ?? '') + text.slice(i + 1, end)
      i = end
    } else if (char === '"') {
      const { value, end } = doubleQuoted(text, i)
      word = (word ?? '') + value
      i = end
    } else if (char === '\\') {
      const next = text[i + 1]
      if (next === undefined) throw new WordsError(`a backslash stands at the end${within(text)}`)
      i++
      if (next !== '\n') word = (word ?? '') + next
    } else {
      word = (word ?? '') + char
    }
  }
  if (word !== undefined) words.push(word)
  return words
}

/** A word that `splitWords` reads as it is. */
export const quoteWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

/** Reads the double-quoted part that starts at `start`; a backslash escapes only what it escapes in a shell. */
const doubleQuoted = (text: string, start: number): { value: string; end: number } => {
  let value = ''
  for (let i = start + 1; i < text.length; i++) {
    const char = text[i]!
    if (char === '"') return { value, end: i }
    const next = text[i + 1]
    if (char === '\\' && next !== undefined && '"\\$`\n'.includes(next)) {
      if (next !== '\n') value += next
      i++
    } else {
      value += char
    }
  }
  throw new WordsError(`a quote (") is not closed${within(text)}`)
}

/** Whole or not at all: half a secret is not known as one by whoever hides secrets. */
const within = (text: string): string => (text.length > 200 ? '' : ` in: ${text}`)
