/** A text as TOML in the quotes that `before` has, where these can hold it; `undefined` where they cannot. */
export function textLike(before: string, text: string): string | undefined {
  // Three quotes in a row are delimiters for Komodo wherever they stand.
  if (text.includes('"""') || !text.isWellFormed()) return undefined
  const quotes = /^("""|'''|"|')/.exec(before)?.[0] ?? ''
  const control =
    quotes.length === 3
      ? // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what TOML forbids.
        /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)/
      : // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what TOML forbids.
        /[\x00-\x08\x0a-\x1f\x7f]/
  if (control.test(text)) return undefined
  switch (quotes) {
    case "'":
      return text.includes("'") ? undefined : `'${text}'`
    case "'''":
      return text.includes("'''") || text.endsWith("'") ? undefined : `'''${firstLine(before, text)}${text}'''`
    case '"""':
      return text.endsWith('"') ? undefined : `"""${firstLine(before, text)}${text}"""`
    default:
      return undefined
  }
}

/** The line end behind the opening quotes, which is no part of the text. */
function firstLine(before: string, text: string): string {
  const lead = /^\r?\n/.exec(before.slice(3))?.[0] ?? ''
  return lead === '' && /^\r?\n/.test(text) ? '\n' : lead
}

/** A number as TOML that has a fraction where `before` has one; `undefined` for what is no number. */
export const numberLike = (before: string, value: unknown): string | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && /^[+-]?[\d_]+\.\d/.test(before) ? `${value}.0` : undefined
