const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

/** Milliseconds of a duration such as `1h30m`. Throws a RangeError that shows the expected form. */
export function parseDuration(text: string): number {
  let rest = text
  let total = 0
  do {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)/.exec(rest)
    if (!match) throw new RangeError(`"${text}" is not a duration; write it like 90s, 5m or 1h30m`)
    total += Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]
    rest = rest.slice(match[0].length)
  } while (rest !== '')
  return total
}
