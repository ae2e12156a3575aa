/** One line a figure, ratios beside it: `ratio` is ours divided by the thing compared with. */
export const report = (what: string, value: string, ratio?: number): void => {
  const compared = ratio === undefined ? '' : `   ${ratio.toFixed(2)}x`
  console.log(`${what.padEnd(78)} ${value.padStart(12)}${compared}`)
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

export const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
