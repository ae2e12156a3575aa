/** One line a figure, ratios beside it: `ratio` is ours divided by the thing compared with. */
export const report = (what: string, value: string, ratio?: number): void => {
  const compared = ratio === undefined ? '' : `   ${ratio.toFixed(2)}x`
  console.log(`${what.padEnd(78)} ${value.padStart(12)}${compared}`)
}

/** The size of a measurement; CI, where nobody reads the figures, only wants to see that a benchmark still runs to its end. */
export const sized = (full: number, brief: number): number => (process.env.BENCH_BRIEF === undefined ? full : brief)

export const median = (values: readonly number[]): number => quantile(values, 0.5)

export const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
