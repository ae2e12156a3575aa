import type { Value } from '../../text/interpolate.ts'
import type { Texts } from './texts.ts'

/**
 * A value of a Stack's `environment` with its names replaced, written so that Compose reads secrets as exactly what they are: a `$`
 * begins no variable, a quote ends nothing, a `#` begins no comment. (In Komodo they do: K#700, K#1434.)
 *
 * What is written in the Stack, and the value of a plain variable, stays Compose's to read: `${OTHER}` and `$$` keep their meaning, and
 * single quotes around a name go on to work. So does a secret that was escaped for Komodo, in which every `$` is doubled: outside of
 * single quotes it stands for one.
 *
 * Nothing changes for secrets without such characters. Otherwise the value is put in double quotes.
 */
export function dotenvValue(field: string, written: string, values: Texts): string {
  let needsQuotes = false
  const plain = values.text(field, written, (value) => {
    needsQuotes ||= value.secret && SPECIAL.test(value.text)
    return value.text
  })
  if (!needsQuotes) return plain
  const quote = quoteOf(written)
  const inner = quote === '' ? written : written.slice(1, -1)
  const insert = ({ text, secret }: Value): string =>
    secret ? literal(quote === "'" ? text : unescaped(text)) : kept(text, quote)
  return `"${values.text(field, kept(inner, quote), insert)}"`
}

/** What Compose does not take for itself in a value without quotes, and spaces, which it may cut off. */
const SPECIAL = /[$'"\\`#\s]/

type Quote = '' | "'" | '"'

function quoteOf(written: string): Quote {
  const [first] = written
  return (first === "'" || first === '"') && written.length > 1 && written.endsWith(first) ? first : ''
}

/** Text of the user's in one sort of quotes, as it has to be in double quotes to mean the same. */
function kept(text: string, quote: Quote): string {
  if (quote === '"') return text
  return quote === "'" ? literal(text) : text.replace(/[\\"]/g, '\\$&')
}

/** In double quotes, whatever it holds. */
const literal = (text: string): string =>
  text
    .replace(/[\\"$]/g, '\\$&')
    .replace(/\r/g, '\\r')
    .replace(/\n/g, '\\n')

/** Escaped for Komodo: every `$` doubled. */
const unescaped = (secret: string): string =>
  secret.replaceAll('$$', '').includes('$') ? secret : secret.replaceAll('$$', '$')
