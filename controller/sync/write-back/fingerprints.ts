import { createHash } from 'node:crypto'
import { canonicalJson, type PlainObject } from '../../json.ts'

/**
 * What a managed sync remembers, on the object itself, of what it applied last: a short hash of each field that was declared. With it
 * there is a third side between the file and the object, which tells who of the two has changed since. Values of secrets are in no
 * spec, and so in no hash.
 */
export type Fingerprints = ReadonlyMap<string, string>

/** Of the fields in `declared`, with defaults filled in, so that only a change of meaning counts. */
export const fingerprintsOf = (declared: PlainObject, completed: PlainObject): Fingerprints =>
  new Map(
    Object.keys(declared)
      .filter((field) => declared[field] !== undefined)
      .sort()
      .map((field) => [field, fingerprint(completed[field])]),
  )

export const fingerprint = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest('base64url').slice(0, 10)

/** `deploy=3fX0b1..., server=...`: the value of the annotation. */
export const writeFingerprints = (fingerprints: Fingerprints): string =>
  [...fingerprints].map(([field, hash]) => `${field}=${hash}`).join(',')

/** `undefined` when a managed sync has not applied the object yet. */
export function readFingerprints(annotation: string | undefined): Fingerprints | undefined {
  if (annotation === undefined) return undefined
  return new Map(
    annotation.split(',').flatMap((pair) => {
      const [field = '', hash] = pair.split('=', 2)
      return hash === undefined ? [] : [[field, hash] as const]
    }),
  )
}
