import { TomlError } from 'smol-toml'

/**
 * What a parser says of a text that is no TOML, with what people most often have done; without its picture of the text, which may show
 * a secret.
 *
 * @param text as the parser was given it
 */
export function whyInvalid(error: unknown, text: string): string {
  if (!(error instanceof TomlError)) return 'the text cannot be understood'
  const [first = ''] = error.message.split('\n')
  const message = first.replace(/^Invalid TOML document: /, '').replace(/\.$/, '')
  const line = text.split('\n', error.line).at(-1) ?? ''
  const found = causes.find(({ says, here, line: whole }) => {
    if (says && !says.test(message)) return false
    return (here?.test(line.slice(error.column - 1)) ?? true) && (whole?.test(line) ?? true)
  })
  return found ? `${message}; ${found.hint}` : message
}

interface Cause {
  says?: RegExp
  /** The text from where the parser stopped to the end of the line. */
  here?: RegExp
  line?: RegExp
  hint: string
}

const backslash = `in "..." a backslash is written twice, in '...' once`

/** The first one that fits. */
const causes: readonly Cause[] = [
  { line: /^(<{7}|={7}|>{7}|\|{7})( |\r?$)/, hint: 'the line is left over from a git merge' },
  // Also of a table that only has tables within it by now, which TOML allows, and Komodo takes.
  {
    says: /redefine/,
    here: /^[\w-]+\s*\./,
    hint: 'a dotted key cannot lead into a table that has a header above: put the key below a header of that table',
  },
  { says: /escape sequence/, hint: backslash },
  // The end of "\^web-\", as Komodo itself writes a pattern.
  { says: /control characters|unfinished string/, line: /\\"/, hint: backslash },
  { says: /invalid value/, here: /^(true|false)\b/i, hint: 'true and false are written in small letters' },
  { says: /invalid value/, here: /^[\p{L}“”„‘’`]/u, hint: `a text stands in quotes, "..." or '...'` },
  { says: /illegal character in key/, here: /^:/, hint: 'between key and value stands "="' },
  { says: /illegal character in key/, here: /^\/\//, hint: 'a comment begins with "#"' },
  { says: /illegal character in key/, here: /^\{/, hint: 'this looks like JSON' },
]
