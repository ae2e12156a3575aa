import { isPlainObject } from '../json.ts'

/** Each `secretKeyRef` in a spec, at any depth. */
export function secretReferences(spec: unknown): { name: unknown; key: unknown }[] {
  if (Array.isArray(spec)) return spec.flatMap(secretReferences)
  if (!isPlainObject(spec)) return []
  const { secretKeyRef } = spec
  if (isPlainObject(secretKeyRef)) return [{ name: secretKeyRef.name, key: secretKeyRef.key }]
  return Object.values(spec).flatMap(secretReferences)
}
