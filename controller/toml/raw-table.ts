/** A table of a parsed TOML document: with integers as bigint, and without prototype. */
export type RawTable = Readonly<Record<string, unknown>>

export const isTable = (value: unknown): value is RawTable =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null
