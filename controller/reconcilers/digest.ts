import { createHmac } from 'node:crypto'

/**
 * Hashes values for status fields and labels, where anybody who may read them could try to guess a short secret from a plain
 * hash: hence the key, which belongs to the installation. With another key everything looks changed and is deployed again.
 */
export type Digest = (value: unknown) => string

/** 128 bits in hex: short enough for a label or a table column. */
export const digestWith =
  (key: Uint8Array | string): Digest =>
  (value) =>
    createHmac('sha256', key).update(canonical(value)).digest('hex').slice(0, 32)

/** JSON with sorted keys and without `undefined`, so that equal values are equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, nested: unknown) =>
    nested !== null && typeof nested === 'object' && !Array.isArray(nested)
      ? Object.fromEntries(Object.entries(nested).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : nested,
  )
}
