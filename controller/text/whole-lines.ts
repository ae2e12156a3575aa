/** A line of this many characters, which is too long to be shown. Cut off, it could show a part of a secret, which no mask would know. */
export const tooLong = (characters: number): string => `(a line of more than ${characters} characters is not shown)`

/** The end of a text of at most `most` characters, from the beginning of a line. */
export function lastLines(text: string, most: number): string {
  if (text.length <= most) return text
  // With one character more, which may be the end of the line before.
  const end = text.slice(-most - 1)
  const start = end.search(/[\r\n]/) + 1
  const isAllOneLine = start === 0 || start === end.length
  return isAllOneLine ? tooLong(most) : end.slice(start)
}
