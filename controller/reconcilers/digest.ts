import { createHmac } from 'node:crypto'
import { canonicalJson } from '../json.ts'

/**
 * Hashes values for status fields and labels, where anybody who may read them could try to guess a short secret from a plain
 * hash: hence the key, which belongs to the installation. With another key everything looks changed and is deployed again.
 */
export type Digest = (value: unknown) => string

/** 128 bits in hex: short enough for a label or a table column. */
export const digestWith =
  (key: Uint8Array | string): Digest =>
  (value) =>
    createHmac('sha256', key).update(canonicalJson(value)).digest('hex').slice(0, 32)
