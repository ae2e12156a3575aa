import { parseKeyValues } from './key-values.ts'

export const terminationSignals = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const
export type TerminationSignal = (typeof terminationSignals)[number]

export interface TerminationLabel {
  signal: TerminationSignal
  label: string
}

const numbers: Readonly<Record<string, TerminationSignal>> = { 1: 'SIGHUP', 2: 'SIGINT', 3: 'SIGQUIT', 15: 'SIGTERM' }

/** Captions of stop signals, one `SIGTERM: caption` a line. Throws a KeyValueError or a RangeError that names the signal. */
export function parseTerminationLabels(text: string): TerminationLabel[] {
  return parseKeyValues(text).map(({ key, value }) => {
    const signal = numbers[key] ?? terminationSignals.find((known) => known === key)
    if (!signal) throw new RangeError(`"${key}" is not a stop signal; use ${terminationSignals.join(', ')}`)
    return { signal, label: value }
  })
}
