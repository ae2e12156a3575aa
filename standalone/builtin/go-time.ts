import { quote } from '../schema/go.ts'

interface Layout {
  text: string
  /** `(pattern, its name in Go's layout)`, in order. */
  parts: readonly (readonly [RegExp, string])[]
  /** Digits of the fraction written out. */
  digits: 0 | 6
}

const head = [
  [/^\d{4}/, '2006'],
  [/^-/, '-'],
  [/^\d{2}/, '01'],
  [/^-/, '-'],
  [/^\d{2}/, '02'],
  [/^T/, 'T'],
  [/^\d{2}/, '15'],
  [/^:/, ':'],
  [/^\d{2}/, '04'],
  [/^:/, ':'],
] as const
const zone = [/^(Z|[+-]\d{2}:\d{2})/, 'Z07:00'] as const

/** metav1.Time: RFC 3339; a fraction is read and dropped. */
export const rfc3339: Layout = {
  text: '2006-01-02T15:04:05Z07:00',
  parts: [...head, [/^\d{2}([.,]\d+)?/, '05'], zone],
  digits: 0,
}
/** metav1.MicroTime: exactly six digits of fraction. */
export const rfc3339Micro: Layout = {
  text: '2006-01-02T15:04:05.000000Z07:00',
  parts: [...head, [/^\d{2}/, '05'], [/^\.\d{6}(?!\d)/, '.000000'], zone],
  digits: 6,
}

/**
 * The time in UTC, as Kubernetes writes it back.
 * @throws Error with the text of Go's time.ParseError
 */
export const normaliseTime = (value: string, layout: Layout): string => {
  let rest = value
  for (const [pattern, name] of layout.parts) {
    const match = pattern.exec(rest)
    if (!match)
      throw new Error(
        `parsing time ${quote(value)} as ${quote(layout.text)}: cannot parse ${quote(rest)} as ${quote(name)}`,
      )
    rest = rest.slice(match[0].length)
  }
  if (rest) throw new Error(`parsing time ${quote(value)}: extra text: ${quote(rest)}`)
  const [, year, month, day, hour, minute, second] =
    /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)/.exec(value)?.map(Number) ?? []
  const outOfRange = (what: string): Error => new Error(`parsing time ${quote(value)}: ${what} out of range`)
  if (!month || month > 12) throw outOfRange('month')
  if (!day || day > new Date(Date.UTC(year ?? 0, month, 0)).getUTCDate()) throw outOfRange('day')
  if ((hour ?? 0) > 23) throw outOfRange('hour')
  if ((minute ?? 0) > 59) throw outOfRange('minute')
  if ((second ?? 0) > 59) throw outOfRange('second')
  const fraction = layout.digits ? value.slice(19, 26) : ''
  if (value.endsWith('Z')) return `${value.slice(0, 19)}${fraction}Z`
  const millis = Date.parse(value.replace(/[.,]\d+/, ''))
  return `${new Date(millis).toISOString().slice(0, 19)}${fraction}Z`
}
