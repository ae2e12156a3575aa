import { StalledError } from '../../engine/errors.ts'
import type { KeyValue } from '../../hosts/port.ts'
import type { Interpolation } from '../../text/interpolate.ts'
import { KeyValueError, parseKeyValues } from '../../text/key-values.ts'

/** Replaces names in texts. */
export type Texts = Pick<Interpolation, 'text' | 'list'>

/**
 * The pairs of a key-value text with names replaced; `condition` is the one that an unreadable line belongs to.
 *
 * Lines are split before names are replaced, so that no value can add a line, a comment or a key. Only a line that is nothing but
 * names (`[[PORT]]`) is read after that, that line alone.
 *
 * @param read what a value means as it is written: `unquoted` where a shell would have read it, itself where Compose will
 * @param write how names in it are replaced: `dotenvValue` where Compose will read the outcome
 */
export function pairs(
  field: string,
  text: string,
  values: Texts,
  condition: string,
  read: (value: string) => string = (value) => value,
  write: (field: string, text: string, values: Texts) => string = asTheyAre,
): readonly KeyValue[] {
  const parse = (line: string, number: number): readonly KeyValue[] => {
    const isNames = isOnlyNames(line)
    try {
      const parsed = parseKeyValues(isNames ? values.text(field, line) : line)
      const pairs = parsed.map(({ key, value }) => ({ key, value: read(value) }))
      if (isNames) return pairs
      return pairs.map(({ key, value }) => ({ key: values.text(field, key), value: write(field, value, values) }))
    } catch (error) {
      if (!(error instanceof KeyValueError)) throw error
      // What a name stands for may be a secret, of which a part would not be known as one: only what is written is shown.
      const name = line.trim()
      const message = isNames
        ? `line ${number}: what ${name} stands for has neither "=" nor ":"; write NAME=${name}`
        : new KeyValueError(number, name).message
      throw new StalledError(condition, 'InvalidText', `\`${field}\`, ${message}`)
    }
  }
  return text.split('\n').flatMap((line, index) => parse(line, index + 1))
}

/** Puts values into a text as they are. */
const asTheyAre = (field: string, text: string, values: Texts): string => values.text(field, text)

const isOnlyNames = (line: string): boolean => /^[-\s]*\[\[[A-Za-z_]\w*\]\]\s*$/.test(line)

/**
 * A value without the pair of quotes around it, which Komodo leaves to the shell. In double quotes a backslash before `"`, `\`, `$` or
 * a backtick goes, too; nothing is ever expanded.
 */
export function unquoted(value: string): string {
  const quote = value[0]
  if (value.length < 2 || (quote !== '"' && quote !== "'") || !value.endsWith(quote)) return value
  const inner = value.slice(1, -1)
  return quote === "'" ? inner : inner.replace(/\\(["\\$`])/g, '$1')
}
