/**
 * Values as TOML text that our reader and Komodo's read alike.
 *
 * Komodo doubles every backslash that stands between two `"""`, which it finds by splitting the text, wherever they stand. So three
 * quotes in a row are written as the delimiters of a multi-line text and never otherwise, and a multi-line text holds backslashes as they are.
 */

/** What was written here, with the line ends of a file; those within a text are the text's. */
export const withLineEnds = (toml: string, lineEnding: string): string =>
  toml
    .split('"""')
    .map((part, index) => (index % 2 === 0 ? part.replaceAll('\n', lineEnding) : part.replace(/^\n/, lineEnding)))
    .join('"""')

/** Columns that a list may take before it gets a line for each element. */
const WIDTH = 100

/** A text in several lines between `"""` where that is the same text for every reader; in one line with escapes otherwise. */
export function renderText(text: string): string {
  if (!text.includes('\n') || !keepsItsLines(text)) return renderLine(text)
  return `"""\n${text}"""`
}

/** What TOML forbids, and what would show as something else than it is: control characters and marks that turn the direction of text. */
const unprintable = '[\\p{Cc}\\p{Bidi_Control}\\u2028\\u2029]'
const toEscape = new RegExp(`["\\\\]|${unprintable}`, 'gu')
const unfitForLines = new RegExp(`"""|"$|(?![\\n\\t])${unprintable}`, 'u')

const keepsItsLines = (text: string): boolean => !unfitForLines.test(text) && text.isWellFormed()

const escapes: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
}

/** A text in one line. Half a surrogate pair, which no TOML can hold, becomes U+FFFD. */
export const renderLine = (text: string): string => `"${text.toWellFormed().replace(toEscape, escapeChar)}"`

const escapeChar = (char: string): string =>
  escapes[char] ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`

export const renderKey = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : renderLine(key))

/** `a.b = 1` for each value in `value`, which may hold tables; a table within a list stands in one line. */
export function renderEntry(key: string, value: unknown): string {
  if (isTable(value)) {
    const entries = present(value)
    if (entries.length > 0)
      return entries.map(([inner, one]) => renderEntry(`${key}.${renderKey(inner)}`, one)).join('')
  }
  if (typeof value === 'string') return `${key} = ${renderText(value)}\n`
  const line = `${key} = ${renderInline(value)}\n`
  if (!Array.isArray(value) || value.length < 2 || line.length <= WIDTH) return line
  return `${key} = [\n${value.map((item) => `  ${renderInline(item)},\n`).join('')}]\n`
}

/** A value in one line. */
export function renderInline(value: unknown): string {
  if (typeof value === 'string') return renderLine(value)
  if (typeof value === 'number') return renderNumber(value)
  if (Array.isArray(value))
    return `[${value
      .filter((item) => item !== null)
      .map(renderInline)
      .join(', ')}]`
  if (value instanceof Inline) return renderInlineTable(value.table)
  return isTable(value) ? renderInlineTable(value) : String(value)
}

/** A table that stands in braces even where dotted keys could stand. */
export class Inline {
  readonly table: Readonly<Record<string, unknown>>

  constructor(table: Readonly<Record<string, unknown>>) {
    this.table = table
  }
}

function renderInlineTable(table: Readonly<Record<string, unknown>>): string {
  const pairs = inlinePairs('', table)
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`
}

function inlinePairs(prefix: string, table: Readonly<Record<string, unknown>>): string[] {
  return present(table).flatMap(([key, value]) => {
    const at = `${prefix}${renderKey(key)}`
    return isTable(value) && present(value).length > 0
      ? inlinePairs(`${at}.`, value)
      : [`${at} = ${renderInline(value)}`]
  })
}

/** TOML's integers have 64 bits; what is larger, or not exact as a double, is written as a float. */
const renderNumber = (value: number): string =>
  Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value)

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Inline)

/** TOML has no null. */
const present = (table: Readonly<Record<string, unknown>>): [string, unknown][] =>
  Object.entries(table).filter(([, value]) => value !== undefined && value !== null)
